package phone_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/lineside/lineside/phone"
)

// TestSecretNeverShows prints a secret every way Go knows.
func TestSecretNeverShows(t *testing.T) {
	const plain = "fake-hunter2"
	s := phone.NewSecret(plain)
	line := phone.Line{User: "1001", Password: s}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%10s", "%.3v"} {
		fmt.Fprintf(&out, verb+"\n", s)
		fmt.Fprintf(&out, verb+"\n", &s)
		fmt.Fprintf(&out, verb+"\n", line)
		fmt.Fprintf(&out, verb+"\n", []any{s, map[string]any{"p": s}})
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "s", s, "line", line, "p", &line)
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "s", s, "line", line, "p", &line)
	b, err := json.Marshal(map[string]any{"s": s, "line": line, "keys": map[phone.MAC]any{{1}: s}})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(b)
	fmt.Fprint(&out, errors.Join(fmt.Errorf("wrap %v", s)))
	got := out.String()
	for _, leak := range []string{plain, fmt.Sprintf("%x", plain), "hunter"} {
		if i := strings.Index(got, leak); i >= 0 {
			t.Errorf("the secret shows: …%.80s", got[max(0, i-40):])
		}
	}
	if s.Reveal() != plain {
		t.Error("Reveal does not reveal")
	}
}

func TestSecretEqual(t *testing.T) {
	a := phone.NewSecret("fake-a")
	if !a.Equal(phone.NewSecret("fake-a")) || a.Equal(phone.NewSecret("fake-b")) {
		t.Error("Equal does not compare")
	}
	if (phone.Secret{}).Equal(phone.Secret{}) {
		t.Error("no secret proves no secret")
	}
}
