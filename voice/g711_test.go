package voice

import "testing"

// The ends and the middle of each law, from the tables of ITU-T G.711 scaled to
// 16 bits.
func TestLawsHaveTheValuesOfG711(t *testing.T) {
	for _, c := range []struct {
		codec Codec
		code  byte
		want  int16
	}{
		{PCMU, 0x80, 32124}, {PCMU, 0x00, -32124}, {PCMU, 0xFF, 0}, {PCMU, 0x7F, 0}, {PCMU, 0xFE, 8}, {PCMU, 0xEF, 132},
		{PCMA, 0xAA, 32256}, {PCMA, 0x2A, -32256}, {PCMA, 0xD5, 8}, {PCMA, 0x55, -8}, {PCMA, 0xC5, 264},
	} {
		if got := c.codec.linear()[c.code]; got != c.want {
			t.Errorf("%s %#02x: got %d, want %d", c.codec, c.code, got, c.want)
		}
	}
}

func TestEveryCodeSurvivesItsOwnLaw(t *testing.T) {
	for i := range 256 {
		b := byte(i)
		if got := linearToA(aToLinear(b)); got != b {
			t.Errorf("A-law %#02x: got %#02x back", b, got)
		}
		if got := linearToMu(muToLinear(b)); got != b && b != 0x7F { // 0x7F is -0
			t.Errorf("µ-law %#02x: got %#02x back", b, got)
		}
	}
}

// Every sample is coded as a neighbour: no other code of the law is nearer by more
// than the half step that G.711's decision values differ from the middle.
func TestCodingIsNear(t *testing.T) {
	for s := -32768; s <= 32767; s += 7 {
		for _, c := range []struct {
			codec Codec
			got   int16
		}{{PCMU, muToLinear(linearToMu(int16(s)))}, {PCMA, aToLinear(linearToA(int16(s)))}} {
			off, size := int(c.got)-s, max(s, -s)
			if most := max(size/16, 16) + 4; max(off, -off) > most && size < 32124 {
				t.Fatalf("%s of %d: got %d, want at most %d off", c.codec, s, c.got, most)
			}
		}
	}
}
