package sipd

import (
	"net/netip"
	"strings"
	"sync"

	"github.com/emiago/sipgo/sip"
)

// pending are the INVITEs that wait for an answer, and where each came from. The
// library finds the INVITE of a CANCEL by branch and sent-by alone (RFC 3261
// section 9.2), which is all on the wire of the LAN to be read; who sends it from
// another address cancels nobody's call here. Ports are not compared: there are
// phones that send each request from another one.
type pending struct {
	mu sync.Mutex
	by map[string]netip.Addr
}

// invitation is what an INVITE and its CANCEL have in common.
func invitation(req *sip.Request) string {
	via := req.Via()
	branch, _ := via.Params.Get("branch")
	return branch + "\x00" + strings.ToLower(via.SentBy())
}

// begin notes an INVITE; end is to be called when it is answered.
func (p *pending) begin(req *sip.Request) (end func()) {
	key := invitation(req)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.by == nil {
		p.by = make(map[string]netip.Addr)
	}
	p.by[key] = remote(req).Addr()
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.by, key)
	}
}

// meddles reports a CANCEL from where the INVITE it is for did not come from.
func (p *pending) meddles(req *sip.Request, from netip.Addr) bool {
	if req.Method != sip.CANCEL {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	caller, ok := p.by[invitation(req)]
	return ok && caller != from
}

// meddled is the answer to such a CANCEL, the same as to one for which there is
// no INVITE; nil for any other message.
func (s *Server) meddled(from netip.AddrPort, network string, msg sip.Message) []byte {
	req, ok := msg.(*sip.Request)
	if !ok || !s.pending.meddles(req, from.Addr()) {
		return nil
	}
	return s.stateless(from, network, req, sip.StatusCallTransactionDoesNotExists, "Call/Transaction Does Not Exist")
}
