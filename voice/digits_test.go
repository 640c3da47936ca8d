package voice_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/lineside/lineside/voice"
)

func TestNoPrintShowsDigits(t *testing.T) {
	secret := voice.NewDigits("739154")
	values := []any{secret, &secret, voice.Check{Entry: secret}, []voice.Digits{secret}, voice.Key('7'), []voice.Key{'7', '3'}}
	for _, v := range values {
		var printed bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%c", "%U", "%T"} {
			fmt.Fprintf(&printed, verb+" ", v)
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatalf("marshal %T: %v", v, err)
		}
		printed.Write(b)
		slog.New(slog.NewTextHandler(&printed, nil)).LogAttrs(t.Context(), slog.LevelInfo, "m", slog.Any("digits", v))
		text, _, _ := strings.Cut(printed.String(), "time=")
		text += printed.String()[strings.Index(printed.String(), "msg="):]
		for _, shown := range []string{"739154", "37333931", "0x37", "U+0037", "'7'", "55", " 7", "[7"} {
			if strings.Contains(text, shown) {
				t.Errorf("%T: got a print with %q: %s; want %s only", v, shown, text, voice.Redacted)
			}
		}
	}
	if got := secret.Reveal(); got != "739154" {
		t.Errorf("Reveal: got %q, want the digits", got)
	}
}
