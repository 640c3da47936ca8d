package fleet

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// A person's pace at the keypad.
const (
	keyLength   = 100 * time.Millisecond
	keyGap      = 60 * time.Millisecond
	thinkBefore = 600 * time.Millisecond // an entry, once something is heard
	packetEvery = 20 * time.Millisecond
)

// Payload types the phone offers (RFC 3551), and that of its telephone events.
const (
	payloadPCMU   = 0
	payloadEvents = 101
)

// Call dials a number and types each of entries, "123456#", on the keypad
// (RFC 4733), with a pause between them to listen. It returns when the other
// side hangs up; the error says that there was no call, or no end of it.
func (l *Line) Call(ctx context.Context, number string, entries ...string) error {
	sound, err := net.ListenUDP("udp4", &net.UDPAddr{IP: l.conn.LocalAddr().(*net.UDPAddr).IP})
	if err != nil {
		return fmt.Errorf("phone %s: open a socket for sound: %w", l.p.cfg.MAC, err)
	}
	defer func() { _ = sound.Close() }()
	host := strings.Split(l.conn.RemoteAddr().String(), ":")[0]
	to := "sip:" + number + "@" + host
	r := sipRequest{
		method: "INVITE", uri: to, id: nonce(), from: l.self() + ";tag=" + nonce(), to: "<" + to + ">", seq: 1,
		body: offerOf(sound), kind: "application/sdp",
	}
	l.p.say("lifts the handset and dials %s", number)
	m, err := l.ask(ctx, &r)
	if err != nil {
		return err
	}
	l.acknowledge(r, m)
	if m.status() != 200 {
		return fmt.Errorf("phone %s: call %s: %w: %s", l.p.cfg.MAC, number, ErrRefused, m.start)
	}
	box, err := soundOf(m.body)
	if err != nil {
		return fmt.Errorf("phone %s: call %s: %w", l.p.cfg.MAC, number, err)
	}
	ctx, cancel := context.WithTimeout(ctx, callPatience)
	defer cancel()
	k := &keypad{conn: sound, to: box}
	typed := make(chan error, 1)
	go func() { typed <- k.enter(ctx, entries, func(n int) { l.p.say("types %d keys", n) }) }()
	err = l.ended(ctx)
	cancel()
	if stopped := <-typed; err == nil && ctx.Err() == nil {
		err = stopped
	}
	return err
}

// callPatience is longer than any call of the box's own.
const callPatience = 4 * time.Minute

// ended waits for the other side's BYE.
func (l *Line) ended(ctx context.Context) error {
	for {
		select {
		case m := <-l.in:
			if m.method() == "BYE" {
				l.p.say("the other side hangs up")
				return nil
			}
		case <-ctx.Done():
			return fmt.Errorf("phone %s: nobody hung up: %w", l.p.cfg.MAC, ctx.Err())
		}
	}
}

func offerOf(sound *net.UDPConn) string {
	at := sound.LocalAddr().(*net.UDPAddr)
	return fmt.Sprintf("v=0\r\no=- 1 1 IN IP4 %[1]s\r\ns=-\r\nc=IN IP4 %[1]s\r\nt=0 0\r\nm=audio %[2]d RTP/AVP %[3]d %[4]d\r\n"+
		"a=rtpmap:%[4]d telephone-event/8000\r\na=fmtp:%[4]d 0-15\r\na=ptime:20\r\n", at.IP, at.Port, payloadPCMU, payloadEvents)
}

// soundOf reads where sound goes out of an answer.
func soundOf(sdp string) (*net.UDPAddr, error) {
	to := new(net.UDPAddr)
	for line := range strings.SplitSeq(sdp, "\r\n") {
		if host, ok := strings.CutPrefix(line, "c=IN IP4 "); ok {
			to.IP = net.ParseIP(host)
		}
		if m, ok := strings.CutPrefix(line, "m=audio "); ok {
			port, _, _ := strings.Cut(m, " ")
			to.Port, _ = strconv.Atoi(port)
		}
	}
	if to.IP == nil || to.Port < 1 || to.Port > 65535 {
		return nil, fmt.Errorf("%w: the answer says nowhere to send sound to", ErrUnread)
	}
	return to, nil
}

// keypad types keys into a call.
type keypad struct {
	conn   *net.UDPConn
	to     *net.UDPAddr
	number uint16
	stamp  uint32
}

// enter waits until something is heard, then types each entry.
func (k *keypad) enter(ctx context.Context, entries []string, tell func(keys int)) error {
	if len(entries) == 0 {
		return nil
	}
	_ = k.conn.SetReadDeadline(time.Now().Add(sipPatience))
	if _, _, err := k.conn.ReadFrom(make([]byte, 2048)); err != nil {
		return fmt.Errorf("nothing is heard in the call: %w", err)
	}
	for _, entry := range entries {
		if err := wait(ctx, thinkBefore); err != nil {
			return nil // the call is over
		}
		tell(len(entry))
		for i := range len(entry) {
			if k.press(ctx, entry[i]) != nil {
				return nil
			}
		}
	}
	return nil
}

// press sends one key: packets while it is down, then its end three times
// (RFC 4733 section 2.5.1.4).
func (k *keypad) press(ctx context.Context, key byte) error {
	event := bytes.IndexByte([]byte("0123456789*#"), key)
	if event < 0 {
		return nil
	}
	steps := int(keyLength / packetEvery)
	for i := range steps + 2 {
		held := uint16(min(i+1, steps)) * 160
		k.packet(byte(event), i == 0, i >= steps-1, held)
		if err := wait(ctx, packetEvery); err != nil {
			return err
		}
	}
	k.stamp += uint32((keyLength + keyGap).Milliseconds() * 8)
	return wait(ctx, keyGap)
}

func (k *keypad) packet(event byte, first, end bool, held uint16) {
	b := []byte{0x80, payloadEvents}
	if first {
		b[1] |= 0x80
	}
	b = binary.BigEndian.AppendUint16(b, k.number)
	b = binary.BigEndian.AppendUint32(b, k.stamp)
	b = binary.BigEndian.AppendUint32(b, 0x1517) // one source is all there is
	volume := byte(10)
	if end {
		volume |= 0x80
	}
	b = binary.BigEndian.AppendUint16(append(b, event, volume), held)
	k.number++
	_, _ = k.conn.WriteTo(b, k.to)
}
