package main

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"

	"github.com/pelletier/go-toml/v2"

	"github.com/lineside/lineside/shell"
)

const (
	defaultSettings = "/etc/lineside/central.toml"
	defaultDir      = "/var/lib/lineside-central"
	// maxSettings bounds the file.
	maxSettings = 1 << 20
	// minStream and maxStream bound what bounds the stream, in MiB: the least a
	// platform can begin with, and 16 TiB.
	minStream, maxStream = 64, 16 << 20
)

// sampleSettings documents every key with its default.
//
//go:embed lineside-central.toml
var sampleSettings []byte

// settings is what the operator wrote, defaults filled in.
type settings struct {
	Directory string `toml:"directory"`
	URL       string `toml:"url"`
	Listen    struct {
		Sites string `toml:"sites"`
		API   string `toml:"api"`
		NATS  string `toml:"nats"`
		WSS   string `toml:"wss"`
	} `toml:"listen"`
	TLS struct {
		Certificate string `toml:"certificate"`
		Key         string `toml:"key"`
	} `toml:"tls"`
	Proxies struct {
		Trusted   []netip.Prefix `toml:"trusted"`
		Forwarded bool           `toml:"forwarded"`
	} `toml:"proxies"`
	Balancer struct {
		NATS    string         `toml:"nats"`
		WSS     string         `toml:"wss"`
		Trusted []netip.Prefix `toml:"trusted"`
	} `toml:"balancer"`
	NATS struct {
		Servers  []string `toml:"servers"`
		CA       string   `toml:"ca"`
		Replicas int      `toml:"replicas"`
		Boxes    []string `toml:"boxes"`
		MaxMiB   int64    `toml:"max_mib"`
	} `toml:"nats"`
	Allow struct {
		NGINX    string `toml:"nginx"`
		NFTables string `toml:"nftables"`
	} `toml:"allow"`
	Releases struct {
		Keys string `toml:"keys"`
	} `toml:"releases"`
	Log struct {
		Level slog.Level `toml:"level"`
	} `toml:"log"`
}

// defaults are what counts where the file says nothing.
func defaults() (s settings) {
	s.Directory = defaultDir
	s.Listen.Sites, s.Listen.API, s.Listen.NATS = ":8443", "127.0.0.1:8444", ":4222"
	s.NATS.Replicas = 1
	s.Releases.Keys = "/etc/lineside/release.pub.d"
	return s
}

// loadSettings reads the settings file; without one named, the usual one where
// it is there.
func (p *program) loadSettings() (settings, error) {
	path, s := p.settings, defaults()
	if path == "" {
		path = defaultSettings
	}
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && p.settings == "":
	case err != nil:
		return s, fmt.Errorf("read the settings: %w", err)
	default:
		if s, err = parseSettings(text); err != nil {
			return s, shell.Hint(fmt.Errorf("%s: %w", path, err), "lineside-central run --sample shows every key")
		}
	}
	if p.reach.dir != "" {
		s.Directory = p.reach.dir
	}
	if s.Directory, err = filepath.Abs(s.Directory); err != nil {
		return s, fmt.Errorf("the platform's directory: %w", err)
	}
	return s, nil
}

// parseSettings reads a file strictly and says everything that is wrong.
func parseSettings(text []byte) (settings, error) {
	s := defaults()
	if len(text) > maxSettings {
		return s, fmt.Errorf("it is longer than %d bytes", maxSettings)
	}
	err := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(&s)
	var strict *toml.StrictMissingError
	var decode *toml.DecodeError
	switch {
	case errors.As(err, &strict):
		return s, fmt.Errorf("these keys are no settings:\n%s", strict.String())
	case errors.As(err, &decode):
		return s, errors.New(decode.String())
	case err != nil:
		return s, err
	}
	return s, s.check()
}

// check says everything that is wrong with the values.
func (s settings) check() error {
	var wrong []error
	add := func(key, format string, args ...any) {
		wrong = append(wrong, fmt.Errorf(key+": "+format, args...))
	}
	for key, addr := range map[string]string{"listen.sites": s.Listen.Sites, "listen.api": s.Listen.API, "listen.nats": s.Listen.NATS,
		"listen.wss": s.Listen.WSS, "balancer.nats": s.Balancer.NATS, "balancer.wss": s.Balancer.WSS} {
		if _, _, err := net.SplitHostPort(addr); addr != "" && err != nil {
			add(key, "%q is no address; write one such as \":8443\" or \"127.0.0.1:8444\"", addr)
		}
	}
	if s.Listen.Sites == "" {
		add("listen.sites", "boxes join here; write an address such as \":8443\"")
	}
	if s.Listen.API == "" {
		add("listen.api", "nobody could operate the platform; write an address such as \"127.0.0.1:8444\"")
	}
	if (s.TLS.Certificate == "") != (s.TLS.Key == "") {
		add("tls", "write both certificate and key, or neither")
	}
	if u, err := url.Parse(s.URL); s.URL != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.Path != "") {
		add("url", "%q is not https://host or https://host:port", s.URL)
	}
	if (s.Balancer.NATS != "" || s.Balancer.WSS != "") && len(s.Balancer.Trusted) == 0 {
		add("balancer.trusted", "name the balancer's own addresses: whoever may speak there says where boxes come from")
	}
	if s.NATS.Replicas < 1 || s.NATS.Replicas > 5 {
		add("nats.replicas", "write 1, 3 or 5")
	}
	if s.NATS.MaxMiB != 0 && (s.NATS.MaxMiB < minStream || s.NATS.MaxMiB > maxStream) {
		add("nats.max_mib", "write 0 for no bound but the disk, or from %d to %d", minStream, maxStream)
	}
	if len(s.NATS.Servers) > 0 && len(s.NATS.Boxes) == 0 {
		add("nats.boxes", "name the cluster's doors for boxes, such as \"tls://nats1.example:4222\"")
	}
	return errors.Join(wrong...)
}
