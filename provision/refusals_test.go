package provision

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

var dawn = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func macOf(n uint32) phone.MAC {
	m := phone.MAC{0x00, 0x15}
	binary.BigEndian.PutUint32(m[2:], n)
	return m
}

func addrOf(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
}

func senderOf(n uint32) audit.Actor {
	return audit.Actor{Front: "http", Remote: addrOf(n), Identity: "ip:" + addrOf(n).String()}
}

// day floods r for 24 hours, two refusals a second, and gives what was written.
func day(t *testing.T, r *refusals, one func(now time.Time, n uint32)) []audit.Record {
	t.Helper()
	var events []audit.Record
	n := uint32(0)
	for now := dawn; now.Before(dawn.Add(24 * time.Hour)); now = now.Add(15 * time.Second) {
		for range 2 * 15 {
			one(now, n)
			n++
		}
		events = append(events, r.take(now, false)...)
		if len(r.open) > maxRefusals || len(r.senders) > 100 || len(r.rest.senders) > restSenders || len(r.rest.devices) > restDevices {
			t.Fatalf("%d refusals open, %d senders, %d and %d in the sum: that is not bounded", len(r.open), len(r.senders), len(r.rest.senders), len(r.rest.devices))
		}
	}
	return append(events, r.take(dawn.Add(24*time.Hour), true)...)
}

// TestFloodsOfADay: whatever strangers vary, a day of it is no more entries than
// the budgets say, and none of what they did is left out of the numbers.
func TestFloodsOfADay(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const whole = 24 * time.Hour
	sums := audit.RefusalSums.Within(whole)
	for _, tt := range []struct {
		name string
		one  func(r *refusals, now time.Time, n uint32)
		most int
	}{
		{"one laptop, any MAC", func(r *refusals, now time.Time, _ uint32) {
			r.add(now, senderOf(1), macOf(rng.Uint32()), auth.MACContradicted, "x.cfg", false)
		}, audit.OtherRefusals.Within(whole) + sums},
		{"any address, any MAC", func(r *refusals, now time.Time, _ uint32) {
			r.add(now, senderOf(rng.Uint32()), macOf(rng.Uint32()), auth.MACContradicted, "x.cfg", false)
		}, audit.OtherRefusals.Within(whole) + sums},
		{"any address, devices and strangers", func(r *refusals, now time.Time, n uint32) {
			r.add(now, senderOf(rng.Uint32()), macOf(rng.Uint32N(2000)), auth.WrongLogin, "x.cfg", n%2 == 0)
		}, audit.KnownRefusals.Within(whole) + audit.OtherRefusals.Within(whole) + sums},
		{"one phone with a wrong login", func(r *refusals, now time.Time, _ uint32) {
			r.add(now, senderOf(1), macOf(1), auth.WrongLogin, "x.cfg", true)
		}, int(whole/refusalEvery) + 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, sent := newRefusals(), 0
			events := day(t, r, func(now time.Time, n uint32) { tt.one(r, now, n); sent++ })
			if len(events) > tt.most || len(events) == 0 {
				t.Errorf("got %d entries of a day, want 1 to %d", len(events), tt.most)
			}
			if got := timesIn(t, events); got != sent {
				t.Errorf("got %d refusals in the entries, want all %d", got, sent)
			}
		})
	}
}

func timesIn(t *testing.T, events []audit.Record) (n int) {
	t.Helper()
	for _, e := range events {
		switch what := e.Event.(type) {
		case audit.Refused:
			n += what.Times
		case audit.RefusedMore:
			n += what.Times
		default:
			t.Fatalf("got a %s", e.Event.Kind())
		}
	}
	return n
}

