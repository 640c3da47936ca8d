package voice

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// readStreams reads the lines we need of a description. Unknown lines are
// skipped, as RFC 4566 section 5 wants; what we need and cannot read is an error.
func readStreams(body []byte) (Description, error) {
	if len(body) > maxDescription {
		return Description{}, fmt.Errorf("%w: %d bytes, more than %d", ErrMalformed, len(body), maxDescription)
	}
	r := sdpReader{session: stream{direction: SendRecv, ptime: defaultPtime}}
	lines := strings.Split(string(body), "\n")
	if strings.TrimRight(lines[0], "\r") != "v=0" {
		return Description{}, fmt.Errorf("%w: it does not begin with v=0", ErrMalformed)
	}
	for _, line := range lines[1:] {
		line = strings.TrimRight(line, "\r")
		if line == "" {
			continue
		}
		if len(line) < 2 || line[1] != '=' || strings.ContainsAny(line, "\r\x00") {
			return Description{}, fmt.Errorf("%w: a line is not x=…", ErrMalformed)
		}
		if err := r.line(line[0], line[2:]); err != nil {
			return Description{}, err
		}
	}
	return Description{streams: r.streams}, nil
}

const defaultPtime = 20 * time.Millisecond

// sdpReader gathers streams; session holds what stands above the first m-line and
// is every stream's beginning.
type sdpReader struct {
	session stream
	streams []stream
}

// current is the stream the next line belongs to.
func (r *sdpReader) current() *stream {
	if len(r.streams) == 0 {
		return &r.session
	}
	return &r.streams[len(r.streams)-1]
}

func (r *sdpReader) line(kind byte, value string) error {
	switch kind {
	case 'm':
		return r.media(value)
	case 'c':
		return r.connection(value)
	case 'a':
		r.attribute(value)
	}
	return nil
}

// media reads "audio 49170 RTP/AVP 0 8 101"; the port may have a count, "/2".
func (r *sdpReader) media(value string) error {
	fields := strings.Fields(value)
	if len(fields) < 4 || len(fields) > 3+maxFormats || len(r.streams) == maxStreams {
		return fmt.Errorf("%w: an m-line with %d fields, or more than %d of them", ErrMalformed, len(fields), maxStreams)
	}
	for _, f := range fields {
		if !token(f) {
			return fmt.Errorf("%w: an m-line with odd characters", ErrMalformed)
		}
	}
	number, _, _ := strings.Cut(fields[1], "/")
	port, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return fmt.Errorf("%w: the port of an m-line is no number", ErrMalformed)
	}
	s := r.session
	s.media, s.proto, s.formats, s.port = strings.ToLower(fields[0]), fields[2], fields[3:], uint16(port)
	s.attributes = nil
	r.streams = append(r.streams, s)
	return nil
}

// token reports that s may be mirrored in an answer: printable ASCII, and short.
func token(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return len(s) <= 64
}

// connection reads "IN IP4 192.0.2.1" (with /ttl for multicast, which is not
// ours). A host name leaves the address unset.
func (r *sdpReader) connection(value string) error {
	fields := strings.Fields(value)
	if len(fields) != 3 || !strings.EqualFold(fields[0], "IN") {
		return fmt.Errorf("%w: a c-line that is not IN IP4 or IN IP6", ErrMalformed)
	}
	address, _, _ := strings.Cut(fields[2], "/")
	a, err := netip.ParseAddr(address)
	if err != nil || a.Zone() != "" {
		a = netip.Addr{}
	}
	r.current().address = a.Unmap()
	return nil
}

func (r *sdpReader) attribute(value string) {
	s := r.current()
	name, rest, _ := strings.Cut(value, ":")
	switch d := Direction(name); d {
	case SendRecv, SendOnly, RecvOnly, Inactive:
		s.direction = d
		return
	}
	switch name {
	case "ptime":
		// Some write 20.0 or a space after the number.
		number, _, _ := strings.Cut(strings.TrimSpace(rest), ".")
		if ms, err := strconv.ParseUint(number, 10, 16); err == nil && ms > 0 {
			s.ptime = packetLength(time.Duration(ms) * time.Millisecond)
		}
	case "rtpmap":
		pt, encoding, _ := strings.Cut(rest, " ")
		n, err := strconv.ParseUint(pt, 10, 7)
		if err != nil || len(r.streams) == 0 {
			return
		}
		if s.attributes == nil {
			s.attributes = make(map[uint8]string)
		}
		s.attributes[uint8(n)] = strings.TrimSpace(encoding)
	}
}

// packetLength is the nearest length we send: full tens from 10 to 60 ms.
func packetLength(d time.Duration) time.Duration {
	return min(max(d.Round(10*time.Millisecond), 10*time.Millisecond), 60*time.Millisecond)
}
