package sipd

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// mended is a call to an emergency number, which nobody could read, written
// anew: the number of its request line, each header that can be read by itself,
// what does for the others, and its body. A phone that calls for help is helped
// with whatever its INVITE is worth. nil is what is no call for help.
func (s *Server) mended(remote netip.AddrPort, network string, data []byte) []byte {
	l, ok := s.numbers().peek(data)
	if !ok || !l.emergent || len(data) > maxCry {
		return nil
	}
	number, _ := s.numbers().emergency(l.uri)
	header, body := tolerant(string(data))
	sum := sha256.Sum256(data) // a retransmission is the same call
	made := hex.EncodeToString(sum[:12])
	var b strings.Builder
	proof := s.nonces.proof(s.dep.Now(), data, remote.Addr())
	if proof != "" {
		proof = ";" + proofParam + "=" + proof
	}
	fmt.Fprintf(&b, "INVITE sip:%s@lineside%s SIP/2.0\r\n", number, proof)
	for _, h := range []struct{ name, otherwise string }{
		{"Via", fmt.Sprintf("SIP/2.0/%s %s;branch=z9hG4bK%s;rport", network, remote, made)},
		{"From", "<sip:anonymous@anonymous.invalid>;tag=" + made},
		{"To", "<sip:" + number + "@lineside>"},
		{"Call-ID", made},
		{"CSeq", "1 INVITE"},
		{"Contact", ""},
	} {
		value := header[h.name]
		if h.name == "CSeq" {
			digits, _, _ := strings.Cut(strings.TrimSpace(value), " ")
			value = digits + " INVITE"
		}
		if !legible(h.name, value) {
			value = h.otherwise
		}
		if value != "" {
			b.WriteString(h.name + ": " + value + "\r\n")
		}
	}
	b.WriteString("Max-Forwards: 70\r\n")
	if body = sdpIn(body); body != "" {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return []byte(b.String())
}

// maxMended bounds the SDP of a mended call; what phones send is a fifth of it.
const maxMended = 8 << 10

// sdpIn is the SDP in a body: its lines are x=…, so that what stands around it, as
// the other parts of a multipart body do, is none of it.
func sdpIn(body string) string {
	i := strings.Index(body, "v=0")
	if i < 0 {
		return ""
	}
	body = body[i:]
	n := 0
	for line := range strings.Lines(body) {
		if len(line) < 2 || line[1] != '=' || n+len(line) > maxMended {
			break
		}
		n += len(line)
	}
	return body[:n]
}

// tolerant reads the headers an INVITE cannot do without, in either form, and
// takes what follows the empty line, or where there is none the SDP, as the body.
func tolerant(text string) (header map[string]string, body string) {
	header = make(map[string]string)
	_, rest, _ := strings.Cut(strings.TrimLeft(text, "\r\n"), "\n")
	last := ""
	for rest != "" {
		line, after, _ := strings.Cut(rest, "\n")
		line = strings.TrimRight(line, "\r")
		switch {
		case line == "":
			return header, after
		case strings.HasPrefix(line, "v=0"):
			return header, rest
		case line[0] == ' ' || line[0] == '\t':
			if last != "" && len(header[last]) <= maxLegible { // longer ones are left out
				header[last] += " " + strings.TrimSpace(line)
			}
		default:
			name, value, _ := strings.Cut(line, ":")
			if last = wanted(strings.TrimSpace(name)); last == "" {
				break
			}
			if _, twice := header[last]; twice {
				last = "" // the first is the top one
				break
			}
			header[last] = oneLine(strings.TrimSpace(value))
		}
		rest = after
	}
	return header, ""
}

// wanted is the full name of a header that is kept, empty for any other.
func wanted(name string) string {
	for _, h := range []struct{ full, short string }{
		{"Via", "v"}, {"From", "f"}, {"To", "t"}, {"Call-ID", "i"}, {"CSeq", "CSeq"}, {"Contact", "m"},
	} {
		if strings.EqualFold(name, h.full) || strings.EqualFold(name, h.short) {
			return h.full
		}
	}
	return ""
}

// maxLegible bounds a header that is kept.
const maxLegible = 512

// legible reports that the library reads a header by itself.
func legible(name, value string) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	if value == "" || len(value) > maxLegible {
		return false
	}
	msg, err := sip.NewParser().ParseSIP([]byte("INVITE sip:x@lineside SIP/2.0\r\n" + name + ": " + value + "\r\n\r\n"))
	if err != nil {
		return false
	}
	switch name {
	case "Via":
		return msg.Via() != nil && msg.Via().Host != ""
	case "From":
		if msg.From() == nil {
			return false
		}
		_, tagged := msg.From().Params.Get("tag")
		return tagged
	case "To":
		return msg.To() != nil
	case "Call-ID":
		return msg.CallID() != nil && len(*msg.CallID()) <= 256
	case "CSeq":
		return msg.CSeq() != nil
	case "Contact":
		return usableContact(contactOf(msg))
	}
	return false
}

func contactOf(msg sip.Message) string {
	if req, ok := msg.(*sip.Request); ok && req.Contact() != nil {
		return req.Contact().Address.String()
	}
	return ""
}
