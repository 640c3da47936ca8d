package integration

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/portal"
	"github.com/lineside/lineside/sync/wire"
)

// Programs a platform is made of.
const (
	centralProgram = "github.com/lineside/lineside/cmd/lineside-central"
	natsProgram    = "github.com/nats-io/nats-server/v2"
)

// process is a program that is killed and started again.
type process struct {
	args  []string
	log   string // file; what it writes is added
	cmd   *exec.Cmd
	ended chan struct{}
}

func (p *process) start(t testing.TB) {
	t.Helper()
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	p.cmd = exec.Command(p.args[0], p.args[1:]...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if p.ended, err = spawn(p.cmd); err != nil {
		t.Fatal(err)
	}
}

// kill ends it as a power cut would, in the middle of whatever it does.
func (p *process) kill() { p.end(syscall.SIGKILL) }

func (p *process) end(by syscall.Signal) {
	if p.cmd != nil && p.cmd.Process != nil {
		_ = p.cmd.Process.Signal(by) // may have ended
		<-p.ended
	}
}

// tail is the end of what it wrote.
func (p *process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(all[max(0, len(all)-30):], "\n")
}

// freeAddrs are addresses on loopback where nothing listens.
func freeAddrs(t testing.TB, n int) (all []string) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		all = append(all, l.Addr().String())
	}
	return all
}

// central is a running lineside-central with a directory that outlives it.
type central struct {
	process
	dir, config string
	sites, api  string
}

// newCentral writes its settings; nats is what stands in their section nats,
// and its door for boxes or "".
func newCentral(t testing.TB, dir, door, nats string) *central {
	t.Helper()
	at := freeAddrs(t, 2)
	base := filepath.Join(t.TempDir(), "central")
	c := &central{dir: dir, config: base + ".toml", sites: at[0], api: at[1]}
	c.process = process{args: []string{compiled(t, centralProgram), "--config", c.config, "run"}, log: base + ".log"}
	text := fmt.Sprintf("directory = %q\nurl = \"https://%s\"\n[listen]\nsites = %q\napi = %q\nnats = %q\n[nats]\n%s", dir, c.sites, c.sites, c.api, door, nats)
	if err := os.WriteFile(c.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.kill()
		if t.Failed() {
			t.Logf("lineside-central said at last:\n%s", c.tail())
		}
	})
	return c
}

// up starts it and waits until it answers.
func (c *central) up(t testing.TB) *portal.Client {
	t.Helper()
	c.start(t)
	return c.wait(t)
}

func (c *central) wait(t testing.TB) *portal.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		client, err := c.client()
		if err == nil {
			if err = client.Do(ctx, "GET", "/sites", url.Values{"limit": {"1"}}, nil, &portal.Sites{}); err == nil {
				return client
			}
		}
		select {
		case <-c.ended:
			t.Fatalf("lineside-central ended:\n%s", c.tail())
		case <-ctx.Done():
			t.Fatalf("lineside-central does not answer: %v\n%s", err, c.tail())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// client is who has the first admin's token.
func (c *central) client() (*portal.Client, error) {
	token, err := os.ReadFile(filepath.Join(c.dir, "admin.token"))
	if err != nil {
		return nil, err
	}
	ca, err := os.ReadFile(filepath.Join(c.dir, "ca.pem"))
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(ca)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	pin := sha256.Sum256(cert.Raw)
	return portal.NewClient(&url.URL{Scheme: "https", Host: c.api}, phone.NewSecret(strings.TrimSpace(string(token))), pin[:]), nil
}

// addSite adds one and gives the token its box joins with.
func addSite(t testing.TB, c *portal.Client, name string) wire.Token {
	t.Helper()
	var i portal.Invitation
	if err := c.Do(t.Context(), "POST", "/sites", nil, portal.SiteInput{Name: name}, &i); err != nil {
		t.Fatal(err)
	}
	token, err := wire.ParseToken(i.Token)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// addDevice sets one up; an error says that it may or may not be there.
func addDevice(ctx context.Context, c *portal.Client, mac phone.MAC, site string) error {
	vendor := "yealink"
	return c.Do(ctx, "POST", "/devices", nil, portal.DeviceInput{MAC: &mac, Site: &site, Vendor: &vendor}, &portal.DeviceMade{})
}

// devicesOf are the devices a platform has, by MAC with their site.
func devicesOf(t testing.TB, c *portal.Client) map[phone.MAC]string {
	t.Helper()
	all := map[phone.MAC]string{}
	for q := (url.Values{"limit": {"1000"}}); ; {
		var page portal.Devices
		if err := c.Do(t.Context(), "GET", "/devices", q, nil, &page); err != nil {
			t.Fatal(err)
		}
		for _, d := range page.Devices {
			all[d.MAC] = d.Site
		}
		if page.Next == "" {
			return all
		}
		q.Set("after", page.Next)
	}
}

// eventsOf counts a site's events by their number.
func eventsOf(t testing.TB, c *portal.Client, site string) map[uint64]int {
	t.Helper()
	all := map[uint64]int{}
	for q := (url.Values{"limit": {"1000"}}); ; {
		var page portal.Events
		if err := c.Do(t.Context(), "GET", "/sites/"+site+"/events", q, nil, &page); err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Events {
			var fact struct{ N uint64 }
			if err := json.Unmarshal(e.Facts, &fact); err != nil {
				t.Fatal(err)
			}
			all[fact.N]++
		}
		if page.Before == 0 {
			return all
		}
		q.Set("before", fmt.Sprint(page.Before))
	}
}
