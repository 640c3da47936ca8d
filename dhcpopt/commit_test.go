package dhcpopt

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
)

func TestNoACKWithoutSavedLease(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(*fakeStore)
		mend  func(*fakeStore)
	}{
		{"store refuses", func(f *fakeStore) { f.fail = errors.New("disk full") }, func(f *fakeStore) { f.fail = nil }},
		{"store panics", func(f *fakeStore) { f.trip = true }, func(f *fakeStore) { f.trip = false }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
			held := l.lease(yealink1)
			ends := l.store.of(held).Expires
			l.wait(time.Hour)
			tt.spoil(l.store)
			l.none(message(yealink1, request, uses(held)))
			l.one(message(yealink2, discover), offer)
			l.none(message(yealink2, request, server(boxAddr), wants(ip("10.20.0.51"))))
			if got := l.raised(); !slices.Equal(got, []string{codeUnsaved}) {
				t.Errorf("got conditions %v, want %s", got, codeUnsaved)
			}
			if got, want := l.desk.last(), "asked for 10.20.0.51; the lease could not be stored, so it got no answer"; got != want {
				t.Errorf("timeline says %q, want %q", got, want)
			}
			// A renewal that was not stored does not lengthen the lease.
			if got := l.s.pool.slots[0].until; !got.Equal(ends) {
				t.Errorf("lease in memory ends %s, want %s as stored", got, ends)
			}
			tt.mend(l.store)
			l.one(message(yealink1, request, uses(held)), ack)
			l.one(message(yealink2, request, server(boxAddr), wants(ip("10.20.0.51"))), ack)
			if got := l.raised(); len(got) != 0 {
				t.Errorf("got conditions %v, want none", got)
			}
		})
	}
}

func TestUnsavedAddressComesBackToThePool(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50"))
	l.store.fail = errors.New("disk full")
	l.one(message(yealink1, discover), offer)
	l.none(message(yealink1, request, server(boxAddr), wants(ip("10.20.0.50"))))
	l.store.fail = nil
	l.none(message(yealink2, discover))
	l.wait(offerHold)
	l.lease(yealink2)
}

func TestOneCommitForAllThatGathered(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
	for n := range 5 {
		mac := phone.MAC{0, 0x15, 0x65, 1, 0, byte(n)}
		l.s.receive(message(mac, request, server(boxAddr), wants(fromNumber(number(ip("10.20.0.50"))+uint32(n)))).ToBytes(), nobody)
	}
	if out := l.conn.taken(); len(out) != 0 {
		t.Fatalf("%d answers left before the commit", len(out))
	}
	l.s.commit(context.Background(), l.s.queue.take())
	if got := len(l.conn.taken()); got != 5 || l.store.saves != 1 {
		t.Errorf("got %d answers from %d commits, want 5 from 1", got, l.store.saves)
	}
}

// TestOnlyTheLastWordIsAnswered lets one client ask, leave, and another ask for
// the same address, all before one commit.
func TestOnlyTheLastWordIsAnswered(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50"))
	a := ip("10.20.0.50")
	l.s.receive(message(yealink1, request, server(boxAddr), wants(a)).ToBytes(), nobody)
	l.s.receive(message(yealink1, dhcpv4.MessageTypeRelease, uses(a)).ToBytes(), netip.AddrPortFrom(a, clientPort))
	l.s.receive(message(yealink2, request, server(boxAddr), wants(a)).ToBytes(), nobody)
	l.s.commit(context.Background(), l.s.queue.take())
	out := l.conn.taken()
	if len(out) != 1 || out[0].mac != yealink2 {
		t.Fatalf("got %d answers, want one to %s", len(out), yealink2)
	}
	if got := l.store.of(a).MAC; got != yealink2 {
		t.Errorf("store has the lease of %s, want %s", got, yealink2)
	}
}

func TestFullQueueDropsTheOldest(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
	l.s.queue = newQueue(2)
	for n, mac := range []phone.MAC{yealink1, yealink2, laptop1} {
		a := fromNumber(number(ip("10.20.0.50")) + uint32(n))
		l.s.receive(message(mac, request, server(boxAddr), wants(a)).ToBytes(), nobody)
	}
	l.s.commit(context.Background(), l.s.queue.take())
	var got []phone.MAC
	for _, s := range l.conn.taken() {
		got = append(got, s.mac)
	}
	if !slices.Equal(got, []phone.MAC{yealink2, laptop1}) {
		t.Errorf("answered %v, want the two latest", got)
	}
	if s := l.s.pool.slots[0].state; s != offered {
		t.Errorf("the dropped client's address is in state %d, want offered", s)
	}
	l.one(message(yealink1, request, server(boxAddr), wants(ip("10.20.0.50"))), ack)
}

// TestStoreIsToldLater declines and gives back while the disk is broken: the
// records follow with the next commit, unless the address has gone on by then.
func TestStoreIsToldLater(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
	a, b := l.lease(yealink1), l.lease(yealink2)
	l.store.fail = errors.New("disk full")
	l.none(message(yealink1, dhcpv4.MessageTypeDecline, server(boxAddr), wants(a)))
	l.none(message(yealink2, dhcpv4.MessageTypeRelease, uses(b)))
	l.store.fail = nil
	l.one(message(yealink2, request, wants(b)), ack)
	if got := l.store.of(a).State; got != phone.Declined {
		t.Errorf("declined address is %q in the store", got)
	}
	if got := l.store.of(b).State; got != phone.Bound {
		t.Errorf("address taken again is %q in the store", got)
	}
	if n := len(l.s.owed); n != 0 {
		t.Errorf("the store is still owed %d records", n)
	}
}
