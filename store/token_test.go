package store

import (
	"encoding/hex"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/audit"
)

func addToken(t testing.TB, s *Store, tok Token) {
	t.Helper()
	err := s.ChangeTokens(t.Context(), func(old []Token) ([]Token, []audit.Record, error) {
		return append(slices.Clip(old), tok), []audit.Record{{Event: audit.TokenAdded{Name: tok.Name, Role: tok.Role}}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTokensOutliveARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s := openTest(t, path, Config{})
	if got := s.Tokens(); len(got) != 0 {
		t.Errorf("a new database has the tokens %v", got)
	}
	addToken(t, s, Token{Name: "a", Role: "viewer", Hash: [32]byte{7}})
	addToken(t, s, Token{Name: "b", Role: "admin", Hash: [32]byte{8}})
	want := s.Tokens()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := openTest(t, path, Config{}).Tokens(); len(got) != 2 || !cmp.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestTokensAreSealedForTheirRole writes into the file as somebody without the
// key would who wants to be more than a viewer.
func TestTokensAreSealedForTheirRole(t *testing.T) {
	c := codec{testKey()}
	list := []Token{{Name: "a", Role: "viewer", Hash: [32]byte{7}}, {Name: "b", Role: "admin", Hash: [32]byte{8}}}
	for name, tc := range map[string]struct {
		change func([]storedToken)
		ok     bool
	}{
		"left alone":       {func([]storedToken) {}, true},
		"raised":           {func(l []storedToken) { l[0].Role = "admin" }, false},
		"renamed":          {func(l []storedToken) { l[0].Name = "c" }, false},
		"another's hash":   {func(l []storedToken) { l[1].Hash = l[0].Hash }, false},
		"hash left out":    {func(l []storedToken) { l[0].Hash = "" }, false},
		"hash in hex only": {func(l []storedToken) { l[0].Hash = hex.EncodeToString(make([]byte, 32)) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			value, err := c.encodeTokens(list)
			if err != nil {
				t.Fatal(err)
			}
			s, err := parse[storedTokens](value, tokensSchema)
			if err != nil {
				t.Fatal(err)
			}
			tc.change(s.Tokens)
			if value, err = frame(s); err != nil {
				t.Fatal(err)
			}
			got, err := c.decodeTokens(value)
			if (err == nil) != tc.ok {
				t.Errorf("got %v, %v, want it to be read: %v", got, err, tc.ok)
			}
			if tc.ok && !cmp.Equal(got, list) {
				t.Errorf("got %v, want %v", got, list)
			}
		})
	}
}
