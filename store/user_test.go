package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
)

// testUser has every field filled.
func testUser(id string) phone.User {
	return phone.User{
		ID: id, Extension: "710", First: "Anna", Last: "Müller", Email: "anna@example.net", AlternateID: "4711",
		WebPassword: phone.NewSecret("fakeweb" + id + "1"), PortalPIN: phone.NewSecret("24681357"),
		Created: time.Unix(1_800_000_000, 5).UTC(), Fails: 3,
	}
}

func putUser(t testing.TB, s *Store, u phone.User) {
	t.Helper()
	err := s.ChangeUsers(t.Context(), func(phone.User) (*phone.User, []audit.Record, error) {
		return &u, []audit.Record{{Event: audit.UserAdded{User: u.ID}}}, nil
	}, u.ID)
	if err != nil {
		t.Fatal(err)
	}
}

func TestUsersOutliveARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s := openTest(t, path, Config{})
	if got := s.Users(); len(got) != 0 {
		t.Errorf("a new database has the users %v", got)
	}
	putUser(t, s, testUser("bert"))
	putUser(t, s, testUser("anna"))
	putUser(t, s, testUser("gone"))
	err := s.ChangeUsers(t.Context(), func(phone.User) (*phone.User, []audit.Record, error) { return nil, nil, nil }, "gone", "never")
	if err != nil {
		t.Fatal(err)
	}
	want := s.Users()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte("fakewebanna1")) || bytes.Contains(text, []byte("24681357")) {
		t.Error("a password of a user stands in the file in clear")
	}
	back := openTest(t, path, Config{})
	got := back.Users()
	if len(got) != 2 || got[0].ID != "anna" || got[0].Rev == 0 || got[0].Rev == got[1].Rev {
		t.Fatalf("got %v, want anna and bert with a Rev each", got)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("got %+v, want %+v", got[i], want[i])
		}
		filled := testUser(got[i].ID)
		filled.Rev = got[i].Rev
		if got[i] != filled {
			t.Errorf("%s: a field was lost: got %+v, want %+v", got[i].ID, got[i], filled)
		}
	}
	if _, ok := back.User("gone"); ok {
		t.Error("a user that was deleted is back")
	}
}

func TestRejectedChangeOfUsersLeavesNoTrace(t *testing.T) {
	s := openTest(t, filepath.Join(t.TempDir(), "db"), Config{})
	putUser(t, s, testUser("anna"))
	before, no := s.Users(), errors.New("no")
	err := s.ChangeUsers(t.Context(), func(old phone.User) (*phone.User, []audit.Record, error) {
		if old.Rev == 0 {
			return nil, nil, no
		}
		old.First = "Berta"
		return &old, nil, nil
	}, "anna", "new")
	if got := s.Users(); !errors.Is(err, no) || !cmp.Equal(len(before), len(got)) || got[0] != before[0] {
		t.Errorf("got %v and %v, want the error and %v", err, got, before)
	}
	err = s.ChangeUsers(t.Context(), func(old phone.User) (*phone.User, []audit.Record, error) { return &old, nil, nil }, "anna")
	if got, _ := s.User("anna"); err != nil || got.Rev != before[0].Rev {
		t.Errorf("a change of nothing: got %v and rev %d, want rev %d", err, got.Rev, before[0].Rev)
	}
}

// TestUsersAreSealedForTheirPlace moves one user's password to another.
func TestUsersAreSealedForTheirPlace(t *testing.T) {
	c := codec{testKey()}
	encode := func(id string) storedUser {
		value, err := c.encodeUser(testUser(id))
		if err != nil {
			t.Fatal(err)
		}
		s, err := parse[storedUser](value, userSchema)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	anna, bert := encode("anna"), encode("bert")
	for name, change := range map[string]func(*storedUser){
		"another's password": func(s *storedUser) { s.WebPassword = bert.WebPassword },
		"PIN as password":    func(s *storedUser) { s.WebPassword = s.PortalPIN },
		"another's place":    func(s *storedUser) { s.ID = "bert" },
	} {
		s := anna
		change(&s)
		value, err := frame(s)
		if err != nil {
			t.Fatal(err)
		}
		if u, err := c.decodeUser(userKey("anna"), value); !errors.Is(err, errDamaged) {
			t.Errorf("%s: got %v and %v, want damage", name, u, err)
		}
	}
}

func TestUsersComeUnderANewKey(t *testing.T) {
	w := newSite(t)
	k, err := ReadKey(w.key)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(w.db, k, Config{}, Tools{})
	if err != nil {
		t.Fatal(err)
	}
	putUser(t, s, testUser("anna"))
	want, _ := s.User("anna")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	rotateSite(t, w)
	if k, err = ReadKey(w.key); err != nil {
		t.Fatal(err)
	}
	if got, ok := openUnder(t, w.db, k).User("anna"); !ok || got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
