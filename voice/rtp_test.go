package voice

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePacket(t *testing.T) {
	plain := []byte{0x80, 0x80, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3}
	with := func(first byte, rest ...byte) []byte {
		b := append(bytes.Clone(plain), rest...)
		b[0] = first
		return b
	}
	for name, c := range map[string]struct {
		in   []byte
		want []byte // payload
		ok   bool
	}{
		"plain":              {with(0x80, 1, 2, 3), []byte{1, 2, 3}, true},
		"no payload":         {plain, []byte{}, true},
		"CSRC":               {with(0x81, 9, 9, 9, 9, 1), []byte{1}, true},
		"CSRC cut":           {with(0x82, 9, 9, 9, 9), nil, false},
		"extension":          {with(0x90, 0xBE, 0xDE, 0, 1, 9, 9, 9, 9, 1), []byte{1}, true},
		"extension cut":      {with(0x90, 0xBE, 0xDE, 0, 9, 1), nil, false},
		"extension head cut": {with(0x90, 0xBE), nil, false},
		"padding":            {with(0xA0, 1, 2, 0, 0, 3), []byte{1, 2}, true},
		"padding of nothing": {with(0xA0, 1, 0), nil, false},
		"padding beyond":     {with(0xA0, 1, 200), nil, false},
		"short":              {plain[:11], nil, false},
		"empty":              {nil, nil, false},
		"version 1":          {with(0x40, 1), nil, false},
	} {
		p, ok := parsePacket(c.in)
		if ok != c.ok {
			t.Errorf("%s: got ok %t, want %t", name, ok, c.ok)
		} else if ok && !bytes.Equal(p.payload, c.want) {
			t.Errorf("%s: got payload %x, want %x", name, p.payload, c.want)
		}
	}
}

// A packet that can be read and is written anew in front of its payload is the
// same packet without what was skipped, and no longer.
func FuzzParsePacket(f *testing.F) {
	f.Add([]byte{0x80, 0x80, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3})
	f.Add([]byte{0x91, 101, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0xBE, 0xDE, 0, 1, 0, 0, 0, 0, 5, 10, 0, 160})
	f.Add([]byte{0xA0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xFF, 0xFF, 0, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, ok := parsePacket(b)
		if !ok {
			return
		}
		again := bytes.Clone(b[p.at-rtpHeader : p.at+len(p.payload)])
		p.writeHeader(again)
		q, ok := parsePacket(again)
		p.at = rtpHeader
		if !ok || len(again) > len(b) {
			t.Fatalf("got ok %t with %d of %d bytes, want it readable and no longer", ok, len(again), len(b))
		}
		if diff := cmp.Diff(p, q, cmp.AllowUnexported(packet{})); diff != "" {
			t.Fatalf("written anew (-want +got):\n%s", diff)
		}
	})
}
