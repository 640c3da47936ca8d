package dhcpopt

import (
	"container/heap"
	"net/netip"
	"time"

	"github.com/lineside/lineside/phone"
)

// client is who an address is given to: hardware address and option 61, empty
// where none was sent, together. See the package's known deviations.
type client struct {
	mac phone.MAC
	id  string
}

func clientOf(l *phone.Lease) client { return client{mac: l.MAC, id: string(l.ClientID)} }

// state is where a slot stands.
type state uint8

const (
	free    state = iota // nobody's; lease remembers who had it last
	offered              // promised to offer until until
	bound                // lease is in force until until
	resting              // declined: nobody's until until
)

// none is the index of no slot.
const none = int32(-1)

// slot is one address of the pool.
type slot struct {
	addr     netip.Addr
	reserved phone.MAC // zero: anybody's
	state    state
	until    time.Time // monotonic where Now is, so a set clock ends no lease
	offer    client    // in state offered
	lease    *phone.Lease
	saved    *phone.Lease // what the store holds; nil is nothing
	rev      uint64       // counts changes of lease
	rank     rank         // of the client it was last offered or given to
	unknown  bool         // bound to a device that is not set up
	since    time.Time    // when its client took it, renewals aside
	told     time.Time    // when a client that started was last given it

	prev, next int32 // neighbours in the list the slot is in
	due        int32 // place in the heap of ends
}

// holder is who has the slot now; false in states free and resting.
func (s *slot) holder() (client, bool) {
	switch s.state {
	case offered:
		return s.offer, true
	case bound:
		return clientOf(s.lease), true
	}
	return client{}, false
}

// list is a doubly linked list of slots, oldest at the head.
type list struct {
	head, tail int32
	n          int
}

func newList() list { return list{head: none, tail: none} }

func (l *list) push(slots []slot, i int32) {
	s := &slots[i]
	s.prev, s.next = l.tail, none
	if l.tail == none {
		l.head = i
	} else {
		slots[l.tail].next = i
	}
	l.tail = i
	l.n++
}

func (l *list) remove(slots []slot, i int32) {
	s := &slots[i]
	if s.prev == none {
		l.head = s.next
	} else {
		slots[s.prev].next = s.next
	}
	if s.next == none {
		l.tail = s.prev
	} else {
		slots[s.next].prev = s.prev
	}
	s.prev, s.next = none, none
	l.n--
}

// ends orders the bound slots by when that ends.
type ends struct {
	slots []slot
	order []int32
}

var _ heap.Interface = (*ends)(nil)

// Len, Less, Swap, Push and Pop serve container/heap.
func (e *ends) Len() int { return len(e.order) }

func (e *ends) Less(i, j int) bool {
	return e.slots[e.order[i]].until.Before(e.slots[e.order[j]].until)
}

func (e *ends) Swap(i, j int) {
	e.order[i], e.order[j] = e.order[j], e.order[i]
	e.slots[e.order[i]].due, e.slots[e.order[j]].due = int32(i), int32(j)
}

func (e *ends) Push(x any) {
	i := x.(int32)
	e.slots[i].due = int32(len(e.order))
	e.order = append(e.order, i)
}

func (e *ends) Pop() any {
	last := len(e.order) - 1
	i := e.order[last]
	e.order = e.order[:last]
	e.slots[i].due = none
	return i
}
