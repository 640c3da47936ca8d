package fleet

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/icholy/digest"
)

// maxSIP bounds a message; those of the box have under 2 kB.
const maxSIP = 8 << 10

// sipMessage is a SIP message as a phone reads it: the first line, the headers
// by their names in lower case, the body.
type sipMessage struct {
	start  string
	header map[string][]string
	body   string
}

var errNoSIP = errors.New("not a SIP message")

// parseSIP reads a datagram.
func parseSIP(b []byte) (sipMessage, error) {
	head, body, ok := strings.Cut(string(b), "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	if !ok || len(b) > maxSIP || !strings.Contains(lines[0], "SIP/2.0") {
		return sipMessage{}, errNoSIP
	}
	m := sipMessage{start: lines[0], header: make(map[string][]string), body: body}
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return sipMessage{}, errNoSIP
		}
		name = strings.ToLower(strings.TrimSpace(name))
		m.header[name] = append(m.header[name], strings.TrimSpace(value))
	}
	return m, nil
}

func (m sipMessage) get(name string) string {
	if all := m.header[name]; len(all) > 0 {
		return all[0]
	}
	return ""
}

// status is an answer's code, 0 for a request.
func (m sipMessage) status() int {
	var code int
	if _, err := fmt.Sscanf(m.start, "SIP/2.0 %d ", &code); err != nil {
		return 0
	}
	return code
}

// method is a request's, empty for an answer.
func (m sipMessage) method() string {
	if m.status() != 0 {
		return ""
	}
	method, _, _ := strings.Cut(m.start, " ")
	return method
}

// sipRequest is what a phone sends.
type sipRequest struct {
	method, uri, id, from, to string
	seq                       int
	login, body, kind         string
}

// text writes the request of a phone at an address.
func (r sipRequest) text(at, user, agent string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s;rport\r\nMax-Forwards: 70\r\n", r.method, r.uri, at, nonce())
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\n", r.from, r.to, r.id, r.seq, r.method)
	fmt.Fprintf(&b, "Contact: <sip:%s@%s>\r\nUser-Agent: %s\r\n", user, at, agent)
	for _, h := range [][2]string{{"Authorization", r.login}, {"Content-Type", r.kind}} {
		if h[1] != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
		}
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(r.body), r.body)
	return []byte(b.String())
}

// ok is the 200 to a request.
func (m sipMessage) ok() []byte {
	var b strings.Builder
	b.WriteString("SIP/2.0 200 OK\r\n")
	for _, h := range []struct{ key, name string }{{"via", "Via"}, {"from", "From"}, {"to", "To"}, {"call-id", "Call-ID"}, {"cseq", "CSeq"}} {
		for _, v := range m.header[h.key] {
			fmt.Fprintf(&b, "%s: %s\r\n", h.name, v)
		}
	}
	b.WriteString("Content-Length: 0\r\n\r\n")
	return []byte(b.String())
}

// answerTo makes the Authorization for a challenge.
func (a Account) answerTo(m sipMessage, method, uri string) (string, error) {
	c, err := digest.FindChallenge(http.Header{"Www-Authenticate": m.header["www-authenticate"]})
	if err != nil {
		return "", fmt.Errorf("read the challenge: %w", err)
	}
	cred, err := digest.Digest(c, digest.Options{
		Method: method, URI: uri, Count: 1, Username: a.user(), Password: a.Password.Reveal(),
	})
	if err != nil {
		return "", fmt.Errorf("answer the challenge: %w", err)
	}
	return cred.String(), nil
}

// user is who the account signs in as.
func (a Account) user() string {
	if a.AuthID != "" {
		return a.AuthID
	}
	return a.User
}

// nonce makes tags, branches and Call-IDs.
func nonce() string {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
