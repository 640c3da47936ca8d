package auth_test

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

func TestCheckPassword(t *testing.T) {
	for name, tc := range map[string]struct {
		password string
		names    []string
		want     string // part of the refusal; empty for none
	}{
		"good":                     {"Tr0ub4dor&3", []string{"anna", "710", ""}, ""},
		"good in another script":   {"Größe-Nr.42ß", nil, ""},
		"other letters are other":  {"Abcdefgh1漢", nil, ""},
		"short":                    {"Tr0ub4d&3", nil, "at least 10"},
		"short in bytes it is not": {"Ää1!Ää1!Ä", nil, "at least 10"},
		"no capital":               {"tr0ub4dor&3", nil, "capital"},
		"no small":                 {"TR0UB4DOR&3", nil, "small"},
		"no digit":                 {"Troubadour&", nil, "digit"},
		"nothing else":             {"Tr0ub4dor33", nil, "something else"},
		"the name in it":           {"My-aNNa-2026", []string{"anna"}, "must not contain"},
		"the number in it":         {"Call-me-710!", []string{"anna", "710"}, "must not contain"},
		"the name in other case":   {"GROẞE-nr-42-x", []string{"große"}, "must not contain"},
		"two lines":                {"Tr0ub4dor&3\n", nil, "one line"},
		"no text":                  {"Tr0ub4dor&3\xff", nil, "one line"},
		"endless":                  {strings.Repeat("Aa1!", 65), nil, "at most"},
		"empty":                    {"", nil, "at least 10"},
	} {
		t.Run(name, func(t *testing.T) {
			err := auth.CheckPassword(phone.NewSecret(tc.password), tc.names...)
			if tc.want == "" && err != nil || tc.want != "" && (!errors.Is(err, auth.ErrPassword) || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if err != nil && tc.password != "" && strings.Contains(err.Error(), tc.password) {
				t.Errorf("the refusal shows the password: %v", err)
			}
		})
	}
}

// FuzzCheckPassword: what is taken has what the rules ask, and no name in it,
// letter by letter in whatever case.
func FuzzCheckPassword(f *testing.F) {
	f.Add("Tr0ub4dor&3", "anna")
	f.Add("aNNa-anna-1A", "ANNA")
	f.Fuzz(func(t *testing.T, password, name string) {
		if auth.CheckPassword(phone.NewSecret(password), name) != nil {
			return
		}
		runes, of := []rune(password), []rune(name)
		has := func(is func(rune) bool) bool { return slices.ContainsFunc(runes, is) }
		if len(runes) < auth.MinPassword || !has(unicode.IsUpper) || !has(unicode.IsLower) || !has(unicode.IsDigit) {
			t.Errorf("%q was taken", password)
		}
		for i := range runes {
			if end := i + len(of); len(of) > 0 && end <= len(runes) && strings.EqualFold(string(runes[i:end]), name) {
				t.Errorf("%q was taken beside the name %q", password, name)
			}
		}
	})
}

func TestHashOfAPassword(t *testing.T) {
	right, salt := phone.NewSecret("Tr0ub4dor&3"), [16]byte{1, 2, 3}
	hash := auth.HashPassword(right, salt)
	if !auth.VerifyPassword(hash, right) || auth.VerifyPassword(hash, phone.NewSecret("Tr0ub4dor&4")) || auth.WeakHash(hash) {
		t.Errorf("%s: the right one is not right, a wrong one is, or it is weak", hash.Reveal())
	}
	if other := auth.HashPassword(right, [16]byte{9}); other.Equal(hash) {
		t.Error("two salts give one hash")
	}
	// What is no hash is as good as none; so is one that costs more than anybody bears.
	for text, want := range map[string]bool{
		"$argon2id$v=19$m=64,t=1,p=1$AQIDAAAAAAAAAAAAAAAAAA$" + strings.Repeat("A", 43):      true,
		"$argon2id$v=19$m=9999999,t=1,p=1$AQIDAAAAAAAAAAAAAAAAAA$" + strings.Repeat("A", 43): true,
		strings.Replace(hash.Reveal(), "argon2id", "argon2i", 1):                             true,
		strings.Replace(hash.Reveal(), "m=32768", "m=032768", 1):                             true,
		"": true, "$": true, hash.Reveal() + "$": true,
	} {
		if auth.VerifyPassword(phone.NewSecret(text), right) {
			t.Errorf("%q verifies", text)
		}
		if got := auth.WeakHash(phone.NewSecret(text)); got != want {
			t.Errorf("%q: got weak %v, want %v", text, got, want)
		}
	}
}

// TestSignInTransitions has what an account has, against what is shown.
func TestSignInTransitions(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	own, temporary, other := phone.NewSecret("own"), phone.NewSecret("temporary"), phone.NewSecret("other")
	const hour, day = time.Hour, 24 * time.Hour
	for name, tc := range map[string]struct {
		password auth.Password
		shown    auth.Matched
		in       bool
		must     auth.Must
	}{
		"own":                            {auth.Password{Hash: own, Set: now}, auth.Matched{Own: own}, true, ""},
		"own of 90 days less a moment":   {auth.Password{Hash: own, Set: now.Add(-90*day + 1)}, auth.Matched{Own: own}, true, ""},
		"own of 90 days":                 {auth.Password{Hash: own, Set: now.Add(-90 * day)}, auth.Matched{Own: own}, true, auth.MustExpired},
		"own from the future":            {auth.Password{Hash: own, Set: now.Add(1)}, auth.Matched{Own: own}, true, auth.MustExpired},
		"own changed meanwhile":          {auth.Password{Hash: other, Set: now}, auth.Matched{Own: own}, false, ""},
		"nothing shown":                  {auth.Password{Hash: own, Set: now}, auth.Matched{}, false, ""},
		"nothing there, nothing shown":   {auth.Password{}, auth.Matched{}, false, ""},
		"temporary":                      {auth.Password{Hash: own, Set: now, Temporary: temporary, Until: now.Add(1)}, auth.Matched{Temporary: temporary}, true, auth.MustTemporary},
		"temporary alone":                {auth.Password{Temporary: temporary, Until: now.Add(hour)}, auth.Matched{Temporary: temporary}, true, auth.MustTemporary},
		"temporary of yesterday":         {auth.Password{Temporary: temporary, Until: now}, auth.Matched{Temporary: temporary}, false, ""},
		"temporary from the future":      {auth.Password{Temporary: temporary, Until: now.Add(day + 1)}, auth.Matched{Temporary: temporary}, false, ""},
		"temporary as own":               {auth.Password{Temporary: temporary, Until: now.Add(hour)}, auth.Matched{Own: temporary}, false, ""},
		"own beside an unused temporary": {auth.Password{Hash: own, Set: now, Temporary: temporary, Until: now.Add(hour)}, auth.Matched{Own: own}, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			from := netip.MustParsePrefix("10.20.0.9/32")
			old := auth.Account{Name: "anna", Password: tc.password}
			next, must, in := old.SignIn(now, from, tc.shown)
			if in != tc.in || must != tc.must {
				t.Fatalf("got %v %q, want %v %q", in, must, tc.in, tc.must)
			}
			if !in {
				if next.IsKnown(from) || next.Password != old.Password {
					t.Error("a refusal changed the account")
				}
				return
			}
			if !next.IsKnown(from) || !next.SignedIn.Equal(now) || next.Password.Hash != old.Password.Hash {
				t.Errorf("got %+v", next)
			}
			if _, _, again := next.SignIn(now, from, auth.Matched{Temporary: temporary}); again {
				t.Error("the temporary password lets in twice")
			}
		})
	}
}

