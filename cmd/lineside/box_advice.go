package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/operators"
)

// lanAsked is what the LAN answered when somebody had the box ask.
type lanAsked struct {
	asking sync.Mutex // held while the LAN is asked

	mu      sync.Mutex
	at      time.Time
	servers []dhcpopt.ServerSeen
}

func (a *lanAsked) last() (time.Time, []dhcpopt.ServerSeen) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.at, slices.Clone(a.servers)
}

// DHCPAdvice is what the box knows of the LAN's DHCP, and what fits it.
func (b *box) DHCPAdvice() admin.DHCPAdvice {
	f := b.lanFacts()
	a := dhcpopt.Advise(f)
	out := admin.DHCPAdvice{
		Interface: f.Interface, Address: f.Self, Mode: string(f.Mode), Asked: f.Asked,
		Servers: []admin.DHCPServer{}, Suggested: string(a.Mode), Why: a.Why, Modes: modesMean(f),
	}
	if a.Pool.First.IsValid() {
		out.Pool = a.Pool.String()
	}
	for _, s := range f.Servers {
		d := admin.DHCPServer{Address: s.Server, Hardware: s.From, Leads: s.Leads, Here: f.Here(s), Heard: s.At}
		if !s.Offers.IsUnspecified() {
			d.Offers = s.Offers
		}
		out.Servers = append(out.Servers, d)
	}
	if f.Interface != "" && f.Asked.IsZero() && len(f.Servers) == 0 {
		out.Next = "have the LAN asked: POST " + admin.API + "/dhcp/advice, or sudo lineside doctor"
	}
	return out
}

// lanFacts gathers what was heard, asked and set.
func (b *box) lanFacts() dhcpopt.LANFacts {
	s := b.force.settings(b.settings)
	f := dhcpopt.LANFacts{
		Interface: b.where.Interface, Self: b.where.Self, Mode: s.DHCP.Mode, URL: s.Listen.URL,
		Taken: slices.Concat(s.DHCP.DNS, s.DHCP.NTP, []netip.Addr{s.DHCP.Router}),
	}
	routes, _ := defaultRoutes(os.DirFS("/")) // without them a pool may be made up around a router
	for _, r := range routes {
		f.Taken = append(f.Taken, r.via)
	}
	if b.watch != nil {
		f.Servers = b.watch.Servers()
		f.Taken = append(f.Taken, b.watch.Addresses()...)
	}
	var asked []dhcpopt.ServerSeen
	f.Asked, asked = b.lanAsked.last()
	for _, a := range asked {
		f.Taken = append(f.Taken, a.Server, a.Offers)
		same := func(s dhcpopt.ServerSeen) bool { return s.Server == a.Server }
		switch i := slices.IndexFunc(f.Servers, same); {
		case i < 0:
			f.Servers = append(f.Servers, a)
		case f.Servers[i].At.Before(a.At):
			f.Servers[i] = a
		}
	}
	f.Servers = slices.DeleteFunc(f.Servers, func(s dhcpopt.ServerSeen) bool { return s.Server == b.where.Self.Addr() })
	return f
}

// AskDHCP asks the LAN as a new phone does, and takes no address. One at a time:
// each asking makes the LAN's servers keep an address back for a moment.
func (b *box) AskDHCP(ctx context.Context) (admin.DHCPAdvice, error) {
	if b.where.Interface == "" {
		return admin.DHCPAdvice{}, operators.Fail(http.StatusConflict, "the box is on loopback: there is no LAN to be asked", "run it on the phones' LAN: see listen.interface")
	}
	if !b.lanAsked.asking.TryLock() {
		return admin.DHCPAdvice{}, operators.Fail(http.StatusConflict, "the LAN is being asked already", "look again in ten seconds")
	}
	defer b.lanAsked.asking.Unlock()
	found, err := dhcpopt.Probe(ctx, b.where.Interface, "yealink")
	switch {
	case errors.Is(err, fs.ErrPermission):
		return admin.DHCPAdvice{}, operators.Fail(http.StatusConflict, "the box may not ask the LAN: it lacks CAP_NET_RAW", "start it by systemd, or look with: sudo lineside doctor")
	case err != nil:
		return admin.DHCPAdvice{}, fmt.Errorf("ask the LAN for DHCP servers: %w", err)
	case ctx.Err() != nil: // cut short, silence says nothing
		return admin.DHCPAdvice{}, ctx.Err()
	}
	now := b.now()
	b.lanAsked.mu.Lock()
	b.lanAsked.at, b.lanAsked.servers = now, nil
	for _, a := range found {
		b.lanAsked.servers = append(b.lanAsked.servers, a.Seen(now))
	}
	b.lanAsked.mu.Unlock()
	return b.DHCPAdvice(), nil
}

// modesMean says what each mode means on this LAN.
func modesMean(f dhcpopt.LANFacts) []admin.DHCPMode {
	server := "the box gives the addresses, and tells every phone where its config is"
	who := "another server"
	if len(f.Servers) > 0 {
		who = f.Servers[0].Server.String()
		server += "; the server at " + who + " has to be switched off for this LAN first, or some phones get its answer"
	}
	return []admin.DHCPMode{
		{Mode: string(dhcpopt.ModeServer), Means: server, Needs: []string{"dhcp.pool"}},
		{Mode: string(dhcpopt.ModeInform), Means: who + " goes on giving the addresses; phones that ask a second time (Yealink, Poly) or read a second offer (Mitel) are told where their configs are, the others are not"},
		{Mode: string(dhcpopt.ModeRelay), Means: "the box carries messages to servers on another network in the place of the router's relay, and adds what phones need", Needs: []string{"dhcp.upstream"}},
		{Mode: string(dhcpopt.ModeOff), Means: who + " gives the addresses and has to tell phones where their configs are: lineside dhcp snippet prints what to paste there"},
	}
}