// TestNothingHidesInNoise: when everything that has a bound is used up, by
// somebody who makes up MACs and addresses and goes by other devices as well, one
// refusal of one device is still named.
func TestNothingHidesInNoise(t *testing.T) {
	r, victim := newRefusals(), macOf(0xfffffff0)
	for n := range uint32(100_000) {
		r.add(dawn, senderOf(n), macOf(n), auth.MACContradicted, "x.cfg", n%1000 == 0)
		if n%20 == 0 {
			r.add(dawn, senderOf(0xeeeeee), macOf(n), auth.MACContradicted, "x.cfg", false)
		}
		if n%1000 == 0 {
			r.take(dawn, false)
		}
	}
	r.add(dawn, senderOf(7), victim, auth.WrongLogin, "x.cfg", true)
	events := r.take(dawn.Add(time.Second), true)
	sum, ok := events[len(events)-1].Event.(audit.RefusedMore)
	if !ok || sum.Devices[victim] != 1 || sum.Unnamed != 0 {
		t.Fatalf("got %+v, want the victim in it", events[len(events)-1])
	}
	if loud := sum.Senders[addrOf(0xeeeeee).String()]; loud == 0 || loud > 5000 || len(sum.Senders) > restNamed {
		t.Errorf("got senders %v, want the loudest among at most %d, with no more than it sent", sum.Senders, restNamed)
	}
}

// TestSumComesInTime: an hour after the first refusal that had no room, not at
// once and not with each write; a clock set back does not hold it up.
func TestSumComesInTime(t *testing.T) {
	for _, tt := range []struct {
		after time.Duration
		last  bool
		want  int
	}{{time.Minute, false, 0}, {59 * time.Minute, false, 0}, {time.Hour, false, 1}, {time.Second, true, 1}, {-time.Hour, false, 1}} {
		var r rest
		r.add(dawn, refusalKey{remote: addrOf(1)}, false, 3)
		got := r.take(dawn.Add(tt.after), tt.last)
		if len(got) != tt.want {
			t.Errorf("after %s: got %d sums, want %d", tt.after, len(got), tt.want)
		}
		if again := r.take(dawn.Add(tt.after), true); len(got)+len(again) != 1 {
			t.Errorf("after %s: a sum is told %d times", tt.after, len(got)+len(again))
		}
	}
}

// TestSenderHasAShare: one sender does not use up what there is for all.
func TestSenderHasAShare(t *testing.T) {
	r := newRefusals()
	for n := range uint32(100) {
		r.add(dawn, senderOf(1), macOf(n), auth.WrongLogin, "x.cfg", true)
	}
	if got := len(r.take(dawn, false)); got != perSender().Burst {
		t.Errorf("got %d entries of one sender, want %d", got, perSender().Burst)
	}
	r.add(dawn, senderOf(2), macOf(1), auth.WrongLogin, "x.cfg", true)
	if got := len(r.take(dawn, false)); got != 1 {
		t.Errorf("got %d entries of the next sender, want its one", got)
	}
}

// TestSendersCount holds the counts against what was sent: never more, and who
// sent more than a 64th of it all is never lost.
func TestSendersCount(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var r rest
	sent, all := map[string]int{}, 0
	for range 20_000 {
		n := 1 + rng.IntN(3)
		from := addrOf(rng.Uint32N(1 << (1 + rng.Uint32N(16))))
		r.add(dawn, refusalKey{remote: from}, false, n)
		sent[from.String()] += n
		all += n
	}
	for who, n := range sent {
		if got := r.senders[who]; got > n || n > all/restSenders && got == 0 {
			t.Errorf("%s sent %d of %d and is counted with %d", who, n, all, got)
		}
	}
	if len(r.senders) > restSenders || r.times != all {
		t.Errorf("got %d senders and %d times, want at most %d and %d", len(r.senders), r.times, restSenders, all)
	}
}

// TestCallsHaveTheirOwnRoom: no flood of refusals uses up the entries of
// emergency calls, and those beyond are a number.
func TestCallsHaveTheirOwnRoom(t *testing.T) {
	r, entries := newRefusals(), 0
	for n := range uint32(1000) {
		r.add(dawn, senderOf(1), macOf(n), auth.WrongLogin, "x.cfg", true)
	}
	r.take(dawn, false)
	if !r.call(dawn, senderOf(1), macOf(1), true) {
		t.Error("a call of a noisy sender has no entry")
	}
	for n := range uint32(1000) {
		if r.call(dawn, senderOf(n), macOf(n), false) {
			entries++
		}
	}
	if entries != audit.Emergencies.Burst-1 {
		t.Errorf("got %d entries, want %d", entries, audit.Emergencies.Burst-1)
	}
	got := r.take(dawn, true)
	sum, ok := got[len(got)-1].Event.(audit.RefusedMore)
	if want := 1000 - entries; !ok || sum.Emergencies != want {
		t.Errorf("got %s, want %d emergency calls in the sum", fmt.Sprint(got[len(got)-1]), want)
	}
}
