package dhcpopt

import (
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
)

// How many messages of one kind a hardware address may send while the server
// is loaded. A phone needs two to get an address and repeats them every few
// seconds (RFC 2131 section 4.1).
const (
	rateBurst  = 20
	rateEvery  = 250 * time.Millisecond // one more message
	rateTracks = 8192                   // budgets remembered
)

// When the server counts as loaded: a quarter of what BenchmarkDORALoopback
// answers on a small machine, over about a second.
const (
	loadBurst = 5000
	loadEvery = 200 * time.Microsecond // one more message
)

// rates decides who is passed over when there is too much to do. A hardware
// address is whatever the sender writes, so a budget for it must not let a
// stranger use up a phone's: it counts only while the server is loaded, and
// each kind of message has its own. A flood from many forged addresses makes
// it forget, which only lets more through: what those can take is bounded by
// the pool.
type rates struct {
	full map[sender]time.Time // when the budget is whole again
	idle time.Time            // when a loaded server is rested again
}

type sender struct {
	mac  phone.MAC
	kind dhcpv4.MessageType
}

// spend takes one message into account. within says that its sender keeps to
// its budget, heard that it is to be answered. A sender beyond it still has its
// share of what the server can do: under a flood in a phone's name the phone
// gets through as often as its part of the flood.
func (r *rates) spend(mac phone.MAC, kind dhcpv4.MessageType, now time.Time) (within, heard bool) {
	switch {
	case r.full == nil:
		r.full = make(map[sender]time.Time)
	case len(r.full) >= rateTracks:
		clear(r.full) // and keep its room: growing anew costs more than an answer
	}
	by := sender{mac, kind}
	full, within := step(r.full[by], now, rateEvery, rateBurst)
	r.full[by] = full
	idle, room := step(r.idle, now, loadEvery, loadBurst)
	r.idle = idle
	return within, within || room
}

// step takes one from a bucket of size burst that gets one back every so
// often. full is when it is whole; ok is false where it was empty, and then
// full stays as it is. An empty bucket is whole after burst times every: what is
// further off was reckoned by a clock that has been set back, and counts no more.
func step(full, now time.Time, every time.Duration, burst int) (next time.Time, ok bool) {
	if full.Before(now) || full.Sub(now) > time.Duration(burst)*every {
		full = now
	}
	if next = full.Add(every); next.Sub(now) > time.Duration(burst)*every {
		return full, false
	}
	return next, true
}
