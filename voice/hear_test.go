package voice_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"net/netip"
	"os"
	"testing"

	"github.com/lineside/lineside/voice"
)

// The caller hears the very bytes of the prompt, in packets that follow each other
// in number and time.
func TestCallerHearsThePrompt(t *testing.T) {
	want, err := unpack("prompts/de/awaiting.ulaw.gz")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		formats, ptime string
		pt             byte
		length         int
	}{
		"PCMU":        {"0 8 101", "ptime:20", 0, 160},
		"PCMU, 10 ms": {"0", "ptime:10", 0, 80},
		"PCMU, 30 ms": {"0", "ptime:30", 0, 240},
		"PCMA":        {"8 0", "ptime:20", 8, 160},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, calls *voice.Calls, _ func() string) {
				d, err := voice.NewDialogue(voice.DialogueConfig{Entry: voice.Awaiting})
				if err != nil {
					t.Fatal(err)
				}
				sent := make(chan []byte, 1<<12)
				call, err := calls.Open(newPipe(func(b []byte) { sent <- b }), voice.Leg{
					Offer:  parse(t, offer(netip.AddrPortFrom(home, 4000), c.formats, c.ptime)),
					Source: home, Language: "de", Dialogue: d,
				})
				if err != nil {
					t.Fatal(err)
				}
				call.Start()
				<-call.Events() // the end of what is said
				got := sound(t, sent, len(want), c.pt, c.length)
				if c.pt == 8 {
					checkALaw(t, got, want)
				} else if !bytes.Equal(got, want) {
					t.Error("got other bytes than the prompt's")
				}
			})
		})
	}
}

// sound is the first n bytes of sound of packets that follow each other.
func sound(t *testing.T, sent <-chan []byte, n int, pt byte, length int) (got []byte) {
	t.Helper()
	var first []byte
	for i := 0; len(got) < n; i++ {
		b := <-sent
		if first == nil {
			first = b
		}
		if marker := b[1]&0x80 != 0; len(b) != 12+length || b[1]&0x7F != pt || marker != (i == 0) {
			t.Fatalf("packet %d: got %d bytes, type %d, marker %t", i, len(b), b[1]&0x7F, marker)
		}
		number := binary.BigEndian.Uint16(b[2:]) - binary.BigEndian.Uint16(first[2:])
		time := binary.BigEndian.Uint32(b[4:]) - binary.BigEndian.Uint32(first[4:])
		if int(number) != i || int(time) != i*length {
			t.Fatalf("packet %d: got number %d and time %d after the first", i, number, time)
		}
		got = append(got, b[12:]...)
	}
	return got[:n]
}

// checkALaw compares sound with the prompt it was made of: the laws share the sign
// bit, and a prompt begins with silence.
func checkALaw(t *testing.T, got, prompt []byte) {
	t.Helper()
	for i, code := range prompt {
		if got[0] != 0xD5 || got[i]&0x80 != code&0x80 && code&0x7F < 0x60 {
			t.Fatalf("sample %d: got %#02x for %#02x of the prompt", i, got[i], code)
		}
	}
}

// unpack reads a prompt as it lies in the repository.
func unpack(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}
