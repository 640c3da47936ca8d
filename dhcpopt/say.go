package dhcpopt

import (
	"context"
	"log/slog"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// maxTold bounds the URL in a timeline sentence.
const maxTold = 100

func (s *Server) sighting(a *ask, id vendors.Ident, addr netip.Addr, text string) provision.Sighting {
	return provision.Sighting{MAC: a.client.mac, Front: provision.DHCP, Addr: addr, Ident: id, Text: text}
}

// leased is what the desk hears of an address given. A client without one of
// its own is starting; else it renews, and a phone that renews fetches nothing.
func (s *Server) leased(a *ask, id vendors.Ident, addr netip.Addr, length time.Duration, renewed bool, l provision.Lead) provision.Sighting {
	g := s.sighting(a, id, addr, leaseText(addr, length, renewed, l))
	l.Starting = a.ciaddr.IsUnspecified()
	g.Kind, g.Lead = provision.KindLease, l
	return g
}

func (s *Server) sighted(a *ask, g provision.Sighting) {
	if !a.noted {
		return
	}
	if s.log.Enabled(context.Background(), slog.LevelDebug) { // else what it would say is made for nothing
		s.log.Debug("dhcp", "mac", a.client.mac, "remote", a.from, "decision", g.Text)
	}
	s.deps.Desk.Sighted(g)
}

func (s *Server) count(a *ask, outcome string) { s.countKind(a.kind, outcome) }

func (s *Server) countKind(kind dhcpv4.MessageType, outcome string) {
	count(s.deps.Metrics, kind, outcome)
}

func count(m *metrics.Set, kind dhcpv4.MessageType, outcome string) {
	m.DHCP.WithLabelValues(kindLabel(kind), outcome).Inc()
}

// kindLabel is a kind as metrics name it; the usual ones are not made anew for
// each message.
func kindLabel(kind dhcpv4.MessageType) string {
	switch kind {
	case dhcpv4.MessageTypeDiscover:
		return "discover"
	case dhcpv4.MessageTypeRequest:
		return "request"
	}
	return strings.ToLower(kind.String())
}

// send puts a reply on the wire.
func (s *Server) send(r reply) {
	if err := s.out.send(r); err != nil {
		s.lost(r.to, err)
	}
}

// lost counts a reply that could not leave. It is lost like any datagram: the
// client asks again.
func (s *Server) lost(to netip.AddrPort, err error) {
	reason := unsent(err)
	if reason == dropCrowded {
		s.strain.note(s.deps.Now(), reason)
	}
	s.deps.Metrics.Dropped.WithLabelValues(string(provision.DHCP), reason).Inc()
	s.log.Debug("send", "remote", to, "err", err)
}

func leaseText(addr netip.Addr, length time.Duration, renewed bool, l provision.Lead) string {
	verb := "lease"
	if renewed {
		verb = "renewed"
	}
	return verb + " " + addr.String() + " for " + length.String() + leadText(l)
}

// leadText says what a phone was told of its box; nothing of what is no phone.
func leadText(l provision.Lead) string {
	if l == (provision.Lead{}) {
		return ""
	}
	told, given := "told no address of its configs", "none"
	if l.URL != "" {
		told = "told " + l.URL
	}
	if l.Given != "" {
		given = l.Given
	}
	return ", " + told + " (options: " + wishText(l) + ", given " + given + ")"
}

func wishText(l provision.Lead) string {
	switch {
	case !l.Listed:
		return "sent no list"
	case l.Asked == "":
		return "asked for none"
	}
	return "asked for " + l.Asked
}

// leading are the options that lead phones of any vendor to their configs, by
// number (RFC 2132 for 43, 66 and 67, RFC 3925 for 125, RFC 5859 for 150; the
// others are vendors' own).
var leading = [...]uint8{43, 66, 67, 114, 125, 150, 156, 159, 160, 161, 176, 242}

// lead is what a reply to a phone tells of its box: of the options that carry an
// address alone, the first that was sent, and which were asked for and given.
func (said wording) lead(get func(code uint8) []byte, a *ask, w provision.Welcome) provision.Lead {
	if w.Ident.Vendor == "" {
		return provision.Lead{}
	}
	l := provision.Lead{Listed: a.list != nil}
	var asked, given leads
	for i, code := range leading {
		if l.Listed && a.wants(code) {
			asked |= 1 << i
		}
		if len(get(code)) > 0 {
			given |= 1 << i
		}
	}
	l.Asked, l.Given = said.numbers(asked), said.numbers(given)
	for _, code := range []uint8{66, 160, 159, 114, 43} {
		if v := get(code); len(v) > 0 {
			l.URL = clean(v, maxTold)
			break
		}
	}
	return l
}

// leads are some of leading, a bit for each.
type leads uint16

// wording is what was said before of options that lead: phones of one model ask
// for the same and are given the same. It is bounded by what leads can be; nil
// keeps nothing.
type wording map[leads]string

func (said wording) numbers(some leads) string {
	text, ok := said[some]
	if ok {
		return text
	}
	var codes []uint8
	for i, code := range leading {
		if some&(1<<i) != 0 {
			codes = append(codes, code)
		}
	}
	text = numbers(codes)
	if said != nil {
		said[some] = text
	}
	return text
}

// numbers words a list: "43, 66 and 160".
func numbers(codes []uint8) string {
	var b strings.Builder
	for i, c := range codes {
		switch {
		case i == 0:
		case i == len(codes)-1:
			b.WriteString(" and ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(int(c)))
	}
	return b.String()
}
