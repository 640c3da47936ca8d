package voice

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// Every prompt that is said is there in every language, can be heard, and is the
// one the manifest tells the origin of.
func TestEmbeddedPrompts(t *testing.T) {
	manifest, err := os.ReadFile("prompts/MANIFEST")
	if err != nil {
		t.Fatal(err)
	}
	p, problems := LoadPrompts(nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	total := 0
	for _, language := range Languages() {
		for _, name := range names() {
			sound := p.sounds(language, []string{name})[0]
			total += len(sound)
			if err := checkSound(sound); err != nil {
				t.Errorf("%s/%s: %v", language, name, err)
			}
			line := fmt.Sprintf("%s/%s|%d|%x|", language, name, len(sound), sha256.Sum256(sound))
			if !bytes.Contains(manifest, []byte(line)) {
				t.Errorf("%s/%s: no line %q in the manifest; run make prompts", language, name, line)
			}
		}
	}
	if most := 1500 << 10; total > most {
		t.Errorf("got %d bytes of prompts, want at most %d", total, most)
	}
}

// Whatever a dialogue says is a prompt.
func TestEveryTextIsAPrompt(t *testing.T) {
	p, _ := LoadPrompts(nil)
	var said [][]string
	for e := Ask; e <= Unneeded; e++ {
		said = append(said, greeting(e, "00:15:65:0a:bc:df"))
	}
	for o := Unavailable; o <= NowAwaits; o++ {
		for left := range 4 {
			names, _ := sentence(Verdict{o, left})
			said = append(said, names)
		}
	}
	said = append(said, []string{"goodbye", "emergency", "emergency-failed", "short"})
	for _, names := range said {
		for _, language := range Languages() {
			if got := p.sounds(language, names); len(got) != len(names) {
				t.Errorf("%s, %v: got %d sounds, want %d", language, names, len(got), len(names))
			}
		}
	}
}

// A visitor hears the MAC address whole, whatever digits are in it, in each
// language, so that it can be read to whoever sets the phone up.
func TestAVisitorHearsTheWholeMAC(t *testing.T) {
	p, _ := LoadPrompts(nil)
	for _, mac := range []string{"01:23:45:67:89:ab", "cd:ef:01:23:45:67"} {
		said := greeting(Visitor, mac)
		want := []string{"visitor"}
		for i, pair := range strings.Split(mac, ":") {
			if i > 0 {
				want = append(want, pause)
			}
			want = append(want, pair[:1], pair[1:])
		}
		if want = append(want, pause, "ask-admin"); !slices.Equal(said, want) {
			t.Errorf("%s: got %v, want %v", mac, said, want)
		}
		for _, language := range Languages() {
			sounds := p.sounds(language, said)
			if len(sounds) != len(said) {
				t.Errorf("%s: got %d sounds, want %d", language, len(sounds), len(said))
			}
			for i, sound := range sounds {
				if said[i] != pause && measure(sound).speech < faint {
					t.Errorf("%s: %q cannot be heard", language, said[i])
				}
			}
		}
	}
}

func TestUnknownLanguageSpeaksEnglish(t *testing.T) {
	p, _ := LoadPrompts(nil)
	if got, want := p.sounds("fr", []string{"ask"})[0], p.sounds("en", []string{"ask"})[0]; !bytes.Equal(got, want) {
		t.Error("fr: got another prompt, want the English one")
	}
}

// wav builds a WAV file, with a chunk before the sound as editors write them.
func wav(tag, channels uint16, hz uint32, width uint16, data []byte) []byte {
	chunk := func(name string, body []byte) []byte {
		b := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body)))
		b = append(b, body...)
		return append(b, make([]byte, len(body)&1)...)
	}
	format := binary.LittleEndian.AppendUint16(nil, tag)
	format = binary.LittleEndian.AppendUint16(format, channels)
	format = binary.LittleEndian.AppendUint32(format, hz)
	format = binary.LittleEndian.AppendUint32(format, hz*uint32(channels)*uint32(width)/8)
	format = binary.LittleEndian.AppendUint16(format, channels*width/8)
	format = binary.LittleEndian.AppendUint16(format, width)
	body := append([]byte("WAVE"), chunk("LIST", []byte("odd"))...)
	body = append(append(body, chunk("fmt ", format)...), chunk("data", data)...)
	return chunk("RIFF", body)
}

