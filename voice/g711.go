package voice

import (
	"math/bits"
	"time"
)

// rate is the clock of G.711 and of our own sound: samples in a second, and in
// G.711 bytes as well.
const rate = 8000

// samples is how many samples d lasts, or bytes of G.711.
func samples(d time.Duration) int { return int(d * rate / time.Second) }

// lasting is how long n samples sound.
func lasting(n int) time.Duration { return time.Duration(n) * time.Second / rate }

// Codec is one of the two laws of G.711. Every desk phone has both, so nothing
// else is offered.
type Codec uint8

// The codecs. The zero Codec is none.
const (
	NoCodec Codec = iota
	PCMU
	PCMA
)

// String is the codec's encoding name in SDP (RFC 3551 section 6).
func (c Codec) String() string {
	switch c {
	case PCMU:
		return "PCMU"
	case PCMA:
		return "PCMA"
	default:
		return "none"
	}
}

// payloadType is the static one of RFC 3551 table 4.
func (c Codec) payloadType() uint8 {
	if c == PCMA {
		return 8
	}
	return 0
}

// silence is the code of a sample without sound.
func (c Codec) silence() byte {
	if c == PCMA {
		return 0xD5
	}
	return 0xFF
}

// The tables of ITU-T G.711, filled once: code to linear 16-bit sample, and code
// of one law to the nearest of the other.
var (
	muLinear = table(muToLinear)
	aLinear  = table(aToLinear)
	muToA    = table(func(b byte) byte { return linearToA(muToLinear(b)) })
	aToMu    = table(func(b byte) byte { return linearToMu(aToLinear(b)) })
)

func table[T any](f func(byte) T) (t [256]T) {
	for i := range t {
		t[i] = f(byte(i))
	}
	return t
}

// linear is the table from c's codes to samples.
func (c Codec) linear() *[256]int16 {
	if c == PCMA {
		return &aLinear
	}
	return &muLinear
}

// recode changes sound in place from one law to the other.
func recode(sound []byte, from, to Codec) {
	if from == to {
		return
	}
	t := &muToA
	if from == PCMA {
		t = &aToMu
	}
	for i, b := range sound {
		sound[i] = t[b]
	}
}

// muBias is added to a mu-law sample before its logarithm is taken.
const muBias = 0x84

func muToLinear(code byte) int16 {
	code = ^code
	segment := code >> 4 & 7
	sample := (int16(code&0x0F)<<3+muBias)<<segment - muBias
	if code&0x80 != 0 {
		return -sample
	}
	return sample
}

func linearToMu(sample int16) byte {
	sign, size := byte(0), int(sample)
	if size < 0 {
		sign, size = 0x80, -size
	}
	size = min(size, 32635) + muBias
	segment := bits.Len(uint(size) >> 8) // size has 8 to 15 bits
	return ^(sign | byte(segment<<4) | byte(size>>(segment+3)&0x0F))
}

func aToLinear(code byte) int16 {
	code ^= 0x55
	segment := code >> 4 & 7
	sample := int16(code&0x0F)<<4 + 8
	if segment > 0 {
		sample = (sample + 0x100) << (segment - 1)
	}
	if code&0x80 == 0 {
		return -sample
	}
	return sample
}

func linearToA(sample int16) byte {
	sign, size := byte(0x80), int(sample)
	if size < 0 {
		sign, size = 0, -size-1
	}
	segment := bits.Len(uint(size) >> 8)
	shift := max(segment, 1) + 3
	return (sign | byte(segment<<4) | byte(size>>shift&0x0F)) ^ 0x55
}
