package sipd

import (
	"net/netip"
	"strconv"
	"strings"
	"sync"

	"github.com/emiago/sipgo/sip"
)

// pending are the INVITEs whose transactions run, and where each came from. The
// library finds the INVITE of a CANCEL by branch and sent-by alone (RFC 3261
// section 9.2), which is all on the wire of the LAN to be read; who sends it from
// another address cancels nobody's call here. Ports are not compared: there are
// phones that send each request from another one.
type pending struct {
	mu    sync.Mutex
	by    map[string]netip.Addr // by what a CANCEL names
	tx    map[string]netip.Addr // by the library's key: what it takes for the same INVITE once more
	calls map[string]int        // transactions of one call by one way
}

// invitation is what an INVITE and its CANCEL have in common.
func invitation(req *sip.Request) string {
	return branchOf(req) + "\x00" + strings.ToLower(req.Via().SentBy())
}

// callOf is what INVITEs of one call have in common that reach the box more than
// once (RFC 3261 section 8.2.2.2). A phone that gives up packets for a connection
// sends the same by another way, which is its right.
func callOf(req *sip.Request, network string, from netip.Addr) string {
	tag, _ := req.From().Params.Get("tag")
	return strings.Join([]string{
		from.String(), strconv.FormatBool(strings.EqualFold(network, "UDP")), req.CallID().Value(), tag, strconv.FormatUint(uint64(req.CSeq().SeqNo), 10),
	}, "\x00")
}

// begin notes an INVITE until its transaction is over.
func (p *pending) begin(req *sip.Request, tx sip.ServerTransaction) {
	end := p.note(req)
	if !tx.OnTerminate(func(string, error) { end() }) {
		end() // it was faster
	}
}

func (p *pending) note(req *sip.Request) (end func()) {
	from := remote(req).Addr()
	key, call := invitation(req), callOf(req, req.Transport(), from)
	id, _ := sip.ServerTxKeyMake(req)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.by == nil {
		p.by, p.tx, p.calls = make(map[string]netip.Addr), make(map[string]netip.Addr), make(map[string]int)
	}
	_, taken := p.by[key]
	if !taken { // another one of the same name changes nothing about whose it is
		p.by[key] = from
	}
	p.tx[id] = from
	p.calls[call]++
	return sync.OnceFunc(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if !taken {
			delete(p.by, key)
		}
		delete(p.tx, id)
		if p.calls[call]--; p.calls[call] <= 0 {
			delete(p.calls, call)
		}
	})
}

// repeats reports that an INVITE is one that runs, sent again by who sent it.
func (p *pending) repeats(req *sip.Request, from netip.Addr) bool {
	id, err := sip.ServerTxKeyMake(req)
	p.mu.Lock()
	defer p.mu.Unlock()
	sender, ok := p.tx[id]
	return err == nil && ok && sender == from
}

// merged reports that an INVITE, which is none sent again, is of a call that runs.
func (p *pending) merged(req *sip.Request, network string, from netip.Addr) bool {
	if _, within := req.To().Params.Get("tag"); within || req.From() == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[callOf(req, network, from)] > 0
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
