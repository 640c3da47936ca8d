package sipd

import (
	"errors"

	"github.com/emiago/sipgo/sip"

	"github.com/lineside/lineside/phone"
)

// A connection to an SBC stands for days, and may be dead without the box having
// heard: the SBC was started anew, a router forgot it. The write that finds out
// is accepted by the kernel all the same, and a stream repeats no INVITE. So what
// was lost on a connection that was there before is no answer of the SBC's.

// sever has the next request to an SBC make a connection of its own. The one there
// is ends when it has been silent for long enough: what still comes by it, of a
// call that rings, is heard until then.
func (s *Server) sever(t target) {
	if t.Transport != phone.UDP {
		s.ua.TransportLayer().Pool(string(t.Transport)).Delete(t.to.String())
	}
}

// renewed has an SBC asked once more, by a connection made anew, where the
// one it was called by broke, or had been there before and brought nothing: at
// once where it broke, after all others where it was silent.
func (s *Server) renewed(queue []target, t target, f *forwarding, err error) []target {
	if err == nil || t.again || !f.reused && !errors.Is(err, errBroken) || f.shown || errors.Is(err, errCancelled) ||
		errors.Is(err, errMute) || errors.Is(err, errUnmet) {
		return queue
	}
	s.sever(t)
	t.again = true
	if f.out == nil || errors.Is(err, errBroken) {
		return append([]target{t}, queue...)
	}
	return append(queue, t)
}

// broke reports that the connection an INVITE went out by has ended: the library
// tells its transactions nothing of it, but holds no reference any more.
func (f *forwarding) broke() bool {
	tx, ok := f.out.(*sip.ClientTx)
	return ok && f.to.transport != phone.UDP && tx.Connection().Ref(0) <= 0
}
