package voice

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// ErrMalformed says that a description is no SDP: the answer is 400.
var ErrMalformed = errors.New("not a session description")

// ErrUnacceptable says that a description offers nothing we speak, or only
// encrypted media: the answer is 488. The text around it says which.
var ErrUnacceptable = errors.New("nothing acceptable is offered")

// Bounds of a description. A desk phone's has about 1 kB and two streams.
const (
	maxDescription = 8 << 10
	maxStreams     = 16
	maxFormats     = 40
)

// Format is one payload type of a stream and what it carries.
type Format struct {
	PayloadType uint8
	Codec       Codec // NoCodec for telephone-event
	Clock       int   // in Hz
}

// Direction says who sends, seen from whoever wrote the description (RFC 4566
// section 6).
type Direction string

// The four directions.
const (
	SendRecv Direction = "sendrecv"
	SendOnly Direction = "sendonly"
	RecvOnly Direction = "recvonly"
	Inactive Direction = "inactive"
)

// answered is the other side's direction in the answer (RFC 3264 section 6.1).
func (d Direction) answered() Direction {
	switch d {
	case SendOnly:
		return RecvOnly
	case RecvOnly:
		return SendOnly
	}
	return d
}

// stream is an m-line, kept so that an answer can mirror it.
type stream struct {
	media, proto string
	formats      []string
	port         uint16
	address      netip.Addr
	direction    Direction
	ptime        time.Duration
	attributes   map[uint8]string // rtpmap by payload type
}

// Description is what the other side wrote: an offer, or its answer to ours. The
// zero Description is that of a call without an offer, where we make it.
type Description struct {
	// Remote is where it wants media, zero where it names none: on hold by
	// 0.0.0.0, or with a host name, which we do not look up. Nobody has checked
	// it yet: Open does.
	Remote netip.AddrPort
	// Codec is the one we send, the first of ours in its list.
	Codec Codec
	// Sound are all payload types with G.711, Events those with telephone-event
	// (RFC 4733): one for each clock, if any.
	Sound, Events []Format
	// Direction is whether it sends and wants to receive.
	Direction Direction
	// Ptime is the length it wants packets to have, 10 to 60 ms, default 20 ms.
	Ptime time.Duration

	streams []stream
	audio   int // index of the stream that is used
}

// ParseDescription reads an SDP body (RFC 4566) and picks the first audio stream
// over RTP/AVP with G.711 in it. It answers ErrMalformed or ErrUnacceptable.
func ParseDescription(body []byte) (Description, error) {
	d, err := readStreams(body)
	if err != nil {
		return Description{}, err
	}
	d.audio = -1
	for i := range d.streams {
		if d.use(i) {
			return d, nil
		}
	}
	return Description{}, fmt.Errorf("%w: %s", ErrUnacceptable, whyNot(d.streams))
}

// whyNot says what stood in the way, without any of the other side's text.
func whyNot(streams []stream) string {
	why := "no audio stream"
	for _, s := range streams {
		switch {
		case s.media != "audio" || s.port == 0:
		case strings.Contains(strings.ToUpper(s.proto), "SAVP"):
			return "encrypted media only (SRTP)"
		case !strings.EqualFold(s.proto, plainRTP):
			why = "no audio over RTP/AVP"
		default:
			return "neither PCMU nor PCMA"
		}
	}
	return why
}

const plainRTP = "RTP/AVP"

// use makes stream i the one of the call, if it can be.
func (d *Description) use(i int) bool {
	s := &d.streams[i]
	if s.media != "audio" || !strings.EqualFold(s.proto, plainRTP) || s.port == 0 {
		return false
	}
	d.Sound, d.Events = nil, nil
	for _, name := range s.formats {
		n, err := strconv.ParseUint(name, 10, 7)
		if err != nil {
			continue
		}
		f, ok := s.format(uint8(n))
		switch {
		case !ok:
		case f.Codec == NoCodec:
			d.Events = append(d.Events, f)
		default:
			d.Sound = append(d.Sound, f)
		}
	}
	if len(d.Sound) == 0 {
		return false
	}
	d.audio, d.Codec, d.Direction, d.Ptime = i, d.Sound[0].Codec, s.direction, s.ptime
	d.Remote = netip.AddrPort{}
	if a := s.address; a.IsValid() && !a.IsUnspecified() && !a.IsMulticast() {
		d.Remote = netip.AddrPortFrom(a, s.port)
	}
	return true
}

// format says what a payload type of s carries, if it is of use to us. 0 and 8
// need no rtpmap (RFC 3551 section 6).
func (s *stream) format(pt uint8) (Format, bool) {
	name, described := s.attributes[pt]
	if !described {
		switch pt {
		case 0:
			name = "PCMU/8000"
		case 8:
			name = "PCMA/8000"
		}
	}
	encoding, rest, _ := strings.Cut(name, "/")
	clock, channels, _ := strings.Cut(rest, "/")
	hz, err := strconv.Atoi(clock)
	if err != nil || channels != "" && channels != "1" {
		return Format{}, false
	}
	switch strings.ToUpper(encoding) {
	case "PCMU":
		return Format{pt, PCMU, hz}, hz == rate
	case "PCMA":
		return Format{pt, PCMA, hz}, hz == rate
	case "TELEPHONE-EVENT":
		return Format{pt, NoCodec, hz}, hz >= rate && hz <= 48000
	}
	return Format{}, false
}

// Held reports that the other side wants no sound from us now: by direction, or
// by the address 0.0.0.0 of RFC 2543, which phones still send.
func (d Description) Held() bool {
	if d.Direction == SendOnly || d.Direction == Inactive {
		return true
	}
	return d.audio >= 0 && d.audio < len(d.streams) && d.streams[d.audio].address.IsUnspecified()
}

// events is the telephone-event format an answer takes up: the one with the clock
// of the sound, or else the first.
func (d Description) events() (Format, bool) {
	for _, f := range d.Events {
		if f.Clock == rate {
			return f, true
		}
	}
	if len(d.Events) == 0 {
		return Format{}, false
	}
	return d.Events[0], true
}
