package sipd

import (
	"context"
	"errors"
	"net/netip"

	"github.com/emiago/sipgo/sip"

	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/voice"
)

// inside answers a request in a call whose sound passes the box. Where the call
// was joined to an SBC's, keys and messages go on to the other side.
func (s *Server) inside(req *sip.Request, tx sip.ServerTransaction, l *leg) {
	mate := l.joined()
	seq := req.CSeq().SeqNo
	switch {
	case req.Method == sip.UPDATE:
		l.turns.note(seq)
		s.reoffer(req, tx, l)
	case mate != nil:
		l.turns.note(seq)
		s.passOn(req, tx, l, mate)
	case req.Method == sip.INFO:
		s.key(req, tx, l)
	default:
		l.turns.note(seq)
		s.reply(tx, l.answer(req, sip.StatusOK, "OK"))
	}
}

// key takes an INFO in its turn.
func (s *Server) key(req *sip.Request, tx sip.ServerTransaction, l *leg) {
	var err error
	took := l.turns.take(req.CSeq().SeqNo, func() {
		err = l.media.Info(headerText(req, "Content-Type"), req.Body())
	})
	switch {
	case !took: // out of order (RFC 3261 section 12.2.2)
		s.reply(tx, l.answer(req, sip.StatusInternalServerError, "Server Internal Error"))
	case err != nil:
		s.reply(tx, l.answer(req, sip.StatusUnsupportedMediaType, "Unsupported Media Type"))
	default:
		s.reply(tx, l.answer(req, sip.StatusOK, "OK"))
	}
}

// reoffer answers a change of the sound within a call: hold, resume, another
// address. One that will not do changes nothing.
func (s *Server) reoffer(req *sip.Request, tx sip.ServerTransaction, l *leg) {
	l.learn(req)
	if !l.up.Load() {
		s.reply(tx, l.answer(req, 491, "Request Pending"))
		return
	}
	if s.unsupported(req, tx) {
		return
	}
	d, status, text := description(req)
	if status != 0 {
		s.refuse(req, tx, status, text)
		return
	}
	late := len(req.Body()) == 0
	if req.Method == sip.UPDATE && late { // a session timer: nothing changes
		s.reply(tx, l.answer(req, sip.StatusOK, "OK"))
		return
	}
	sdp := l.media.Offer
	if !late {
		l.media.Update(d)
		sdp = l.media.Answer
	}
	ok := l.described(req, sdp())
	if req.Method == sip.UPDATE {
		s.reply(tx, ok)
		return
	}
	ack, err := s.confirm(tx, ok, l, nil)
	if err != nil || !late {
		return
	}
	if d, status, _ := description(ack); status == 0 && len(ack.Body()) > 0 {
		l.media.Update(d)
	}
}

// described is the 200 to a request, with the box's SDP.
func (l *leg) described(req *sip.Request, sdp []byte) *sip.Response {
	ok := l.answer(req, sip.StatusOK, "OK")
	describe(ok, sdp)
	return ok
}

// describe puts the box's SDP into an answer.
func describe(res *sip.Response, sdp []byte) {
	kind := sip.ContentTypeHeader("application/sdp")
	res.AppendHeader(&kind)
	res.SetBody(sdp)
}

// bridge calls an emergency number from within a PIN call and joins the two:
// the sound passes the box, for the phone is in its call with the box already.
// It reports whether an SBC took the call.
func (c *pinCall) bridge(ctx context.Context, number string) bool {
	s, e := c.s, c.emergencyCall(number)
	if s.cfg.Mode == NoCalls || !c.enter() {
		e.Outcome, e.Status = "refused", sip.StatusServiceUnavailable
		s.recordEmergency(e)
		return false
	}
	e.Outcome, e.Status = "failed", sip.StatusServiceUnavailable
	for queue := s.sbcs.inTurn(); len(queue) > 0; {
		g := queue[0]
		queue = queue[1:]
		f, res, err := c.ask(ctx, g, number, len(queue) > 0)
		if err == nil && res.IsSuccess() {
			e.Outcome, e.Status, e.SBC = "answered", res.StatusCode, g.String()
			s.recordEmergency(e)
			c.sbc = f.to
			return true
		}
		if f != nil {
			s.calls.remove(f.to)
			f.to.media.Close()
			c.joined = false // what was heard of it is over
		}
		if ctx.Err() != nil {
			e.Outcome, e.Status = "cancelled", sip.StatusRequestTerminated
			break
		}
		passedOver(&e, g, res, err)
		if f != nil {
			queue = s.renewed(queue, g, f, err)
		}
		if err == nil {
			if e.Status = res.StatusCode; calleeSays(res.StatusCode) {
				break
			}
			queue = redirected(queue, res)
		}
	}
	s.recordEmergency(e)
	return false
}

// enter takes a place among the emergency calls, once for the whole call. The
// phone has confirmed its call with the box, so is where it says.
func (c *pinCall) enter() bool {
	if c.place != nil {
		return true
	}
	p := &place{from: c.peer.Remote, registered: c.s.bindings.at(c.peer.Remote), proven: true, stage: confirmed, end: c.leg.over}
	if !c.s.calls.enter(p) {
		return false
	}
	c.place = p
	return true
}

// ask offers the call to one SBC; others says that another may be asked after it.
func (c *pinCall) ask(ctx context.Context, g target, number string, others bool) (*forwarding, *sip.Response, error) {
	s := c.s
	callee, invite := s.callee(c.leg, g, number)
	conn, err := s.cfg.Media.Open(callee.via().Addr())
	if err != nil {
		return nil, nil, err
	}
	// The SBC was called by us: its sound may come from wherever it says.
	callee.media, err = s.dep.Voice.Open(conn, voice.Leg{Emergency: true, Source: g.to.Addr(), Trusted: s.soundOfSBC})
	if err != nil {
		return nil, nil, err
	}
	callee.over = c.leg.over
	s.calls.add(s.dep.Now(), callee)
	kind := sip.ContentTypeHeader("application/sdp")
	invite.AppendHeader(&kind)
	invite.SetBody(callee.media.Offer())
	f := &forwarding{
		s: s, to: callee, invite: invite, gone: ctx.Done(), silence: s.cfg.FailOver, trying: 2 * s.cfg.FailOver, others: others,
		early: func(res *sip.Response) { c.join(callee, res) },
	}
	res, err := f.run(s.context())
	if err != nil || !res.IsSuccess() {
		return f, res, err
	}
	callee.establish(res)
	s.acknowledge(f, nil)
	callee.up.Store(true)
	if !c.join(callee, res) && !c.joined {
		s.background(func(ctx context.Context) { s.sendBYE(ctx, callee) })
		return f, nil, errNoSound
	}
	c.leg.marry(callee)
	return f, res, nil
}

// join joins the sound of an SBC that has described its own.
func (c *pinCall) join(callee *leg, res *sip.Response) bool {
	d, status, _ := description(res)
	if status != 0 || len(res.Body()) == 0 {
		return false
	}
	callee.media.Update(d)
	callee.media.Start()
	voice.Join(c.leg.media, callee.media)
	c.joined = true
	return true
}

var errNoSound = errors.New("the SBC's sound is none the box speaks")

// soundOfSBC reports that sound may be sent to an address that an SBC names: its
// media servers are others than it.
func (s *Server) soundOfSBC(a netip.Addr) bool {
	return !a.IsMulticast() && !a.IsUnspecified() && !a.IsLinkLocalUnicast()
}

func (c *pinCall) emergencyCall(number string) provision.EmergencyCall {
	return provision.EmergencyCall{Remote: c.peer.Remote, Number: number}
}
