package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sipd"
)

// The demo's LAN. All of 127.0.0.0/8 is this machine on Linux, so that phones
// can be given addresses of their own there without root.
var (
	demoSelf = netip.MustParsePrefix("127.20.0.1/24")
	demoPool = dhcpopt.Range{First: netip.MustParseAddr("127.20.0.50"), Last: netip.MustParseAddr("127.20.0.250")}
)

// demo is one play on loopback.
type demo struct {
	state string // directory, empty makes a new one
	quick bool   // no pauses for reading
	// central is the lineside-central to run beside the box; empty is none.
	central string
}

// run starts the box, plays the story, and leaves the box up until ctx ends.
func (d *demo) run(ctx context.Context, p *program) error {
	s, err := d.settings(p)
	if err != nil {
		return err
	}
	log, err := d.openLog(s.State)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	b, err := openBox(ctx, s, lan{Self: demoSelf}, nil, newLogger(log, slog.LevelDebug, false))
	if err != nil {
		return err
	}
	var c *demoCentral
	if d.central != "" {
		if c, err = startCentral(d.central, s.State); err != nil {
			return errors.Join(err, b.close())
		}
		defer c.stop()
	}
	return b.run(ctx, func() { d.play(ctx, p, b, c) })
}

// play tells the story while the box runs. It is called in a goroutine of the
// box's own group, so that the box waits for it.
func (d *demo) play(ctx context.Context, p *program, b *box, c *demoCentral) {
	t := &teller{out: p.out, pause: time.Second, names: make(map[phone.MAC]string)}
	if d.quick {
		t.pause = 0
	}
	st := &story{teller: t, box: b, client: admin.NewClient(b.settings.Listen.Socket)}
	defer st.client.Close()
	err := st.tell(ctx)
	if err == nil && c != nil {
		err = st.joinCentral(ctx, c)
	}
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		t.line("The story broke off: %v", err)
		t.line("The box itself is up; its log is %s", logPath(b.settings.State))
	}
	st.tryNext(ctx)
}

// settings are what a demo's lineside.toml would say.
func (d *demo) settings(p *program) (settings, error) {
	dir, err := d.directory()
	if err != nil {
		return settings{}, err
	}
	ports, err := freePorts(demoSelf.Addr())
	if err != nil {
		return settings{}, err
	}
	socket := p.socket
	if socket == defaultSocket {
		socket = filepath.Join(dir, "lineside.sock")
	}
	at := func(port int) string { return netip.AddrPortFrom(demoSelf.Addr(), uint16(port)).String() }
	s := settings{
		State: dir, FirstContact: auth.FactorOTP, Level: slog.LevelDebug,
		Site: phone.Site{Name: "Demo branch", Zone: "Europe/Berlin", Language: "en", Emergency: []string{"110", "112"}},
		Listen: listenSettings{
			HTTP: at(ports.http), HTTPS: at(ports.https), TFTP: at(ports.tftp), Admin: at(ports.admin),
			SIP: at(ports.sip), SIPPort: ports.sip, Socket: socket, Address: demoSelf,
		},
		Trust:     trustSettings{Window: auth.SiteWindow},
		Emergency: emergencySettings{Mode: sipd.NoCalls}, // nobody here needs help
		Central:   centralSettings{Transport: transportAuto, Poll: 10 * time.Minute},
		SIP:       sipSettings{PINCalls: true, Calls: 100, CallsPerAddress: 2},
		DHCP:      dhcpSettings{Mode: dhcpopt.ModeServer, Listen: at(ports.dhcp), Pool: []dhcpopt.Range{demoPool}, Lease: time.Hour},
	}
	for _, o := range [][2]string{
		{"state", dir}, {"site.name", s.Site.Name}, {"site.timezone", s.Site.Zone}, {"site.first_contact", string(s.FirstContact)},
		{"listen.address", demoSelf.String()}, {"listen.http", s.Listen.HTTP}, {"listen.https", s.Listen.HTTPS},
		{"listen.tftp", s.Listen.TFTP}, {"listen.admin", s.Listen.Admin}, {"listen.socket", socket},
		{"listen.sip", s.Listen.SIP}, {"emergency.mode", string(s.Emergency.Mode)},
		{"trust.window", humane(s.Trust.Window)},
		{"dhcp.listen", s.DHCP.Listen}, {"dhcp.pool", demoPool.String()},
	} {
		s.Origin = append(s.Origin, admin.Setting{Key: o[0], Value: o[1], From: "demo"})
	}
	return s, nil
}

