package dhcpopt

import (
	"context"
	"time"
)

// A second offer leaves so long after its question: the LAN's own server has
// answered by then, and a client that takes the first offer has taken that one.
// dhclient does, takes an offer without an address as gladly as another, and is
// without a network for a quarter of a minute once it is refused. Mitel phones
// wait six seconds for a second offer.
const secondAfter = time.Second

// maxLater is how many second offers wait at most; what is beyond is not made.
const maxLater = 512

// later sends replies secondAfter they were put there, in order.
type later chan waiting

// waiting is a reply and when it is to leave.
type waiting struct {
	reply reply
	at    time.Time
}

func newLater() later { return make(later, maxLater) }

// put leaves r to be sent; false where too many wait.
func (q later) put(r reply) bool {
	select {
	case q <- waiting{r, time.Now().Add(secondAfter)}:
		return true
	default:
		return false
	}
}

// sendAll sends what is put until ctx ends.
func (q later) sendAll(ctx context.Context, send func(reply)) {
	for {
		select {
		case <-ctx.Done():
			return
		case w := <-q:
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Until(w.at)):
				send(w.reply)
			}
		}
	}
}
