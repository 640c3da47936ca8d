package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/sync/wire"
)

func joinToken() wire.Token {
	return wire.Token{URL: "https://platform.example:8443", Secret: "FAKESECRETFAKESECRET", Pin: bytes.Repeat([]byte{7}, 32)}
}

func TestToken(t *testing.T) {
	public := joinToken()
	public.Pin = nil
	for name, want := range map[string]wire.Token{"own CA": joinToken(), "public CA": public} {
		text := want.Reveal()
		wrapped := " " + text[:20] + "\r\n" + text[20:] + "\n"
		got, err := wire.ParseToken(wrapped)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: error %v, token (-want +got):\n%s", name, err, diff)
		}
		if strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			t.Errorf("%s: got %q, want what no shell reads twice", name, text)
		}
	}
}

func TestTokenRefused(t *testing.T) {
	text := joinToken().Reveal()
	with := func(edit func(*wire.Token)) string {
		tok := joinToken()
		edit(&tok)
		return tok.Reveal()
	}
	for name, in := range map[string]string{
		"nothing":        "",
		"another thing":  "https://platform.example",
		"cut short":      text[:len(text)-1],
		"no beginning":   text[1:],
		"mistyped":       strings.Replace(text, text[9:10], "_", 1),
		"endless":        text + strings.Repeat("A", 4096),
		"plain HTTP":     with(func(t *wire.Token) { t.URL = "http://platform.example" }),
		"no host":        with(func(t *wire.Token) { t.URL = "https:///x" }),
		"a path":         with(func(t *wire.Token) { t.URL = "https://platform.example/x" }),
		"a password":     with(func(t *wire.Token) { t.URL = "https://a:b@platform.example" }),
		"no secret":      with(func(t *wire.Token) { t.Secret = "" }),
		"half a pin":     with(func(t *wire.Token) { t.Pin = t.Pin[:16] }),
		"two, in a line": text + " " + text,
	} {
		if got, err := wire.ParseToken(in); !errors.Is(err, wire.ErrToken) {
			t.Errorf("%s: got %v, %v, want ErrToken", name, got, err)
		}
	}
}

// What prints a token by accident does not print its secret.
func TestTokenIsNotPrinted(t *testing.T) {
	tok := joinToken()
	var logged bytes.Buffer
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "token", tok)
	_, err := json.Marshal(struct{ T wire.Token }{tok})
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s", tok, tok, tok, []wire.Token{tok}), logged.String(), fmt.Sprint(err)} {
		if strings.Contains(text, tok.Secret) || strings.Contains(text, tok.Reveal()) {
			t.Errorf("got %q, want no secret in it", text)
		}
	}
	if err == nil {
		t.Error("got no error for a token written as JSON, want one")
	}
}

// FuzzParseToken: what is read as a token passes its check, and is read again
// the same.
func FuzzParseToken(f *testing.F) {
	f.Add(joinToken().Reveal())
	f.Add(wire.Token{URL: "https://a", Secret: "b"}.Reveal())
	f.Add("lsj1-AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		tok, err := wire.ParseToken(text)
		if err != nil {
			return
		}
		again, err := wire.ParseToken(tok.Reveal())
		if err != nil || tok.Check() != nil || !cmp.Equal(tok, again) {
			t.Errorf("read %+v, again %+v, %v, check %v", tok, again, err, tok.Check())
		}
	})
}
