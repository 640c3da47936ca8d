package dhcpopt

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/lineside/lineside/phone"
)

// maxServers bounds the servers a watch remembers: anybody can feign more.
const maxServers = 16

// ServerSeen is a DHCP server other than the box, as it was last heard.
type ServerSeen struct {
	Server netip.Addr
	From   phone.MAC  // hardware address of the frame, a relay's where that stands between
	Offers netip.Addr // unspecified: none
	Leads  string     // what it tells of configs, fit for a screen; empty for nothing
	At     time.Time
}

// Seen is what a server's answer says of it.
func (a Answer) Seen(at time.Time) ServerSeen {
	return ServerSeen{Server: a.Server, From: a.From, Offers: a.Addr, Leads: a.Lead(), At: at}
}

// noteLocked remembers the server of an answer, in the place of the one heard
// longest ago where there is no room.
func (w *Watch) noteLocked(a Answer, now time.Time) {
	if w.servers == nil {
		w.servers = make(map[netip.Addr]ServerSeen)
	}
	if _, known := w.servers[a.Server]; !known && len(w.servers) >= maxServers {
		oldest := slices.MinFunc(slices.Collect(maps.Values(w.servers)), func(x, y ServerSeen) int { return x.At.Compare(y.At) })
		delete(w.servers, oldest.Server)
	}
	w.servers[a.Server] = a.Seen(now)
}

// Servers are the other DHCP servers that were heard, by address. What is heard
// anybody may have sent: it is for operators to look at.
func (w *Watch) Servers() []ServerSeen {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.SortedFunc(maps.Values(w.servers), func(x, y ServerSeen) int { return cmp.Compare(x.Server.String(), y.Server.String()) })
}

// Addresses are those of the LAN that some machine said are its own, or was given
// by another server.
func (w *Watch) Addresses() []netip.Addr {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := slices.Collect(maps.Keys(w.byAddr.seen))
	for _, s := range w.servers {
		out = append(out, s.Server, s.Offers)
	}
	return out
}
