package store

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// site is a state directory with everything in it that is under the site key.
type site struct {
	dir, db, key string
	records      []auth.Record
	policy       auth.Policy
	tokens       []Token
	letters      map[string]phone.Secret
	accounts     []auth.Account
}

func newSite(t testing.TB) *site {
	t.Helper()
	dir := t.TempDir()
	w := &site{dir: dir, db: filepath.Join(dir, "db"), key: filepath.Join(dir, "site.key")}
	k, err := LoadKey(w.key, w.db)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(w.db, k, Config{}, Tools{})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 5 {
		set(t, s, testRecord(n))
	}
	if _, err := s.ChangePolicy(t.Context(), func(p auth.Policy) (auth.Policy, []audit.Record, error) {
		p.Brands["snom"] = auth.Brand{Vendor: "snom", User: "brand", Password: phone.NewSecret("brand-password"), Generation: 1, FormerUser: "former", FormerPassword: phone.NewSecret("former-password")}
		return p, nil, nil
	}); err != nil {
		t.Fatal(err)
	}
	addToken(t, s, Token{Name: "monitoring", Role: "viewer", Hash: [32]byte{1, 2, 3}, Added: time.Unix(1_800_000_000, 0)})
	putLetters(t, s, map[string]string{"a": "a temporary password", "b": "another"})
	putAccount(t, s, testAccount("anna"))
	if err := s.SaveSessions(t.Context(), []auth.Session{{ID: [32]byte{1}, Name: "anna"}}, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.KeepGood(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.records, _ = s.All()
	w.policy, w.tokens, w.letters, w.accounts = s.Policy(), s.Tokens(), s.Letters(), s.Accounts()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return w
}

// opens starts the box on what lies in dir and says what is wrong with it; the
// key it came up with is its answer too.
func (w *site) opens(t testing.TB, dir string) (k Key, wrong string) {
	t.Helper()
	db := filepath.Join(dir, "db")
	k, err := LoadKey(filepath.Join(dir, "site.key"), db)
	if err != nil {
		return k, "key: " + err.Error()
	}
	s, err := Open(db, k, Config{}, Tools{})
	if err != nil {
		return k, err.Error()
	}
	defer s.Close()
	recs, _ := s.All()
	check := verify(t, s)
	switch {
	case s.Report() != Report{}:
		return k, "report: " + s.Report().Detail
	case !reflect.DeepEqual(w.records, recs):
		return k, fmt.Sprintf("got the devices %+v, want %+v", recs, w.records)
	case !reflect.DeepEqual(w.policy, s.Policy()):
		return k, fmt.Sprintf("got the policy %+v, want %+v", s.Policy(), w.policy)
	case !reflect.DeepEqual(w.tokens, s.Tokens()):
		return k, fmt.Sprintf("got the tokens %v, want %v", s.Tokens(), w.tokens)
	case !reflect.DeepEqual(w.letters, s.Letters()):
		return k, fmt.Sprintf("got the letters %v, want %v", s.Letters(), w.letters)
	case !reflect.DeepEqual(w.accounts, s.Accounts()):
		return k, fmt.Sprintf("got the accounts %v, want %v", s.Accounts(), w.accounts)
	case !check.OK:
		return k, "audit log: " + check.Why
	}
	if _, err := opensUnder(goodPath(db), k); err != nil && !errors.Is(err, os.ErrNotExist) {
		return k, "good copy: " + err.Error()
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.rotated")); len(left) > 0 {
		return k, "left behind: " + strings.Join(left, " ")
	}
	if _, err := os.Stat(nextPath(db)); err == nil {
		return k, "two keys are left"
	}
	return k, ""
}

func rotateSite(t testing.TB, w *site) Rotated {
	t.Helper()
	out, err := Rotate(w.db, w.key, audit.Actor{Front: "cli", Name: "root"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func readText(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRotate(t *testing.T) {
	w := newSite(t)
	was := readText(t, w.key)
	oldKey, err := ReadKey(w.key)
	if err != nil {
		t.Fatal(err)
	}
	sealed := sealedValues(readText(t, w.db))
	if len(sealed) < 20 {
		t.Fatalf("only %d sealed values in the old file", len(sealed))
	}
	oldFile, err := os.Open(w.key)
	if err != nil {
		t.Fatal(err)
	}
	defer oldFile.Close()
	if out := rotateSite(t, w); out.Devices != 5 || out.Pending != "" || len(out.Old) != 0 {
		t.Errorf("got %+v, want 5 devices and nothing left to do", out)
	}
	k, wrong := w.opens(t, w.dir)
	if wrong != "" {
		t.Error(wrong)
	}
	if bytes.Equal(was, readText(t, w.key)) || k == oldKey {
		t.Error("the key is the old one")
	}
	if old := make([]byte, 64); func() bool { _, _ = oldFile.ReadAt(old, 0); return bytes.Equal(old, was[:64]) }() {
		t.Error("the old key still stands where it was on the disk")
	}
	for _, name := range []string{w.db, goodPath(w.db)} {
		text := readText(t, name)
		for v := range sealed {
			if bytes.Contains(text, []byte(v)) {
				t.Fatalf("%s still holds a value sealed under the old key", filepath.Base(name))
			}
		}
		if _, err := opensUnder(name, oldKey); !errors.Is(err, ErrKey) {
			t.Errorf("%s under the old key: got %v, want ErrKey", filepath.Base(name), err)
		}
	}
	s := openUnder(t, w.db, k)
	log, err := s.AuditTail(t.Context(), phone.MAC{}, 1)
	if err != nil || len(log) != 1 || log[0].Kind != "key-rotated" || log[0].By.Name != "root" {
		t.Errorf("audit: got %v, %v, want key-rotated by root", log, err)
	}
}

func openUnder(t testing.TB, path string, k Key) *Store {
	t.Helper()
	s, err := Open(path, k, Config{}, Tools{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// sealedValues finds everything in a file that is under the key, by the names
// of its fields.
func sealedValues(file []byte) map[string]bool {
	found := map[string]bool{}
	for _, m := range regexp.MustCompile(`"(?:sealed_\w+|seal)":"([^"]{16,})"`).FindAllSubmatch(file, -1) {
		found[string(m[1])] = true
	}
	return found
}

func TestRotateTwiceAndHeal(t *testing.T) {
	w := newSite(t)
	rotateSite(t, w)
	rotateSite(t, w)
	k, wrong := w.opens(t, w.dir)
	if wrong != "" {
		t.Fatal(wrong)
	}
	if err := os.WriteFile(w.db, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := openUnder(t, w.db, k)
	if all, _ := s.All(); !s.Report().Restored || len(all) != 5 {
		t.Errorf("got %+v and %d devices, want them from the good copy", s.Report(), len(all))
	}
	if len(s.Tokens()) != 0 {
		t.Errorf("a copy's tokens are still good: %v", s.Tokens())
	}
}

func TestRotateUnderACredential(t *testing.T) {
	w := newSite(t)
	cred := filepath.Join(t.TempDir(), "lineside.key")
	if err := os.Rename(w.key, cred); err != nil {
		t.Fatal(err)
	}
	w.key = cred
	was := readText(t, cred)
	out := rotateSite(t, w)
	if out.Pending != nextPath(w.db) || !bytes.Equal(was, readText(t, cred)) {
		t.Fatalf("got %+v, want the new key beside the database and the credential as it was", out)
	}
	start := func() Key {
		t.Helper()
		k, err := LoadKey(cred, w.db)
		if err != nil {
			t.Fatal(err)
		}
		s := openUnder(t, w.db, k)
		if all, _ := s.All(); len(all) != 5 || s.Report() != (Report{}) {
			t.Errorf("got %d devices, %+v", len(all), s.Report())
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		return k
	}
	pending := start() // the credential is not changed yet
	next := readText(t, out.Pending)
	if _, err := Rotate(w.db, cred, audit.Actor{}, time.Now()); !errors.Is(err, ErrKeyPending) || !bytes.Equal(next, readText(t, out.Pending)) {
		t.Errorf("once more before that: got %v, want ErrKeyPending and the one copy of the key left alone", err)
	}
	if err := os.WriteFile(cred, readText(t, out.Pending), 0o400); err != nil {
		t.Fatal(err)
	}
	if start() != pending {
		t.Error("another key after the credential was put in place")
	}
	if _, err := os.Stat(out.Pending); err == nil {
		t.Error("the new key still lies beside the database")
	}
}

func TestRotateRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(*testing.T, *site)
		want  string
	}{
		"a box that runs": {func(t *testing.T, w *site) {
			k, _ := ReadKey(w.key)
			openUnder(t, w.db, k)
		}, ErrInUse.Error()},
		"no database":        {func(t *testing.T, w *site) { _ = os.Remove(w.db) }, "no such file"},
		"the wrong key":      {func(t *testing.T, w *site) { _ = os.WriteFile(w.key, newKeyText(), 0o600) }, ErrKey.Error()},
		"no key":             {func(t *testing.T, w *site) { _ = os.Remove(w.key) }, ErrKeyMissing.Error()},
		"a damaged database": {func(t *testing.T, w *site) { _ = os.Truncate(w.db, 9000) }, "damaged"},
		"a changed audit log": {func(t *testing.T, w *site) {
			rewrite(t, w.db, func(tx *bolt.Tx) error {
				b := tx.Bucket([]byte(bucketAudit))
				if err := b.Delete(entryKey(b.Sequence())); err != nil {
					return err
				}
				return b.SetSequence(b.Sequence() - 1)
			})
		}, "the audit log was changed"},
		"something sealed it does not know": {func(t *testing.T, w *site) {
			rewrite(t, w.db, func(tx *bolt.Tx) error {
				b, err := tx.CreateBucket([]byte("later"))
				if err != nil {
					return err
				}
				value, err := frame(map[string]any{"sealed_thing": "x", "v": 1})
				if err != nil {
					return err
				}
				return b.Put([]byte("k"), value)
			})
		}, "does not know"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newSite(t)
			tc.spoil(t, w)
			before := contents(t, w.dir)
			if _, err := Rotate(w.db, w.key, audit.Actor{}, time.Now()); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if diff := cmp.Diff(slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(contents(t, w.dir)))); diff != "" {
				t.Errorf("files (-before +after):\n%s", diff)
			}
			if !bytes.Equal(before["site.key"], contents(t, w.dir)["site.key"]) {
				t.Error("the key was changed")
			}
		})
	}
}

func contents(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, e := range list {
		files[e.Name()] = readText(t, filepath.Join(dir, e.Name()))
	}
	return files
}

// TestLockOfAReplacedFileIsNotTaken: who waited for the lock on a file that is
// then replaced does not go on with it, for all it wrote would be lost.
func TestLockOfAReplacedFileIsNotTaken(t *testing.T) {
	w := newSite(t)
	holder, err := openBolt(w.db, 0)
	if err != nil {
		t.Fatal(err)
	}
	opened := make(chan error, 1)
	go func() {
		db, err := openBolt(w.db, 0)
		closeDamaged(db, nil)
		opened <- err
	}()
	for openFiles(t, w.db) < 2 && len(opened) == 0 {
		runtime.Gosched()
	}
	if err := os.Rename(goodPath(w.db), w.db); err != nil {
		t.Fatal(err)
	}
	if err := holder.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-opened; !errors.Is(err, ErrInUse) {
		t.Errorf("got %v, want ErrInUse", err)
	}
}

// openFiles is how often this process has the file open.
func openFiles(t testing.TB, path string) (n int) {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if name, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && name == path {
			n++
		}
	}
	return n
}
