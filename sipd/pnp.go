package sipd

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// maxQuestion bounds a multicast question: phones' are under one kilobyte, and
// its answer repeats some of it to an address that may be forged.
const maxQuestion = 2048

// judgeQuestion counts a SUBSCRIBE that came by a packet, of whomever.
func (s *Server) judgeQuestion(remote netip.AddrPort, l look, size int) verdict {
	switch {
	case l.scanner:
		return scanning
	case size > maxQuestion:
		return oversize
	case !s.questions.admit(s.dep.Now(), remote.Addr()):
		return rate
	}
	return question
}

// answerQuestion answers a phone that asks for its config server (ua-profile by
// multicast). The shapes differ by maker: the MAC is in the request URI, in
// From, behind "MAC", "MAC:" or "MAC=", escaped or not, or nowhere (AudioCodes);
// the host is the group, a name, or the domain the phone knows (snom); old snom
// send a Via without branch. Known and unknown phones are answered alike.
//
// It is answered at the doorstep, without the library: such a question proves
// nothing of where it comes from, nor can it be asked for a proof. The 200 and
// the NOTIFY leave at once and do not need anything to be kept.
func (s *Server) answerQuestion(remote netip.AddrPort, msg sip.Message) {
	req, ok := msg.(*sip.Request)
	if !ok {
		return
	}
	req.SetTransport("UDP")
	req.SetSource(remote.String())
	back := s.toward(remote)
	ask := readPnP(req, eventOf(req))
	ask.Remote, ask.Self = remote.Addr(), back.via().Addr()
	if ask.Remote == ask.Self {
		return // no phone: the box, or somebody on it, looks for other servers
	}
	if !isProfile(eventOf(req)) {
		s.send(back, sip.NewResponseFromRequest(req, 489, "Bad Event", nil), sip.NewHeader("Allow-Events", profileEvent))
		return
	}
	url, ok := s.dep.Desk.PnP(ask)
	if !ok {
		return // another server's phone: silence leaves it to that
	}
	tag := newTag()
	res := sip.NewResponseFromRequest(req, sip.StatusOK, "OK", nil)
	res.To().Params.Remove("tag")
	res.To().Params.Add("tag", tag)
	s.send(back, res, sip.NewHeader("Expires", "0"), &sip.ContactHeader{Address: back.contact("lineside")})
	back.to = pnpTarget(remote, req)
	notify, err := urlNotification(back, req, tag, url)
	if err != nil {
		return // what it named as its Contact cannot stand in a request
	}
	if out := s.socket(back.local); out != nil {
		s.told.put(remote.Addr(), telling{id: string(*req.CallID()), packet: []byte(notify.String()), to: back.to, out: out})
	}
}

// send sends an answer that no transaction is kept for.
func (s *Server) send(r route, res *sip.Response, headers ...sip.Header) {
	for _, h := range headers {
		res.AppendHeader(h)
	}
	s.dep.Metrics.Answers.WithLabelValues(string(provision.SIP), strconv.Itoa(res.StatusCode)).Inc()
	if out := s.socket(r.local); out != nil && roomy(out) {
		_, _ = out.WriteTo([]byte(res.String()), net.UDPAddrFromAddrPort(r.to)) // lost, it is asked for again
	}
}

// socket is the UDP socket bound to an address of the box.
func (s *Server) socket(local netip.AddrPort) net.PacketConn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sockets[local]
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

// urlNotification is the NOTIFY with the URL and nothing else in its body, in the
// dialog the SUBSCRIBE made: its From, with the tag of our 200, is who was asked.
func urlNotification(r route, sub *sip.Request, tag, url string) (*sip.Request, error) {
	contact := "sip:" + r.to.String()
	if c := sub.Contact(); c != nil && usableContact(c.Address.String()) {
		contact = c.Address.String()
	}
	req, err := notification(r, contact, eventOf(sub))
	if err != nil {
		return nil, err
	}
	dialog := sub.From().AsTo()
	req.ReplaceHeader(&dialog)
	from := sub.To().AsFrom()
	from.Params.Remove("tag")
	from.Params.Add("tag", tag)
	req.ReplaceHeader(&from)
	same := sip.CallIDHeader(sub.CallID().Value())
	req.ReplaceHeader(&same)
	kind := sip.ContentTypeHeader("application/url")
	req.AppendHeader(&kind)
	req.SetBody([]byte(url))
	r.aim(req)
	return req, nil
}

// profileEvent is the event package of the question (RFC 6080).
const profileEvent = "ua-profile"

func isProfile(event string) bool {
	name, _, _ := strings.Cut(event, ";")
	return strings.EqualFold(strings.TrimSpace(name), profileEvent)
}

// subscribe answers a SUBSCRIBE that came by a connection: none of the box's own
// events is to be had that way.
func (s *Server) subscribe(req *sip.Request, tx sip.ServerTransaction) {
	s.respond(req, tx, 489, "Bad Event", sip.NewHeader("Allow-Events", profileEvent))
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
