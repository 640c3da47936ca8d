package voice

import (
	"fmt"
	"net/netip"
	"strings"
)

// ours is what stands in the descriptions we write of one call.
type ours struct {
	local   netip.AddrPort
	session uint64 // o= session id, the same for the whole call
	version uint64 // o= version, one more for each description
}

// answer writes the answer to d (RFC 3264 section 6): the stream we use with one
// codec and one telephone-event format under d's own numbers, every other m-line
// mirrored with port 0.
func (o ours) answer(d Description) []byte {
	var b strings.Builder
	o.head(&b)
	for i, s := range d.streams {
		if i != d.audio {
			fmt.Fprintf(&b, "m=%s 0 %s %s\r\n", s.media, s.proto, strings.Join(s.formats, " "))
			continue
		}
		formats := d.Sound[:1]
		if f, ok := d.events(); ok {
			formats = []Format{d.Sound[0], f}
		}
		o.media(&b, formats, d.Ptime.Milliseconds(), d.Direction.answered())
	}
	return []byte(b.String())
}

// ourEvents is the payload type of telephone-event in our own offers: 101 is what
// nearly every phone uses itself.
const ourEvents = 101

// offer writes our own offer, for an INVITE without one and for a bridge.
func (o ours) offer() []byte {
	var b strings.Builder
	o.head(&b)
	o.media(&b, offered(), defaultPtime.Milliseconds(), SendRecv)
	return []byte(b.String())
}

func offered() []Format {
	return []Format{{0, PCMU, rate}, {8, PCMA, rate}, {ourEvents, NoCodec, rate}}
}

func (o ours) head(b *strings.Builder) {
	family := "IP4"
	if o.local.Addr().Is6() {
		family = "IP6"
	}
	fmt.Fprintf(b, "v=0\r\no=- %d %d IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n",
		o.session, o.version, family, o.local.Addr(), family, o.local.Addr())
}

func (o ours) media(b *strings.Builder, formats []Format, ptime int64, direction Direction) {
	fmt.Fprintf(b, "m=audio %d %s", o.local.Port(), plainRTP)
	for _, f := range formats {
		fmt.Fprintf(b, " %d", f.PayloadType)
	}
	b.WriteString("\r\n")
	for _, f := range formats {
		if f.Codec != NoCodec {
			fmt.Fprintf(b, "a=rtpmap:%d %s/%d\r\n", f.PayloadType, f.Codec, f.Clock)
			continue
		}
		fmt.Fprintf(b, "a=rtpmap:%d telephone-event/%d\r\na=fmtp:%d 0-15\r\n", f.PayloadType, f.Clock, f.PayloadType)
	}
	fmt.Fprintf(b, "a=ptime:%d\r\na=%s\r\n", ptime, direction)
}
