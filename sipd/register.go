package sipd

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// maxContact bounds a contact URI.
const maxContact = 256

// remote is where a request came from.
func remote(req *sip.Request) netip.AddrPort { return parseAddrPort(req.Source()) }

// local is the box's own end of a request.
func local(tx sip.ServerTransaction) netip.AddrPort {
	if t, ok := tx.(*sip.ServerTx); ok && t.Connection() != nil {
		return addrPortOf(t.Connection().LocalAddr())
	}
	return netip.AddrPort{}
}

// respond answers a request with a status and headers.
func (s *Server) respond(req *sip.Request, tx sip.ServerTransaction, status int, reason string, headers ...sip.Header) {
	res := sip.NewResponseFromRequest(req, status, reason, nil)
	for _, h := range headers {
		res.AppendHeader(h)
	}
	s.reply(tx, res)
}

func (s *Server) reply(tx sip.ServerTransaction, res *sip.Response) {
	s.dep.Metrics.Answers.WithLabelValues(string(provision.SIP), strconv.Itoa(res.StatusCode)).Inc()
	if err := tx.Respond(res); err != nil {
		s.dep.Log.Debug("an answer was not sent", "remote", res.Destination(), "err", err)
	}
}

// login finds out whether a request shows a holding account's password, and
// whose. Every way to be refused takes the same work: a password is compared
// whether the account exists or not.
func (s *Server) login(req *sip.Request) (mac phone.MAC, c credentials, ok, stale bool) {
	from := remote(req)
	h := req.GetHeader("Authorization")
	if h == nil {
		return mac, c, false, false
	}
	c, read := parseCredentials(h.Value())
	ours, old := s.nonces.check(s.dep.Now(), c.nonce, from.Addr())
	mac, password, known := s.dep.Desk.HoldingAccount(c.user)
	right := c.proves(string(req.Method), password) && c.isFor(req)
	if !read || !ours || !known || !right {
		return mac, c, false, false
	}
	return mac, c, !old, old
}

// challenge is the one answer to everything that is refused or not yet proved.
func (s *Server) challenge(req *sip.Request, tx sip.ServerTransaction, stale bool) {
	s.respond(req, tx, sip.StatusUnauthorized, "Unauthorized",
		sip.NewHeader("WWW-Authenticate", s.nonces.challenge(s.dep.Now(), remote(req).Addr(), stale)))
}

// register answers REGISTER.
func (s *Server) register(req *sip.Request, tx sip.ServerTransaction) {
	mac, c, ok, stale := s.login(req)
	to := req.To()
	if !ok || to == nil || to.Address.User != c.user {
		s.challenge(req, tx, stale)
		return
	}
	if s.bindings.replayed(mac, c.nonce, c.nc) {
		s.challenge(req, tx, true)
		return
	}
	agent := headerText(req, "User-Agent")
	from := remote(req)
	ident, admitted := s.dep.Desk.AdmitPeer(provision.Peer{MAC: mac, Remote: from.Addr(), Agent: agent})
	if !admitted {
		s.challenge(req, tx, false)
		return
	}
	want, usable := readContact(req, s.cfg.MaxExpires)
	switch {
	case !usable:
		s.respond(req, tx, sip.StatusBadRequest, "Bad Request")
	case want.query:
		s.bound(req, tx, mac)
	case want.expires == 0:
		if gone, was := s.bindings.take(mac); was {
			s.dep.Desk.Unregistered(gone, "it signed off")
		}
		s.respond(req, tx, sip.StatusOK, "OK")
	case want.expires < s.cfg.MinExpires:
		s.respond(req, tx, sip.StatusIntervalToBrief, "Interval Too Brief",
			sip.NewHeader("Min-Expires", strconv.Itoa(int(s.cfg.MinExpires/time.Second))))
	default:
		now := s.dep.Now()
		b := phone.Binding{
			MAC: mac, Contact: want.uri, Source: from, Local: local(tx), Transport: transportOf(req),
			CallID: req.CallID().Value(), Agent: agent, Vendor: ident.Vendor, Model: ident.Model,
			Since: now.UTC(), Expires: now.Add(min(want.expires, s.cfg.MaxExpires)).UTC(),
		}
		s.bind(req, tx, b, c)
	}
}

func (s *Server) bind(req *sip.Request, tx sip.ServerTransaction, b phone.Binding, c credentials) {
	fresh, err := s.bindings.put(s.dep.Now(), b, c.nonce, c.nc)
	if err != nil {
		s.respond(req, tx, sip.StatusServiceUnavailable, "Service Unavailable", sip.NewHeader("Retry-After", "60"))
		return
	}
	s.bound(req, tx, b.MAC)
	s.dep.Desk.Registered(b, fresh)
}

// bound answers 200 with the phone's binding and the time of day, which phones
// without another clock take from here (RFC 3261 section 20.17).
func (s *Server) bound(req *sip.Request, tx sip.ServerTransaction, mac phone.MAC) {
	now := s.dep.Now()
	headers := []sip.Header{sip.NewHeader("Date", now.UTC().Format("Mon, 02 Jan 2006 15:04:05")+" GMT")}
	if b, ok := s.bindings.of(now, mac); ok {
		left := int(b.Expires.Sub(now).Round(time.Second) / time.Second)
		headers = append(headers, sip.NewHeader("Contact", "<"+b.Contact+">;expires="+strconv.Itoa(left)))
	}
	s.respond(req, tx, sip.StatusOK, "OK", headers...)
}

// wish is what a REGISTER asks for.
type wish struct {
	uri     string
	expires time.Duration
	query   bool // no Contact: only asks what is bound
}

// readContact reads the first Contact and how long it is to last.
func readContact(req *sip.Request, otherwise time.Duration) (wish, bool) {
	w := wish{expires: otherwise}
	if h := req.GetHeader("Expires"); h != nil {
		secs, ok := seconds(h.Value())
		if !ok {
			return w, false
		}
		w.expires = secs
	}
	h := req.GetHeader("Contact")
	if h == nil {
		w.query = true
		return w, true
	}
	if strings.TrimSpace(h.Value()) == "*" {
		return w, w.expires == 0
	}
	c := req.Contact()
	if c == nil {
		return w, false
	}
	if c.Address.Wildcard {
		return w, w.expires == 0
	}
	if text, ok := c.Params.Get("expires"); ok {
		secs, ok := seconds(text)
		if !ok {
			return w, false
		}
		w.expires = secs
	}
	w.uri = c.Address.String()
	return w, usableContact(w.uri)
}

// usableContact holds a URI that can stand in a request line of ours.
func usableContact(uri string) bool {
	if len(uri) > maxContact || !strings.HasPrefix(uri, "sip:") && !strings.HasPrefix(uri, "sips:") {
		return false
	}
	return !strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '<' || r == '>' || r == '"' })
}

// seconds reads a delta-seconds; more than a day is a day.
func seconds(s string) (time.Duration, bool) {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 32)
	if err != nil {
		return 0, false
	}
	return time.Duration(min(n, 86400)) * time.Second, true
}

func transportOf(req *sip.Request) phone.Transport {
	switch strings.ToUpper(req.Transport()) {
	case "TCP":
		return phone.TCP
	case "TLS":
		return phone.TLS
	}
	return phone.UDP
}

// headerText is a header's value, bounded and free of control characters.
func headerText(msg sip.Message, name string) string {
	all := msg.GetHeaders(name)
	if len(all) == 0 {
		return ""
	}
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f {
			return '?'
		}
		return r
	}, all[0].Value())
	return clean[:min(len(clean), 160)]
}
