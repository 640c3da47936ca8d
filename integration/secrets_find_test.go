package integration

import (
	"bytes"
	"crypto/md5" // a Digest HA1 is as good as the password
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// planted is a secret that may be found nowhere but where it was asked for.
type planted struct {
	name, value string
	// user goes with a password that is shown by HTTP Digest.
	user string
}

// realmOf is the realm phones sign in to.
const realmOf = "lineside"

// spellings are all the ways the secret could be written down.
func (p planted) spellings() [][]byte {
	raw := []byte(p.value)
	text, _ := json.Marshal(p.value)
	out := [][]byte{
		raw, text[1 : len(text)-1], []byte(url.QueryEscape(p.value)),
		[]byte(hex.EncodeToString(raw)), []byte(strings.ToUpper(hex.EncodeToString(raw))),
	}
	for offset := range 3 {
		out = append(out, inBase64(raw, offset, base64.RawStdEncoding), inBase64(raw, offset, base64.RawURLEncoding))
	}
	ha1 := []byte(p.user + ":" + realmOf + ":" + p.value)
	weak, strong := md5.Sum(ha1), sha256.Sum256(ha1)
	for _, sum := range [][]byte{weak[:], strong[:]} {
		out = append(out, sum, []byte(hex.EncodeToString(sum)))
	}
	return out
}

// inBase64 is how base64 spells raw where it begins offset bytes into a group,
// without the letters that its neighbours have a part in.
func inBase64(raw []byte, offset int, enc *base64.Encoding) []byte {
	padded := append(make([]byte, offset), raw...)
	text := []byte(enc.EncodeToString(padded))
	first := (offset*8 + 5) / 6
	last := len(padded) * 8 / 6
	return text[first:last]
}

// in reports whether the secret stands in data, in any spelling. A PIN is too
// short for that: it has to stand alone, and not behind a point.
func (p planted) in(data []byte) bool {
	if len(p.value) < 8 {
		return standsAlone(data, []byte(p.value))
	}
	return slices.ContainsFunc(p.spellings(), func(s []byte) bool { return bytes.Contains(data, s) })
}

func standsAlone(data, word []byte) bool {
	joins := func(c byte) bool {
		return c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '+' || c == '/'
	}
	for rest := data; ; {
		i := bytes.Index(rest, word)
		if i < 0 {
			return false
		}
		end := i + len(word)
		if (i == 0 || !joins(rest[i-1])) && (end == len(rest) || !joins(rest[end]) || rest[end] == '.') {
			return true
		}
		rest = rest[i+1:]
	}
}

// TestPlantedIsFound holds the search itself to account.
func TestPlantedIsFound(t *testing.T) {
	p := planted{name: "p", value: "plänted \"secret\" 4711/äö", user: "user"}
	for i, s := range p.spellings() {
		if len(s) < 16 || !p.in(slices.Concat([]byte("before "), s, []byte(" after"))) {
			t.Errorf("spelling %d, %q: not found", i, s)
		}
	}
	for offset := range 3 {
		text := base64.StdEncoding.EncodeToString([]byte("xyz"[:offset] + p.value + "tail"))
		if !p.in([]byte(text)) {
			t.Errorf("in base64 after %d bytes: not found", offset)
		}
	}
	if p.in([]byte("planted secret 4711 and nothing else, user:lineside:")) {
		t.Error("found where it is not")
	}
	pin := planted{name: "PIN", value: "471100"}
	for text, want := range map[string]bool{
		"pin 471100 entered": true, `"pin":"471100"`: true, "471100": true, ",471100,": true, "it was 471100.": true,
		"1471100": false, "4711001": false, "dur=1.471100ms": false, "a471100b": false,
	} {
		if got := pin.in([]byte(text)); got != want {
			t.Errorf("%q: got %t, want %t", text, got, want)
		}
	}
}
