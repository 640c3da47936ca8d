package main

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// demoCentral is the central platform beside the demo's box: the program
// itself, as operators run it.
type demoCentral struct {
	program string // lineside-central
	config  string
	process *os.Process
	ended   chan struct{} // closed once it has
	err     error         // how it ended
}

// startCentral runs a platform on loopback that keeps everything below dir.
func startCentral(program, dir string) (*demoCentral, error) {
	c := &demoCentral{program: program, config: filepath.Join(dir, "central.toml"), ended: make(chan struct{})}
	if err := writeCentral(c.config, dir); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(c.logPath(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the platform's log: %w", err)
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(program, "run", "--config", c.config)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the platform: %w", err)
	}
	c.process = cmd.Process
	go func() {
		defer close(c.ended)
		c.err = cmd.Wait()
	}()
	return c, nil
}

// writeCentral writes the platform's settings, on any free ports. Those of an
// earlier play stay, because its box knows the platform by them.
func writeCentral(path, dir string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	at := demoSelf.Addr()
	var port [3]int
	for i := range port {
		var err error
		if port[i], err = tryPort("tcp", netip.AddrPortFrom(at, 0).String()); err != nil {
			return fmt.Errorf("find a port for the platform: %w", err)
		}
	}
	text := fmt.Sprintf("directory = %q\nurl = \"https://%s:%d\"\n[listen]\nsites = \"%s:%d\"\napi = \"%s:%d\"\nnats = \"%s:%d\"\n",
		filepath.Join(dir, "central"), at, port[0], at, port[0], at, port[1], at, port[2])
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write the platform's settings: %w", err)
	}
	return nil
}

func (c *demoCentral) logPath() string { return filepath.Join(filepath.Dir(c.config), "central.log") }

// stop ends it, and waits.
func (c *demoCentral) stop() {
	_ = c.process.Signal(os.Interrupt)
	<-c.ended
}

// says runs one of its verbs.
func (c *demoCentral) says(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, c.program, append(args, "--config", c.config)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %v: %w: %s", filepath.Base(c.program), args, err, bytes.TrimSpace(out))
	}
	return string(out), nil
}

// answers waits until it does.
func (c *demoCentral) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		_, err := c.says(ctx, "status")
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-c.ended:
			return fmt.Errorf("the platform ended: %v; its log is %s", c.err, c.logPath())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// theirs is the phone that is set up at the platform.
func theirs() phone.MAC { return phone.MAC{0x00, 0x15, 0x65, 0x4a, 0xa9, 0x99} }

// joinCentral is the last scene: the box joins a platform, and a phone set up
// there is known here.
func (s *story) joinCentral(ctx context.Context, c *demoCentral) error {
	s.scene(ctx, "The site joins the central platform")
	if err := c.answers(ctx); err != nil {
		return err
	}
	link, err := s.client.Platform(ctx)
	if err != nil {
		return err
	}
	if link.Joined {
		s.line("this box joined in an earlier play: it is the site %q of %s", link.Name, link.URL)
	} else if err := s.joinNew(ctx, c); err != nil {
		return err
	}
	if err := s.known(ctx, theirs()); err != nil {
		return err
	}
	s.line("lineside-central device add %s: the box has it, with its PIN and SIP password", theirs())
	s.line("Try: %s --config %s device list", c.program, c.config)
	return nil
}

// joinNew makes the platform a site with a phone, and the box that site.
func (s *story) joinNew(ctx context.Context, c *demoCentral) error {
	out, err := c.says(ctx, "site", "add", "Demo branch")
	if err != nil {
		return err
	}
	token := regexp.MustCompile(`lsj1-[A-Za-z0-9_-]+`).FindString(out)
	site := regexp.MustCompile(`site ([a-z0-9]+);`).FindStringSubmatch(out)
	if token == "" || len(site) != 2 {
		return fmt.Errorf("the platform gave no token: %s", out)
	}
	link, err := s.client.JoinPlatform(ctx, admin.JoinInput{Token: token})
	if err != nil {
		return err
	}
	s.line("lineside join TOKEN: this box is the site %q of %s", link.Name, link.URL)
	_, err = c.says(ctx, "device", "add", theirs().String(), "--site", site[1], "--vendor", "yealink", "--model", "T46G", "--line", "4930231252009@sip.example.net")
	return err
}

// known waits until the box has a device.
func (s *story) known(ctx context.Context, mac phone.MAC) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		_, err := s.client.Device(ctx, mac)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s from the platform: %w", mac, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
