package central_test

import (
	"crypto/sha256"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/seal"
	"github.com/lineside/lineside/sync/wire"
)

// joinBox has a box with new keys show a token.
func joinBox(t *testing.T, p *central.Platform, tok central.Token) error {
	t.Helper()
	signer, err := seal.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	key, err := seal.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Join(wire.Join{Secret: tok.Secret, Verifier: signer.Verifier().String(), Key: key.Public().String()})
	return err
}

// TestPutBack: whoever was shut out after a backup stays so, as far as the
// state from before can be read; nothing that counts once counts again.
func TestPutBack(t *testing.T) {
	l := newLab(t)
	o := l.p.As("test")
	ids := map[string]string{}
	for _, name := range []string{"kept", "revoked", "removed", "replaced"} {
		tok, err := o.AddSite(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := joinBox(t, l.p, tok); err != nil {
			t.Fatal(err)
		}
		ids[name] = tok.Site
	}
	invited, err := o.AddSite("invited")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("fake-token"))
	if _, err := o.AddToken("anna", "operator", sum); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"read", "unread"} {
		if err := l.p.CopyTo(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	again, err := o.InviteSite(ids["replaced"])
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{joinBox(t, l.p, again), o.RevokeSite(ids["revoked"]), o.RemoveSite(ids["removed"]), o.RemoveToken("anna")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	before := filepath.Join(dir, "before")
	if err := l.p.CopyTo(before); err != nil {
		t.Fatal(err)
	}
	if _, err := central.ReadBefore(filepath.Join(dir, "none")); err == nil {
		t.Error("got a state from before out of no file")
	}
	was, err := central.ReadBefore(before)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		was  *central.Before
		shut []string
	}{
		"read":   {was, []string{"revoked", "removed", "replaced"}},
		"unread": {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := central.Open(t.Context(), central.Config{Path: filepath.Join(dir, name), Keys: l.keys}, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = p.Close() }()
			got, err := p.Restored(tt.was)
			if err != nil || len(got.ShutOut) != len(tt.shut) || len(got.Alive) != 4-len(tt.shut) {
				t.Fatalf("got %+v, %v, want %v shut out", got, err, tt.shut)
			}
			for one, id := range ids {
				want := central.SiteSilent
				if slices.Contains(tt.shut, one) {
					want = central.SiteRevoked
				}
				if s, err := p.Site(id); err != nil || s.State != want {
					t.Errorf("%s: got %s, %v, want %s", one, s.State, err, want)
				}
			}
			if held, err := p.TokenOf(sum); err != nil || held.Name != "" || !slices.Equal(got.Voided, []string{"anna (operator)"}) {
				t.Errorf("got %+v, %v and %v, want the token void", held, err, got.Voided)
			}
			if err := joinBox(t, p, invited); !errors.Is(err, central.ErrJoin) {
				t.Errorf("a join token of the backup: got %v, want %v", err, central.ErrJoin)
			}
			if !slices.Equal(got.Uninvited, []string{invited.Site}) {
				t.Errorf("got %v, want %s told", got.Uninvited, invited.Site)
			}
		})
	}
}
