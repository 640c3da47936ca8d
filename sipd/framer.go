package sipd

import (
	"bytes"
	"errors"
	"strconv"
	"sync"

	"github.com/emiago/sipgo/sip"
)

var errNoMessage = errors.New("the stream holds something that is no SIP message")

// framer cuts what a connection delivers into messages (RFC 3261 section 18.3),
// so that each can be looked at whole before the library's own parser sees it.
type framer struct{ held []byte }

// add takes what was read.
func (f *framer) add(data []byte) { f.held = append(f.held, data...) }

// next gives the next whole message, valid until the next add, or the empty
// lines phones send to keep a connection open; nil where more has to come. After
// an error there is no knowing where the next message begins.
func (f *framer) next() ([]byte, error) {
	for len(f.held) > 0 && f.held[0] == 0 {
		f.held = f.held[1:]
	}
	blank := len(f.held) - len(bytes.TrimLeft(f.held, "\r\n"))
	if blank > 0 {
		return f.cut(blank), nil
	}
	end := bytes.Index(f.held, []byte("\r\n\r\n"))
	if end < 0 {
		if len(f.held) > maxMessage {
			return nil, errNoMessage
		}
		return nil, nil
	}
	n, ok := bodyLength(f.held[:end+2])
	whole := end + 4 + n
	switch {
	case !ok || whole > maxMessage:
		return nil, errNoMessage
	case len(f.held) < whole:
		return nil, nil
	}
	return f.cut(whole), nil
}

func (f *framer) cut(n int) []byte {
	msg := f.held[:n:n]
	if f.held = f.held[n:]; len(f.held) == 0 {
		f.held = nil // what phones sent once need not be held on to
	}
	return msg
}

// bodyLength reads the one Content-Length there must be.
func bodyLength(header []byte) (n int, ok bool) {
	for line := range bytes.Lines(header) {
		if !isLength(line) {
			continue
		}
		_, value, _ := bytes.Cut(line, []byte(":"))
		length, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 16)
		if ok || err != nil {
			return 0, false
		}
		n, ok = int(length), true
	}
	return n, ok
}

// isLength reports a Content-Length line, in either form.
func isLength(line []byte) bool {
	name, _, is := bytes.Cut(line, []byte(":"))
	name = bytes.TrimSpace(name)
	return is && (bytes.EqualFold(name, []byte("Content-Length")) || bytes.EqualFold(name, []byte("l")))
}

// readable gives the one message the library's parser of streams makes of msg;
// ok says that it is one only, and that what makes a transaction is in it. It is the very parser
// that reads it afterwards, so what it would throw at it throws at here, where
// that ends one connection and not the daemon.
func (s *Server) readable(remote string, msg []byte) (m sip.Message, ok bool) {
	defer func() {
		if r := recover(); r != nil {
			s.panicked(r, remote)
			m, ok = nil, false
		}
	}()
	stream := sip.NewParser().NewSIPStream()
	defer stream.Close()
	n := 0
	err := stream.ParseSIPStream(msg, func(one sip.Message) {
		if s.usable(one) && !s.odd(one, msg) {
			m = one
			n++
		}
	})
	return m, err == nil && n == 1
}

// ping reports two empty lines, which ask for one back (RFC 5626 section 3.5.1).
func ping(msg []byte) bool { return string(msg) == "\r\n\r\n" }

// isBlank reports empty lines.
func isBlank(msg []byte) bool { return len(bytes.Trim(msg, "\r\n")) == 0 }

// uplinks frames the connections to SBCs: one for each that is in use.
type uplinks struct {
	mu sync.Mutex
	by map[[2]string]*framer // by both ends of the connection
}

// whole gives the messages that data completes, one after the other.
func (u *uplinks) whole(s *Server, local, remote string, data []byte) ([]byte, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	ends := [2]string{local, remote}
	f := u.by[ends]
	if f == nil {
		if len(u.by) >= maxUplinks {
			clear(u.by) // ports of connections long gone
		}
		f = new(framer)
		u.by[ends] = f
	}
	f.add(data)
	var all []byte
	for {
		msg, err := f.next()
		switch {
		case err != nil:
			delete(u.by, ends)
			return nil, err // a stream cannot lose a part and go on
		case msg == nil:
			return all, nil
		case isBlank(msg):
			continue
		}
		if _, ok := s.readable(remote, msg); !ok {
			delete(u.by, ends)
			return nil, errNoMessage
		}
		all = append(all, msg...)
	}
}

// maxUplinks bounds connections with SBCs, in either direction.
const maxUplinks = 64
