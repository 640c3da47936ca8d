package dhcpopt

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// maxTold bounds the URL in a timeline sentence.
const maxTold = 100

func (s *Server) sighting(a *ask, id vendors.Ident, addr netip.Addr, text string) provision.Sighting {
	return provision.Sighting{MAC: a.client.mac, Front: provision.DHCP, Addr: addr, Ident: id, Text: text}
}

func (s *Server) sighted(a *ask, id vendors.Ident, addr netip.Addr, text string) {
	if !a.noted {
		return
	}
	s.log.Debug("dhcp", "mac", a.client.mac, "remote", a.from, "decision", text)
	s.deps.Desk.Sighted(s.sighting(a, id, addr, text))
}

func (s *Server) count(a *ask, outcome string) { s.countKind(a.kind, outcome) }

func (s *Server) countKind(kind dhcpv4.MessageType, outcome string) {
	s.deps.Metrics.DHCP.WithLabelValues(strings.ToLower(kind.String()), outcome).Inc()
}

// send puts a reply on the wire. One that cannot leave is lost like any
// datagram: the client asks again.
func (s *Server) send(r reply) {
	if err := s.out.send(r); err != nil {
		s.deps.Metrics.Dropped.WithLabelValues(string(provision.DHCP), "send").Inc()
		s.log.Debug("send", "remote", r.to, "err", err)
	}
}

func leaseText(addr netip.Addr, length time.Duration, renewed bool, told string) string {
	verb := "lease"
	if renewed {
		verb = "renewed"
	}
	return fmt.Sprintf("%s %s for %s%s", verb, addr, length, toldText(told))
}

func toldText(told string) string {
	if told == "" {
		return ""
	}
	return ", told " + told
}

// told is the provisioning URL in a reply to a phone: of the options that
// carry it alone, the first that was sent.
func told(m *dhcpv4.DHCPv4, w provision.Welcome) string {
	if w.Ident.Vendor == "" {
		return ""
	}
	for _, code := range []uint8{66, 160, 159, 114, 43} {
		if v := m.Options[code]; len(v) > 0 {
			return clean(v, maxTold)
		}
	}
	return ""
}
