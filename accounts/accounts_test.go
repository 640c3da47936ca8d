package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lineside/lineside/accounts"
	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/mail"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/store"
)

var (
	here  = netip.MustParseAddr("10.20.0.9")
	start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	root  = audit.Actor{Front: "cli", Name: "root"}
)

const good, better = "Tr0ub4dor&3", "C0rrect-Horse"

func secret(s string) phone.Secret { return phone.NewSecret(s) }

// at is one of many addresses.
func at(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, 30, byte(n >> 8), byte(n)}) }

// lab is a desk on a real store, with users and a letter box in memory.
type lab struct {
	*accounts.Desk
	store *store.Store
	path  string

	mu      sync.Mutex
	clock   time.Time
	users   map[string]phone.User
	letters chan mail.Message
	off     bool          // no mail server
	full    bool          // the disk
	broken  bool          // letters are refused
	turn    chan struct{} // told when the worker begins with a request
}

func newLab(t testing.TB) *lab {
	t.Helper()
	l := &lab{
		path: filepath.Join(t.TempDir(), "db"), clock: start, letters: make(chan mail.Message, 16),
		users: map[string]phone.User{"erika": {ID: "erika", Extension: "710", AlternateID: "emp-77", Email: "erika@example.net", First: "Erika", Created: start}},
	}
	l.restart(t)
	return l
}

// restart is the box starting anew on what is on disk.
func (l *lab) restart(t testing.TB) {
	t.Helper()
	if l.store != nil {
		if err := l.store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	key, err := store.NewKey([]byte(strings.Repeat("k", 32)))
	if err == nil {
		l.store, err = store.Open(l.path, key, store.Config{Now: l.now}, store.Tools{})
	}
	if err == nil {
		l.Desk, err = accounts.New(accounts.Config{Site: "Branch 7", Now: l.now}, accounts.Deps{Store: disk{l.store, l}, People: l, Mail: l, Log: slog.New(slog.DiscardHandler)})
	}
	if err != nil {
		t.Fatal(err)
	}
	s := l.store
	t.Cleanup(func() { _ = s.Close() })
}

// disk is the store on a disk that may be full.
type disk struct {
	*store.Store
	lab *lab
}

func (d disk) room() error {
	d.lab.mu.Lock()
	defer d.lab.mu.Unlock()
	if d.lab.full {
		return fmt.Errorf("commit: %w", &os.PathError{Op: "write", Path: "lineside.db", Err: syscall.ENOSPC})
	}
	return nil
}

func (d disk) ChangeAccounts(ctx context.Context, edit accounts.Edit) error {
	if err := d.room(); err != nil {
		return err
	}
	return d.Store.ChangeAccounts(ctx, edit)
}

func (d disk) SaveSessions(ctx context.Context, put []auth.Session, remove [][32]byte) error {
	if err := d.room(); err != nil {
		return err
	}
	return d.Store.SaveSessions(ctx, put, remove)
}

func (l *lab) setFull(full bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.full = full
}

func (l *lab) now() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.clock
}

func (l *lab) after(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clock = l.clock.Add(d)
}

// User is one of the site's.
func (l *lab) User(id string) (phone.User, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	u, ok := l.users[id]
	if !ok {
		return u, phone.ErrUnknownUser
	}
	return u, nil
}

// On reports that there is a mail server.
func (l *lab) On() bool {
	if l.turn != nil {
		l.turn <- struct{}{}
	}
	return !l.off
}

// Send takes a letter.
func (l *lab) Send(_ context.Context, m mail.Message) error {
	switch {
	case l.off:
		return mail.ErrOff
	case l.broken:
		return mail.ErrFull
	}
	l.letters <- m
	return nil
}

