package voice_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lineside/lineside/voice"
)

func TestParseInfo(t *testing.T) {
	const relay, plain = "application/dtmf-relay", "application/dtmf"
	for name, c := range map[string]struct {
		contentType, body string
		want              voice.Key
		err               error
	}{
		"relay":                  {relay, "Signal=5\r\nDuration=160\r\n", '5', nil},
		"relay with spaces":      {relay, "Signal = 5\nDuration = 160", '5', nil},
		"relay in lower case":    {"Application/DTMF-Relay", "signal=*\r\n", '*', nil},
		"relay, Duration first":  {relay, "Duration=100\r\nSignal=#\r\n", '#', nil},
		"relay, number of star":  {relay, "Signal=10\r\nDuration=160\r\n", '*', nil},
		"relay, number of hash":  {relay, "Signal=11\r\n", '#', nil},
		"relay, letter":          {relay, "Signal=a\r\n", 'A', nil},
		"relay, flash":           {relay, "Signal=16\r\n", 0, nil},
		"relay, two keys":        {relay, "Signal=5 6\r\n", 0, nil},
		"plain":                  {plain, "7", '7', nil},
		"plain with newline":     {plain, " 7\r\n", '7', nil},
		"plain, number of hash":  {plain, "11", '#', nil},
		"plain as relay":         {plain, "Signal=3\r\nDuration=100", '3', nil},
		"plain, empty":           {plain, "", 0, nil},
		"plain, garbage":         {plain, "\x00\xff=\x01", 0, nil},
		"no type, relay":         {"", "Signal=5\r\nDuration=160\r\n", '5', nil},
		"no type, plain":         {"", "5", '5', nil},
		"type with parameters":   {relay + "; charset=utf-8", "Signal=5", '5', nil},
		"type with broken tail":  {relay + ";;=", "Signal=5", '5', nil},
		"event as lines":         {"audio/telephone-event", "Signal=5", '5', nil},
		"event as bytes":         {"audio/telephone-event", "\x0b\x8a\x03\x20", '#', nil},
		"event with a wrong key": {"audio/telephone-event", "\x20\x8a\x03\x20", 0, nil},
		"picture update":         {"application/media_control+xml", "<media_control/>", 0, voice.ErrForeignInfo},
		"endless":                {relay, "Signal=5\r\n" + strings.Repeat("x", 300), 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := voice.ParseInfo(c.contentType, []byte(c.body))
			if byte(got) != byte(c.want) || !errors.Is(err, c.err) {
				t.Errorf("got %c, %v; want %c, %v", rune(got), err, rune(c.want), c.err)
			}
		})
	}
}

// Whatever comes, the key is one of a keypad or none, and there is never a key
// with an error.
func FuzzParseInfo(f *testing.F) {
	f.Add("application/dtmf-relay", []byte("Signal=5\r\nDuration=160\r\n"))
	f.Add("", []byte("11"))
	f.Add("audio/telephone-event", []byte{11, 0x8a, 3, 0x20})
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		key, err := voice.ParseInfo(contentType, body)
		if key != 0 && (err != nil || !strings.ContainsRune("0123456789*#ABCD", rune(key))) {
			t.Errorf("got key %#x with error %v, want one of the keypad or an error", byte(key), err)
		}
	})
}
