package dhcpopt

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
)

// packed is a run of packets, each behind its length.
func packed(packets ...*dhcpv4.DHCPv4) []byte {
	var b []byte
	for _, m := range packets {
		data := m.ToBytes()
		b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
		b = append(b, data...)
	}
	return b
}

func unpacked(b []byte) [][]byte {
	var packets [][]byte
	for len(b) >= 2 && len(packets) < 32 {
		n := min(int(binary.BigEndian.Uint16(b)), len(b)-2)
		packets = append(packets, b[2:2+n])
		b = b[2+n:]
	}
	return packets
}

// FuzzServe feeds runs of packets from anybody. Each answer must parse, be for
// the client that asked, and give an address of ours that nobody else has.
func FuzzServe(f *testing.F) {
	first, second := ip("10.20.0.50"), ip("10.20.0.51")
	f.Add(packed(message(yealink1, discover, class("yealink"), id("\x01abc")), message(yealink1, request, id("\x01abc"), server(boxAddr), wants(first))))
	f.Add(packed(message(yealink1, request, server(boxAddr), wants(first)), message(laptop1, request, server(boxAddr), wants(first)),
		message(yealink1, dhcpv4.MessageTypeRelease, uses(first)), message(laptop1, request, server(boxAddr), wants(first))))
	f.Add(packed(message(yealink1, discover, relay(ip("10.20.0.9")), opt(82, 19, 0)), message(yealink1, dhcpv4.MessageTypeDecline, server(boxAddr), wants(first))))
	f.Add(packed(message(laptop2, discover), message(laptop2, request, wants(ip("10.20.0.7"))), message(laptop1, request, uses(second))))
	f.Add(packed(message(yealink2, dhcpv4.MessageTypeInform, uses(ip("10.20.0.77")), opt(57, 0, 0), opt(55, 66, 160, 1))))
	f.Add([]byte{0, 3, 1, 1, 6})
	cfg := testConfig("10.20.0.50-10.20.0.54")
	cfg.Reservations = map[phone.MAC]netip.Addr{laptop2: ip("10.20.0.7")}

	f.Fuzz(func(t *testing.T, b []byte) {
		l := newLAN(t, cfg)
		for _, data := range unpacked(b) {
			asked, _ := dhcpv4.FromBytes(data)
			from := netip.MustParseAddrPort("10.20.0.200:68")
			if asked != nil && len(asked.Options[12]) == 0 { // else a forger
				from = netip.AddrPortFrom(address(asked.ClientIPAddr), clientPort)
			}
			for _, s := range l.deliver(data, from) {
				checkAnswer(t, l, asked, s)
			}
		}
		checkHolders(t, l)
	})
}

func checkAnswer(t *testing.T, l *lan, asked *dhcpv4.DHCPv4, s sent) {
	if asked == nil {
		t.Fatal("a packet that does not parse was answered")
	}
	r, err := dhcpv4.FromBytes(s.data)
	if err != nil {
		t.Fatalf("answer does not parse: %v", err)
	}
	if r.TransactionID != asked.TransactionID || r.ClientHWAddr.String() != asked.ClientHWAddr.String() {
		t.Fatalf("answer is for %s of %s, asked by %s of %s", r.TransactionID, r.ClientHWAddr, asked.TransactionID, asked.ClientHWAddr)
	}
	if r.Options[60] != nil {
		t.Fatal("option 60 was echoed")
	}
	if len(s.data) > maxPayload {
		t.Fatalf("answer of %d bytes", len(s.data))
	}
	if !s.to.Addr().IsValid() || s.to != broadcast() && !l.s.cfg.hostAddr(s.to.Addr()) {
		t.Fatalf("answer was sent to %s, outside the LAN", s.to)
	}
	a := address(r.YourIPAddr)
	if i, ok := l.s.pool.find(a); !a.IsUnspecified() && !ok {
		t.Fatalf("gave %s, which is neither of the pool nor reserved", a)
	} else if ok {
		if h, held := l.s.pool.slots[i].holder(); !held || h.mac != phone.MAC(r.ClientHWAddr) {
			t.Fatalf("gave %s to %s, the pool says %s", a, r.ClientHWAddr, h.mac)
		}
	}
}

// checkHolders checks that memory and store name one holder for each address.
func checkHolders(t *testing.T, l *lan) {
	for i := range l.s.pool.slots {
		s := &l.s.pool.slots[i]
		if kept := l.store.of(s.addr); s.state == bound && (kept.MAC != s.lease.MAC || kept.State != phone.Bound) {
			t.Fatalf("%s is %s's in memory, %s's in the store", s.addr, s.lease.MAC, kept.MAC)
		}
	}
}
