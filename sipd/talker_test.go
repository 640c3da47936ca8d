package sipd_test

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// talker is a phone in a call to the box.
type talker struct {
	*peer
	rtp    net.PacketConn
	sound  net.Addr // the box's
	invite request
	ok     message
	seq    int
	number uint16
	stamp  uint32
}

// newTalker makes a phone with a socket for sound.
func newTalker(t testing.TB, host string, to netip.AddrPort) *talker {
	t.Helper()
	return &talker{peer: newPeer(t, host, to), rtp: udpSocket(t, host)}
}

// sdp offers G.711 and telephone events of a payload type.
func (k *talker) sdp(events int) string {
	at := k.rtp.LocalAddr().(*net.UDPAddr)
	return fmt.Sprintf("v=0\r\no=- 1 1 IN IP4 %[1]s\r\ns=-\r\nc=IN IP4 %[1]s\r\nt=0 0\r\nm=audio %[2]d RTP/AVP 0 8 %[3]d\r\na=rtpmap:%[3]d telephone-event/8000\r\n",
		at.IP, at.Port, events)
}

// rings calls the hotline with a body and gives the final answer.
func (k *talker) rings(body string, extra ...string) message {
	k.t.Helper()
	const uri = "sip:*89@box"
	if body != "" {
		extra = append(extra, "Content-Type: application/sdp")
	}
	r := k.request(request{method: "INVITE", uri: uri, body: body, extra: extra})
	m := k.want("401")
	k.acknowledge(r, m)
	r.branch, r.seq = "", 2
	r.extra = append(append([]string(nil), extra...), k.authorized(m, "INVITE", uri, k.mac.Hex(), passwordOf(k.mac)))
	k.invite = k.request(r)
	k.seq = 2
	for {
		if m := k.want("SIP/2.0 "); !strings.HasPrefix(m.start, "SIP/2.0 1") {
			k.ok = m
			return m
		}
	}
}

// acknowledge sends the ACK to a failure, which is of the INVITE's own
// transaction.
func (k *talker) acknowledge(r request, m message) {
	r.method, r.to, r.body, r.extra = "ACK", m.get("To"), "", nil
	k.request(r)
}

// calls is rings and the ACK to a 200.
func (k *talker) calls() {
	k.t.Helper()
	ok := k.rings(k.sdp(101))
	if !strings.Contains(ok.start, "200") {
		k.t.Fatalf("got %q, want 200", ok.start)
	}
	k.confirms("")
}

// confirms sends the ACK and learns where the box's sound is.
func (k *talker) confirms(body string) {
	k.t.Helper()
	ack := within(k.invite, k.ok, "ACK", k.invite.seq)
	if body != "" {
		ack.body, ack.extra = body, []string{"Content-Type: application/sdp"}
	}
	k.request(ack)
	var host, port string
	for line := range strings.SplitSeq(k.ok.body, "\r\n") {
		if at, ok := strings.CutPrefix(line, "c=IN IP4 "); ok {
			host = at
		}
		if m, ok := strings.CutPrefix(line, "m=audio "); ok {
			port, _, _ = strings.Cut(m, " ")
		}
	}
	to, err := net.ResolveUDPAddr("udp4", host+":"+port)
	if err != nil {
		k.t.Fatalf("the box's SDP %q: %v", k.ok.body, err)
	}
	k.sound = to
}

// info sends a key by INFO, without waiting for the answer.
func (k *talker) info(kind, body string) {
	k.t.Helper()
	k.seq++
	r := within(k.invite, k.ok, "INFO", k.seq)
	r.body = body
	if kind != "" {
		r.extra = []string{"Content-Type: " + kind}
	}
	k.request(r)
}

// types sends keys by INFO, all at once.
func (k *talker) types(keys string) {
	k.t.Helper()
	for _, key := range keys {
		k.info("application/dtmf-relay", fmt.Sprintf("Signal=%c\r\nDuration=160\r\n", key))
	}
}

// presses sends keys by RFC 4733 with payload type pt: each has a beginning and
// three ends.
func (k *talker) presses(pt byte, keys string) {
	k.t.Helper()
	for _, key := range []byte(keys) {
		event := byte(strings.IndexByte("0123456789*#", key))
		for i, end := range []byte{0x0a, 0x8a, 0x8a, 0x8a} {
			b := []byte{0x80, pt, byte(k.number >> 8), byte(k.number), byte(k.stamp >> 24), byte(k.stamp >> 16), byte(k.stamp >> 8), byte(k.stamp), 9, 9, 9, 9, event, end, 1, 0x40}
			if i == 0 {
				b[1] |= 0x80
			}
			k.number++
			if _, err := k.rtp.WriteTo(b, k.sound); err != nil {
				k.t.Fatal(err)
			}
		}
		k.stamp += 960
	}
}

// hears gives the payload of the next packet of sound.
func (k *talker) hears() []byte {
	k.t.Helper()
	b := make([]byte, 2048)
	_ = k.rtp.SetReadDeadline(time.Now().Add(patience))
	n, _, err := k.rtp.ReadFrom(b)
	if err != nil || n < 12 {
		k.t.Fatalf("sound: got %d bytes, %v", n, err)
	}
	return b[12:n]
}

// isHungUp answers the box's BYE.
func (k *talker) isHungUp() {
	k.t.Helper()
	end := time.After(3 * patience)
	for {
		select {
		case m := <-k.in:
			if strings.HasPrefix(m.start, "BYE ") {
				k.answer(m, "200 OK", "", "")
				return
			}
		case <-end:
			k.t.Fatal("the box did not hang up")
		}
	}
}

// hangsUp sends BYE.
func (k *talker) hangsUp() {
	k.t.Helper()
	k.seq++
	k.request(within(k.invite, k.ok, "BYE", k.seq))
}

func (l *lab) isOver(t testing.TB) ended {
	t.Helper()
	select {
	case e := <-l.desk.over:
		return e
	case <-time.After(3 * patience):
		t.Fatal("the desk was not told of the end of a call")
		return ended{}
	}
}
