package sipd

import (
	"context"

	"github.com/emiago/sipgo/sip"
)

// dialog finds the call a request belongs to, nil where it belongs to none.
func (s *Server) dialog(req *sip.Request) *leg {
	if req.To() == nil || req.CallID() == nil {
		return nil
	}
	tag, ok := req.To().Params.Get("tag")
	if !ok {
		return nil
	}
	l := s.calls.find(req.CallID().Value(), tag)
	if l == nil || !l.sentBy(remote(req)) && (!l.sbc || !s.sbcs.owns(remote(req).Addr())) {
		return nil // not from its peer; an SBC may send from any address of the site's SBCs
	}
	return l
}

// invite answers INVITE: emergencies before anything else.
func (s *Server) invite(req *sip.Request, tx sip.ServerTransaction) {
	s.pending.begin(req, tx)
	if l := s.dialog(req); l != nil {
		s.reinvite(req, tx, l)
		return
	}
	if number, ok := s.numbers().emergency(req.Recipient.String()); ok && s.inLAN(remote(req).Addr()) {
		s.emergency(req, tx, number)
		return
	}
	s.dialled(req, tx)
}

// reinvite passes a change within a call on: hold, resume, a session timer.
func (s *Server) reinvite(req *sip.Request, tx sip.ServerTransaction, l *leg) {
	if l.media != nil {
		l.turns.note(req.CSeq().SeqNo)
		s.reoffer(req, tx, l)
		return
	}
	peer := l.peer.Load()
	if peer == nil || !l.up.Load() { // RFC 3261 section 14.2: the first INVITE has no answer yet
		res := l.answer(req, sip.StatusInternalServerError, "Server Internal Error")
		res.AppendHeader(sip.NewHeader("Retry-After", "3"))
		s.reply(tx, res)
		return
	}
	l.learn(req)
	invite := peer.request(sip.INVITE)
	carry(req, invite)
	gone, _ := cancelled(tx)
	f := &forwarding{s: s, from: l, to: peer, req: req, tx: tx, invite: invite, gone: gone, silence: confirmWait, trying: confirmWait, within: true}
	res, err := f.run(s.context())
	switch {
	case err == nil && res.IsSuccess():
		s.connected(req, tx, f, res)
	case err == nil:
		s.reply(tx, l.answer(req, res.StatusCode, res.Reason))
	default:
		s.reply(tx, l.answer(req, sip.StatusRequestTimeout, "Request Timeout"))
	}
}

// ack hands an ACK to who waits for it.
func (s *Server) ack(req *sip.Request, _ sip.ServerTransaction) {
	if l := s.dialog(req); l != nil {
		select {
		case l.acks <- req:
		default: // one is there already
		}
	}
}

// bye ends a call on both sides.
func (s *Server) bye(req *sip.Request, tx sip.ServerTransaction) {
	l := s.dialog(req)
	if l == nil {
		s.respond(req, tx, sip.StatusCallTransactionDoesNotExists, "Call/Transaction Does Not Exist")
		return
	}
	s.respond(req, tx, sip.StatusOK, "OK")
	l.hungUp.Store(true)
	peer := l.peer.Load()
	l.over()
	if peer != nil {
		s.background(func(ctx context.Context) { s.sendBYE(ctx, peer) })
	}
}

// within passes any other request of a call on, and its answer back.
func (s *Server) within(req *sip.Request, tx sip.ServerTransaction) {
	l := s.dialog(req)
	switch {
	case l == nil:
		s.respond(req, tx, sip.StatusCallTransactionDoesNotExists, "Call/Transaction Does Not Exist")
		return
	case l.media != nil:
		s.inside(req, tx, l)
		return
	}
	peer := l.peer.Load()
	if peer == nil {
		s.reply(tx, l.answer(req, 491, "Request Pending")) // no SBC is being called
		return
	}
	l.learn(req)
	s.passOn(req, tx, l, peer)
}

// passOn sends a request of one side to the other, and its answer back.
func (s *Server) passOn(req *sip.Request, tx sip.ServerTransaction, from, to *leg) {
	on := to.request(req.Method)
	carry(req, on)
	ctx, cancel := context.WithTimeout(s.context(), confirmWait)
	defer cancel()
	res, err := s.do(ctx, on)
	if err != nil {
		s.reply(tx, from.answer(req, sip.StatusRequestTimeout, "Request Timeout"))
		return
	}
	back := from.answer(req, res.StatusCode, res.Reason)
	carry(res, back)
	s.reply(tx, back)
}

// options answers who asks whether the box is there.
func (s *Server) options(req *sip.Request, tx sip.ServerTransaction) {
	s.respond(req, tx, sip.StatusOK, "OK", allow())
}

// cancel answers a CANCEL for which there is no INVITE; the others are the
// library's.
func (s *Server) cancel(req *sip.Request, tx sip.ServerTransaction) {
	s.respond(req, tx, sip.StatusCallTransactionDoesNotExists, "Call/Transaction Does Not Exist")
}

func (s *Server) unknown(req *sip.Request, tx sip.ServerTransaction) {
	s.respond(req, tx, sip.StatusMethodNotAllowed, "Method Not Allowed", allow())
}

func allow() sip.Header {
	return sip.NewHeader("Allow", "INVITE, ACK, CANCEL, BYE, INFO, OPTIONS, REGISTER, SUBSCRIBE")
}

// lateAnswer is for answers no transaction waits for: they are retransmissions.
func (s *Server) lateAnswer(*sip.Response) {}
