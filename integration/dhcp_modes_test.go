package integration

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"testing"

	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
)

// modeLab is a LAN with a client and the box, which takes part in DHCP by mode.
type modeLab struct {
	t      *testing.T
	lab    *netlab.Lab
	box    *netlab.Host
	client *netlab.Host
	seen   *recorder
	desk   *dhcpDesk
	health *health.Board
}

func newModeLab(t *testing.T) *modeLab {
	t.Helper()
	l := &modeLab{t: t, lab: netlab.New(t), desk: &dhcpDesk{}, health: &health.Board{}}
	l.box, l.client = l.lab.Host("box", "10.77.0.1/24"), l.lab.Host("client", "")
	l.seen = listenIn(t, l.client)
	return l
}

// serve starts the box's part.
func (l *modeLab) serve(cfg dhcpopt.Config) {
	l.t.Helper()
	cfg.Interface, cfg.Self = l.box.Interface(), netip.MustParsePrefix("10.77.0.1/24")
	deps := dhcpopt.Deps{
		Leases: &dhcpStore{leases: make(map[netip.Addr]phone.Lease)}, Desk: l.desk,
		Log: slog.New(slog.DiscardHandler), Metrics: metrics.New(), Health: l.health,
	}
	ctx, cancel := context.WithCancel(context.Background())
	at := netip.MustParseAddrPort("0.0.0.0:67")
	var conn net.PacketConn
	var part interface {
		Serve(context.Context, net.PacketConn) error
	}
	err := l.box.Do(func() (err error) {
		if cfg.Mode == dhcpopt.ModeRelay {
			conn, err = dhcpopt.ListenRelay(ctx, cfg.Interface, at)
			return err
		}
		conn, err = dhcpopt.Listen(ctx, cfg.Interface, at)
		return err
	})
	if err == nil && cfg.Mode == dhcpopt.ModeRelay {
		part, err = dhcpopt.NewRelay(cfg, deps)
	} else if err == nil {
		part, err = dhcpopt.New(cfg, deps)
	}
	if err != nil {
		cancel()
		l.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- part.Serve(ctx, conn) }()
	l.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			l.t.Errorf("Serve: %v", err)
		}
		_ = conn.Close()
	})
}

// foreignRange is the other server's pool and what it tells everybody.
const foreignRange = `dhcp-range=10.77.0.100,10.77.0.150,255.255.255.0,1h
dhcp-option=3,10.77.0.254
dhcp-option=6,10.77.0.253
`
