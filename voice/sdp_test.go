package voice

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/internal/golden"
)

// sdp makes a description with the usual head; the c-line is the first argument.
func sdp(c string, lines ...string) string {
	return "v=0\r\no=- 20001 20001 IN IP4 192.0.2.7\r\ns=SDP data\r\n" + c + "\r\nt=0 0\r\n" + strings.Join(lines, "\r\n") + "\r\n"
}

const homeAddress = "c=IN IP4 192.0.2.7"

// deskPhone is the shape of an offer as desk phones send it.
var deskPhone = sdp(homeAddress, "m=audio 11780 RTP/AVP 0 8 18 9 101", "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000",
	"a=rtpmap:18 G729/8000", "a=fmtp:18 annexb=no", "a=rtpmap:9 G722/8000", "a=fmtp:101 0-15",
	"a=rtpmap:101 telephone-event/8000", "a=ptime:20", "a=sendrecv")

// offers are what phones and others offer, by name of the golden file of their
// answer.
func offers() map[string]string {
	return map[string]string{
		"desk-phone":  deskPhone,
		"a-law-first": sdp(homeAddress, "m=audio 4000 RTP/AVP 8 0 96", "a=rtpmap:96 telephone-event/8000", "a=ptime:30"),
		"two-clocks": sdp(homeAddress, "m=audio 4000 RTP/AVP 9 0 100 97", "a=rtpmap:100 telephone-event/16000",
			"a=rtpmap:97 telephone-event/8000"),
		"no-events":    sdp(homeAddress, "m=audio 4000 RTP/AVP 0"),
		"several":      sdp(homeAddress, "m=audio 4000 RTP/SAVP 0 8", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x", "m=audio 4002 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000", "m=video 4004 RTP/AVP 99", "a=rtpmap:99 H264/90000", "m=image 4006 udptl t38"),
		"media-level":  sdp("b=AS:64", "m=audio 4000 RTP/AVP 0", "c=IN IP4 192.0.2.9", "m=audio 4002 RTP/AVP 0", "c=IN IP4 192.0.2.10"),
		"hold":         sdp(homeAddress, "m=audio 4000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000", "a=sendonly"),
		"hold-session": sdp(homeAddress, "a=inactive", "m=audio 4000 RTP/AVP 0"),
		"hold-old":     sdp("c=IN IP4 0.0.0.0", "m=audio 4000 RTP/AVP 0"),
		"listens":      sdp(homeAddress, "m=audio 4000 RTP/AVP 0", "a=recvonly"),
		"own-number":   sdp(homeAddress, "m=audio 4000 RTP/AVP 98 101", "a=rtpmap:98 pcmu/8000/1", "a=rtpmap:101 Telephone-Event/8000"),
		"long-ptime":   sdp(homeAddress, "m=audio 4000 RTP/AVP 0", "a=ptime:200"),
		"host-name":    sdp("c=IN IP4 phone.example", "m=audio 4000 RTP/AVP 0"),
		"multicast":    sdp("c=IN IP4 224.2.1.1/127", "m=audio 4000 RTP/AVP 0"),
		"six":          sdp("c=IN IP6 2001:db8::7", "m=audio 4000/2 RTP/AVP 0"),
		"bare-lines":   strings.ReplaceAll(deskPhone, "\r", ""),
	}
}

func TestAnswers(t *testing.T) {
	for name, offer := range offers() {
		t.Run(name, func(t *testing.T) {
			d, err := ParseDescription([]byte(offer))
			if err != nil {
				t.Fatal(err)
			}
			local := "192.0.2.1:20000"
			if name == "six" {
				local = "[2001:db8::1]:20000"
			}
			o := ours{local: netip.MustParseAddrPort(local), session: 7, version: 1}
			golden.Check(t, "testdata/answers/"+name+".sdp", o.answer(d))
		})
	}
}

func TestOurOffer(t *testing.T) {
	o := ours{local: netip.MustParseAddrPort("192.0.2.1:20000"), session: 7, version: 1}
	golden.Check(t, "testdata/offer.sdp", o.offer())
	if _, err := ParseDescription(o.offer()); err != nil {
		t.Errorf("our own offer: got %v, want it readable", err)
	}
}

func TestWhatIsReadInAnOffer(t *testing.T) {
	type facts struct {
		Remote    string
		Codec     string
		Events    []Format
		Held      bool
		Ptime     time.Duration
		Direction Direction
	}
	const ms = time.Millisecond
	home := "192.0.2.7:4000"
	for name, want := range map[string]facts{
		"desk-phone":   {"192.0.2.7:11780", "PCMU", []Format{{101, NoCodec, 8000}}, false, 20 * ms, SendRecv},
		"a-law-first":  {home, "PCMA", []Format{{96, NoCodec, 8000}}, false, 30 * ms, SendRecv},
		"two-clocks":   {home, "PCMU", []Format{{100, NoCodec, 16000}, {97, NoCodec, 8000}}, false, 20 * ms, SendRecv},
		"several":      {"192.0.2.7:4002", "PCMU", []Format{{101, NoCodec, 8000}}, false, 20 * ms, SendRecv},
		"media-level":  {"192.0.2.9:4000", "PCMU", nil, false, 20 * ms, SendRecv},
		"hold":         {home, "PCMU", []Format{{101, NoCodec, 8000}}, true, 20 * ms, SendOnly},
		"hold-session": {home, "PCMU", nil, true, 20 * ms, Inactive},
		"hold-old":     {"", "PCMU", nil, true, 20 * ms, SendRecv},
		"long-ptime":   {home, "PCMU", nil, false, 60 * ms, SendRecv},
		"host-name":    {"", "PCMU", nil, false, 20 * ms, SendRecv},
		"multicast":    {"", "PCMU", nil, false, 20 * ms, SendRecv},
		"six":          {"[2001:db8::7]:4000", "PCMU", nil, false, 20 * ms, SendRecv},
	} {
		d, err := ParseDescription([]byte(offers()[name]))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := facts{"", d.Codec.String(), d.Events, d.Held(), d.Ptime, d.Direction}
		if d.Remote.IsValid() {
			got.Remote = d.Remote.String()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestRefusedOffers(t *testing.T) {
	for name, c := range map[string]struct {
		offer string
		want  error
		says  string
	}{
		"SRTP only":       {sdp(homeAddress, "m=audio 4000 RTP/SAVP 0 8"), ErrUnacceptable, "SRTP"},
		"WebRTC":          {sdp(homeAddress, "m=audio 4000 UDP/TLS/RTP/SAVPF 0"), ErrUnacceptable, "SRTP"},
		"G.729 only":      {sdp(homeAddress, "m=audio 4000 RTP/AVP 18 101"), ErrUnacceptable, "PCMU"},
		"renumbered away": {sdp(homeAddress, "m=audio 4000 RTP/AVP 0", "a=rtpmap:0 L16/8000"), ErrUnacceptable, "PCMU"},
		"events only":     {sdp(homeAddress, "m=audio 4000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"), ErrUnacceptable, "PCMU"},
		"video only":      {sdp(homeAddress, "m=video 4000 RTP/AVP 99"), ErrUnacceptable, "no audio"},
		"audio off":       {sdp(homeAddress, "m=audio 0 RTP/AVP 0"), ErrUnacceptable, "no audio"},
		"no streams":      {sdp(homeAddress), ErrUnacceptable, "no audio"},
		"empty":           {"", ErrMalformed, "v=0"},
		"not SDP":         {"Signal=5\r\n", ErrMalformed, "v=0"},
		"broken line":     {sdp(homeAddress, "maudio"), ErrMalformed, "line"},
		"port no number":  {sdp(homeAddress, "m=audio x RTP/AVP 0"), ErrMalformed, "port"},
		"port too high":   {sdp(homeAddress, "m=audio 70000 RTP/AVP 0"), ErrMalformed, "port"},
		"m-line short":    {sdp(homeAddress, "m=audio 4000"), ErrMalformed, "m-line"},
		"odd characters":  {sdp(homeAddress, "m=audio 4000 RTP/AVP 0 \x01"), ErrMalformed, "m-line"},
		"many streams":    {sdp(homeAddress, strings.Repeat("m=audio 4000 RTP/AVP 0\r\n", 17)), ErrMalformed, "m-line"},
		"c-line broken":   {sdp("c=IN", "m=audio 4000 RTP/AVP 0"), ErrMalformed, "c-line"},
		"too long":        {sdp(homeAddress, "a="+strings.Repeat("x", 8<<10)), ErrMalformed, "bytes"},
	} {
		_, err := ParseDescription([]byte(c.offer))
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %v that says %q", name, err, c.want, c.says)
		}
	}
}

// Of whatever can be read, the answer can be read again, has as many streams, one
// of them on, with formats that were offered, and no line that was smuggled in.
func FuzzParseDescription(f *testing.F) {
	for _, offer := range offers() {
		f.Add([]byte(offer))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := ParseDescription(body)
		if err != nil {
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrUnacceptable) {
				t.Fatalf("got error %v, want one of the two kinds", err)
			}
			return
		}
		o := ours{local: netip.MustParseAddrPort("192.0.2.1:20000"), session: 1, version: 1}
		answer := o.answer(d)
		if len(answer) > len(body)+1024 {
			t.Fatalf("got an answer of %d bytes to %d", len(answer), len(body))
		}
		back, err := ParseDescription(answer)
		if err != nil || len(back.streams) != len(d.streams) || back.audio != d.audio {
			t.Fatalf("answer %q to %q: got %v with %d streams, want %d", answer, body, err, len(back.streams), len(d.streams))
		}
		checkAnswer(t, d, back)
	})
}

func checkAnswer(t *testing.T, offer, answer Description) {
	for i, s := range answer.streams {
		if on := s.port != 0; on != (i == offer.audio) {
			t.Fatalf("stream %d: got on %t, want only stream %d", i, on, offer.audio)
		}
	}
	offered := make(map[uint64]bool)
	for _, name := range offer.streams[offer.audio].formats {
		if n, err := strconv.ParseUint(name, 10, 7); err == nil {
			offered[n] = true
		}
	}
	for _, format := range append(answer.Sound, answer.Events...) {
		if !offered[uint64(format.PayloadType)] {
			t.Fatalf("got payload type %d in the answer, want one of %v", format.PayloadType, offered)
		}
	}
	if len(answer.Sound) != 1 || len(answer.Events) > 1 || offer.Ptime < 10*time.Millisecond || offer.Ptime > 60*time.Millisecond {
		t.Fatalf("got %+v, want one codec, at most one event format, 10 to 60 ms", answer)
	}
}
