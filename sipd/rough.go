package sipd

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"
)

// How long a connection that calls for help may say nothing before what came is
// taken for its INVITE: where its end cannot be told, and where it can and the rest
// is still missing, which TCP may be sending again (RFC 6298: after 1 s, or 3 in all).
const (
	roughPause = time.Second
	wholePause = 4 * time.Second
)

// next gives the next message of a connection. One that calls for help is heard out
// however it counts its bytes: no Content-Length, two, one that is none or too big,
// lines ended by LF alone. RFC 3261 section 20.14 leaves no more to do with such a
// stream than to close it, and its phone would not be helped. From then on what it
// says in that call is read in the same way; it ends as every connection does, by
// what cannot be read at all or by silence.
func (g *guest) next() ([]byte, error) {
	msg, err := g.frames.next()
	if msg != nil || !g.rough && !g.cries() {
		return msg, err
	}
	if msg = g.frames.roughly(g.paused); msg == nil {
		return nil, nil
	}
	g.rough, g.paused = true, false
	return recounted(msg), nil
}

// cries reports that what is held begins like a call for help.
func (g *guest) cries() bool {
	if len(g.frames.held) == 0 || g.server.sbcs.owns(g.addr) {
		return false
	}
	l, ok := g.server.numbers().peek(g.frames.held)
	return ok && l.emergent
}

// roughly gives the message that is held, where its end can be told or nothing more
// comes; nil before.
func (f *framer) roughly(over bool) []byte {
	head, body := emptyLine(f.held)
	over = over || len(f.held) >= maxCry
	n, counted := bodyLength(f.held[:head])
	switch {
	case len(f.held) == 0:
		return nil
	case body > 0 && counted && body+n <= len(f.held):
		return f.cut(body + n)
	case body > 0 && !counted && bodiless(f.held[:head]):
		return f.cut(body)
	case over:
		return f.cut(min(len(f.held), maxCry))
	}
	return nil
}

// bodiless reports a request that comes without a body: an ACK, a BYE, a CANCEL that
// says nothing of one.
func bodiless(head []byte) bool {
	method, _, _ := bytes.Cut(head, []byte(" "))
	return !bytes.EqualFold(method, []byte("INVITE")) && !bytes.Contains(bytes.ToLower(head), []byte("\ncontent-type"))
}

// emptyLine is where a header ends and its body begins, whatever ends its lines;
// body is 0 where there is no empty line yet.
func emptyLine(data []byte) (head, body int) {
	at := 0
	for line := range bytes.Lines(data) {
		if line[len(line)-1] == '\n' && len(bytes.TrimRight(line, "\r\n")) == 0 {
			return at, at + len(line)
		}
		at += len(line)
	}
	return at, 0
}

// recounted is a message with the line ends and the Content-Length that it should
// have. Without an empty line it is left to be mended.
func recounted(msg []byte) []byte {
	head, body := emptyLine(msg)
	if body == 0 {
		return msg
	}
	var out bytes.Buffer
	for line := range bytes.Lines(msg[:head]) {
		if !isLength(line) {
			out.Write(bytes.TrimRight(line, "\r\n"))
			out.WriteString("\r\n")
		}
	}
	fmt.Fprintf(&out, "Content-Length: %d\r\n\r\n", len(msg)-body)
	out.Write(msg[body:])
	return out.Bytes()
}

// more reads what the connection has. Nothing for a while is news where it calls
// for help.
func (g *guest) more() error {
	if g.raw == nil {
		g.raw = make([]byte, rawSize)
	}
	waits := len(g.frames.held) > 0 && (g.rough || g.cries())
	if waits {
		_ = g.Conn.SetReadDeadline(g.soon(time.Now()))
	}
	n, err := g.Conn.Read(g.raw)
	g.frames.add(g.raw[:n])
	if waits {
		_ = g.Conn.SetReadDeadline(g.idle)
		if n == 0 && errors.Is(err, os.ErrDeadlineExceeded) {
			g.paused = true
			return nil
		}
	}
	if n > 0 {
		return nil
	}
	return err
}

// soon is until when the rest of a call for help is waited for.
func (g *guest) soon(now time.Time) time.Time {
	head, body := emptyLine(g.frames.held)
	if _, counted := bodyLength(g.frames.held[:head]); body > 0 && !counted {
		return now.Add(roughPause)
	}
	return now.Add(wholePause)
}

// SetReadDeadline remembers the library's own deadline.
func (g *guest) SetReadDeadline(t time.Time) error {
	g.idle = t
	return g.Conn.SetReadDeadline(t)
}
