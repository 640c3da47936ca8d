package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/provision"
)

// leases say to whom addresses were given: by the box's own pool, or, where it
// is a relay, by the servers behind it.
type leases interface {
	provision.Leases
	admin.LeaseLister
}

// openLeases finds them. A relay's are those it saw pass: what the store has is
// of a time when the box gave addresses itself.
func (b *box) openLeases() {
	b.leases = b.store
	if b.settings.DHCP.Mode == dhcpopt.ModeRelay {
		b.witness = &dhcpopt.Witness{Now: b.now}
		b.leases = b.witness
	}
}

// blindLeases is what operators are told of a relay with one interface.
const blindLeases = "the DHCP servers' answers arrive on the phones' LAN, where anybody can forge them: phones are claimed, not proven"

// dhcpDeps is what every part of DHCP works with.
func (b *box) dhcpDeps() dhcpopt.Deps {
	return dhcpopt.Deps{
		Leases: b.store, Desk: b.desk, Log: b.log, Metrics: b.metrics, Health: b.health, Now: b.now, Reserved: b.desk,
		Witness: b.witness, Away: b.away.Load,
	}
}

// behindDHCP makes what serves the DHCP port, by the mode.
func (b *box) behindDHCP(conn net.PacketConn) (func(context.Context) error, error) {
	serve, err := b.newDHCP(b.settings)
	b.port = newDHCPPort(conn, serve)
	return b.port.serve, err
}

// newDHCP makes what answers DHCP by these settings.
func (b *box) newDHCP(s settings) (serveDHCP, error) {
	cfg := s.dhcpConfig(b.where)
	if cfg.Mode == dhcpopt.ModeRelay {
		relay, err := dhcpopt.NewRelay(cfg, b.dhcpDeps())
		if err != nil {
			return nil, err
		}
		return relay.Serve, nil
	}
	srv, err := dhcpopt.New(cfg, b.dhcpDeps())
	if err != nil {
		return nil, err
	}
	return srv.Serve, nil
}

// pools is the box's part in DHCP for operators, with the addresses it gives from.
func (b *box) pools() admin.DHCP {
	cfg := b.force.settings(b.settings).dhcpConfig(b.where)
	out := admin.DHCP{Mode: string(cfg.Mode)}
	if cfg.Mode != dhcpopt.ModeServer {
		return out
	}
	kept := slices.Collect(maps.Values(cfg.Reservations))
	add := func(net netip.Prefix, ranges []dhcpopt.Range) {
		p := admin.Pool{Network: net, Kept: kept}
		for _, r := range ranges {
			p.Ranges = append(p.Ranges, admin.AddrRange{First: r.First, Last: r.Last})
		}
		out.Pools = append(out.Pools, p)
	}
	add(cfg.Self.Masked(), cfg.Pool)
	for _, sc := range cfg.Scopes {
		add(sc.Net.Masked(), sc.Pool)
	}
	return out
}

// addWatch listens to what others do on the LAN. Without the privilege for it
// the box does everything else; on loopback there are no others.
func (b *box) addWatch() error {
	if b.where.Interface == "" {
		return nil
	}
	b.base = append(b.base, newServer("interface", b.keepInterface).proved(b.beats.iface.prove))
	conn, err := dhcpopt.ListenFrames(b.where.Interface)
	if err != nil {
		b.log.Warn("the LAN is not watched: other DHCP servers and addresses used twice will not be told of; give the service CAP_NET_RAW", "err", err)
		return nil
	}
	b.sockets = append(b.sockets, conn)
	watch, err := dhcpopt.NewWatch(b.settings.dhcpConfig(b.where), b.leases, b.dhcpDeps())
	if err != nil {
		return err
	}
	b.watch = watch
	b.doors = append(b.doors, newServer("LAN watch", func(ctx context.Context) error { return watch.Serve(ctx, conn) }))
	return nil
}

