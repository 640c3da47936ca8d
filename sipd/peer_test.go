package sipd_test

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lineside/lineside/phone"
)

// message is a SIP message as the test reads it: by a reader of its own.
type message struct {
	start  string
	header []string // "Name: value"
	body   string
	from   net.Addr
}

func (m message) get(name string) string {
	all := m.all(name)
	if len(all) == 0 {
		return ""
	}
	return all[0]
}

func (m message) all(name string) []string {
	var list []string
	for _, h := range m.header {
		n, v, _ := strings.Cut(h, ":")
		if strings.EqualFold(strings.TrimSpace(n), name) {
			list = append(list, strings.TrimSpace(v))
		}
	}
	return list
}

// param is a parameter of a header value.
func param(value, name string) string {
	for _, part := range strings.FieldsFunc(value, func(r rune) bool { return r == ';' || r == ',' || r == ' ' }) {
		if n, v, _ := strings.Cut(part, "="); strings.EqualFold(n, name) {
			return strings.Trim(v, `"`)
		}
	}
	return ""
}

func readMessage(data []byte, from net.Addr) message {
	head, body, _ := strings.Cut(string(data), "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	return message{start: lines[0], header: lines[1:], body: body, from: from}
}

// peer is a SIP client or server made of a socket and strings.
type peer struct {
	t    testing.TB
	conn net.PacketConn
	to   net.Addr
	mac  phone.MAC
	in   chan message
	seq  int

	alive atomic.Value // what every OPTIONS is answered by itself
}

func newPeer(t testing.TB, host string, to netip.AddrPort) *peer {
	t.Helper()
	return newPeerOn(t, udpSocket(t, host), to)
}

// newPeerOn is a peer on a socket of any kind that keeps messages apart.
func newPeerOn(t testing.TB, conn net.PacketConn, to netip.AddrPort) *peer {
	t.Helper()
	p := &peer{t: t, conn: conn, to: net.UDPAddrFromAddrPort(to), mac: phone.MAC{0, 0x15, 0x65, 1, 2, 3}, in: make(chan message, 512)}
	go func() {
		buf := make([]byte, 65536)
		for {
			n, from, err := p.conn.ReadFrom(buf)
			if err != nil {
				close(p.in)
				return
			}
			m := readMessage(buf[:n], from)
			if status, ok := p.alive.Load().(string); ok && strings.HasPrefix(m.start, "OPTIONS") {
				p.answer(m, status, "o", "")
				continue
			}
			select {
			case p.in <- m:
			default:
			}
		}
	}()
	return p
}

func (p *peer) at() string { return p.conn.LocalAddr().String() }

// send sends lines with CRLF, and the length of the body.
func (p *peer) send(to net.Addr, body string, lines ...string) {
	p.t.Helper()
	lines = append(lines, fmt.Sprintf("Content-Length: %d", len(body)))
	if _, err := p.conn.WriteTo([]byte(strings.Join(lines, "\r\n")+"\r\n\r\n"+body), to); err != nil && !errors.Is(err, net.ErrClosed) {
		p.t.Fatal(err)
	}
}

// request is a request outside of, or within, a dialog.
type request struct {
	method, uri, id, from, to, branch string
	seq                               int
	extra                             []string
	body                              string
}

var serial struct {
	sync.Mutex
	n int
}

func unique() string {
	serial.Lock()
	defer serial.Unlock()
	serial.n++
	return fmt.Sprintf("u%d", serial.n)
}

func (p *peer) request(r request) request {
	p.t.Helper()
	if r.id == "" {
		r.id = unique()
	}
	if r.branch == "" {
		r.branch = "z9hG4bK-" + unique()
	}
	if r.from == "" {
		r.from = "<sip:" + p.mac.Hex() + "@box>;tag=" + unique()
	}
	if r.to == "" {
		r.to = "<sip:" + p.mac.Hex() + "@box>"
	}
	if r.seq == 0 {
		r.seq = 1
	}
	lines := []string{
		r.method + " " + r.uri + " SIP/2.0", "Via: SIP/2.0/UDP " + p.at() + ";branch=" + r.branch + ";rport",
		"From: " + r.from, "To: " + r.to, "Call-ID: " + r.id, fmt.Sprintf("CSeq: %d %s", r.seq, r.method), "Max-Forwards: 70",
		"Contact: <sip:" + p.mac.Hex() + "@" + p.at() + ">", "User-Agent: Yealink SIP-T46G 28.83.0.50",
	}
	p.send(p.to, r.body, append(lines, r.extra...)...)
	return r
}

// want waits for a message whose first line holds text.
func (p *peer) want(text string) message {
	p.t.Helper()
	end := time.After(patience)
	var seen []string
	for {
		select {
		case m, ok := <-p.in:
			if ok && strings.Contains(m.start, text) {
				return m
			}
			seen = append(seen, m.start)
		case <-end:
			p.t.Fatalf("got %q, want %q", seen, text)
		}
	}
}

// insist asks until there is an answer: packets may be lost where many come.
func (p *peer) insist() {
	p.t.Helper()
	waitFor(p.t, "an answer", func() bool {
		p.request(request{method: "OPTIONS", uri: "sip:box"})
		return len(p.in) > 0
	})
	for len(p.in) > 0 {
		<-p.in
	}
}

// answer sends a response to a request the peer was sent.
func (p *peer) answer(m message, status, tag, body string, extra ...string) {
	p.t.Helper()
	to := m.get("To")
	if tag != "" && !strings.Contains(to, "tag=") {
		to += ";tag=" + tag
	}
	lines := []string{"SIP/2.0 " + status}
	for _, v := range m.all("Via") {
		lines = append(lines, "Via: "+v)
	}
	lines = append(lines, "From: "+m.get("From"), "To: "+to, "Call-ID: "+m.get("Call-ID"), "CSeq: "+m.get("CSeq"),
		"Contact: <sip:sbc@"+p.at()+">")
	p.send(m.from, body, append(lines, extra...)...)
}

// authorized gives the Authorization line for a challenge.
func (p *peer) authorized(m message, method, uri, user, password string) string {
	c := m.get("WWW-Authenticate")
	nonce := param(c, "nonce")
	h := func(s string) string { sum := md5.Sum([]byte(s)); return hex.EncodeToString(sum[:]) }
	p.seq++
	nc := fmt.Sprintf("%08x", p.seq)
	response := h(h(user+":"+param(c, "realm")+":"+password) + ":" + nonce + ":" + nc + ":abc:auth:" + h(method+":"+uri))
	return fmt.Sprintf(`Authorization: Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s", algorithm=MD5, qop=auth, nc=%s, cnonce="abc"`,
		user, param(c, "realm"), nonce, uri, response, nc)
}

// register registers the phone and gives the answer.
func (p *peer) register(extra ...string) message {
	p.t.Helper()
	r := p.request(request{method: "REGISTER", uri: "sip:box"})
	m := p.want("401")
	r.seq, r.branch = 2, ""
	r.extra = append(extra, p.authorized(m, "REGISTER", "sip:box", p.mac.Hex(), passwordOf(p.mac)))
	p.request(r)
	return p.want("SIP/2.0 ")
}

// stripped is an answer less what is the caller's own or made up for it, for
// comparing refusals byte by byte.
func stripped(m message) string {
	lines := slices.DeleteFunc(slices.Clone(m.header), func(h string) bool {
		n, _, _ := strings.Cut(h, ":")
		return slices.Contains([]string{"Via", "From", "To", "Call-ID", "CSeq"}, n)
	})
	text := m.start + "\n" + strings.Join(lines, "\n") + "\n" + m.body
	if nonce := param(m.get("WWW-Authenticate"), "nonce"); nonce != "" {
		text = strings.ReplaceAll(text, nonce, "NONCE")
	}
	return text
}
