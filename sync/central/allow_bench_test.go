package central

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// trie is the peer of BenchmarkAllowed: one bit of the address a step.
type trie struct {
	child [2]*trie
	until time.Time
	leaf  bool
}

func (t *trie) add(p netip.Prefix, until time.Time) {
	b := p.Addr().As16()
	for i := range at(p.Addr(), p.Bits()) {
		bit := b[i/8] >> (7 - i%8) & 1
		if t.child[bit] == nil {
			t.child[bit] = &trie{}
		}
		t = t.child[bit]
	}
	t.until, t.leaf = until, true
}

func at(a netip.Addr, bits int) int {
	if a.Is4() {
		return bits + 96
	}
	return bits
}

func (t *trie) check(a netip.Addr, now time.Time) (ok bool) {
	b := a.As16()
	for i := 0; t != nil; i++ {
		if t.leaf && now.Before(t.until) {
			ok = true
		}
		if i == 128 {
			return ok
		}
		t = t.child[b[i/8]>>(7-i%8)&1]
	}
	return ok
}

// BenchmarkAllowed asks of 10,000 sites with two addresses each and 200 ranges
// of operators, half of the questions of strangers.
func BenchmarkAllowed(b *testing.B) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	until := now.Add(4 * time.Hour)
	list, peer := newAllowlist(), &trie{}
	rows := map[string][]grant{}
	put := func(row string, p netip.Prefix, vouched bool) {
		rows[row] = append(rows[row], grant{row: row, prefix: p, until: until, vouched: vouched})
		peer.add(p, until)
	}
	var ask []netip.Addr
	for i := range 10_000 {
		row := fmt.Sprint(i)
		four := netip.AddrFrom4([4]byte{81, byte(i >> 8), byte(i), 7})
		six := netip.AddrFrom16([16]byte{0x2a, 2, 0x81, 9, byte(i >> 8), byte(i)})
		wide, _ := six.Prefix(64)
		put(row, netip.PrefixFrom(four, 32), true)
		put(row, wide, true)
		ask = append(ask, four, six, netip.AddrFrom4([4]byte{93, byte(i), byte(i >> 8), 1}), netip.AddrFrom16([16]byte{0x2a, 3, byte(i), byte(i >> 8), 1}))
	}
	for i := range 200 {
		p, _ := netip.AddrFrom4([4]byte{185, byte(i), 0, 0}).Prefix(16 + i%9)
		put(everySite, p, false)
	}
	list.set(rows, now)
	b.Run("list", func(b *testing.B) {
		b.ReportAllocs()
		allowed := 0
		for i := 0; b.Loop(); i++ {
			if list.check(ask[i%len(ask)], now).Allowed {
				allowed++
			}
		}
		b.ReportMetric(float64(allowed)/float64(b.N), "allowed/op")
	})
	b.Run("trie", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			peer.check(ask[i%len(ask)], now)
		}
	})
	b.Run("list-parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				list.check(ask[i%len(ask)], now)
			}
		})
	})
	b.Run("renew", func(b *testing.B) { // a change of one site, seen by all who ask next
		for i := 0; b.Loop(); i++ {
			row := fmt.Sprint(i % 10_000)
			for j := range rows[row] {
				rows[row][j].until = until.Add(time.Duration(i) * time.Microsecond)
			}
			list.set(map[string][]grant{row: rows[row]}, now)
		}
	})
}
