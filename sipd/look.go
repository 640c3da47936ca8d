package sipd

import (
	"bytes"
	"strings"
)

// look is what can be told of a packet before it is parsed, from its first
// bytes alone. Nothing in it is believed further than for deciding whether the
// packet is worth parsing.
type look struct {
	method   string // in capitals; empty for a response
	uri      string
	response bool
	emergent bool // an INVITE to an emergency number
	odd      bool // its request line has to be mended
	scanner  bool // its User-Agent is that of a scanner
	sbc      bool // it comes from one of the site's SBCs
	proven   bool // its address is its own: it shows a nonce that was given there, or came by a connection
	stream   bool // it came by a connection
}

// maxMessage bounds a message; a big INVITE with several offers is under 8 KiB.
const maxMessage = 16 << 10

// maxCry bounds a call for help, which is shortened where it is longer than other
// messages may be: phones send maps and certificates along.
const maxCry = 64 << 10

// scanners are User-Agents of programs that look for SIP servers to abuse, in
// lower case. It is a courtesy to the log, not a defence: they can call
// themselves anything.
func scanners() []string {
	return []string{"friendly-scanner", "sipvicious", "sundayddr", "sipcli", "sip-scan", "sipsscuser", "pplsip", "vaxsipuseragent", "iwar"}
}

// peek reads the first line and the User-Agent of data. ok is false for what
// is no SIP message at all.
func (n numbers) peek(data []byte) (l look, ok bool) {
	data = bytes.TrimLeft(data, "\r\n")
	line, rest, ok := cutLine(data)
	if !ok || len(line) > maxURI+64 {
		return n.cry(line)
	}
	if bytes.HasPrefix(line, []byte("SIP/2.0 ")) {
		l.response = true
		return l, true
	}
	head, version, ok := bytes.Cut(line, []byte(" "))
	if !ok || !token(head) {
		return n.cry(line)
	}
	uri, version, ok := bytes.Cut(version, []byte(" "))
	if !ok || string(version) != "SIP/2.0" || len(uri) == 0 {
		return n.cry(line)
	}
	l.method, l.uri = string(head), string(uri)
	if l.method == "INVITE" {
		if _, l.emergent = n.emergency(l.uri); !l.emergent {
			if cry, is := n.cry(line); is {
				return cry, true
			}
		}
	}
	l.scanner = scanner(rest)
	return l, true
}

// cry reads a request line that is none by RFC 3261 section 7.1, where it can only
// be a call for help: a method in small letters, no version or another one, more
// than one blank, a number without a scheme, a URI beyond all bounds. Such a call
// is mended; ok is false for anything else.
func (n numbers) cry(line []byte) (l look, ok bool) {
	words := bytes.Fields(line[:min(len(line), maxURI)])
	if len(words) < 2 || !bytes.EqualFold(words[0], []byte("INVITE")) {
		return l, false
	}
	uri := strings.Trim(string(words[1]), "<>")
	if user, _, long := strings.Cut(uri, "@"); long {
		uri = user + "@" // whose host it is said to be makes no difference
	}
	number, ok := n.emergency(uri)
	if !ok && !strings.Contains(uri, ":") {
		number, ok = n.dialled(strings.TrimSuffix(uri, "@"))
	}
	if !ok {
		return l, false
	}
	return look{method: "INVITE", uri: "sip:" + number + "@lineside", emergent: true, odd: true}, true
}

// cutLine takes the first line, ended by LF or CRLF.
func cutLine(data []byte) (line, rest []byte, ok bool) {
	i := bytes.IndexByte(data, '\n')
	if i < 0 {
		return nil, nil, false
	}
	return bytes.TrimSuffix(data[:i], []byte("\r")), data[i+1:], true
}

func token(b []byte) bool {
	if len(b) == 0 || len(b) > 16 {
		return false
	}
	for _, c := range b {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}

// scanner looks for a scanner's User-Agent in the header lines.
func scanner(header []byte) bool {
	for range 64 { // more header lines than any phone sends
		line, rest, ok := cutLine(header)
		if !ok || len(line) == 0 {
			return false
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if ok && bytes.EqualFold(bytes.TrimSpace(name), []byte("user-agent")) {
			agent := strings.ToLower(string(value[:min(len(value), 128)]))
			for _, s := range scanners() {
				if strings.Contains(agent, s) {
					return true
				}
			}
			return false
		}
		header = rest
	}
	return false
}
