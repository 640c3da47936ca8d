package voice

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// tones makes the sound of keys: on and off in ms, levels in dBm0, off its
// frequencies by a share, over noise of that many dBm0.
type tones struct {
	on, off  int
	row, col float64
	skew     float64
	noise    float64
	codec    Codec
	lead     int // samples of silence in front
}

// amplitude of a sine of that level: 3.17 dBm0 is full scale (ITU-T G.711).
func amplitude(dBm0 float64) float64 { return 32124 * math.Pow(10, (dBm0-3.17)/20) }

func (g tones) sound(keys string) []byte {
	random := rand.New(rand.NewPCG(1, uint64(g.lead)))
	var sound []byte
	put := func(x float64) {
		if g.noise != 0 {
			x += random.NormFloat64() * amplitude(g.noise) / math.Sqrt2
		}
		s := int16(max(min(x, 32767), -32768))
		if g.codec == PCMA {
			sound = append(sound, linearToA(s))
			return
		}
		sound = append(sound, linearToMu(s))
	}
	for range g.lead {
		put(0)
	}
	for _, k := range []byte(keys) {
		low, high := hertz(Key(k))
		low, high = low*(1+g.skew), high*(1+g.skew)
		for i := range g.on * 8 {
			angle := 2 * math.Pi * float64(i) / rate
			put(amplitude(g.row)*math.Sin(low*angle) + amplitude(g.col)*math.Sin(high*angle))
		}
		for range g.off * 8 {
			put(0)
		}
	}
	return sound
}

func hertz(k Key) (low, high float64) {
	for r, row := range toneKeys {
		for c, key := range row {
			if key == k {
				return toneHz[r], toneHz[4+c]
			}
		}
	}
	panic(fmt.Sprintf("no tones for %q", rune(k)))
}

// heard feeds sound in packets of 20 ms.
func heard(sound []byte, codec Codec) (got string) {
	var d toneDetector
	for len(sound) > 0 {
		n := min(160, len(sound))
		d.hear(sound[:n], codec, func(k Key) { got += string(byte(k)) })
		sound = sound[n:]
	}
	return got
}

func TestTonesAreHeard(t *testing.T) {
	const all = "1123A456B789C*0#D##00"
	for name, g := range map[string]tones{
		"usual":                {on: 100, off: 100, row: -9, col: -7},
		"A-law":                {on: 100, off: 100, row: -9, col: -7, codec: PCMA},
		"40 ms":                {on: 40, off: 40, row: -9, col: -7},
		"loud":                 {on: 60, off: 60, row: -3, col: -3},
		"quiet":                {on: 60, off: 60, row: -30, col: -29},
		"high tone 6 dB above": {on: 60, off: 60, row: -15, col: -9},
		"low tone 5 dB above":  {on: 60, off: 60, row: -9, col: -14},
		"1.5 % high":           {on: 50, off: 50, row: -9, col: -7, skew: 0.015},
		"1.5 % low":            {on: 50, off: 50, row: -9, col: -7, skew: -0.015},
		"noise 15 dB below":    {on: 60, off: 60, row: -9, col: -9, noise: -24},
		"a long press":         {on: 2000, off: 100, row: -9, col: -7},
	} {
		t.Run(name, func(t *testing.T) {
			for lead := 0; lead < toneBlock; lead += 17 {
				g.lead = lead
				if got := heard(g.sound(all), g.codec); got != all {
					t.Fatalf("beginning at %d: got %q, want %q", lead, got, all)
				}
			}
		})
	}
}

func TestTonesAreIgnored(t *testing.T) {
	for name, g := range map[string]tones{
		"too short":           {on: 15, off: 100, row: -9, col: -7},
		"too quiet":           {on: 100, off: 100, row: -45, col: -45},
		"twisted by 12 dB":    {on: 100, off: 100, row: -21, col: -9},
		"3.5 % off":           {on: 100, off: 100, row: -9, col: -7, skew: 0.035},
		"noise above the key": {on: 100, off: 100, row: -20, col: -20, noise: -12},
		"one tone only":       {on: 100, off: 100, row: -90, col: -7},
	} {
		t.Run(name, func(t *testing.T) {
			for lead := 0; lead < toneBlock; lead += 17 {
				g.lead = lead
				if got := heard(g.sound("147*258"), PCMU); got != "" {
					t.Fatalf("beginning at %d: got %q, want nothing", lead, got)
				}
			}
		})
	}
}

// A prompt that comes back as an echo, at any level and however its blocks fall,
// is no key.
func TestPromptsAreNoKeys(t *testing.T) {
	prompts, problems := LoadPrompts(nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, language := range Languages() {
		for _, name := range names() {
			for _, down := range []float64{0, 10, 20} {
				for skip := 0; skip < toneBlock; skip += 34 {
					sound := prompts.sounds(language, []string{name})[0]
					if got := heard(quieter(sound, down)[skip:], PCMU); got != "" {
						t.Errorf("%s/%s, %v dB down from sample %d: got keys %q, want none", language, name, down, skip, got)
					}
				}
			}
		}
	}
}

// A key pressed while a prompt comes back as an echo is heard.
func TestKeyOverEcho(t *testing.T) {
	prompts, _ := LoadPrompts(nil)
	echo := prompts.sounds("de", []string{"ask"})[0]
	keys := tones{on: 80, off: 80, row: -9, col: -7}.sound("1234567890")
	mixed := make([]byte, len(keys))
	for i := range keys {
		mixed[i] = linearToMu(muLinear[keys[i]] + int16(float64(muLinear[echo[i+4000]])*0.1))
	}
	if got := heard(mixed, PCMU); got != "1234567890" {
		t.Errorf("got %q, want 1234567890", got)
	}
}

func quieter(sound []byte, dB float64) []byte {
	out := make([]byte, len(sound))
	for i, code := range sound {
		out[i] = linearToMu(int16(float64(muLinear[code]) * math.Pow(10, -dB/20)))
	}
	return out
}

func TestNoiseIsNoKey(t *testing.T) {
	for seed := range 5 {
		sound := tones{lead: 8000*30 + seed, noise: -10}.sound("")
		if got := heard(sound, PCMU); got != "" {
			t.Errorf("30 s of noise, seed %d: got %q, want nothing", seed, got)
		}
	}
}

func BenchmarkToneDetector(b *testing.B) {
	var d toneDetector
	frame := tones{on: 20, row: -9, col: -7}.sound("5")
	for b.Loop() {
		d.hear(frame, PCMU, func(Key) {})
	}
}
