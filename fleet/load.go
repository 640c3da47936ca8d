package fleet

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// Load is many DHCP clients at once, played by one relay agent: what a server
// does when a building powers up. Clients speak once and never ask again, so
// that what a server drops is seen.
type Load struct {
	// Server is whom the relay forwards to.
	Server netip.AddrPort
	// Relay is this host's address in the server's network, and the port
	// answers come to: 67, which needs root, or one the server must be asked to
	// use (RFC 8357).
	Relay netip.AddrPort
	// Clients is how many there are, First the number of the first; it becomes
	// the hardware address.
	Clients, First int
	// Rate is how many start a second. With 0 a client starts when another is
	// through, so that Window of them are always at it.
	Rate float64
	// Window bounds how many wait for an answer where there is no rate; 0 is
	// 256.
	Window int
	// Patience is how long a client waits in all; 0 is 4 seconds, the first
	// wait of RFC 2131 section 4.1.
	Patience time.Duration
	// Renew is how long after the last lease every client renews once; 0 is
	// never.
	Renew time.Duration
	// For is after how long no more clients start; those that have not are not
	// counted. 0 is never.
	For time.Duration
	// PID is the server's process on this machine, whose processor time and
	// memory are reported; 0 is none.
	PID int
}

// LoadReport is what became of the clients.
type LoadReport struct {
	Leases LoadPhase `json:"leases"`
	// Renewals is nil where none were asked for.
	Renewals *LoadPhase `json:"renewals,omitempty"`
}

// LoadPhase is one message exchange of every client: DISCOVER to ACK, or a
// renewal.
type LoadPhase struct {
	Clients int `json:"clients"`
	Done    int `json:"done"`
	// Refused heard NAK, Lost nothing in time.
	Refused int           `json:"refused"`
	Lost    int           `json:"lost"`
	Took    time.Duration `json:"took_ns"` // until the last answer
	Wait    Spread        `json:"wait"`    // from a client's first message to its ACK
	// CPU is the server's processor time, Resident its memory at the end in
	// bytes.
	CPU      time.Duration `json:"cpu_ns,omitempty"`
	Resident int           `json:"resident_bytes,omitempty"`
}

// Dropped is the part of the clients that got no lease.
func (p LoadPhase) Dropped() float64 { return float64(p.Clients-p.Done) / float64(max(1, p.Clients)) }

// PerSecond is how many were done a second.
func (p LoadPhase) PerSecond() float64 { return per(p.Done, p.Took) }

// PerCPUSecond is how many the server did in a second of processor time, 0
// where that is not known.
func (p LoadPhase) PerCPUSecond() float64 { return per(p.Done, p.CPU) }

func per(n int, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}

// Bounds of a load.
const (
	maxLoadClients = 1 << 23 // numbers of the hardware addresses of one maker
	loadWindow     = 256
	loadPatience   = 4 * time.Second
)

func (l Load) checked() (Load, error) {
	if !l.Server.Addr().Is4() || !l.Relay.Addr().Is4() || l.Server.Port() == 0 {
		return l, errors.New("load: server and relay must be IPv4 addresses, the server with its port")
	}
	if l.Clients < 1 || l.First < 0 || l.First+l.Clients > maxLoadClients {
		return l, fmt.Errorf("load: %d clients from number %d on; there can be 1 to %d", l.Clients, l.First, maxLoadClients)
	}
	if l.Rate < 0 || l.Window < 0 || l.Patience < 0 || l.Renew < 0 || l.For < 0 || l.PID < 0 {
		return l, errors.New("load: rate, window, times and process number cannot be negative")
	}
	if l.Window == 0 {
		l.Window = loadWindow
	}
	if l.Patience == 0 {
		l.Patience = loadPatience
	}
	return l, nil
}

// Run plays the clients until all are through or ctx ends.
func (l Load) Run(ctx context.Context) (LoadReport, error) {
	l, err := l.checked()
	if err != nil {
		return LoadReport{}, err
	}
	sock, err := openLoad(l.Relay, l.Server)
	if err != nil {
		return LoadReport{}, fmt.Errorf("load: open the relay's socket at %s: %w", l.Relay, err)
	}
	defer sock.close()
	r := newLoadRun(l, sock)
	var report LoadReport
	if report.Leases, err = r.phase(ctx, r.discover); err != nil || l.Renew == 0 {
		return report, err
	}
	select {
	case <-ctx.Done():
		return report, ctx.Err()
	case <-time.After(l.Renew):
	}
	renewals, err := r.phase(ctx, r.renew)
	report.Renewals = &renewals
	return report, err
}
