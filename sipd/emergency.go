package sipd

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// What a caller hears, or reads on the phone's screen, where nobody takes the
// call.
const (
	textNoSBC   = "Emergency calls cannot be connected here now: use a mobile phone"
	textNoCalls = "This phone makes no emergency calls yet: use a mobile phone"
)

// recordWait bounds how long an emergency call's audit event is tried for.
const recordWait = 30 * time.Second

// emergency takes a call to an emergency number. Nothing was asked of the
// caller, and nothing but the bound on such calls stands in its way.
func (s *Server) emergency(req *sip.Request, tx sip.ServerTransaction, number string) {
	from := remote(req).Addr()
	gone, giveUp := cancelled(tx)
	p := &place{from: from, registered: s.bindings.at(from), proven: transportOf(req) != phone.UDP || s.proves(req, from), end: giveUp}
	e := provision.EmergencyCall{Remote: from, Number: number}
	switch {
	case s.cfg.Mode == NoCalls:
		e.Outcome, e.Status = "refused", sip.StatusServiceUnavailable
		s.recordEmergency(e)
		s.announce(req, tx, gone)
		s.respond(req, tx, e.Status, "Service Unavailable", warning(textNoCalls))
		return
	case s.cfg.Mode == Redirect && s.sbcs.any():
		e.Outcome, e.Status = "redirected", sip.StatusMovedTemporarily
		s.respond(req, tx, e.Status, "Moved Temporarily", s.contacts(number)...)
	case !s.calls.enter(p):
		status, reason, how := s.turnedAway(local(tx), remote(req), number, p.proven)
		e.Outcome, e.Status = "refused", status
		s.respond(req, tx, status, reason, how)
	default:
		s.bridge(req, tx, e, p, gone)
		return
	}
	s.recordEmergency(e)
}

// contacts are the SBCs as a 302 names them, the likeliest first.
func (s *Server) contacts(number string) []sip.Header {
	var all []sip.Header
	for i, g := range s.sbcs.inTurn() {
		u := g.uri(number)
		all = append(all, sip.NewHeader("Contact", "<"+u.String()+">;q="+[]string{"1.0", "0.9", "0.8", "0.7"}[min(i, 3)]))
	}
	return all
}

// recordEmergency writes the audit event beside the call, which never waits for
// it.
func (s *Server) recordEmergency(e provision.EmergencyCall) {
	s.background(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWait)
		defer cancel()
		s.dep.Desk.EmergencyCalled(ctx, e)
	})
}

// bridge offers the call to one SBC after the other.
func (s *Server) bridge(req *sip.Request, tx sip.ServerTransaction, e provision.EmergencyCall, p *place, gone <-chan struct{}) {
	caller := legOf(req, tx)
	caller.place = p
	end := sync.OnceFunc(func() {
		s.calls.remove(caller)
		s.calls.remove(caller.peer.Load())
		s.calls.leave(p)
		s.sources.release(e.Remote)
	})
	caller.over = end
	s.sources.hold(e.Remote)
	s.calls.add(s.dep.Now(), caller)
	last := s.unavailable(req, caller, nil)
	e.Outcome, e.Status = "failed", last.StatusCode
	for queue := s.sbcs.inTurn(); len(queue) > 0; {
		g := queue[0]
		queue = queue[1:]
		f := s.offer(req, tx, caller, g, e.Number, gone)
		f.others = len(queue) > 0
		res, err := f.run(s.context())
		if err == nil && res.IsSuccess() && f.mute(res) {
			f.reject(res)
			err = errMute
		}
		switch {
		case err == nil && res.IsSuccess():
			e.Outcome, e.Status, e.SBC = "answered", res.StatusCode, g.String()
			s.recordEmergency(e)
			s.connected(req, tx, f, res)
			return
		case errors.Is(err, errCancelled) && p.displaced.Load():
			e.Outcome = "failed"
			passedOver(&e, g, nil, err)
			s.recordEmergency(e)
			s.reply(tx, last)
			end()
			return
		case errors.Is(err, errCancelled):
			e.Outcome, e.Status = "cancelled", sip.StatusRequestTerminated
			s.recordEmergency(e)
			end()
			return
		}
		s.calls.remove(caller.peer.Swap(nil)) // what the caller says meanwhile is for none that was dropped
		passedOver(&e, g, res, err)
		queue = s.renewed(queue, g, f, err)
		if err == nil {
			if last = s.unavailable(req, caller, res); calleeSays(res.StatusCode) {
				break
			}
			queue = redirected(queue, res)
		}
	}
	e.Status = last.StatusCode
	s.recordEmergency(e)
	if !calleeSays(e.Status) { // who was called has been heard
		s.announce(req, tx, gone)
	}
	s.reply(tx, last)
	end()
}

