package sipd

import (
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/emiago/sipgo/sip"

	"github.com/lineside/lineside/voice"
)

// leg is one side of a call: a dialog (RFC 3261 section 12) between the box and
// one peer.
type leg struct {
	route
	sbc bool   // the box called an SBC: it alone is shown the site's login
	id  string // Call-ID
	tag string // ours

	mu     sync.Mutex
	from   sip.FromHeader // ours, with our tag
	peerTo sip.ToHeader   // the peer's, with its tag once known
	target sip.Uri        // the peer's Contact
	routes []string       // Route set, in order
	seq    uint32         // of our last request
	invite uint32         // CSeq of our last INVITE, which its ACK repeats

	place *place // of a caller's side of an emergency call
	share bucket // calls.mu; of its messages when its address is at its rate

	peer atomic.Pointer[leg] // the other side where sound passes by the box, nil while it is none
	over func()              // ends the call
	acks chan *sip.Request

	// Of a side whose sound is the box's: a PIN call, and the emergency call
	// that may be joined to it.
	media  *voice.Call
	turns  *turns
	mate   *leg        // what it is joined to
	up     atomic.Bool // answered; where the sound is the box's, confirmed as well
	hungUp atomic.Bool // by itself
}

// legOf is the side of a caller: the dialog its INVITE asks for.
func legOf(req *sip.Request, tx sip.ServerTransaction) *leg {
	l := &leg{
		route: route{transport: transportOf(req), to: remote(req), local: local(tx)},
		tag:   newTag(), acks: make(chan *sip.Request, 1),
	}
	if id := req.CallID(); id != nil {
		l.id = id.Value()
	}
	l.from = req.To().AsFrom()
	l.from.Params = l.from.Params.Clone()
	l.from.Params.Remove("tag")
	l.from.Params.Add("tag", l.tag)
	l.peerTo = req.From().AsTo()
	l.target = req.From().Address
	l.turns = newTurns(req.CSeq().SeqNo - 1) // the INVITE's own turn is over with its ACK
	l.learn(req)
	return l
}

// newLeg is a side the box calls.
func newLeg(r route, from sip.Uri, to sip.Uri) *leg {
	l := &leg{route: r, id: newTag(), tag: newTag(), target: to, acks: make(chan *sip.Request, 1)}
	l.from = sip.FromHeader{Address: from}
	l.from.Params.Add("tag", l.tag)
	l.peerTo = sip.ToHeader{Address: bare(to)}
	l.turns = newTurns(0)
	return l
}

// marry joins two sides whose sound passes the box.
func (l *leg) marry(other *leg) {
	for _, pair := range [][2]*leg{{l, other}, {other, l}} {
		pair[0].mu.Lock()
		pair[0].mate = pair[1]
		pair[0].mu.Unlock()
	}
}

// joined is the side this one is joined to, nil before.
func (l *leg) joined() *leg {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mate
}

// key is what a request of the peer's is found by.
func (l *leg) key() string { return l.id + "\x00" + l.tag }

// learn takes the peer's Contact from a message.
func (l *leg) learn(msg interface{ Contact() *sip.ContactHeader }) {
	if c := msg.Contact(); c != nil && usableContact(c.Address.String()) {
		l.mu.Lock()
		l.target = c.Address
		l.mu.Unlock()
	}
}

// establish takes tag, target and route set from the answer to our INVITE
// (section 12.1.2: Record-Route in reverse).
func (l *leg) establish(res *sip.Response) {
	l.learn(res)
	l.mu.Lock()
	defer l.mu.Unlock()
	if to := res.To(); to != nil {
		l.peerTo = *to
	}
	l.routes = nil
	for _, h := range res.GetHeaders("Record-Route") {
		l.routes = append([]string{h.Value()}, l.routes...)
	}
}

// request is the next request in the dialog.
func (l *leg) request(method sip.RequestMethod) *sip.Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	req := sip.NewRequest(method, l.target)
	seq := l.invite
	if method != sip.ACK {
		l.seq++
		seq = l.seq
	}
	if method == sip.INVITE {
		l.invite = seq
	}
	from, to, id, hops := l.from, l.peerTo, sip.CallIDHeader(l.id), sip.MaxForwardsHeader(70)
	for _, r := range l.routes {
		req.AppendHeader(sip.NewHeader("Route", r))
	}
	for _, h := range []sip.Header{
		&from, &to, &id, &sip.CSeqHeader{SeqNo: seq, MethodName: method}, &hops,
		sip.NewHeader("User-Agent", "Lineside"),
	} {
		req.AppendHeader(h)
	}
	if method != sip.BYE && method != sip.ACK {
		req.AppendHeader(&sip.ContactHeader{Address: l.contact("lineside")})
	}
	l.aim(req)
	req.SetBody(nil)
	return req
}

// spent notes that an INVITE was sent again with a login: its CSeq is one more.
func (l *leg) spent(req *sip.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq = req.CSeq().SeqNo
	l.invite = l.seq
}

// carried are the headers that go from one side to the other with a body: where
// the caller is (RFC 6442), and what the body is.
func carried() []string {
	return []string{
		"Content-Type", "Content-Disposition", "Geolocation", "Geolocation-Routing", "Geolocation-Error", "Priority",
		"Accept-Language", "Info-Package", "Reason", "Call-Info",
	}
}

// carry copies body and what belongs to it.
func carry(from, to interface {
	GetHeaders(string) []sip.Header
	AppendHeader(sip.Header)
	RemoveHeader(string) bool
	SetBody([]byte)
	Body() []byte
}) {
	for _, name := range carried() {
		for _, h := range from.GetHeaders(name) {
			to.AppendHeader(sip.NewHeader(h.Name(), oneLine(h.Value())))
		}
	}
	to.SetBody(from.Body())
}

// oneLine keeps a value that is copied from starting a header of its own.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' || r == 0 {
			return ' '
		}
		return r
	}, s)
}

// answer is a response to a request of this side, in its dialog.
func (l *leg) answer(req *sip.Request, status int, reason string) *sip.Response {
	res := sip.NewResponseFromRequest(req, status, oneLine(reason), nil)
	if to := res.To(); to != nil && status != sip.StatusTrying {
		to.Params.Remove("tag")
		to.Params.Add("tag", l.tag)
	}
	if status < 300 && status != sip.StatusTrying {
		res.AppendHeader(&sip.ContactHeader{Address: l.contact("lineside")})
	}
	return res
}

// sentBy reports that a request came from where this side is.
func (l *leg) sentBy(a netip.AddrPort) bool { return l.route.to.Addr() == a.Addr() }

// warning is a Warning header (RFC 3261 section 20.43); 399 is for text that a
// person may read.
func warning(text string) sip.Header { return warningOf(399, text) }

func warningOf(code int, text string) sip.Header {
	return sip.NewHeader("Warning", strconv.Itoa(code)+" lineside "+strconv.Quote(text))
}
