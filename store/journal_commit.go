package store

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/phone"
)

// leaseBytes is more than a lease takes in the journal: its text may have to be
// escaped, at six bytes for one.
func leaseBytes(l phone.Lease) int {
	return 512 + 2*len(l.ClientID) + 6*(len(l.Host)+len(l.Class)+len(l.State)+len(l.Vendor)+len(l.Model))
}

// claim takes those of a batch whose callers still wait, changes of leases apart
// from all others.
func claim(batch []*change) (leases, others []*change) {
	for _, c := range batch {
		switch {
		case !c.state.CompareAndSwap(waiting, taken):
		case c.leases > 0:
			leases = append(leases, c)
		default:
			others = append(others, c)
		}
	}
	return leases, others
}

// enter runs changes of leases and appends to the journal what they write.
func (s *Store) enter(mine []*change, answers []error) (*view, error) {
	v, j := s.view(), &s.journal
	now := s.clock.time()
	j.block = beginBlock(j.block)
	for i, c := range mine {
		d := draft{now: now, room: j.room[:0]}
		answers[i] = s.compute(c, v, &d)
		if j.room = d.room; answers[i] != nil || d.empty() {
			continue
		}
		for _, p := range d.puts {
			j.block = appendPut(j.block, p.key, p.value)
		}
		v.merge(d.overlay)
		v.wrote++
	}
	if v.wrote == 0 {
		return nil, errNothing
	}
	if err := j.flush(now); err != nil {
		return nil, err
	}
	for addr := range v.leases {
		j.behind = append(j.behind, addr)
	}
	v.mark = stamp(now)
	return v, nil
}

// turn is what a commit to the database does about the journal.
type turn struct {
	over bool  // the database takes over what the journal has beyond it
	next round // then this round begins; zero: none
}

// nextRound is the turn after which leases go to the journal. Without a journal
// they go on going to the database.
func (s *Store) nextRound() turn {
	if err := s.journal.ready(); err != nil {
		s.tools.Log.Warn("the lease journal cannot be used, leases go to the database one commit each", "file", s.journal.path, "err", err)
		return turn{over: true}
	}
	return turn{over: true, next: newRound()}
}

// takeOver writes what the journal has beyond the database, and which round
// counts from then on.
func (v *view) takeOver(tx *bolt.Tx, t turn) error {
	j := &v.s.journal
	if !t.over || t.next == (round{}) && len(j.behind) == 0 && v.s.meta.Round == "" {
		return nil
	}
	slices.SortFunc(j.behind, netip.Addr.Compare)
	j.behind = slices.Compact(j.behind)
	b, err := bucketOf(tx, bucketLeases)
	if err != nil {
		return err
	}
	var d draft // for its room, which the transaction holds to its end
	for _, addr := range j.behind {
		if cap(d.room)-len(d.room) < 1<<10 {
			d.room = make([]byte, 0, 64<<10)
		}
		if err := v.putBehind(b, &d, addr); err != nil {
			return fmt.Errorf("take over lease of %s: %w", addr, err)
		}
	}
	v.meta.Round = t.next.String()
	v.mark = time.Time{} // as it is on disk without the journal: to be written
	v.turned = &t
	return putMeta(tx, v.meta)
}

func (v *view) putBehind(b *bolt.Bucket, d *draft, addr netip.Addr) error {
	l := v.s.leases[addr]
	if l == nil {
		return b.Delete(addr.AsSlice())
	}
	stored := storeLease(*l)
	key, value, _, err := d.encodeLease(&stored)
	if err != nil {
		return err
	}
	return b.Put(key, value)
}

// catchUp has the database take over what the journal has beyond it, so that
// the file alone says all. Where it does already, nothing is written.
func (s *Store) catchUp(ctx context.Context) error { return s.await(ctx, newCatchUp()) }

func newCatchUp() *change {
	return &change{catchUp: true, compute: func(*view, *draft) error { return nil }, done: make(chan error, 1)}
}

// keep puts the leases of addrs as they are in of over what the database had.
func (m *memory) keep(addrs []netip.Addr, of map[netip.Addr]*phone.Lease) {
	for _, addr := range addrs {
		if l := of[addr]; l != nil {
			m.leases[addr] = l
		} else {
			delete(m.leases, addr)
		}
	}
}

// recall puts into m what was appended to the journal and has not reached the
// database, as after a power cut. It does not fail: a box without the leases of
// its last minute is better than none.
func (s *Store) recall(m *memory) {
	s.journal.behind = nil
	if m.meta.Round == "" {
		return
	}
	var got replayed
	if r, err := parseRound(m.meta.Round); err != nil {
		got.lost = err.Error()
	} else {
		got = s.journal.replay(r)
	}
	for addr := range got.leases {
		s.journal.behind = append(s.journal.behind, addr)
	}
	m.keep(s.journal.behind, got.leases)
	if got.last.After(m.mark) {
		m.mark = got.last
	}
	if got.lost == "" {
		return
	}
	s.tools.Log.Error("leases of the last minute may be missing", "file", s.journal.path, "err", got.lost)
	s.report.Detail = strings.TrimSpace(fmt.Sprintf("%s The journal of the last leases, %s, cannot be read whole (%s): leases given within a minute before the box stopped may be missing. Phones keep their addresses and ask for them again; until they have, another could be given one of those: watch for it with `lineside health`.",
		s.report.Detail, s.journal.path, got.lost))
}
