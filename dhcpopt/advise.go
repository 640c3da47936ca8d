package dhcpopt

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// LANFacts is what is known of the phones' LAN when a mode is to be chosen.
type LANFacts struct {
	Interface string       // empty on loopback, where no phones are
	Self      netip.Prefix // the box's address
	Mode      Mode         // in force
	URL       string       // phones are told instead of the box's address; empty: that
	Servers   []ServerSeen // others, heard or asked
	Asked     time.Time    // when the LAN was last asked; zero: never
	Taken     []netip.Addr // addresses of other machines
}

// Advice is a mode that fits, in one sentence why, and the pool that would.
type Advice struct {
	Mode Mode
	Why  string
	Pool Range // not valid where no pool fits
}

// Advise weighs what is known of the LAN. It never has the box give addresses
// where another server does, or where nobody looked whether one does.
func Advise(f LANFacts) Advice {
	a := Advice{Mode: ModeOff}
	if pool, ok := FitPool(f.Self, f.Taken); ok {
		a.Pool = pool
	}
	switch i := slices.IndexFunc(f.Servers, func(s ServerSeen) bool { return f.Here(s) }); {
	case f.Interface == "":
		a.Why = "the box is on loopback, where there are no phones but simulated ones"
	case f.Mode == ModeRelay:
		a.Mode, a.Why = ModeRelay, "the box carries messages to the servers that the settings name, as somebody set it up to"
	case i >= 0:
		a.Why = fmt.Sprintf("the server at %s gives the addresses and sends phones here already: nothing more is needed", f.Servers[i].Server)
	case len(f.Servers) > 0 && f.Servers[0].Leads != "":
		a.Mode, a.Why = ModeInform, fmt.Sprintf("the server at %s gives the addresses, and sends phones elsewhere for their configs (%s): take that out there, and beside it the box tells phones that it is the place", f.Servers[0].Server, f.Servers[0].Leads)
	case len(f.Servers) > 0:
		a.Mode, a.Why = ModeInform, fmt.Sprintf("the server at %s gives the addresses and tells phones nothing of their configs: beside it the box tells those that ask again", f.Servers[0].Server)
	case f.Mode == ModeServer:
		a.Mode, a.Why = ModeServer, "the box gives the addresses, and no other server was heard"
	case f.Asked.IsZero():
		a.Why = "no other server was heard, but nobody has asked yet: have the LAN asked before the box gives addresses"
	case !a.Pool.First.IsValid():
		a.Why = fmt.Sprintf("no other server answered, but %s has no room for a pool", f.Self.Masked())
	default:
		a.Mode, a.Why = ModeServer, "no other server answered when the box asked as a new phone does: without one phones get no address"
	}
	return a
}

// Here reports that a server sends phones to this box.
func (f LANFacts) Here(s ServerSeen) bool {
	return f.Self.IsValid() && strings.Contains(s.Leads, "/"+f.Self.Addr().String()+"/") || f.URL != "" && strings.Contains(s.Leads, f.URL)
}

// Bounds of a pool that is made up: large enough for a building, and where the LAN
// is no smaller than a /26 clear of its first and last addresses, which routers and
// servers have.
const (
	poolMost  = 200
	poolLeast = 4
	headRoom  = 10
	footRoom  = 5
)

// FitPool is the longest run of addresses on the LAN of self that nobody has, cut
// to what a building needs; false where there is none worth naming.
func FitPool(self netip.Prefix, taken []netip.Addr) (Range, bool) {
	if !self.Addr().Is4() {
		return Range{}, false
	}
	network := self.Masked()
	base, size := number4(network.Addr()), uint64(1)<<(32-network.Bits())
	first, last := uint64(base)+1, uint64(base)+size-2
	if size >= 64 {
		first, last = first+headRoom-1, last-footRoom+1
	}
	stops := []uint64{uint64(number4(self.Addr())), last + 1}
	for _, a := range taken {
		if network.Contains(a) {
			stops = append(stops, uint64(number4(a)))
		}
	}
	slices.Sort(stops)
	var from, to uint64 // the longest run
	for _, s := range stops {
		if s = min(s, last+1); s > first && s-first > to-from {
			from, to = first, s
		}
		first = max(first, s+1)
	}
	if to-from < poolLeast {
		return Range{}, false
	}
	from = max(from, to-min(to-from, poolMost))
	return Range{First: addr4(uint32(from)), Last: addr4(uint32(to - 1))}, true
}

func number4(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

func addr4(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, n)))
}
