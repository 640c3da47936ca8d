package voice

import (
	"testing"
	"time"
)

// eventPacket is one packet of a telephone event, at ms after the first.
type eventPacket struct {
	ms     int
	ts     uint32
	key    Key
	marker bool
	end    bool
	ssrc   uint32
}

func TestEventDecoder(t *testing.T) {
	for name, c := range map[string]struct {
		packets []eventPacket
		want    string
	}{
		"press with its end three times": {[]eventPacket{
			{0, 100, '5', true, false, 1}, {50, 100, '5', false, false, 1}, {100, 100, '5', false, true, 1},
			{100, 100, '5', false, true, 1}, {100, 100, '5', false, true, 1}}, "5"},
		"start lost":  {[]eventPacket{{0, 100, '5', false, true, 1}, {0, 100, '5', false, true, 1}}, "5"},
		"middle only": {[]eventPacket{{0, 100, '5', false, false, 1}}, "5"},
		"end lost": {[]eventPacket{
			{0, 100, '5', true, false, 1}, {20, 100, '5', false, false, 1}, {200, 1700, '5', true, false, 1}}, "55"},
		"end and marker lost": {[]eventPacket{
			{0, 100, '5', true, false, 1}, {200, 1700, '5', false, false, 1}}, "55"},
		"no markers at all, other keys": {[]eventPacket{
			{0, 100, '5', false, false, 1}, {40, 100, '5', false, true, 1}, {80, 740, '6', false, false, 1}, {120, 740, '6', false, true, 1}}, "56"},
		"no markers at all, same key at 40 ms": {[]eventPacket{
			{0, 100, '5', false, false, 1}, {40, 100, '5', false, true, 1}, {80, 740, '5', false, false, 1}, {120, 740, '5', false, true, 1}}, "55"},
		"timestamp goes on with every packet": {[]eventPacket{
			{0, 100, '5', true, false, 1}, {20, 260, '5', false, false, 1}, {40, 420, '5', false, false, 1}, {60, 580, '5', false, true, 1}}, "5"},
		"longer than a duration holds": {[]eventPacket{
			{0, 100, '5', true, false, 1}, {50, 100 + 65535, '5', false, false, 1}, {100, 100 + 65535, '5', false, true, 1}}, "5"},
		"end of the last key late": {[]eventPacket{
			{0, 100, '5', true, false, 1}, {80, 740, '6', true, false, 1}, {90, 100, '5', false, true, 1}, {120, 740, '6', false, true, 1}}, "56"},
		"sender that keeps its timestamp": {[]eventPacket{
			{0, 100, '5', true, false, 1}, {100, 100, '5', false, true, 1}, {600, 100, '5', true, false, 1}, {700, 100, '5', false, true, 1}}, "55"},
		"new SSRC for every key": {[]eventPacket{
			{0, 100, '5', true, false, 1}, {40, 100, '5', false, true, 1}, {80, 100, '5', true, false, 2}, {120, 100, '5', false, true, 2}}, "55"},
		"marker on every packet": {[]eventPacket{
			{0, 100, '5', true, false, 1}, {20, 100, '5', true, false, 1}, {40, 100, '5', true, true, 1}}, "5"},
		"timestamp wraps": {[]eventPacket{
			{0, 0xFFFFFF00, '5', true, true, 1}, {200, 0x400, '6', true, true, 1}}, "56"},
		"end repeated 200 ms later": {[]eventPacket{
			{0, 100, '5', true, true, 1}, {200, 100, '5', false, true, 1}}, "5"},
	} {
		t.Run(name, func(t *testing.T) {
			var d eventDecoder
			begin, got := time.Now(), ""
			for _, p := range c.packets {
				event, _ := p.key.event()
				flags := byte(10)
				if p.end {
					flags |= 0x80
				}
				k := d.packet(packet{marker: p.marker, timestamp: p.ts, ssrc: p.ssrc, payload: []byte{event, flags, 0, 0}},
					begin.Add(time.Duration(p.ms)*time.Millisecond))
				if k != 0 {
					got += string(byte(k))
				}
			}
			if got != c.want {
				t.Errorf("got keys %q, want %q", got, c.want)
			}
		})
	}
}

func TestEventDecoderSkips(t *testing.T) {
	for name, payload := range map[string][]byte{"short": {5, 0, 0}, "empty": nil, "flash": {16, 0, 0, 0}, "modem": {200, 0x80, 1, 1}} {
		var d eventDecoder
		if k := d.packet(packet{payload: payload}, time.Now()); k != 0 {
			t.Errorf("%s: got key %c, want none", name, rune(k))
		}
	}
}