// How often the interface is looked at, and its condition.
const (
	interfaceEvery = 2 * time.Second
	codeInterface  = "lan-interface-gone"
)

// keepInterface watches the interface the box lives on. While it, or the
// address, is gone operators are told, and DHCP is not answered: on Linux an
// address takes with it the others of its network that came after it, so who
// adds the new one and then removes the old has none. Where it comes back as another, with
// another index or address, what was bound to the old one is deaf for good, and
// the daemon ends, so that the service manager starts it on what there is.
func (b *box) keepInterface(ctx context.Context) error {
	tick := time.NewTicker(interfaceEvery)
	defer tick.Stop()
	index, gone := interfaceIndex(b.where.Interface), false
	if b.where.Interface != b.settings.Listen.Interface {
		b.tellRenamed(b.settings.Listen.Interface, b.where.Interface)
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case beat := <-b.beats.iface:
			close(beat)
		case <-tick.C:
		}
		nics, err := systemNICs()
		if err != nil {
			continue // the next look may do better
		}
		if b.renamed(index, nics) {
			continue
		}
		now, there := lanNow(b.where, b.settings.Listen.Address.IsValid(), nics)
		switch {
		case !there:
			b.away.Store(true)
			b.raiseInterface(nics)
			gone = true
		case now != b.where || interfaceIndex(b.where.Interface) != index:
			return fmt.Errorf("the LAN changed from %s to %s on %s: phones would be sent to the old one; started anew by the service manager, the box takes the new", b.where.Self, now.Self, now.Interface)
		default:
			b.away.Store(false)
			b.health.Clear(codeInterface)
			if gone && b.announcer != nil {
				b.announcer.Again() // who asked meanwhile has forgotten the box
			}
			gone = false
		}
	}
}

// lanNow is what became of the LAN the box was started on; false where its
// interface is gone or down, or has no address. Another address counts only
// where settings leave the address to the interface.
func lanNow(was lan, fixed bool, nics []nic) (lan, bool) {
	for _, n := range nics {
		if n.name != was.Interface || !n.up || len(n.addrs) == 0 {
			continue
		}
		if slices.Contains(n.addrs, was.Self) {
			return was, true
		}
		return lan{n.name, n.addrs[0]}, !fixed
	}
	return lan{}, false
}

func interfaceIndex(name string) int {
	ifi, err := net.InterfaceByName(name)
	if err != nil {
		return 0
	}
	return ifi.Index
}

func (b *box) raiseInterface(nics []nic) {
	has, do := whatBecame(b.where, nics)
	b.health.Raise(b.now(), health.Condition{
		Code: codeInterface, Title: "The interface on the phones' LAN is gone, down or without its address",
		Meaning: "phones reach nothing of this box: no address, no config, no registration on hold",
		Do:      do,
		Detail:  b.where.Interface + " should have " + b.where.Self.String() + has,
	})
}

// whatBecame says, of a LAN that is not as it was, where its address is or what
// stands in its place, and what to do about it.
func whatBecame(was lan, nics []nic) (has, do string) {
	const restart = ", then: systemctl restart lineside"
	do = "look at the cable and at: ip -brief address show " + was.Interface
	for _, n := range nics {
		switch {
		case n.name != was.Interface && slices.Contains(n.addrs, was.Self):
			return ", which " + n.name + " has", "where that is meant, write listen.interface = \"" + n.name + "\" into lineside.toml" + restart + "; else give the address back to " + was.Interface
		case n.name == was.Interface && n.up && len(n.addrs) > 0:
			has = " and has " + n.addrs[0].String()
			do = "where that is meant, write listen.address = \"" + n.addrs[0].String() + "\" into lineside.toml" + restart + "; else give " + n.name + " back " + was.Self.String()
		case n.name == was.Interface && n.up:
			has = " and has none"
			do = "give it one: ip address add " + was.Self.String() + " dev " + n.name + "; lineside takes another by itself where listen.address is empty"
		}
	}
	return has, do
}
