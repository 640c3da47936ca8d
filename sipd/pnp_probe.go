package sipd

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/lineside/lineside/phone"
)

// Bounds of a look for other PnP servers.
const (
	probeWait    = 4 * time.Second
	maxRivals    = 8
	maxRivalText = 160  // bytes of what one says of itself
	maxProbeIn   = 1000 // packets looked at
)

// PnPProbe is one look for PnP servers on the LAN: it asks as new phones do.
type PnPProbe struct {
	// Conn is asked from. Its address says which interface the question leaves
	// by; it has to be one of the box's own, or the box answers itself.
	Conn net.PacketConn
	// To is who is asked; zero is the group at port 5060.
	To netip.AddrPort
	// MAC is what the phones asked for are called by. Other servers may keep a
	// list of phones they have seen, so who asks again uses the same. Zero is
	// one drawn by lot, of those no maker has.
	MAC phone.MAC
	// Wait is how long answers are waited for, default 4 s.
	Wait time.Duration
}

// PnPServer is a server that answered.
type PnPServer struct {
	Addr netip.Addr
	URL  string // that it sends phones to; empty where it said none
	Name string // what it calls itself: Server or User-Agent
}

// String is how operators read it.
func (p PnPServer) String() string {
	text := p.Addr.String()
	if p.Name != "" {
		text += " (" + p.Name + ")"
	}
	if p.URL != "" {
		text += " sends phones to " + p.URL
	}
	return text
}

// shape is how a maker's phones ask.
type shape struct{ user, event, agent string }

// shapes are those of makers most PnP servers know. %s is the MAC.
func shapes() []shape {
	return []shape{
		{"MAC%%3a%s", `ua-profile;profile-type="device";vendor="yealink";model="T46U";version="108.86.0.20"`, "Yealink SIP-T46U 108.86.0.20"},
		{"MAC%%3a%s", `ua-profile;profile-type="device";vendor="snom";model="snomD785";version="10.1.73.16"`, "snomD785/10.1.73.16"},
		{"%s", `ua-profile;profile-type="device";vendor="Grandstream";model="GXP2170";version="1.0.11.3"`, "Grandstream GXP2170 1.0.11.3"},
	}
}

// RandomMAC draws a MAC address of those that no maker has.
func RandomMAC() phone.MAC {
	var m phone.MAC
	_, _ = rand.Read(m[:])
	m[0] = m[0]&^1 | 2 // not a group's, locally administered
	return m
}

// ProbePnP asks as new phones of a few makers do, and gives who answered. The
// box's own service does not answer questions of the box's own addresses, so all
// who do are others.
func ProbePnP(ctx context.Context, p PnPProbe) ([]PnPServer, error) {
	if p.MAC.IsZero() {
		p.MAC = RandomMAC()
	}
	if !p.To.IsValid() {
		p.To = netip.AddrPortFrom(netip.MustParseAddr(GroupAddr), uint16(sip.DefaultUdpPort))
	}
	if p.Wait == 0 {
		p.Wait = probeWait
	}
	at, ids := addrPortOf(p.Conn.LocalAddr()), []string(nil)
	for _, s := range shapes() {
		id := newTag()
		ids = append(ids, id)
		if _, err := p.Conn.WriteTo([]byte(s.question(at, p.MAC, id)), net.UDPAddrFromAddrPort(p.To)); err != nil {
			return nil, fmt.Errorf("ask %s from %s: %w", p.To, at, err)
		}
	}
	if err := p.Conn.SetReadDeadline(time.Now().Add(p.Wait)); err != nil {
		return nil, fmt.Errorf("ask %s from %s: %w", p.To, at, err)
	}
	ended := context.AfterFunc(ctx, func() { _ = p.Conn.SetReadDeadline(time.Now()) })
	defer ended()
	found, err := p.listen(ids)
	return found, errors.Join(err, ctx.Err())
}

// question is a SUBSCRIBE of the shape.
func (s shape) question(at netip.AddrPort, mac phone.MAC, id string) string {
	who := "sip:" + fmt.Sprintf(s.user, mac.Hex()) + "@" + GroupAddr
	return strings.Join([]string{
		"SUBSCRIBE " + who + " SIP/2.0", "Via: SIP/2.0/UDP " + at.String() + ";branch=" + sip.GenerateBranchN(16) + ";rport",
		"From: <" + who + ">;tag=" + newTag(), "To: <" + who + ">", "Call-ID: " + id, "CSeq: 1 SUBSCRIBE", "Contact: <sip:" + at.String() + ">",
		"Max-Forwards: 70", "Event: " + s.event, "User-Agent: " + s.agent, "Expires: 0", "Accept: application/url", "Content-Length: 0", "", "",
	}, "\r\n")
}

// listen reads answers until the deadline, and says 200 to each NOTIFY.
func (p PnPProbe) listen(ids []string) ([]PnPServer, error) {
	var found []PnPServer
	buf := make([]byte, maxMessage)
	for range maxProbeIn {
		n, addr, err := p.Conn.ReadFrom(buf)
		if ne := net.Error(nil); errors.As(err, &ne) && ne.Timeout() {
			break
		}
		if err != nil {
			return found, fmt.Errorf("listen for PnP servers: %w", err)
		}
		from := addrPortOf(addr)
		if s, reply, ok := readRival(buf[:n], from, ids); ok {
			found = note(found, s)
			if reply != "" {
				_, _ = p.Conn.WriteTo([]byte(reply), addr)
			}
		}
	}
	return found, nil
}

// note adds what a server said to what it said before.
func note(found []PnPServer, s PnPServer) []PnPServer {
	i := slices.IndexFunc(found, func(f PnPServer) bool { return f.Addr == s.Addr })
	switch {
	case i < 0 && len(found) < maxRivals:
		return append(found, s)
	case i >= 0 && found[i].URL == "":
		found[i].URL = s.URL
	}
	if i >= 0 && found[i].Name == "" {
		found[i].Name = s.Name
	}
	return found
}

// readRival reads a packet that may be a server's answer to one of the
// questions: its 200, or its NOTIFY, which is answered with reply.
func readRival(data []byte, from netip.AddrPort, ids []string) (s PnPServer, reply string, ok bool) {
	defer func() {
		if recover() != nil { // the parser threw: that is nobody's answer
			ok = false
		}
	}()
	msg, err := sip.NewParser().ParseSIP(data)
	if err != nil || msg.CallID() == nil || !slices.Contains(ids, msg.CallID().Value()) {
		return s, "", false
	}
	s.Addr = from.Addr()
	switch m := msg.(type) {
	case *sip.Response:
		s.Name = plainText(m.GetHeader("Server"), m.GetHeader("User-Agent"))
		return s, "", m.StatusCode == sip.StatusOK
	case *sip.Request:
		if m.Method != sip.NOTIFY || m.Via() == nil {
			return s, "", false
		}
		s.Name = plainText(m.GetHeader("Server"), m.GetHeader("User-Agent"))
		s.URL = plain(strings.TrimSpace(string(m.Body())))
		m.SetSource(from.String())
		return s, sip.NewResponseFromRequest(m, sip.StatusOK, "OK", nil).String(), true
	}
	return s, "", false
}

// plainText is the first header there is, as plain gives it.
func plainText(headers ...sip.Header) string {
	for _, h := range headers {
		if h != nil {
			return plain(h.Value())
		}
	}
	return ""
}

// plain is text of a stranger that an operator may read: short, and printable
// ASCII alone.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s[:min(len(s), maxRivalText)])
}
