package sipd

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// codeRival is the condition of a second PnP server on the LAN.
const codeRival = "pnp-rival"

// Bounds of multicast questions.
const (
	maxAsked   = 1024
	askedFor   = 30 * time.Second // repeats within it are one question
	askedTries = 3                // NOTIFYs for one question
)

// asked remembers who asked lately, so that a phone's repeats are one question
// and a storm of them one NOTIFY each.
type asked struct {
	mu sync.Mutex
	by map[netip.AddrPort]question
}

type question struct {
	at    time.Time
	times int
}

func newAsked() *asked { return &asked{by: make(map[netip.AddrPort]question)} }

// again counts a question of from; false where it was answered often enough, or
// too many ask.
func (a *asked) again(now time.Time, from netip.AddrPort) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	q, ok := a.by[from]
	if !ok && len(a.by) >= maxAsked {
		for k, old := range a.by {
			if now.Sub(old.at) > askedFor {
				delete(a.by, k)
			}
		}
		if len(a.by) >= maxAsked {
			return false
		}
	}
	if now.Sub(q.at) > askedFor {
		q = question{at: now}
	}
	q.times++
	a.by[from] = q
	return q.times <= askedTries
}

// subscribe answers a phone that asks for its config server (ua-profile by
// multicast). The shapes differ by maker: the MAC is in the request URI, in
// From, behind "MAC", "MAC:" or "MAC=", escaped or not, or nowhere (AudioCodes);
// the host is the group, a name, or the domain the phone knows (snom); old snom
// send a Via without branch. Known and unknown phones are answered alike.
func (s *Server) subscribe(req *sip.Request, tx sip.ServerTransaction) {
	event := eventOf(req)
	from := remote(req)
	if package1, _, _ := strings.Cut(event, ";"); !strings.EqualFold(strings.TrimSpace(package1), "ua-profile") {
		s.respond(req, tx, 489, "Bad Event", sip.NewHeader("Allow-Events", "ua-profile"))
		return
	}
	back := s.toward(from)
	ask := readPnP(req, event)
	ask.Remote, ask.Self = from.Addr(), back.via().Addr()
	if !s.pnp.again(s.dep.Now(), from) {
		return
	}
	url, ok := s.dep.Desk.PnP(ask)
	if !ok {
		return // another server's phone: silence leaves it to that
	}
	contact := "sip:" + from.String()
	if c := req.Contact(); c != nil && usableContact(c.Address.String()) {
		contact = c.Address.String()
	}
	s.respond(req, tx, sip.StatusOK, "OK", sip.NewHeader("Expires", "0"), &sip.ContactHeader{Address: back.contact("lineside")})
	s.sources.hold(from.Addr())
	to := pnpTarget(from, req)
	s.background(func(ctx context.Context) {
		defer s.sources.release(from.Addr())
		back.to = to
		s.tellURL(ctx, back, req, contact, event, url, ask)
	})
}

// pnpTarget is where the NOTIFY goes: to the Contact's port where the Contact
// names the address the question came from, else to where it came from.
func pnpTarget(from netip.AddrPort, req *sip.Request) netip.AddrPort {
	c := req.Contact()
	if c == nil || c.Address.Host != from.Addr().String() {
		return from
	}
	port := c.Address.Port
	if port == 0 {
		port = sip.DefaultUdpPort
	}
	if port < 1 || port > 65535 {
		return from
	}
	return netip.AddrPortFrom(from.Addr(), uint16(port))
}

// tellURL sends the NOTIFY with the URL and nothing else in its body, in the
// dialog the SUBSCRIBE made.
func (s *Server) tellURL(ctx context.Context, r route, sub *sip.Request, contact, event, url string, ask provision.PnPAsk) {
	req, err := notification(r, contact, event)
	if err != nil {
		return
	}
	if to := sub.From(); to != nil { // what asked is now told: From becomes To
		dialog := to.AsTo()
		req.ReplaceHeader(&dialog)
	}
	if from := sub.To(); from != nil {
		f := from.AsFrom()
		f.Params.Remove("tag")
		f.Params.Add("tag", newTag())
		req.ReplaceHeader(&f)
	}
	if id := sub.CallID(); id != nil {
		same := sip.CallIDHeader(id.Value())
		req.ReplaceHeader(&same)
	}
	kind := sip.ContentTypeHeader("application/url")
	req.AppendHeader(&kind)
	req.SetBody([]byte(url))
	r.aim(req)
	ctx, cancel := context.WithTimeout(ctx, notifyWait)
	defer cancel()
	if res, err := s.do(ctx, req); err == nil && res.StatusCode == sip.StatusCallTransactionDoesNotExists {
		s.rival(ask)
	}
}

// rival tells of a phone that no longer waited for our NOTIFY. Another server's
// NOTIFY cannot be seen from here; a phone that has had its answer already is
// what can.
func (s *Server) rival(ask provision.PnPAsk) {
	s.condition(health.Condition{
		Code: codeRival, Title: "a phone that asked by multicast (PnP) had its answer already",
		Meaning: "another PnP server may answer on this LAN, and phones may fetch from it instead of from here",
		Do:      `find it and switch it off; or switch this box's off with listen.pnp = false`,
		Detail:  ask.Remote.String() + " answered 481",
	})
}

// eventOf is the Event header, also in its compact form.
func eventOf(req *sip.Request) string {
	if e := headerText(req, "Event"); e != "" {
		return e
	}
	return headerText(req, "o")
}

// readPnP reads what a SUBSCRIBE says of its phone.
func readPnP(req *sip.Request, event string) provision.PnPAsk {
	ask := provision.PnPAsk{Agent: headerText(req, "User-Agent")}
	for part := range strings.SplitSeq(event, ";") {
		name, value, _ := strings.Cut(part, "=")
		value = strings.Trim(strings.TrimSpace(value), `"`)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "vendor":
			ask.Vendor = value
		case "model":
			ask.Model = value
		case "version":
			ask.Firmware = value
		}
	}
	for _, user := range []string{req.Recipient.User, fromUser(req)} {
		if mac, ok := pnpMAC(user); ok {
			ask.MAC = mac
			break
		}
	}
	return ask
}

func fromUser(req *sip.Request) string {
	if f := req.From(); f != nil {
		return f.Address.User
	}
	return ""
}

// pnpMAC reads "MAC001565f4f9e1", "MAC%3a00135E874B49", "MAC:…", "MAC=…" and a
// bare MAC. An AudioCodes' "00000001" is none.
func pnpMAC(user string) (phone.MAC, bool) {
	if len(user) > 40 {
		return phone.MAC{}, false
	}
	if len(user) > 3 && strings.EqualFold(user[:3], "mac") {
		user = user[3:]
		if len(user) > 3 && user[0] == '%' && isHex(user[1]) && isHex(user[2]) {
			if c := unhex(user[1])<<4 | unhex(user[2]); c == ':' || c == '=' {
				user = user[3:]
			}
		}
		user = strings.TrimLeft(user, ":=")
	}
	mac, err := phone.ParseMAC(user)
	return mac, err == nil && !mac.IsZero()
}

// toward is the way back to a phone that was met by multicast: out of the
// socket phones know, on the network it is on.
func (s *Server) toward(to netip.AddrPort) route {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := route{transport: phone.UDP, to: to, local: s.locals[0]}
	for _, l := range s.locals {
		for _, p := range s.cfg.LAN {
			if p.Contains(l.Addr()) && p.Contains(to.Addr()) {
				r.local = l
				return r
			}
		}
	}
	return r
}
