package voice

import (
	"bytes"
	"math"
	"os"
	"strings"
	"testing"
	"time"
	"unicode"
)

// Nobody can be asked to listen to every prompt at every change, so what a
// listener would complain of is measured: loud enough and all alike, nothing at
// the end of the scale, no silence that seems a dead line, no word cut off (a
// prompt has to end in silence), and as long as its text takes to say.
func TestEmbeddedPromptsAreFitToBeHeard(t *testing.T) {
	manifest, err := os.ReadFile("prompts/MANIFEST")
	if err != nil {
		t.Fatal(err)
	}
	p, _ := LoadPrompts(nil)
	seen := 0
	for line := range strings.Lines(string(manifest)) {
		field := strings.Split(strings.TrimSpace(line), "|")
		language, name, ok := strings.Cut(field[0], "/")
		if !ok || len(field) != 4 || strings.HasPrefix(line, "#") {
			continue
		}
		seen++
		sound, text := p.sounds(language, []string{name})[0], field[3]
		l := measure(sound)
		if l.speech < -29 || l.speech > -19 || l.peak < -8 || l.peak > -5 || l.clipped > 0 {
			t.Errorf("%s: got speech at %.1f dB, peak %.1f dB, %d clipped; want -29 to -19, -8 to -5, none", field[0], l.speech, l.peak, l.clipped)
		}
		if l.before < 20*time.Millisecond || l.before > 400*time.Millisecond || l.after < 60*time.Millisecond || l.after > 160*time.Millisecond {
			t.Errorf("%s: got %v of silence before, %v after; want 20 to 400 ms, and 60 to 160 ms", field[0], l.before, l.after)
		}
		letters := strings.Count(strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) {
				return 'x'
			}
			return -1
		}, text), "x")
		spoken := lasting(len(sound)) - l.before - l.after
		if each := spoken / time.Duration(letters); each < 45*time.Millisecond || each > 200*time.Millisecond {
			t.Errorf("%s: got %v for %d letters, %v each; want 45 to 200 ms", field[0], spoken, letters, each)
		}
	}
	if want := len(Languages()) * len(names()); seen != want {
		t.Errorf("got %d prompts in the manifest, want %d", seen, want)
	}
}

func TestMeasure(t *testing.T) {
	quiet := bytes.Repeat([]byte{PCMU.silence()}, 800)
	tone := tones{on: 500, row: -12, col: -90}.sound("1")
	full := bytes.Repeat([]byte{0x00, 0x80}, 400)
	for name, c := range map[string]struct {
		sound []byte
		want  level
	}{
		"silence":             {quiet, level{peak: math.Inf(-1), speech: math.Inf(-1), after: 100 * time.Millisecond}},
		"full scale":          {full, level{peak: 0, speech: 0, clipped: 800}},
		"a tone in silence":   {bytes.Join([][]byte{quiet, tone[:1600], quiet, quiet}, nil), level{peak: -15.3, speech: -18.3, before: 100 * time.Millisecond, after: 200 * time.Millisecond}},
		"silence in a tone":   {bytes.Join([][]byte{tone[:1600], quiet, tone[:1600]}, nil), level{peak: -15.3, speech: -18.3}},
		"no sound whatsoever": {nil, level{peak: math.Inf(-1), speech: math.Inf(-1)}},
	} {
		got := measure(c.sound)
		near := func(a, b float64) bool { return a == b || math.Abs(a-b) < 1 }
		if !near(got.peak, c.want.peak) || !near(got.speech, c.want.speech) || got.before != c.want.before || got.after != c.want.after || got.clipped != c.want.clipped {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}
