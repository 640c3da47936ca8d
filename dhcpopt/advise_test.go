package dhcpopt

import (
	"net/netip"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"github.com/lineside/lineside/phone"
)

func TestFitPool(t *testing.T) {
	for name, tc := range map[string]struct {
		self, taken, want string
	}{
		"an empty LAN":             {"10.20.0.1/24", "", "10.20.0.51-10.20.0.250"},
		"the router at the end":    {"10.20.0.1/24", "10.20.0.254", "10.20.0.51-10.20.0.250"},
		"printers in the middle":   {"10.20.0.1/24", "10.20.0.100 10.20.0.101 10.20.0.30", "10.20.0.102-10.20.0.250"},
		"the box in the middle":    {"10.20.0.120/24", "", "10.20.0.121-10.20.0.250"},
		"another network's":        {"10.20.0.1/24", "10.30.0.200", "10.20.0.51-10.20.0.250"},
		"a small LAN":              {"10.20.0.1/29", "", "10.20.0.2-10.20.0.6"},
		"no room":                  {"10.20.0.1/30", "", ""},
		"full":                     {"10.20.0.1/29", "10.20.0.3 10.20.0.5", ""},
		"a large LAN":              {"10.20.0.1/16", "10.20.128.0", "10.20.255.51-10.20.255.250"},
		"the top of the addresses": {"255.255.255.1/24", "", "255.255.255.51-255.255.255.250"},
	} {
		var taken []netip.Addr
		for a := range strings.FieldsSeq(tc.taken) {
			taken = append(taken, ip(a))
		}
		got, ok := FitPool(netip.MustParsePrefix(tc.self), taken)
		if text := got.String(); ok != (tc.want != "") || ok && text != tc.want {
			t.Errorf("%s: got %s %v, want %q", name, text, ok, tc.want)
		}
	}
}

// TestFitPoolIsClear: whatever LAN and whoever is on it, the pool is one that the
// settings take, and nobody has an address of it.
func TestFitPoolIsClear(t *testing.T) {
	clear := func(a [4]byte, bits uint8, others [][2]byte) bool {
		self := netip.PrefixFrom(netip.AddrFrom4(a), int(bits%23)+8)
		var taken []netip.Addr
		for _, o := range others {
			taken = append(taken, netip.AddrFrom4([4]byte{a[0], a[1], o[0], o[1]}))
		}
		pool, ok := FitPool(self, taken)
		if !ok {
			return true
		}
		for _, addr := range append(taken, self.Addr()) {
			if !addr.Less(pool.First) && !pool.Last.Less(addr) {
				return false
			}
		}
		return (Config{Mode: ModeServer, Self: self, Pool: []Range{pool}, Lease: DefaultLease}).Check() == nil || self.Addr() == self.Masked().Addr() ||
			!self.Contains(self.Addr().Next())
	}
	if err := quick.Check(clear, &quick.Config{MaxCount: 2000}); err != nil {
		t.Error(err)
	}
}

var begin = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func TestAdvise(t *testing.T) {
	self := netip.MustParsePrefix("10.20.0.1/24")
	silent, here, elsewhere := ServerSeen{Server: ip("10.20.0.254")}, ServerSeen{Server: ip("10.20.0.254"), Leads: "66 = http://10.20.0.1/cfg/"},
		ServerSeen{Server: ip("10.20.0.253"), Leads: "66 = http://10.20.0.19/"}
	for name, tc := range map[string]struct {
		facts LANFacts
		want  Mode
		why   string
	}{
		"loopback":                  {LANFacts{Self: self, Asked: begin}, ModeOff, "loopback"},
		"nobody asked":              {LANFacts{Interface: "eth0", Self: self}, ModeOff, "nobody has asked"},
		"nobody answered":           {LANFacts{Interface: "eth0", Self: self, Asked: begin}, ModeServer, "no other server answered"},
		"nobody answered, no room":  {LANFacts{Interface: "eth0", Self: netip.MustParsePrefix("10.20.0.1/30"), Asked: begin}, ModeOff, "no room"},
		"another server":            {LANFacts{Interface: "eth0", Self: self, Servers: []ServerSeen{silent}, Asked: begin}, ModeInform, "10.20.0.254"},
		"heard without asking":      {LANFacts{Interface: "eth0", Self: self, Servers: []ServerSeen{silent}}, ModeInform, "10.20.0.254"},
		"another while this serves": {LANFacts{Interface: "eth0", Self: self, Mode: ModeServer, Servers: []ServerSeen{silent}}, ModeInform, "10.20.0.254"},
		"one that leads here":       {LANFacts{Interface: "eth0", Self: self, Servers: []ServerSeen{here}}, ModeOff, "already"},
		"one that leads elsewhere":  {LANFacts{Interface: "eth0", Self: self, Servers: []ServerSeen{elsewhere}}, ModeInform, "10.20.0.19"},
		"two, of which one knows":   {LANFacts{Interface: "eth0", Self: self, Servers: []ServerSeen{elsewhere, here}}, ModeOff, "10.20.0.254"},
		"leads to the place told":   {LANFacts{Interface: "eth0", Self: self, URL: "http://box.example/cfg/", Servers: []ServerSeen{{Server: ip("10.20.0.254"), Leads: "66 = http://box.example/cfg/"}}}, ModeOff, "already"},
		"this one serves":           {LANFacts{Interface: "eth0", Self: self, Mode: ModeServer}, ModeServer, "no other server"},
		"this one relays":           {LANFacts{Interface: "eth0", Self: self, Mode: ModeRelay, Servers: []ServerSeen{silent}}, ModeRelay, "settings name"},
	} {
		got := Advise(tc.facts)
		if got.Mode != tc.want || !strings.Contains(got.Why, tc.why) {
			t.Errorf("%s: got %s, %s, want %s and %q", name, got.Mode, got.Why, tc.want, tc.why)
		}
		if got.Mode == ModeServer && !got.Pool.First.IsValid() {
			t.Errorf("%s: server without a pool", name)
		}
	}
}

// TestWatchRemembersServers feigns more servers than it has room for.
func TestWatchRemembersServers(t *testing.T) {
	w := &Watch{}
	for i := range 3 * maxServers {
		w.noteLocked(Answer{Server: netip.AddrFrom4([4]byte{10, 20, 1, byte(i)}), From: phone.MAC{2, byte(i)}, Leads: map[uint8]string{66: "http://x/"}}, begin.Add(time.Duration(i)*time.Second))
	}
	got := w.Servers()
	if len(got) != maxServers || got[0].At.Before(begin.Add(2*maxServers*time.Second)) || got[0].Leads != "66 = http://x/" {
		t.Errorf("got %d servers, the first %+v, want the newest %d", len(got), got[0], maxServers)
	}
}
