package sipd

import (
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// proofParam is the URI parameter a caller shows a nonce by that was given to its
// address in a 302.
const proofParam = "proof"

// callsOver reports a call to an emergency number beyond what one address, or
// all that are not known, may begin; answer is what its caller is told. It is told
// so before anything is kept of it, and before an SBC hears of it. Each
// transaction is a call, whatever its Call-ID; only what the library takes for an
// INVITE that is sent again is none.
//
// By packets anybody can write anybody's address. So what came without proof has
// shares of its own, and where they are used up its caller is not refused but
// asked for the proof.
func (s *Server) callsOver(local, from netip.AddrPort, network string, msg sip.Message) (over bool, answer []byte) {
	req, ok := msg.(*sip.Request)
	if !ok || !req.IsInvite() || s.sbcs.owns(from.Addr()) {
		return false, nil
	}
	number, emergent := s.numbers().emergency(req.Recipient.String())
	if !emergent || s.pending.repeats(req, from.Addr()) {
		return false, nil
	}
	if s.pending.merged(req, network, from.Addr()) { // RFC 3261 section 8.2.2.2
		return true, s.stateless(from, network, req, sip.StatusLoopDetected, "Loop Detected")
	}
	proven := network != "UDP" || s.proves(req, from.Addr())
	p := &place{from: from.Addr(), registered: s.bindings.at(from.Addr()), proven: proven}
	if (proven || s.calls.room(p)) && s.sources.begins(s.dep.Now(), from.Addr(), proven) {
		return false, nil
	}
	status, reason, how := s.turnedAway(local, from, number, proven)
	return true, s.stateless(from, network, req, status, reason, how)
}

// turnedAway is what a caller is told there is no room for: with proof that there is
// none, without it how to show that it is where its call says. A phone that is
// registered holds an account and answers a challenge; any other is sent to the box
// once more, by a URI nobody else is told (RFC 3261 section 8.1.3.4 has it take the
// URI as it is).
func (s *Server) turnedAway(local, from netip.AddrPort, number string, proven bool) (status int, reason string, how sip.Header) {
	now := s.dep.Now()
	switch {
	case proven:
		return sip.StatusServiceUnavailable, "Service Unavailable", warning(textNoSBC)
	case s.bindings.at(from.Addr()):
		return sip.StatusUnauthorized, "Unauthorized", sip.NewHeader("WWW-Authenticate", s.nonces.challenge(now, from.Addr(), false))
	}
	r := route{to: from, local: local}
	u := sip.Uri{Scheme: "sip", User: number, Host: r.via().Addr().String(), Port: int(local.Port())}
	u.UriParams.Add("user", "phone")
	u.UriParams.Add(proofParam, s.nonces.mint(now, from.Addr()))
	return sip.StatusMovedTemporarily, "Moved Temporarily", sip.NewHeader("Contact", "<"+u.String()+">")
}

// proves reports that a request shows what was told to the address it comes from.
func (s *Server) proves(req *sip.Request, from netip.Addr) bool {
	var b strings.Builder
	b.WriteString(req.StartLine() + "\r\n")
	for _, h := range req.GetHeaders("Authorization") {
		b.WriteString(h.String() + "\r\n")
	}
	return s.nonces.shows(s.dep.Now(), []byte(b.String()), from)
}