// unavailable is what the caller is told where nobody takes the call; res is
// what the last SBC said, nil where it said nothing. What came from who was
// called is passed on as it is. Of the way there the caller learns no more than
// the status: an SBC's 401 would have a phone show its own login, and its 3xx
// would send it where the box does not know.
func (s *Server) unavailable(req *sip.Request, caller *leg, res *sip.Response) *sip.Response {
	status, reason := sip.StatusServiceUnavailable, "Service Unavailable"
	if res != nil && calleeSays(res.StatusCode) {
		return caller.answer(req, res.StatusCode, res.Reason)
	}
	if res != nil && res.StatusCode >= 400 && res.StatusCode != sip.StatusUnauthorized && res.StatusCode != sip.StatusProxyAuthRequired {
		status, reason = res.StatusCode, res.Reason
	}
	out := caller.answer(req, status, reason)
	out.AppendHeader(warning(textNoSBC))
	return out
}

// redirected puts the SBC that a 3xx names first, where it is one of the site's
// and not asked yet (RFC 3261 section 8.1.3.4). Any other is not followed: a call
// for help goes where the operator said.
func redirected(queue []target, res *sip.Response) []target {
	if res.StatusCode < 300 || res.StatusCode >= 400 {
		return queue
	}
	to := res.Contact()
	if to == nil {
		return queue
	}
	return first(queue, func(t target) bool {
		here := strings.EqualFold(t.Host, to.Address.Host) || t.to.Addr().String() == to.Address.Host
		return here && (to.Address.Port == 0 || to.Address.Port == int(t.to.Port()))
	})
}

// first puts those before the others, in their order.
func first(queue []target, is func(target) bool) []target {
	var some, others []target
	for _, t := range queue {
		if is(t) {
			some = append(some, t)
		} else {
			others = append(others, t)
		}
	}
	return append(some, others...)
}

// cancelled gives what is closed when the caller cancels its INVITE, and what
// closes it. The library answers the CANCEL and the INVITE by itself.
func cancelled(tx sip.ServerTransaction) (gone <-chan struct{}, end func()) {
	c := make(chan struct{})
	end = sync.OnceFunc(func() { close(c) })
	if !tx.OnCancel(func(*sip.Request) { end() }) {
		end() // it was faster
	}
	return c, end
}

// calleeSays are the answers that come from who was called and not from the way
// there: another SBC would bring the same. All others are tried to be had better
// of the next one: 3xx, 4xx and 5xx are about one server and its way on (RFC 3261
// section 21). So is 603, whatever it says there: it is what SBCs answer to calls
// their rules block, and no emergency centre declines.
func calleeSays(status int) bool {
	switch status {
	case sip.StatusBusyHere, sip.StatusRequestTerminated, sip.StatusGlobalBusyEverywhere:
		return true
	}
	return false
}

// passedOver notes an SBC that did not take the call, and what it said.
func passedOver(e *provision.EmergencyCall, t target, res *sip.Response, err error) {
	said := "no answer"
	if err != nil {
		said = worded(err)
	} else if res != nil {
		said = answerText(res)
	}
	e.Tried = append(e.Tried, t.String())
	e.Said = append(e.Said, said)
}

// offer prepares the call to one SBC.
func (s *Server) offer(req *sip.Request, tx sip.ServerTransaction, caller *leg, g target, number string, gone <-chan struct{}) *forwarding {
	callee, invite := s.callee(caller, g, number)
	callee.over = caller.over
	callee.peer.Store(caller)
	caller.peer.Store(callee)
	s.calls.add(s.dep.Now(), callee)
	carry(req, invite)
	return &forwarding{
		s: s, from: caller, to: callee, req: req, tx: tx, invite: invite, gone: gone,
		silence: s.cfg.FailOver, trying: 2 * s.cfg.FailOver,
	}
}

// callee is the side of an SBC, and the INVITE it is called with, less its body.
func (s *Server) callee(caller *leg, g target, number string) (*leg, *sip.Request) {
	r := s.uplinkTo(g)
	from, known := s.identity(caller)
	if !known {
		from = r.contact("phone")
	}
	callee := newLeg(r, from, g.uri(number))
	callee.sbc = true
	invite := callee.request(sip.INVITE)
	if known {
		invite.AppendHeader(sip.NewHeader("P-Asserted-Identity", "<"+from.String()+">"))
	}
	invite.AppendHeader(sip.NewHeader("Allow", "INVITE, ACK, CANCEL, BYE, INFO, UPDATE, OPTIONS"))
	return callee, invite
}

// identity is who the call comes from: the line of the device that layer 2 says
// it is, else what the site set. It is found out anew for each SBC, from memory.
func (s *Server) identity(caller *leg) (u sip.Uri, known bool) {
	if line, ok := s.dep.Desk.LineAt(caller.to.Addr()); ok && !strings.ContainsAny(line.User, "@:;?&=/%, ") {
		return sip.Uri{Scheme: "sip", User: line.User, Host: line.Registrar}, true
	}
	known = s.cfg.Identity != "" && sip.ParseUri(s.cfg.Identity, &u) == nil
	return u, known
}