func TestSitePrompts(t *testing.T) {
	hum := tones{on: 500, row: -12, col: -90}.sound("1")
	pcm := make([]byte, 0, 2*len(hum))
	for _, code := range hum {
		pcm = binary.LittleEndian.AppendUint16(pcm, uint16(muLinear[code]))
	}
	aLaw := bytes.Clone(hum)
	recode(aLaw, PCMU, PCMA)
	hiss := bytes.Repeat([]byte{0x00, 0x80}, 4000)
	for name, c := range map[string]struct {
		file string
		body []byte
		says string // the error, or nothing where it is taken
	}{
		"raw":           {"de/ask.ulaw", hum, ""},
		"WAV PCM":       {"de/ask.wav", wav(wavPCM, 1, 8000, 16, pcm), ""},
		"WAV µ-law":     {"de/ask.wav", wav(wavMu, 1, 8000, 8, hum), ""},
		"WAV A-law":     {"de/ask.WAV", wav(wavA, 1, 8000, 8, aLaw), ""},
		"44.1 kHz":      {"de/ask.wav", wav(wavPCM, 1, 44100, 16, pcm), "44100 Hz"},
		"stereo":        {"de/ask.wav", wav(wavPCM, 2, 8000, 16, pcm), "2 channels"},
		"8 bits":        {"de/ask.wav", wav(wavPCM, 1, 8000, 8, hum), "format 1 with 8 bits"},
		"MP3":           {"de/ask.mp3", hum, "neither"},
		"no WAV inside": {"de/ask.wav", hum, "no WAV"},
		"cut head":      {"de/ask.wav", wav(wavPCM, 1, 8000, 16, pcm)[:40], "cut off"},
		"no sound":      {"de/ask.wav", wav(wavPCM, 1, 8000, 16, nil), "lasts"},
		"too short":     {"de/ask.ulaw", hum[:400], "lasts 50ms"},
		"too long":      {"de/ask.ulaw", bytes.Repeat(hum, 61), "lasts 30.5s"},
		"huge":          {"de/ask.ulaw", bytes.Repeat(hum, 200), "longer than 30s"},
		"silent":        {"de/ask.ulaw", bytes.Repeat([]byte{0xFF}, 8000), "silent"},
		"a click only":  {"de/ask.ulaw", bytes.Join([][]byte{bytes.Repeat([]byte{0xFF}, 4000), {0x10}, bytes.Repeat([]byte{0xFF}, 4000)}, nil), "silent"},
		"late":          {"de/ask.ulaw", append(bytes.Repeat([]byte{0xFF}, 20000), hum...), "begins with 2.5s of silence"},
		"clipped":       {"de/ask.ulaw", hiss, "clipped"},
		"unknown name":  {"de/hello.ulaw", hum, "no prompt has that name"},
	} {
		t.Run(name, func(t *testing.T) {
			p, problems := LoadPrompts(fstest.MapFS{c.file: {Data: c.body}})
			own, _ := LoadPrompts(nil)
			kept := bytes.Equal(p.sounds("de", []string{"ask"})[0], own.sounds("de", []string{"ask"})[0])
			switch {
			case c.says == "" && (len(problems) > 0 || kept):
				t.Errorf("got problems %v, built-in kept %t; want the site's", problems, kept)
			case c.says != "" && (len(problems) != 1 || !strings.Contains(problems[0].Error(), c.says) || !kept):
				t.Errorf("got problems %v, built-in kept %t; want one that says %q", problems, kept, c.says)
			}
			if got := p.sounds("en", []string{"ask"}); !bytes.Equal(got[0], own.sounds("en", []string{"ask"})[0]) {
				t.Error("the English prompt was changed by a German one")
			}
		})
	}
}

// Of whatever file, what is taken as sound is no longer than the file.
func FuzzReadWAV(f *testing.F) {
	f.Add(wav(wavPCM, 1, 8000, 16, make([]byte, 64)))
	f.Add(wav(wavA, 1, 8000, 8, make([]byte, 63)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if sound, err := readWAV(b); err == nil && len(sound) > len(b) {
			t.Errorf("got %d bytes of sound out of %d", len(sound), len(b))
		}
	})
}
