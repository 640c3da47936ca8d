package store

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// putAccount keeps one account.
func putAccount(t testing.TB, s *Store, a auth.Account) {
	t.Helper()
	err := s.ChangeAccounts(t.Context(), func(map[string]auth.Account) ([]auth.Account, []string, []audit.Record, error) {
		return []auth.Account{a}, nil, []audit.Record{{Event: audit.AccountAdded{Account: a.Name}}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func testAccount(name string) auth.Account {
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	return auth.Account{
		Name: name, Role: auth.Installer, Email: "planted-" + name + "@example.net", Language: "de", Created: at, Person: at.Add(1), Epoch: 7,
		Password: auth.Password{Hash: phone.NewSecret("planted-hash"), Set: at, Temporary: phone.NewSecret("planted-temporary"), Until: at.Add(time.Hour),
			Asked: phone.NewSecret("planted-asked"), AskedUntil: at.Add(2 * time.Hour)},
		Known: []netip.Prefix{netip.MustParsePrefix("10.20.0.9/32")}, SignedIn: at,
	}
}

func TestAccountsAndSessionsOutliveARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s := openTest(t, path, Config{})
	for _, name := range []string{"anna", "bert", "carl"} {
		putAccount(t, s, testAccount(name))
	}
	if err := s.ChangeAccounts(t.Context(), func(all map[string]auth.Account) ([]auth.Account, []string, []audit.Record, error) {
		bert := all["bert"]
		bert.Role = auth.Admin
		return []auth.Account{bert}, []string{"carl", "nobody"}, nil, nil
	}); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	one := auth.Session{ID: [32]byte{1}, Name: "anna", Epoch: 7, Must: auth.MustExpired, Made: at, Seen: at.Add(1), Remote: netip.MustParseAddr("10.20.0.9")}
	other := auth.Session{ID: [32]byte{2}, Name: "bert", Made: at, Seen: at}
	if err := errors.Join(s.SaveSessions(t.Context(), []auth.Session{one, other}, nil), s.SaveSessions(t.Context(), nil, [][32]byte{other.ID, {9}})); err != nil {
		t.Fatal(err)
	}
	want := s.Accounts()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || bytes.Contains(text, []byte("planted-")) {
		t.Errorf("something of an account stands in the file in clear, or %v", err)
	}
	back := openTest(t, path, Config{})
	if got := back.Accounts(); !reflect.DeepEqual(got, want) || len(got) != 2 || got[1].Role != auth.Admin || got[0].Email != "planted-anna@example.net" {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := back.Sessions(); !reflect.DeepEqual(got, []auth.Session{one}) {
		t.Errorf("got the sessions %+v, want %+v", got, one)
	}
}

// TestAccountsOfACopy: who may sign in is as it was, which is said; but nobody is
// signed in, and no temporary password lets in twice.
func TestAccountsOfACopy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s := openTest(t, path, Config{})
	putAccount(t, s, testAccount("anna"))
	if err := s.SaveSessions(t.Context(), []auth.Session{{ID: [32]byte{1}, Name: "anna"}}, nil); err != nil {
		t.Fatal(err)
	}
	var backup bytes.Buffer
	if err := errors.Join(s.Backup(&backup), s.Close(), os.WriteFile(path, backup.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	back := openTest(t, path, Config{})
	if got := back.Sessions(); len(got) != 0 {
		t.Errorf("got the sessions %+v, want none", got)
	}
	a, ok := back.Account("anna")
	if !ok || a.Password.Hash.Reveal() != "planted-hash" || a.Password.HasTemporary() {
		t.Errorf("got %+v, want the account with its own password alone", a)
	}
	if d := back.Report().Detail; !strings.Contains(d, "lineside account list") {
		t.Errorf("the report is %q, want it to say who may sign in", d)
	}
}

// TestAccountOutOfPlaceIsDamage: a record under another's key, as of somebody who
// can write to the file and would like to be an admin.
func TestAccountOutOfPlaceIsDamage(t *testing.T) {
	c := codec{testKey()}
	value, err := c.encodeAccount(testAccount("anna"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.decodeAccount(userKey("bert"), value); !errors.Is(err, errDamaged) {
		t.Errorf("account: got %v, want %v", err, errDamaged)
	}
	value, err = c.encodeSession(auth.Session{ID: [32]byte{1}, Name: "anna"})
	if err != nil {
		t.Fatal(err)
	}
	id := [32]byte{2}
	if _, err := c.decodeSession(id[:], value); !errors.Is(err, errDamaged) {
		t.Errorf("session: got %v, want %v", err, errDamaged)
	}
}

func TestEditOfAccountsThatFailsChangesNothing(t *testing.T) {
	s := openTest(t, filepath.Join(t.TempDir(), "db"), Config{})
	putAccount(t, s, testAccount("anna"))
	planted := errors.New("planted")
	err := s.ChangeAccounts(t.Context(), func(map[string]auth.Account) ([]auth.Account, []string, []audit.Record, error) {
		return []auth.Account{testAccount("bert")}, []string{"anna"}, nil, planted
	})
	if _, ok := s.Account("anna"); !ok || len(s.Accounts()) != 1 || !errors.Is(err, planted) {
		t.Errorf("got %v and %+v, want %v and anna alone", err, s.Accounts(), planted)
	}
}

func TestOperatorsAreCounted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s := openTest(t, path, Config{})
	user := testAccount("erika")
	user.Role = auth.Personal
	putAccount(t, s, user)
	if got := s.Operators(); got != 0 {
		t.Errorf("with a user's sign-in alone: got %d, want 0", got)
	}
	putAccount(t, s, testAccount("anna"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := openTest(t, path, Config{}).Operators(); got != 1 {
		t.Errorf("after a restart: got %d, want 1", got)
	}
}
