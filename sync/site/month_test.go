package site_test

import (
	"errors"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

const (
	day = 24 * time.Hour
	// shut is when the site that a right PIN opened takes phones on trust no more.
	shut = 9 * time.Hour
)

// TestMonthAway: the line is cut for 30 days. Phones enrol by PIN, fetch, are
// locked out; at the platform PINs are reset, phones added and taken away.
// After it both sides say the same, and what the platform said counts.
func TestMonthAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const settled, enrols, failed, blocked, reset, ticketed, removed, fresh = 1, 2, 3, 4, 5, 6, 7, 8
		m := newMonth(t)
		for n := byte(settled); n <= removed; n++ {
			m.add(n)
		}
		ticket, err := m.hq.MakeTicket(macOf(ticketed), central.TicketRequest{Life: 14 * day})
		m.must(err)
		time.Sleep(5 * time.Second)
		login := m.enrols(settled, m.pins[macOf(settled).Hex()])
		time.Sleep(shut)
		gone := m.enrols(removed, m.pins[macOf(removed).Hex()])
		time.Sleep(5 * time.Second)
		if v := m.p.Allowed(netip.MustParseAddr("203.0.113.7")); !v.Allowed {
			t.Errorf("before: got %+v, want the address whitelisted", v)
		}

		time.Sleep(shut)
		m.line.sever(true)
		if got := m.get(ticketed, ticket.User, ticket.Password.Reveal()); strings.Contains(got, "sip.example.net") {
			t.Errorf("a one-time password nobody confirms brings %.200s", got)
		}
		var logins [2][]string
		var old []string
		for d := range 30 {
			time.Sleep(day)
			m.resyncs(settled, login)
			m.resyncs(removed, gone)
			switch d {
			case 2:
				logins[0] = m.enrols(enrols, m.pins[macOf(enrols).Hex()])
			case 4:
				old = m.reset(settled, reset)
				logins[1] = m.enrols(reset, old[1])
			case 6:
				m.must(m.hq.RemoveDevice(macOf(removed)))
				m.add(fresh)
			case 10, 11, 12:
				m.wrongs(blocked, auth.WrongPINs)
			}
		}
		m.wrongs(failed, auth.WrongPINs)
		if f, b := m.state(failed), m.state(blocked); f.State != auth.Failed || b.State != auth.Blocked {
			t.Errorf("in the month: got %s and %s, want failed and blocked", f.State, b.State)
		}
		if v := m.p.Allowed(netip.MustParseAddr("203.0.113.7")); v.Allowed {
			t.Errorf("after a month without news: got %+v, want it over", v)
		}

		m.line.sever(false)
		time.Sleep(10 * time.Minute)
		if pending, err := m.link.Pending(t.Context()); err != nil || pending.States+pending.Undone != 0 || m.link.Status().State != site.Linked {
			t.Fatalf("10 min after: got %+v, %v, %s, want all said and done", pending, err, m.link.Status().State)
		}
		m.equal(map[byte]uint16{settled: 0, enrols: 0, failed: auth.WrongPINs, blocked: 3 * auth.WrongPINs, reset: 0, ticketed: 0, fresh: 0})
		if _, err := m.desk.Device(macOf(removed)); !errors.Is(err, phone.ErrUnknownDevice) {
			t.Errorf("the device taken away: got %v, want it gone", err)
		}
		if v := m.p.Allowed(netip.MustParseAddr("203.0.113.7")); v.Allowed {
			t.Errorf("by news of a month: got %+v, want none so old to count", v)
		}
		m.resetWins(settled, old[0], login)
		m.resetWins(reset, old[1], logins[1])
		m.resyncs(enrols, logins[0])
		if got := m.get(ticketed, ticket.User, ticket.Password.Reveal()); strings.Contains(got, "sip.example.net") {
			t.Errorf("a one-time password of 14 days, after 30: got %.200s", got)
		}
		m.enrols(reset, m.pins[macOf(reset).Hex()])
		time.Sleep(5 * time.Second)
		if v := m.p.Allowed(netip.MustParseAddr("203.0.113.7")); !v.Allowed || v.Why != wire.KindPIN {
			t.Errorf("after a PIN: got %+v, want the address whitelisted by it", v)
		}
	})
}

// equal wants both sides to hold the same of each phone, with so many wrong PINs
// known, and the platform to have heard of every PIN that was right, once.
func (m *month) equal(wrongs map[byte]uint16) {
	m.t.Helper()
	m.t.Logf("%-6s %-12s %-18s %-7s %s", "PHONE", "STATE HERE", "WRONG PINS THERE", "BLOCKED", "SAME PIN")
	for _, n := range slices.Sorted(maps.Keys(wrongs)) {
		here := m.state(n)
		there, err := m.p.Device(macOf(n))
		m.must(err)
		same := here.PIN.Reveal() == m.pins[macOf(n).Hex()]
		m.t.Logf("%-6d %-12s %-18d %-7v %v", n, here.State, there.Fails, there.Blocked, same)
		if there.Blocked != (here.State == auth.Blocked) || there.Fails != wrongs[n] || !same {
			m.t.Errorf("phone %d: %s here, there blocked %v with %d wrong PINs, the same PIN %v; want both to agree, with %d", n, here.State, there.Blocked, there.Fails, same, wrongs[n])
		}
	}
	held := map[uint64]int{}
	right := 0
	m.must(m.p.Events(m.line.site, func(e wire.Event) bool {
		if held[e.Seq]++; held[e.Seq] > 1 {
			m.t.Errorf("event %d is there twice", e.Seq)
		}
		if e.Kind == wire.KindPIN {
			right++
		}
		return true
	}))
	if right != 4 {
		m.t.Errorf("got %d right PINs at the platform, want 4", right)
	}
}

// reset resets phones at the platform and gives the PINs they had.
func (m *month) reset(phones ...byte) (old []string) {
	m.t.Helper()
	for _, n := range phones {
		pin, err := m.hq.ResetDevice(macOf(n))
		m.must(err)
		old = append(old, m.pins[macOf(n).Hex()])
		m.pins[macOf(n).Hex()] = pin.Reveal()
	}
	return old
}

// resetWins: what was proved before is void, and the PIN of before is wrong.
func (m *month) resetWins(n byte, old string, login []string) {
	m.t.Helper()
	if m.types(n, old) {
		m.t.Errorf("phone %d, reset meanwhile: its old PIN is taken", n)
	}
	if got := m.get(n, login...); strings.Contains(got, "sip.example.net") {
		m.t.Errorf("phone %d, reset meanwhile, with its login from before: got %.200s", n, got)
	}
	if here := m.state(n); here.State != auth.Needed {
		m.t.Errorf("phone %d, reset meanwhile: got %s, want %s", n, here.State, auth.Needed)
	}
}
