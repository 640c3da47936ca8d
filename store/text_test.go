package store

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/lineside/lineside/phone"
)

// TestTextOpensUnderItsKeyAndName and nothing else.
func TestTextOpensUnderItsKeyAndName(t *testing.T) {
	key, err := LoadKey(filepath.Join(t.TempDir(), "site.key"), "")
	if err != nil {
		t.Fatal(err)
	}
	other, err := LoadKey(filepath.Join(t.TempDir(), "site.key"), "")
	if err != nil {
		t.Fatal(err)
	}
	const text = "password = \"fake\""
	sealed := (&Store{key: key}).SealText("settings.toml", phone.NewSecret(text))
	if strings.Contains(sealed, "fake") {
		t.Error("got the text as it is")
	}
	if got, err := OpenText(key, "settings.toml", sealed); err != nil || got.Reveal() != text {
		t.Errorf("got %q, %v; want it back", got.Reveal(), err)
	}
	if _, err := OpenText(other, "settings.toml", sealed); err == nil {
		t.Error("another key opens it")
	}
	if _, err := OpenText(key, "lineside.toml", sealed); err == nil {
		t.Error("another name opens it")
	}
}