// kinds are the last n events on record.
func (l *lab) kinds(t testing.TB, n int) (kinds []string) {
	t.Helper()
	log, err := l.store.AuditTail(t.Context(), phone.MAC{}, n)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range log {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// setUp makes the first admin, anna, and gives her session.
func (l *lab) setUp(t testing.TB) accounts.Person {
	t.Helper()
	code, _ := l.SetUpCode()
	p, err := l.SetUp(t.Context(), here, code, accounts.NewAdmin{Name: "Anna", Password: secret(good), Mail: "anna@example.net", Language: "de"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var codeForm = regexp.MustCompile(`\b[0-9A-Z]{4}(-[0-9A-Z]{4}){3}\b`)

// temporary waits for a letter and gives the password in it.
func (l *lab) temporary(t testing.TB) string {
	t.Helper()
	select {
	case m := <-l.letters:
		return codeForm.FindString(m.Text.Reveal())
	case <-time.After(10 * time.Second):
		t.Fatal("no letter came")
		return ""
	}
}

// running has the desk's worker run.
func (l *lab) running(t testing.TB) {
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { _ = l.Run(ctx) })
	t.Cleanup(func() { cancel(); done.Wait() })
}

func TestSetUp(t *testing.T) {
	l := newLab(t)
	code, ok := l.SetUpCode()
	if !ok || !codeForm.MatchString(code.Reveal()) || !l.NeedsSetUp() {
		t.Fatalf("got the code %q %v", code.Reveal(), ok)
	}
	l.restart(t)
	fresh, _ := l.SetUpCode()
	in := accounts.NewAdmin{Name: "anna", Password: secret(good)}
	for name, tc := range map[string]struct {
		code phone.Secret
		in   accounts.NewAdmin
		want error
	}{
		"another start's code": {code, in, accounts.ErrSetUp}, "none": {phone.Secret{}, in, accounts.ErrSetUp},
		"a user's name": {fresh, accounts.NewAdmin{Name: "erika", Password: secret(good)}, accounts.ErrIsUser},
	} {
		if _, err := l.SetUp(t.Context(), here, tc.code, tc.in); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", name, err, tc.want)
		}
	}
	if _, err := l.SetUp(t.Context(), here, fresh, accounts.NewAdmin{Name: "Ännä", Password: secret("weak"), Mail: "nobody", Language: "xx"}); err == nil || !l.NeedsSetUp() {
		t.Errorf("got %v, want all of it refused", err)
	}
	typed := secret(strings.ToLower(strings.NewReplacer("-", " ", "0", "o", "1", "l").Replace(fresh.Reveal())))
	p, err := l.SetUp(t.Context(), here, typed, in)
	if err != nil || p.Role != auth.Admin || p.Must != "" || p.Name != "anna" {
		t.Fatalf("got %+v, %v", p, err)
	}
	if _, ok := l.SetUpCode(); ok {
		t.Error("the code is shown although there is an account")
	}
	if _, err := l.SetUp(t.Context(), here, fresh, accounts.NewAdmin{Name: "bert", Password: secret(good)}); !errors.Is(err, accounts.ErrSetUpDone) {
		t.Errorf("again: got %v, want %v", err, accounts.ErrSetUpDone)
	}
	if got := l.kinds(t, 1); !slices.Equal(got, []string{"account-added"}) {
		t.Errorf("events: got %v", got)
	}
}

// TestSetUpCodeIsNotGuessed: an address has a few tries, and others go on.
func TestSetUpCodeIsNotGuessed(t *testing.T) {
	l := newLab(t)
	for range auth.FreeTries {
		_, err := l.SetUp(t.Context(), at(1), secret("0000-0000-0000-0000"), accounts.NewAdmin{})
		if !errors.Is(err, accounts.ErrSetUp) {
			t.Fatal(err)
		}
	}
	code, _ := l.SetUpCode()
	in := accounts.NewAdmin{Name: "anna", Password: secret(good)}
	if _, err := l.SetUp(t.Context(), at(1), code, in); err == nil {
		t.Error("an address without a penalty after guesses")
	}
	if _, err := l.SetUp(t.Context(), at(2), code, in); err != nil {
		t.Errorf("somebody else: got %v", err)
	}
}

func TestSignInAndSessions(t *testing.T) {
	l := newLab(t)
	first := l.setUp(t)
	if _, err := l.SignIn(t.Context(), here, " ANNA ", secret(good)); err != nil {
		t.Errorf("a name in capitals: got %v", err)
	}
	for name, password := range map[string]string{"anna": good + "x", "nobody": good, "": good, "erika": good, strings.Repeat("a", 9999): good} {
		if _, err := l.SignIn(t.Context(), at(3), name, secret(password)); !errors.Is(err, accounts.ErrWrong) && !strings.Contains(err.Error(), "too many") {
			t.Errorf("%.10s: got %v, want %v", name, err, accounts.ErrWrong)
		}
	}
	if p, ok := l.Who(first.Token, true); !ok || p.Name != "anna" || p.Role != auth.Admin || p.Language != "de" {
		t.Errorf("got %+v %v", p, ok)
	}
	l.restart(t)
	if _, ok := l.Who(first.Token, true); !ok {
		t.Error("a restart signed her out")
	}
	l.after(auth.SessionIdle - 1)
	if _, ok := l.Who(first.Token, false); !ok {
		t.Error("signed out before she was idle for long enough")
	}
	l.after(1)
	if _, ok := l.Who(first.Token, true); ok {
		t.Error("a page that keeps itself up to date keeps her signed in")
	}
	p, err := l.SignIn(t.Context(), here, "anna", secret(good))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.SignOut(t.Context(), p.Token); err != nil {
		t.Fatal(err)
	}
	if _, ok := l.Who(p.Token, true); ok {
		t.Error("signed out, and still in")
	}
	l.restart(t)
	if _, ok := l.Who(p.Token, true); ok {
		t.Error("signed out, and in again after a restart")
	}
}

func TestSessionsOfOneAreBounded(t *testing.T) {
	l := newLab(t)
	first := l.setUp(t)
	for range 16 {
		l.after(time.Second)
		if _, err := l.SignIn(t.Context(), here, "anna", secret(good)); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := l.Who(first.Token, true); ok || len(l.store.Sessions()) > 16 {
		t.Errorf("the first of 17 sessions goes on: %v", ok)
	}
}

// TestGuessingCostsWhoGuesses: twenty wrong ones from everywhere keep out
// strangers, and nobody else.
func TestGuessingCostsWhoGuesses(t *testing.T) {
	l := newLab(t)
	l.setUp(t)
	l.running(t)
	for n := range auth.DeviceTries {
		if _, err := l.SignIn(t.Context(), at(n), "anna", secret("wrong")); !errors.Is(err, accounts.ErrWrong) {
			t.Fatal(err)
		}
	}
	if !l.Held("anna") {
		t.Error("no penalty after twenty wrong ones")
	}
	if _, err := l.SignIn(t.Context(), at(100), "anna", secret(good)); !errors.Is(err, accounts.ErrWrong) {
		t.Errorf("the right one at a new place: got %v, want the answer to a wrong one", err)
	}
	if _, err := l.SignIn(t.Context(), here, "anna", secret(good)); err != nil {
		t.Errorf("the right one at a known place: got %v", err)
	}
	if err := l.Forgot(t.Context(), at(101), "anna"); err != nil {
		t.Fatal(err)
	}
	if p, err := l.SignIn(t.Context(), at(101), "anna", secret(l.temporary(t))); err != nil || p.Must != "temporary" {
		t.Errorf("a temporary one at a new place: got %+v, %v", p, err)
	}
	if err := l.Unlock(t.Context(), root, "anna"); err != nil || l.Held("anna") {
		t.Errorf("unlock: got %v, held %v", err, l.Held("anna"))
	}
	if n := slices.Index(l.kinds(t, 50), "sign-in-refused"); n < 0 {
		t.Error("no refusal is on record")
	}
}

func TestAddressWaits(t *testing.T) {
	l := newLab(t)
	l.setUp(t)
	for range auth.FreeTries {
		_, _ = l.SignIn(t.Context(), at(7), "nobody", secret("x"))
	}
	if _, err := l.SignIn(t.Context(), at(7), "anna", secret(good)); err == nil || errors.Is(err, accounts.ErrWrong) {
		t.Errorf("got %v, want to be told to wait", err)
	}
	l.after(auth.FirstPenalty)
	if _, err := l.SignIn(t.Context(), at(7), "anna", secret(good)); err != nil {
		t.Errorf("after the wait: got %v", err)
	}
}

// TestForgottenPassword: mailed to who has an address, good once, for a day,
// beside the own one, and answered alike for everybody.
func TestForgottenPassword(t *testing.T) {
	l := newLab(t)
	l.setUp(t)
	l.running(t)
	for _, name := range []string{"nobody", "erika", "anna"} { // erika never had a sign-in
		if err := l.Forgot(t.Context(), here, name); err != nil {
			t.Errorf("%s: got %v, want none", name, err)
		}
	}
	m := <-l.letters
	text := m.Text.Reveal()
	if m.To != "anna@example.net" || !strings.Contains(text, "Guten Tag") || strings.Contains(text, "Hello") || !strings.Contains(text, "Branch 7") || len(l.letters) != 0 {
		t.Errorf("got a letter to %s:\n%s", m.To, text)
	}
	code := secret(codeForm.FindString(text))
	if _, err := l.SignIn(t.Context(), here, "anna", secret(good)); err != nil {
		t.Errorf("her own one: got %v", err)
	}
	if _, err := l.SignIn(t.Context(), here, "anna", code); !errors.Is(err, accounts.ErrWrong) {
		t.Errorf("after her own one was used: got %v", err)
	}
	l.after(auth.TemporaryGap)
	_ = l.Forgot(t.Context(), here, "anna")
	code = secret(l.temporary(t))
	l.after(auth.TemporaryFor)
	if _, err := l.SignIn(t.Context(), here, "anna", code); !errors.Is(err, accounts.ErrWrong) {
		t.Errorf("after a day: got %v, want %v", err, accounts.ErrWrong)
	}
	_ = l.Forgot(t.Context(), here, "anna")
	p, err := l.SignIn(t.Context(), at(1), "anna", secret(l.temporary(t)))
	if err != nil || p.Must != "temporary" || p.Role != auth.Personal {
		t.Fatalf("got %+v, %v, want her in, to change it and nothing else", p, err)
	}
	next, err := l.ChangePassword(t.Context(), here, p.Token, phone.Secret{}, secret(better))
	if err != nil || next.Role != auth.Admin || next.Must != "" {
		t.Fatalf("got %+v, %v", next, err)
	}
	if _, ok := l.Who(p.Token, true); ok {
		t.Error("the session from before the change goes on")
	}
}

func TestChangePassword(t *testing.T) {
	l := newLab(t)
	p := l.setUp(t)
	for name, tc := range map[string]struct{ old, next, want string }{
		"the old one wrong":  {"x", better, "not changed"},
		"the same":           {good, good, "is the old one"},
		"against the rules":  {good, "short", "does not do"},
		"her name in it":     {good, "x-ANNA-2026", "does not do"},
		"nothing for an old": {"", better, "not changed"},
	} {
		if _, err := l.ChangePassword(t.Context(), here, p.Token, secret(tc.old), secret(tc.next)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
	}
	l.after(auth.PasswordFor)
	p, err := l.SignIn(t.Context(), here, "anna", secret(good))
	if err != nil || p.Must != "expired" || p.Role != auth.Personal {
		t.Fatalf("after 90 days: got %+v, %v", p, err)
	}
	if _, err := l.ChangePassword(t.Context(), here, p.Token, secret(good), secret(better)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.SignIn(t.Context(), here, "anna", secret(good)); !errors.Is(err, accounts.ErrWrong) {
		t.Errorf("the old one: got %v", err)
	}
	if p, err := l.SignIn(t.Context(), here, "anna", secret(better)); err != nil || p.Must != "" {
		t.Errorf("the new one: got %+v, %v", p, err)
	}
}

func TestOperators(t *testing.T) {
	l := newLab(t)
	anna := l.setUp(t)
	ctx := t.Context()
	bert, temporary, err := l.Add(ctx, root, auth.Account{Name: "bert", Role: auth.Viewer})
	if err != nil || temporary.Password.IsZero() || temporary.Why == "" || bert.Rev == 0 {
		t.Fatalf("got %+v %+v %v", bert, temporary, err)
	}
	p, err := l.SignIn(ctx, at(1), "bert", temporary.Password)
	if err == nil {
		p, err = l.ChangePassword(ctx, at(1), p.Token, phone.Secret{}, secret(better))
	}
	if err != nil || p.Role != auth.Viewer {
		t.Fatalf("got %+v %v", p, err)
	}
	role := func(r auth.Role) func(*auth.Account) { return func(a *auth.Account) { a.Role = r } }
	for name, tc := range map[string]struct {
		do   func() error
		want error
	}{
		"add one there is":           {func() error { _, _, err := l.Add(ctx, root, auth.Account{Name: "Bert", Role: auth.Admin}); return err }, accounts.ErrExists},
		"add a user's":               {func() error { _, _, err := l.Add(ctx, root, auth.Account{Name: "erika", Role: auth.Admin}); return err }, accounts.ErrIsUser},
		"demote the last admin":      {func() error { _, err := l.Edit(ctx, root, "anna", 0, role(auth.Viewer)); return err }, accounts.ErrLast},
		"remove the last admin":      {func() error { return l.Remove(ctx, root, "anna") }, accounts.ErrLast},
		"change what was changed":    {func() error { _, err := l.Edit(ctx, root, "bert", 1, role(auth.Admin)); return err }, accounts.ErrStale},
		"change nobody":              {func() error { _, err := l.Edit(ctx, root, "carl", 0, role(auth.Admin)); return err }, accounts.ErrUnknown},
		"remove nobody":              {func() error { return l.Remove(ctx, root, "carl") }, accounts.ErrUnknown},
		"reset nobody":               {func() error { _, err := l.Reset(ctx, root, "carl"); return err }, accounts.ErrUnknown},
		"reset a user as an account": {func() error { _, err := l.Reset(ctx, root, "erika"); return err }, accounts.ErrUnknown},
	} {
		if err := tc.do(); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", name, err, tc.want)
		}
	}
	if _, err := l.Edit(ctx, root, "bert", 0, role(auth.Personal)); err == nil {
		t.Error("an account was given a user's role")
	}
	if _, err := l.Edit(ctx, root, "bert", 0, role(auth.Admin)); err != nil {
		t.Fatal(err)
	}
	if _, ok := l.Who(p.Token, true); ok {
		t.Error("another role did not end the session")
	}
	if r, err := l.Reset(ctx, root, "anna"); err != nil || r.Mailed != "anna@example.net" || !r.Password.IsZero() {
		t.Errorf("reset: got %+v, %v, want it mailed and not shown", r, err)
	}
	if _, ok := l.Who(anna.Token, true); ok {
		t.Error("a reset did not end the session")
	}
	if _, err := l.SignIn(ctx, here, "anna", secret(good)); !errors.Is(err, accounts.ErrWrong) {
		t.Errorf("her own one after a reset: got %v", err)
	}
	if err := l.Remove(ctx, root, "anna"); err != nil {
		t.Error(err)
	}
	if got := l.Accounts(); len(got) != 1 || got[0].Name != "bert" {
		t.Errorf("got %+v, want bert alone", got)
	}
}

// TestUsersSignIn: by a temporary password an admin had made; and another person
// of the same ID is another person.
func TestUsersSignIn(t *testing.T) {
	l := newLab(t)
	l.setUp(t)
	ctx := t.Context()
	if _, err := l.ResetUser(ctx, root, "nobody"); !errors.Is(err, phone.ErrUnknownUser) {
		t.Errorf("nobody: got %v", err)
	}
	if r, err := l.ResetUser(ctx, root, "erika"); err != nil || r.Mailed != "erika@example.net" {
		t.Fatalf("got %+v, %v", r, err)
	}
	m := <-l.letters
	if text := m.Text.Reveal(); !strings.Contains(text, "Hello Erika") || !strings.Contains(text, "Guten Tag Erika") {
		t.Errorf("a letter without a language of hers:\n%s", text)
	}
	code := secret(codeForm.FindString(m.Text.Reveal()))
	p, err := l.SignIn(ctx, at(1), "erika", code)
	if err != nil || p.Role != auth.Personal || p.ID != "erika" || p.Must != "temporary" {
		t.Fatalf("got %+v, %v", p, err)
	}
	for _, bad := range []string{"My-Erika-20", "Call-710-me!", "is-EMP-77-x"} {
		if _, err := l.ChangePassword(ctx, at(1), p.Token, phone.Secret{}, secret(bad)); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
	if p, err = l.ChangePassword(ctx, at(1), p.Token, phone.Secret{}, secret(better)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Account("erika"); !errors.Is(err, accounts.ErrUnknown) || len(l.Accounts()) != 1 {
		t.Error("a user's sign-in is listed among the operators")
	}
	u := l.users["erika"]
	u.Created = start.Add(time.Hour)
	l.users["erika"] = u
	if _, ok := l.Who(p.Token, true); ok {
		t.Error("somebody set up later under her ID is signed in with her session")
	}
	if _, err := l.SignIn(ctx, at(1), "erika", secret(better)); !errors.Is(err, accounts.ErrWrong) {
		t.Errorf("somebody set up later signs in with her password: got %v", err)
	}
}

func TestWithoutAMailServer(t *testing.T) {
	l := newLab(t)
	l.setUp(t)
	l.off = true
	if r, err := l.Reset(t.Context(), root, "anna"); err != nil || r.Mailed != "" || !codeForm.MatchString(r.Password.Reveal()) || r.Why != mail.ErrOff.Error() {
		t.Errorf("got %+v, %v, want it shown, and why", r, err)
	}
}