func TestKnownNetworksAreBounded(t *testing.T) {
	now, own := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), phone.NewSecret("own")
	a := auth.Account{Password: auth.Password{Hash: own, Set: now}}
	at := func(n int) netip.Prefix { return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(n)}), 32) }
	for n := range 3 * auth.MaxKnown {
		before := len(a.Known)
		next, _, _ := a.SignIn(now, at(n), auth.Matched{Own: own})
		if len(a.Known) != before {
			t.Fatal("the account before was changed")
		}
		a = next
		a, _, _ = a.SignIn(now, at(n), auth.Matched{Own: own})
	}
	if len(a.Known) != auth.MaxKnown || a.Known[0] != at(3*auth.MaxKnown-1) || a.IsKnown(at(0)) {
		t.Errorf("got %v, want the last %d, the newest first", a.Known, auth.MaxKnown)
	}
}

// TestWhatEndsSessions: every change of password or role does, and asking for a
// forgotten one does not.
func TestWhatEndsSessions(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	a := auth.Account{Name: "anna", Role: auth.Admin}.Change(now, phone.NewSecret("own"))
	s := auth.Session{Name: "anna", Epoch: a.Epoch, Made: now, Seen: now}
	forgot, given := a.Forget(now, phone.NewSecret("t"))
	if _, twice := forgot.Forget(now.Add(auth.TemporaryGap-1), phone.NewSecret("u")); !given || twice {
		t.Errorf("got given %v and again at once %v", given, twice)
	}
	for name, tc := range map[string]struct {
		after time.Duration
		of    auth.Account
		want  bool
	}{
		"at once": {0, a, true}, "idle": {auth.SessionIdle, a, false}, "not quite": {auth.SessionIdle - 1, a, true},
		"the clock behind": {-1, a, false}, "changed": {0, a.Change(now, phone.NewSecret("new")), false},
		"reset": {0, a.Reset(now, phone.NewSecret("t")), false}, "another role": {0, a.WithRole(now, auth.Viewer), false},
		"forgotten": {0, forgot, true}, "somebody else": {0, auth.Account{Name: "bert", Epoch: a.Epoch}, false},
	} {
		if got := s.Alive(now.Add(tc.after), tc.of); got != tc.want {
			t.Errorf("%s: got alive %v, want %v", name, got, tc.want)
		}
	}
	s.Seen = now.Add(auth.SessionMost)
	if s.Alive(now.Add(auth.SessionMost), a) {
		t.Error("a session outlives its most")
	}
}
