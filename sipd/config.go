package sipd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
	"github.com/lineside/lineside/voice"
)

// Mode is what becomes of calls to emergency numbers.
type Mode string

// Modes. The zero Mode is Bridge.
const (
	// Bridge makes a call of the box's own to the SBC (B2BUA).
	Bridge Mode = "bridge"
	// Redirect answers 302 with the SBCs; the phone has to follow, and the SBC
	// to take a call of a phone it does not know.
	Redirect Mode = "redirect"
	// NoCalls is a site's word that nobody relies on phones on hold for
	// emergencies: such calls are answered 503.
	NoCalls Mode = "none"
)

// Config is what the SIP service needs to know. The zero value of a field means
// its default.
type Config struct {
	// LAN are the networks phones are on; nobody else is answered. At least one
	// is needed.
	LAN []netip.Prefix
	// LANNow, if not nil, are networks beside those that come and go: routers
	// announce them. It must not block.
	LANNow func() []netip.Prefix
	// Emergency are the site's emergency numbers, Mode what becomes of calls to
	// them, SBCs who takes them, in order. SetSite changes numbers and SBCs.
	Emergency []string
	Mode      Mode
	SBCs      []SBC
	// User and Password are shown to an SBC that asks for a login.
	User     string
	Password phone.Secret
	// Identity is the SIP URI emergency calls come from, such as
	// "sip:+49301234567@example.net": a number the emergency centre can call
	// back. A phone whose device layer 2 proves calls as that device's first line
	// instead. Where there is neither, the call comes from nobody in particular:
	// what a phone says of itself may be another's name.
	Identity string
	// TLS is for SBCs reached by TLS; nil means the system's roots.
	TLS *tls.Config
	// FailOver is how long an SBC may say nothing, default 3 s; Probe how often
	// each is asked whether it is there, default 30 s.
	FailOver, Probe time.Duration
	// MinExpires and MaxExpires bound registrations, default 60 s and 120 s: a
	// phone that was missed hears of it soon.
	MinExpires, MaxExpires time.Duration
	// EmergencyCalls bounds emergency calls at a time, default 256, of one
	// address 4; Calls others, default 100, one a phone, and CallsPerAddress
	// those of one address, default 2.
	EmergencyCalls, Calls, CallsPerAddress int
	// Media opens the sockets of the sound; Listen must be set where there is a
	// Voice. Language is that of the prompts.
	Media    voice.Ports
	Language string
	// Conns bounds TCP and TLS connections, default 256, ConnsPerAddress those
	// of one address, default 16; Idle is when a silent one is closed, default
	// 5 minutes.
	Conns, ConnsPerAddress int
	Idle                   time.Duration
	// PnPWatch is how often other PnP servers are looked for, default 10
	// minutes; PnPGroup who is asked, zero for the group.
	PnPWatch time.Duration
	PnPGroup netip.AddrPort
}

func (c *Config) fill() error {
	var errs []error
	if len(c.LAN) == 0 {
		errs = append(errs, errors.New("sip: no LAN is given: no phone would be answered"))
	}
	if c.Mode == "" {
		c.Mode = Bridge
	}
	if c.Mode != Bridge && c.Mode != Redirect && c.Mode != NoCalls {
		errs = append(errs, fmt.Errorf("sip: mode %.20q is not known", c.Mode))
	}
	for _, d := range []struct {
		to *time.Duration
		is time.Duration
	}{
		{&c.FailOver, 3 * time.Second}, {&c.Probe, 30 * time.Second}, {&c.MinExpires, time.Minute},
		{&c.MaxExpires, 2 * time.Minute}, {&c.Idle, 5 * time.Minute}, {&c.PnPWatch, 10 * time.Minute},
	} {
		if *d.to == 0 {
			*d.to = d.is
		}
	}
	for _, n := range []struct {
		to *int
		is int
	}{{&c.EmergencyCalls, 256}, {&c.Calls, 100}, {&c.CallsPerAddress, 2}, {&c.Conns, 256}, {&c.ConnsPerAddress, 16}} {
		if *n.to == 0 {
			*n.to = n.is
		}
	}
	if c.Language == "" {
		c.Language = voice.Languages()[0]
	}
	return errors.Join(errs...)
}

// Desk is what this door asks of the front desk; *provision.Desk serves it.
type Desk interface {
	HoldingAccount(user string) (phone.MAC, phone.Secret, bool)
	AdmitPeer(p provision.Peer) (vendors.Ident, bool)
	Registered(b phone.Binding, fresh bool)
	Unregistered(b phone.Binding, why string)
	Keeps(mac phone.MAC) bool
	LineAt(remote netip.Addr) (phone.Line, bool)
	EmergencyCalled(ctx context.Context, e provision.EmergencyCall)
	PnP(ask provision.PnPAsk) (url string, ok bool)
	Called(p provision.Peer) provision.CallState
	DialPIN(ctx context.Context, p provision.Peer, pin phone.Secret) (provision.PINAnswer, error)
	HungUp(p provision.Peer, why string, changed bool)
}

// Records is what this door keeps over a restart; *store.Store serves it.
type Records interface {
	Bindings() ([]phone.Binding, error)
	SaveBindings(ctx context.Context, keep []phone.Binding, gone []phone.MAC) error
	// SBCAnswered gives when an SBC last answered, and at which addresses.
	SBCAnswered(name string) (at time.Time, addrs []netip.AddrPort, err error)
	SaveSBCAnswered(ctx context.Context, name string, at time.Time, addrs []netip.AddrPort) error
}

// Deps is what the service works with.
type Deps struct {
	Desk    Desk
	Records Records
	Log     *slog.Logger
	Health  *health.Board
	Metrics *metrics.Set
	// Voice is the sound of calls of phones on hold; nil is a box with PIN by
	// telephone switched off. Its Serve has to end after the service's.
	Voice *voice.Calls
	// Sound is that of announcements to callers whose call for help nobody takes,
	// which are made whether PIN by telephone is on or not; nil is none. It may be
	// the Voice itself, and ends as that does.
	Sound *voice.Calls
	// Now stamps and decides; nil means time.Now.
	Now func() time.Time
	// Resolve finds where an SBC's name leads; nil asks DNS.
	Resolve Resolver
}

// Listeners are the sockets served. All but UDP may be missing.
type Listeners struct {
	// UDP has one socket for each local address phones use, bound to it, so
	// that answers leave with the address phones know.
	UDP []net.PacketConn
	TCP []net.Listener
	// TLS accepts connections with TLS already on them (tls.NewListener).
	TLS []net.Listener
	// Group hears multicast (ListenGroup).
	Group net.PacketConn
	// Watch is what other PnP servers are looked for with, bound to the box's
	// own address on the LAN; without one nobody looks.
	Watch net.PacketConn
	// Uplink is the socket SBCs are spoken to through; without one it is the
	// first of UDP.
	Uplink net.PacketConn
}