// directory is where the demo keeps its state: what the operator named, or a
// new one that stays, so that it can be looked at afterwards.
func (d *demo) directory() (string, error) {
	if d.state == "" {
		dir, err := os.MkdirTemp("", "lineside-demo-")
		if err != nil {
			return "", fmt.Errorf("make a directory for the demo: %w", err)
		}
		return dir, nil
	}
	dir, err := filepath.Abs(d.state)
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return "", fmt.Errorf("make the demo's directory: %w", err)
	}
	return dir, nil
}

func logPath(dir string) string { return filepath.Join(dir, "lineside.log") }

// openLog keeps the daemon's log out of the story.
func (d *demo) openLog(dir string) (*os.File, error) {
	f, err := os.OpenFile(logPath(dir), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the demo's log: %w", err)
	}
	return f, nil
}

// ports of the demo's doors.
type ports struct{ dhcp, tftp, http, https, admin, sip int }

// freePorts prefers numbers that are easy to type and remember, and takes any
// free one where somebody has them.
func freePorts(self netip.Addr) (ports, error) {
	var p ports
	var errs []error
	for _, want := range []struct {
		port    int
		network string
		to      *int
	}{{8067, "udp", &p.dhcp}, {8069, "udp", &p.tftp}, {8080, "tcp", &p.http}, {8443, "tcp", &p.https}, {8444, "tcp", &p.admin}, {5060, "udp", &p.sip}} {
		port, err := freePort(self, want.network, want.port)
		*want.to = port
		errs = append(errs, err)
	}
	return p, errors.Join(errs...)
}

func freePort(self netip.Addr, network string, prefer int) (int, error) {
	var err error
	for _, port := range []int{prefer, 0} {
		at := netip.AddrPortFrom(self, uint16(port)).String()
		var got int
		if got, err = tryPort(network, at); err == nil {
			return got, nil
		}
	}
	return 0, fmt.Errorf("find a free %s port on %s: %w", network, self, err)
}

func tryPort(network, at string) (int, error) {
	if network == "udp" {
		conn, err := net.ListenPacket("udp4", at)
		if err != nil {
			return 0, err
		}
		defer func() { _ = conn.Close() }()
		return portOf(conn.LocalAddr().String()), nil
	}
	l, err := net.Listen("tcp4", at)
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return portOf(l.Addr().String()), nil
}

// tryNext says what can be done with the box that is now up.
func (s *story) tryNext(ctx context.Context) {
	l := s.box.settings.Listen
	verb := os.Args[0] + " --socket " + l.Socket
	s.scene(ctx, "The box stays up. Try, in another terminal")
	for _, line := range []string{
		verb + " status",
		verb + " device list",
		verb + " device show " + cast()[0].mac.String(),
		verb + " device render " + cast()[2].mac.String(),
		verb + " visitors list",
		verb + " audit",
		verb + " watch",
		fmt.Sprintf("curl -sk -H \"Authorization: Bearer $(cat %s)\" https://%s/api/v1/status", s.box.tokenPath(), l.Admin),
		fmt.Sprintf("curl -s -i http://%s/cfg/%s.cfg", l.HTTP, strings.ToLower(cast()[0].mac.Hex())),
	} {
		s.line("    %s", line)
	}
	s.line("")
	s.line("In a browser: https://%s (the certificate is the box's own; the set-up code is in what status says).", l.Admin)
	s.line("State, log and admin token are in %s. An interrupt (Ctrl-C) ends the box.", s.box.settings.State)
}
