package sipd

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/emiago/sipgo/sip"

	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/voice"
)

// pinCall is a call of a phone on hold to the box itself: the PIN call.
type pinCall struct {
	s    *Server
	peer provision.Peer
	leg  *leg // the phone's side
	sbc  *leg // the SBC's, of an emergency call dialled in this one

	place   *place // among the emergency calls, nil before it is taken
	joined  bool   // the SBC was heard
	changed bool   // a PIN changed the phone's state
}

// textOff is what a phone shows that calls a box without PIN by telephone.
const textOff = "PIN by telephone is switched off on this box"

// dialled takes a call to any number that is no emergency: 401 first, then the
// voice that asks for the PIN.
func (s *Server) dialled(req *sip.Request, tx sip.ServerTransaction) {
	mac, login, ok, stale := s.login(req)
	if !ok {
		s.challenge(req, tx, stale)
		return
	}
	peer := provision.Peer{MAC: mac, Remote: remote(req).Addr(), Agent: headerText(req, "User-Agent")}
	if _, admitted := s.dep.Desk.AdmitPeer(peer); !admitted {
		s.challenge(req, tx, false)
		return
	}
	if s.shown.again(s.dep.Now(), login) {
		s.challenge(req, tx, true)
		return
	}
	if s.dep.Voice == nil || !s.sbcs.ready() {
		s.respond(req, tx, sip.StatusTemporarilyUnavailable, "Temporarily Unavailable", warning(textOff))
		return
	}
	if s.unsupported(req, tx) {
		return
	}
	if !s.calls.ring(mac, peer.Remote) {
		s.respond(req, tx, sip.StatusBusyHere, "Busy Here")
		return
	}
	defer s.calls.hangUp(mac, peer.Remote)
	c := &pinCall{s: s, peer: peer, leg: legOf(req, tx)}
	c.run(req, tx)
}

// unsupported answers 420 to a request that requires an extension: the box has
// none, and 100rel, which phones on hold are told to leave off, would leave them
// waiting for what never comes (RFC 3261 section 8.2.2.3).
func (s *Server) unsupported(req *sip.Request, tx sip.ServerTransaction) bool {
	required := req.GetHeaders("Require")
	if len(required) == 0 {
		return false
	}
	headers := make([]sip.Header, 0, len(required))
	for range min(len(required), 4) {
		headers = append(headers, sip.NewHeader("Unsupported", oneLine(required[len(headers)].Value())))
	}
	s.respond(req, tx, sip.StatusBadExtension, "Bad Extension", headers...)
	return true
}

// run has the call from its offer to its end.
func (c *pinCall) run(req *sip.Request, tx sip.ServerTransaction) {
	offer, status, text := description(req)
	if status != 0 {
		c.s.refuse(req, tx, status, text)
		return
	}
	media, err := c.open(offer)
	if err != nil {
		c.s.dep.Log.Warn("a call could not be answered", "mac", c.peer.MAC, "err", err)
		c.s.respond(req, tx, sip.StatusServiceUnavailable, "Service Unavailable", sip.NewHeader("Retry-After", "10"))
		return
	}
	defer media.Close()
	ctx, cancel := context.WithCancel(c.s.context())
	defer cancel()
	c.leg.media, c.leg.over = media, sync.OnceFunc(cancel)
	c.s.sources.hold(c.peer.Remote)
	defer c.s.sources.release(c.peer.Remote)
	c.s.calls.add(c.s.dep.Now(), c.leg)
	defer c.s.calls.remove(c.leg)
	tx.OnCancel(func(*sip.Request) { cancel() })
	if why, ok := c.accept(ctx, req, tx); !ok {
		c.end(why)
		return
	}
	c.end(c.talk(ctx))
}

// description reads the offer of a request. status is that of the refusal, 0
// for an offer that will do, and for none: then the box makes it.
func description(req sip.Message) (d voice.Description, status int, text string) {
	if len(req.Body()) == 0 {
		return d, 0, ""
	}
	if kind := headerText(req, "Content-Type"); kind != "" && !isSDP(kind) {
		return d, sip.StatusUnsupportedMediaType, ""
	}
	d, err := voice.ParseDescription(req.Body())
	switch {
	case errors.Is(err, voice.ErrUnacceptable):
		return d, sip.StatusNotAcceptableHere, err.Error()
	case err != nil:
		return d, sip.StatusBadRequest, ""
	}
	return d, 0, ""
}

// isSDP reads a Content-Type, parameters and case aside.
func isSDP(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(kind), "application/sdp")
}

// refuse answers an offer that will not do.
func (s *Server) refuse(req *sip.Request, tx sip.ServerTransaction, status int, text string) {
	switch status {
	case sip.StatusNotAcceptableHere: // 305: the formats are not ours (RFC 3261 section 20.43)
		s.respond(req, tx, status, "Not Acceptable Here", warningOf(305, text))
	case sip.StatusUnsupportedMediaType:
		s.respond(req, tx, status, "Unsupported Media Type", sip.NewHeader("Accept", "application/sdp"))
	default:
		s.respond(req, tx, status, "Bad Request")
	}
}

// open makes the call's sound, with the talk the desk wants.
func (c *pinCall) open(offer voice.Description) (*voice.Call, error) {
	dialogue, err := voice.NewDialogue(voice.DialogueConfig{
		Entry: entryOf(c.s.dep.Desk.Called(c.peer)), MAC: c.peer.MAC.String(), Emergency: c.s.numbers().digits(),
	})
	if err != nil {
		return nil, err
	}
	conn, err := c.s.cfg.Media.Open(c.leg.via().Addr())
	if err != nil {
		return nil, err
	}
	return c.s.dep.Voice.Open(conn, voice.Leg{
		Offer: offer, Source: c.peer.Remote, Trusted: c.s.inLAN, Language: c.s.cfg.Language, Dialogue: dialogue,
	})
}

// entryOf is what the desk says in the words of the voice.
func entryOf(s provision.CallState) voice.Entry {
	switch s {
	case provision.CallAsk:
		return voice.Ask
	case provision.CallFailed:
		return voice.Failed
	case provision.CallBlocked:
		return voice.Blocked
	case provision.CallAwaiting:
		return voice.Awaiting
	case provision.CallUnneeded:
		return voice.Unneeded
	}
	return voice.Visitor
}

// accept answers at once: some phones send no keys before the answer. Sound flows
// once the phone has confirmed it, for only then is it known to be where the call
// says. Where the phone made no offer, its confirmation holds its answer to ours.
func (c *pinCall) accept(ctx context.Context, req *sip.Request, tx sip.ServerTransaction) (why string, ok bool) {
	late := len(req.Body()) == 0
	sdp := c.leg.media.Offer
	if !late {
		sdp = c.leg.media.Answer
	}
	ack, err := c.s.confirm(tx, c.leg.described(req, sdp()), c.leg, ctx.Done())
	if errors.Is(err, errCancelled) {
		return whyHungUp, false
	}
	c.leg.up.Store(true)
	if err != nil {
		return "it never confirmed the answer", false
	}
	if late {
		d, status, _ := description(ack)
		if status != 0 || len(ack.Body()) == 0 {
			return "it has no sound the box speaks", false
		}
		c.leg.media.Update(d)
	}
	c.leg.media.Start()
	c.leg.turns.note(req.CSeq().SeqNo)
	return "", true
}

// digits are the numbers that can be dialled on a keypad.
func (n numbers) digits() []string {
	var all []string
	for _, one := range n {
		if one != "" && digitsOnly(one) {
			all = append(all, one)
		}
	}
	return all
}

func digitsOnly(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
