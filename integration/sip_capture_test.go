package integration

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// capture is a file of RTP packets as sipp plays them.
type capture struct {
	bytes.Buffer
	at     time.Duration
	number uint16
	stamp  uint32
}

func newCapture() *capture {
	c := new(capture)
	for _, v := range []any{uint32(0xa1b2c3d4), uint16(2), uint16(4), int32(0), uint32(0), uint32(65535), uint32(1)} {
		_ = binary.Write(c, binary.LittleEndian, v)
	}
	return c
}

// packet adds one packet of Ethernet, IPv4, UDP and RTP.
func (c *capture) packet(pt byte, marker bool, stamp uint32, payload []byte) {
	if marker {
		pt |= 0x80
	}
	rtp := binary.BigEndian.AppendUint16([]byte{0x80, pt}, c.number)
	rtp = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(rtp, stamp), 77)
	rtp = append(rtp, payload...)
	udp := append(binary.BigEndian.AppendUint16([]byte{0x0f, 0xa0, 0x0f, 0xa0}, uint16(8+len(rtp))), 0, 0)
	udp = append(udp, rtp...)
	ip := append(binary.BigEndian.AppendUint16([]byte{0x45, 0}, uint16(20+len(udp))), 0, 0, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1)
	frame := append(append([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0}, ip...), udp...)
	for _, v := range []uint32{uint32(c.at / time.Second), uint32(c.at % time.Second / time.Microsecond), uint32(len(frame)), uint32(len(frame))} {
		_ = binary.Write(c, binary.LittleEndian, v)
	}
	c.Write(frame)
	c.number++
}

// file writes the capture.
func (c *capture) file(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys.pcap")
	if err := os.WriteFile(path, c.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// events are keys by RFC 4733 with a payload type, each held for length.
func events(t *testing.T, pt byte, keys string, length time.Duration) string {
	c := newCapture()
	for _, key := range []byte(keys) {
		event := byte(strings.IndexByte("0123456789*#", key))
		n := int(length / (20 * time.Millisecond))
		for i := range n + 2 {
			flags := byte(10)
			if i >= n-1 {
				flags |= 0x80
			}
			held := uint16(min(i+1, n)) * 160
			c.packet(pt, i == 0, c.stamp, []byte{event, flags, byte(held >> 8), byte(held)})
			c.at += 20 * time.Millisecond
		}
		c.at += 60 * time.Millisecond
		c.stamp += 160 * uint32(n+5)
	}
	return c.file(t)
}

// toneSamples are keys as sound (ITU-T Q.23), 8,000 samples a second: 100 ms of
// tone and 100 ms of silence each.
func toneSamples(keys string) []int16 {
	const length = 800
	rows, columns := []float64{697, 770, 852, 941}, []float64{1209, 1336, 1477}
	all := make([]int16, 0, 2*length*len(keys))
	for _, key := range []byte(keys) {
		k := strings.IndexByte("123456789*0#", key)
		for i := range length {
			at := 2 * math.Pi * float64(i) / 8000
			all = append(all, int16(6000*(math.Sin(at*rows[k/3])+math.Sin(at*columns[k%3]))))
		}
		all = append(all, make([]int16, length)...)
	}
	return all
}

// tones are keys as sound in µ-law.
func tones(t *testing.T, keys string) string {
	c := newCapture()
	for packet := range slices.Chunk(toneSamples(keys), 160) {
		b := make([]byte, len(packet))
		for i, v := range packet {
			b[i] = muLaw(int(v))
		}
		c.packet(0, false, c.stamp, b)
		c.stamp += 160
		c.at += 20 * time.Millisecond
	}
	return c.file(t)
}

// muLaw is ITU-T G.711's law as the standard draws it: a sign, three bits of
// segment, four of step.
func muLaw(v int) byte {
	sign := byte(0x80)
	if v < 0 {
		v, sign = -v, 0
	}
	v = min(v, 32635) + 132
	segment := 0
	for s := v >> 8; s > 0; s >>= 1 {
		segment++
	}
	return ^(byte(segment)<<4|byte(v>>(segment+3))&0x0f)&0x7f | sign
}
