package voice

import "math"

// toneBlock is how many samples are judged at once: 12.75 ms. A tone of 40 ms, the
// shortest that ITU-T Q.24 wants to be heard, holds two whole blocks wherever it
// begins; one of 15 ms never fills two of them far enough (toneShare).
const toneBlock = 102

// What a block must be to hold a key (ITU-T Q.23, Q.24), as power.
const (
	// toneLevel is the least amplitude of each tone, about -35 dBm0.
	toneLevel = 400
	// columnOver and rowOver bound the twist: the high tone may be 8 dB above the
	// low one, the low one 6 dB above the high one.
	columnOver, rowOver = 6.3, 4.0
	// toneAlone is by how much a tone stands out of the others of its group: 8 dB.
	toneAlone = 6.3
	// toneShare is how much of the block's whole power the two tones must be.
	// Speech has its power in more places, so this keeps prompts that come back
	// as an echo, and people who talk, from being keys. A tone 1.5 % beside its
	// frequency still has 0.7.
	toneShare = 0.62
)

// Rows and columns of the keypad with their frequencies in Hz.
var (
	toneHz   = [8]float64{697, 770, 852, 941, 1209, 1336, 1477, 1633}
	toneKeys = [4][4]Key{{'1', '2', '3', 'A'}, {'4', '5', '6', 'B'}, {'7', '8', '9', 'C'}, {'*', '0', '#', 'D'}}
	toneTurn = toneFactors()
)

func toneFactors() (f [8]float32) {
	for i, hz := range toneHz {
		f[i] = float32(2 * math.Cos(2*math.Pi*hz/rate))
	}
	return f
}

// toneDetector hears keys in the sound itself (in-band DTMF), by Goertzel's
// algorithm on the eight frequencies. Two blocks in a row with the same key are
// one press of it; two without it end the press.
type toneDetector struct {
	one, two [8]float32 // the last two values of each filter
	energy   float32
	filled   int
	block    Key // of the last block
	down     Key // the key that is pressed
	without  int // blocks since it was heard
}

// hear takes sound and calls pressed for every key that begins in it.
func (t *toneDetector) hear(sound []byte, codec Codec, pressed func(Key)) {
	linear := codec.linear()
	for len(sound) > 0 {
		n := min(toneBlock-t.filled, len(sound))
		t.add(sound[:n], linear)
		sound = sound[n:]
		if t.filled < toneBlock {
			return
		}
		if k := t.press(t.judge()); k != 0 {
			pressed(k)
		}
		t.one, t.two, t.energy, t.filled = [8]float32{}, [8]float32{}, 0, 0
	}
}

func (t *toneDetector) add(sound []byte, linear *[256]int16) {
	for _, code := range sound {
		x := float32(linear[code])
		t.energy += x * x
		for i := range t.one {
			t.one[i], t.two[i] = x+toneTurn[i]*t.one[i]-t.two[i], t.one[i]
		}
	}
	t.filled += len(sound)
}

// judge says which key a full block holds.
func (t *toneDetector) judge() Key {
	var power [8]float32
	for i := range power {
		power[i] = t.one[i]*t.one[i] + t.two[i]*t.two[i] - toneTurn[i]*t.one[i]*t.two[i]
	}
	r, row := loudest(power[:4])
	c, column := loudest(power[4:])
	// A tone of amplitude A has the power (A·n/2)² here, and the energy A²·n/2.
	const least = toneLevel * toneLevel * toneBlock * toneBlock / 4
	switch {
	case row < least || column < least,
		column > columnOver*row || row > rowOver*column,
		crowded(power[:4], r) || crowded(power[4:], c),
		row+column < toneShare*t.energy*toneBlock/2:
		return 0
	}
	return toneKeys[r][c]
}

func loudest(power []float32) (at int, most float32) {
	for i, p := range power {
		if p > most {
			at, most = i, p
		}
	}
	return at, most
}

// crowded reports that another tone of the group is nearly as loud as the one at.
func crowded(power []float32, at int) bool {
	for i, p := range power {
		if i != at && p*toneAlone > power[at] {
			return true
		}
	}
	return false
}

// press turns what blocks hold into presses.
func (t *toneDetector) press(block Key) (pressed Key) {
	switch {
	case block != 0 && block == t.down:
		t.without = 0
	case block != 0 && block == t.block:
		t.down, t.without, pressed = block, 0, block
	default:
		if t.without++; t.without >= 2 {
			t.down = 0
		}
	}
	t.block = block
	return pressed
}
