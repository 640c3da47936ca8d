package sipd

import (
	"context"
	"errors"
	"net/netip"
	"sync"

	"github.com/emiago/sipgo/sip"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// Voice answers the calls of phones on hold that are no emergency: the PIN call.
type Voice interface {
	// Answer has the call until it returns; then what is left of it is hung up.
	// ctx ends when the phone hangs up or the box stops.
	Answer(ctx context.Context, c *Call)
}

// Info is an INFO request of the caller: a key pressed, as a rule.
type Info struct {
	Type string // Content-Type, empty where there was none
	Body []byte
}

// Call is a call of a phone that proved its holding account. Its methods are
// for the goroutine that answers it.
type Call struct {
	MAC    phone.MAC
	Remote netip.AddrPort // where its SIP comes from
	Local  netip.AddrPort // the box's end of it: sound goes the same way
	Offer  []byte         // SDP; empty where the phone offers in its ACK
	Type   string         // Content-Type of Offer

	s     *Server
	req   *sip.Request
	tx    sip.ServerTransaction
	leg   *leg
	gone  chan struct{}
	infos chan Info

	mu       sync.Mutex
	accepted bool
	done     bool
	answer   []byte
}

// maxInfos bounds the INFOs of one call nobody has looked at.
const maxInfos = 32

// ErrHungUp is returned for what is done to a call whose caller has gone.
var ErrHungUp = errors.New("the caller has hung up")

// dialled takes a call to any other number: 401 first, then the Voice has it.
func (s *Server) dialled(req *sip.Request, tx sip.ServerTransaction) {
	mac, _, ok, stale := s.login(req)
	if !ok {
		s.challenge(req, tx, stale)
		return
	}
	from := remote(req)
	if _, admitted := s.dep.Desk.AdmitPeer(provision.Peer{MAC: mac, Remote: from.Addr(), Agent: headerText(req, "User-Agent")}); !admitted {
		s.challenge(req, tx, false)
		return
	}
	if s.dep.Voice == nil || !s.sbcs.ready() {
		s.respond(req, tx, sip.StatusTemporarilyUnavailable, "Temporarily Unavailable", warning("PIN by telephone is switched off on this box"))
		return
	}
	if !s.calls.ring(mac.Hex()) {
		s.respond(req, tx, sip.StatusBusyHere, "Busy Here")
		return
	}
	defer s.calls.hangUp(mac.Hex())
	s.answer(req, tx, mac)
}

// answer gives a call to the Voice and ends what it leaves.
func (s *Server) answer(req *sip.Request, tx sip.ServerTransaction, mac phone.MAC) {
	c := &Call{
		MAC: mac, Remote: remote(req), Local: local(tx), Offer: req.Body(), Type: headerText(req, "Content-Type"),
		s: s, req: req, tx: tx, leg: legOf(req, tx), gone: make(chan struct{}), infos: make(chan Info, maxInfos),
	}
	ctx, cancel := context.WithCancel(s.context())
	defer cancel()
	over := sync.OnceFunc(func() {
		close(c.gone)
		cancel()
	})
	c.leg.call, c.leg.over = c, over
	s.sources.hold(c.Remote.Addr())
	s.calls.add(s.dep.Now(), c.leg)
	defer s.sources.release(c.Remote.Addr())
	defer s.calls.remove(c.leg)
	tx.OnCancel(func(*sip.Request) { over() })
	s.dep.Voice.Answer(ctx, c)
	c.Hangup()
}

// Accept answers the call with 200 and an SDP, and returns once the phone has
// confirmed it: sound may be sent from then on, for only now is it known that
// the phone is where the call says. late is the body of the confirmation, the
// phone's SDP where it made no offer before.
func (c *Call) Accept(sdp []byte) (late []byte, err error) {
	ok := c.ok(c.req, sdp)
	c.mu.Lock()
	if c.done || c.accepted {
		c.mu.Unlock()
		return nil, ErrHungUp
	}
	c.accepted, c.answer = true, sdp
	c.mu.Unlock()
	ack, err := c.s.confirm(c.tx, ok, c.leg, c.gone)
	if err != nil {
		return nil, ErrHungUp
	}
	return ack.Body(), nil
}

func (c *Call) ok(req *sip.Request, sdp []byte) *sip.Response {
	ok := c.leg.answer(req, sip.StatusOK, "OK")
	kind := sip.ContentTypeHeader("application/sdp")
	ok.AppendHeader(&kind)
	ok.SetBody(sdp)
	return ok
}

// Reject answers with a failure, such as 488 for an offer without usable sound.
func (c *Call) Reject(status int, reason, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done || c.accepted {
		return
	}
	c.done = true
	res := c.leg.answer(c.req, status, reason)
	if text != "" {
		res.AppendHeader(warning(text))
	}
	c.s.reply(c.tx, res)
}

// Hangup ends the call, at the phone too. A second one does nothing.
func (c *Call) Hangup() {
	c.mu.Lock()
	done, accepted := c.done, c.accepted
	c.done = true
	c.mu.Unlock()
	select {
	case <-c.gone:
		return // the phone was first
	default:
	}
	switch {
	case done:
	case accepted:
		c.s.background(func(ctx context.Context) { c.s.sendBYE(ctx, c.leg) })
	default:
		c.s.reply(c.tx, c.leg.answer(c.req, sip.StatusTemporarilyUnavailable, "Temporarily Unavailable"))
	}
	c.leg.over()
}

// Infos gives the caller's INFO requests as they come; they are answered
// already.
func (c *Call) Infos() <-chan Info { return c.infos }

// within answers a request in the call.
func (c *Call) within(req *sip.Request, tx sip.ServerTransaction) {
	if req.Method == sip.INFO {
		select {
		case c.infos <- Info{Type: headerText(req, "Content-Type"), Body: req.Body()}:
		default: // more keys than anybody presses
		}
	}
	c.s.reply(tx, c.leg.answer(req, sip.StatusOK, "OK"))
}

// reoffered answers a change within the call with what was agreed before.
func (c *Call) reoffered(req *sip.Request, tx sip.ServerTransaction) {
	c.mu.Lock()
	sdp, live := c.answer, c.accepted && !c.done
	c.mu.Unlock()
	if !live {
		c.s.reply(tx, c.leg.answer(req, 491, "Request Pending"))
		return
	}
	_, _ = c.s.confirm(tx, c.ok(req, sdp), c.leg, c.gone)
}
