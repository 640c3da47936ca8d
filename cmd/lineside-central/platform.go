package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/httpd"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/sync/broker"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/portal"
	"github.com/lineside/lineside/sync/shelf"
	"github.com/lineside/lineside/sync/wire"
)

// platform is everything of one running platform.
type platform struct {
	settings settings
	now      func() time.Time
	log      *slog.Logger
	// fresh says that nobody has been shown the admin's token yet. The keys may
	// be there before it: a cluster's nodes are set up first.
	fresh   bool
	token   phone.Secret
	keys    keys
	tls     *tls.Config
	pin     []byte // of the own CA; nil with a certificate of the operator's
	board   *health.Board
	metrics *metrics.Platform
	broker  *broker.Broker
	stream  *broker.Log
	central *central.Platform
	shelf   *shelf.Shelf

	sites, api net.Listener // opened last
}

// openPlatform opens the platform's state; nobody is answered yet.
func openPlatform(ctx context.Context, s settings, now func() time.Time, log *slog.Logger) (f *platform, err error) {
	f = &platform{settings: s, now: now, log: log, board: &health.Board{}}
	if err := os.MkdirAll(s.Directory, 0o700); err != nil {
		return nil, shell.Hint(fmt.Errorf("make the platform's directory: %w", err), "write another with --dir, or start it as a user who may")
	}
	if f.keys, _, err = loadKeys(s.Directory); err != nil {
		return nil, err
	}
	_, err = os.Stat(f.path(fileToken))
	f.fresh = errors.Is(err, fs.ErrNotExist)
	if f.token, err = admin.LoadToken(f.path(fileToken)); err != nil {
		return nil, err
	}
	if err := f.certificate(); err != nil {
		return nil, err
	}
	if f.shelf, err = shelf.New(shelf.Config{Dir: f.path(folderReleases), Keys: s.Releases.Keys}); err != nil {
		return nil, shell.Hint(err, "write a folder to releases.keys, or leave it out")
	}
	if err := f.openState(ctx); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// certificate finds what the platform shows: the operator's certificate, or
// one of a CA of its own.
func (f *platform) certificate() error {
	t := f.settings.TLS
	if t.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(t.Certificate, t.Key)
		if err != nil {
			return shell.Hint(fmt.Errorf("read the certificate: %w", err), "correct tls.certificate and tls.key, or leave both out")
		}
		f.tls = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
		return nil
	}
	ca, err := httpd.LoadCA(f.settings.Directory)
	if err != nil {
		return err
	}
	block, _ := pem.Decode(ca.PEM())
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return fmt.Errorf("read the platform's CA: %w", err)
	}
	f.pin = wire.Fingerprint(cert)
	names := httpd.Names{Hosts: []string{"localhost"}, Addrs: []netip.Addr{netip.MustParseAddr("127.0.0.1")}}
	if a, err := netip.ParseAddr(f.host()); err == nil {
		names.Addrs = append(names.Addrs, a)
	} else {
		names.Hosts = append([]string{f.host()}, names.Hosts...)
	}
	f.tls, err = ca.TLS(names)
	return err
}

// openState opens broker, stream and view.
func (f *platform) openState(ctx context.Context) (err error) {
	if f.broker, err = f.newBroker(); err != nil {
		return err
	}
	if err = f.broker.Open(ctx); err != nil {
		return fmt.Errorf("open the broker: %w", err)
	}
	n := f.settings.NATS
	if f.stream, err = broker.OpenLog(ctx, f.broker.Core(), broker.LogConfig{Replicas: n.Replicas, MaxBytes: n.MaxMiB << 20}, f.log); err != nil {
		return err
	}
	f.central, err = central.Open(ctx, central.Config{Path: f.path(fileDatabase), Keys: f.keys.central, Log: f.stream, Now: f.now}, f.log)
	if err != nil {
		return shell.Hint(err, "see whether another lineside-central uses %s; what is wrong with the view alone is mended by removing %s: it is made anew from the stream", f.settings.Directory, fileDatabase)
	}
	f.metrics = metrics.NewPlatform(func() (metrics.Counted, error) {
		sites, devices, err := f.central.Count()
		return metrics.Counted{Sites: sites, Devices: devices, Deaf: f.central.Deaf()}, err
	})
	return nil
}

func (f *platform) path(name string) string { return filepath.Join(f.settings.Directory, name) }

func (f *platform) newBroker() (*broker.Broker, error) {
	s := f.settings
	cfg := broker.Config{Keys: f.keys.broker, Servers: s.NATS.Servers, Embedded: broker.Embedded{
		Dir: f.path(fileStream), TLS: f.tls, NATS: s.Listen.NATS, WSS: s.Listen.WSS,
		Balancer: broker.Balancer{NATS: s.Balancer.NATS, WSS: s.Balancer.WSS, Trusted: s.Balancer.Trusted},
	}}
	if s.NATS.CA != "" {
		text, err := os.ReadFile(s.NATS.CA)
		if err != nil {
			return nil, fmt.Errorf("read nats.ca: %w", err)
		}
		cfg.ServersTLS = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
		if !cfg.ServersTLS.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("read nats.ca: %s holds no certificate", s.NATS.CA)
		}
	}
	return broker.New(cfg, f.log)
}

