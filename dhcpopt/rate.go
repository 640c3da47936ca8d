package dhcpopt

import (
	"time"

	"github.com/lineside/lineside/phone"
)

// How many messages one hardware address is heard. A phone needs two to get an
// address and repeats them a few times while it starts.
const (
	rateBurst  = 20
	rateEvery  = 250 * time.Millisecond // one more message
	rateTracks = 8192                   // hardware addresses remembered
)

// rates counts messages per hardware address. A flood from forged addresses
// makes it forget, which only lets more through: what those can take is
// bounded by the pool.
type rates struct{ full map[phone.MAC]time.Time }

// allow spends one message of mac's. full is when its burst is whole again.
func (r *rates) allow(mac phone.MAC, now time.Time) bool {
	if r.full == nil || len(r.full) >= rateTracks {
		r.full = make(map[phone.MAC]time.Time)
	}
	full := r.full[mac]
	if full.Before(now) {
		full = now
	}
	full = full.Add(rateEvery)
	if full.Sub(now) > rateBurst*rateEvery {
		return false
	}
	r.full[mac] = full
	return true
}