// open opens the listeners, and leaves word for this machine's command line.
func (f *platform) open() (err error) {
	if f.sites, err = f.listen("listen.sites", f.settings.Listen.Sites, "boxes cannot reach the platform", 8); err != nil {
		return err
	}
	if f.api, err = f.listen("listen.api", f.settings.Listen.API, "nobody can operate the platform", 32); err != nil {
		return err
	}
	if err = f.central.SetOffer(wire.Offer{NATS: f.boxes(), HTTPS: f.settings.URL}); err != nil {
		return shell.Hint(err, "correct url or nats.boxes")
	}
	return shell.WriteWhole(f.path(fileReach), func(w io.Writer) error {
		return json.NewEncoder(w).Encode(reachFile{URL: "https://" + reachable(f.api.Addr()), Fingerprint: hex.EncodeToString(f.pin)})
	})
}

// listen opens a listener that may hold one part in so many of the open files.
func (f *platform) listen(key, addr, lost string, share int) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, shell.Hint(fmt.Errorf("tcp %s is taken: %s", addr, lost), "stop what runs there, or set %s to another port", key)
	case err != nil:
		return nil, shell.Hint(fmt.Errorf("open tcp %s: %w; %s", addr, err, lost), "correct %s", key)
	}
	return tls.NewListener(newCrowd(l, connectionsFor(share), f.settings.Proxies.Trusted, f.log), f.tls), nil
}

// reachable is a listener's address as this machine reaches it.
func reachable(a net.Addr) string {
	host, port, _ := net.SplitHostPort(a.String()) // a listener's own
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// host is the name or address boxes reach the platform by.
func (f *platform) host() string {
	if u, err := url.Parse(f.settings.URL); err == nil && u.Hostname() != "" {
		return u.Hostname()
	}
	if host, _, err := net.SplitHostPort(f.settings.Listen.Sites); err == nil && host != "" && host != "0.0.0.0" && host != "::" {
		return host
	}
	return ownAddress()
}

// ownAddress is the machine's first address others may reach.
func ownAddress() string {
	all, _ := net.InterfaceAddrs() // none is as good as an error here
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().IsGlobalUnicast() && p.Addr().Is4() {
			return p.Addr().String()
		}
	}
	return "127.0.0.1"
}

// url is where boxes reach the platform.
func (f *platform) url() string {
	if f.settings.URL != "" {
		return f.settings.URL
	}
	_, port, _ := net.SplitHostPort(f.sites.Addr().String()) // a listener's own
	return "https://" + net.JoinHostPort(f.host(), port)
}

// boxes are the brokers' URLs boxes are told.
func (f *platform) boxes() (urls []string) {
	if len(f.settings.NATS.Servers) > 0 {
		return f.settings.NATS.Boxes
	}
	a := f.broker.Addrs()
	for _, door := range []struct{ scheme, addr string }{{"tls", cmp.Or(a.NATS, a.BalancerNATS)}, {"wss", cmp.Or(a.WSS, a.BalancerWSS)}} {
		if _, port, err := net.SplitHostPort(door.addr); err == nil {
			urls = append(urls, door.scheme+"://"+net.JoinHostPort(f.host(), port))
		}
	}
	return urls
}

func (f *platform) proxies() central.Proxies {
	return central.Proxies{Trusted: f.settings.Proxies.Trusted, Forwarded: f.settings.Proxies.Forwarded}
}

func (f *platform) sitesHandler() http.Handler {
	h := central.NewHandler(f.central)
	h.Proxies, h.Shelf = f.proxies(), f.shelf
	return h
}

func (f *platform) apiHandler() http.Handler {
	s, err := portal.New(portal.Config{URL: f.url(), Pin: f.pin, Token: f.token, Version: shell.Version(), Source: f.proxies().Source, Scratch: f.settings.Directory, Board: f.board, Shelf: f.shelf},
		f.central, f.metrics, f.log)
	if err != nil {
		panic(err) // all it wants is given here
	}
	return s.Handler()
}

// Close closes what is open, in the opposite order.
func (f *platform) Close() (err error) {
	for _, l := range []net.Listener{f.sites, f.api} {
		if l != nil {
			_ = l.Close() // may have ended with its server
		}
	}
	if f.central != nil {
		err = f.central.Close()
	}
	if f.broker != nil {
		err = errors.Join(err, f.broker.Close())
	}
	return err
}
