package provision

import (
	"testing"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

func TestLooks(t *testing.T) {
	const shown, m = "own-abcdefghij", time.Minute
	void := func(login string) Event {
		return ago(m, KindChallenge, HTTP, 1, facts{vendor: "snom", reason: auth.VoidLogin, shown: auth.SameWrong, login: login})
	}
	bare := func(n int, d time.Duration, s auth.Shown) Event {
		return ago(d, KindChallenge, HTTP, n, facts{vendor: "snom", reason: auth.WantsLogin, shown: s})
	}
	hold := ago(m, KindHold, HTTP, 1, facts{vendor: "snom", reason: auth.WantsPIN})
	was := func(mac phone.MAC, how end) func(*story) {
		o := origin{mac: mac, end: how, ended: noon.Add(-time.Hour)}
		return func(s *story) {
			s.origin = func(u string) (origin, bool) { return o, u == shown }
			s.lost, s.had = o, how != "" && mac == s.mac
		}
	}
	for name, tc := range map[string]finds{
		"deleted and set up again":     {story: tale([]Event{void(shown)}, was(storied, endRemoved)), codes: "looks-recreated", text: "before it was deleted here at 2 Mar 11:00", do: "lineside device allow-otp 00:15:65:4a:a9:37", fix: FixAllowOTP, at: m},
		"deleted, now on hold":         {story: tale([]Event{hold}, pinSite, was(storied, endRemoved)), codes: "looks-recreated waits-pin", text: "deleted here", do: "lineside pin enter", fix: FixSuspend, at: m},
		"reset by mistake":             {story: tale([]Event{void(shown)}, was(storied, endReset)), codes: "looks-reset", text: "until it was reset at 2 Mar 11:00", do: "lineside device suspend", fix: FixAllowOTP, at: m},
		"reset, now on hold":           {story: tale([]Event{hold}, pinSite, was(storied, endReset)), codes: "looks-reset waits-pin", text: "was reset at", do: "lineside device suspend", fix: FixSuspend, at: m},
		"restored from an old flash":   {story: tale([]Event{void(shown)}, settled, was(storied, endReplaced)), codes: "looks-old-flash", do: "allow-otp", fix: FixAllowOTP, at: m},
		"cleared by an operator":       {story: tale([]Event{void(shown)}, was(storied, endCleared)), codes: "looks-cleared", fix: FixAllowOTP, at: m},
		"login edited on the phone":    {story: tale([]Event{void(shown)}, settled, was(storied, "")), codes: "looks-edited", fix: FixAllowOTP, at: m},
		"login of another box":         {story: tale([]Event{void("own-zzzzzzzzzz")}, was(storied, endReset)), codes: "looks-foreign", fix: FixAllowOTP, at: m},
		"swapped with another phone":   {story: tale([]Event{void(shown)}, was(another, "")), codes: "looks-swapped", text: "shows the login of 00:15:65:00:00:02", do: "factory settings", fix: FixAllowOTP, at: m},
		"on hold as another phone":     {story: tale([]Event{void("hold-001565000002")}), codes: "looks-swapped", text: "00:15:65:00:00:02", fix: FixAllowOTP, at: m},
		"on hold at another box":       {story: tale([]Event{void("hold-0015654aa937")}), codes: "looks-other-box", fix: FixAllowOTP, at: m},
		"a stand-in, not set up":       {story: tale([]Event{void(shown)}, isNew, was(another, "")), codes: "looks-swapped not-set-up", do: "lineside device add 00:15:65:4a:a9:37, then lineside device remove 00:15:65:00:00:02", at: m},
		"factory reset, factory login": {story: tale([]Event{bare(1, m, auth.FirstTry)}, settled), codes: "looks-factory-reset", text: "factory login", fix: FixAllowOTP, at: m},
		"factory reset, no login":      {story: tale([]Event{bare(3, 2*m, auth.Nothing)}, settled), codes: "looks-factory-reset", text: "three times without", fix: FixAllowOTP, at: 2 * m},
		"asks first, as phones do":     {story: tale([]Event{bare(2, 2*m, auth.Nothing)}, settled)},
		"about to show its login":      {story: tale([]Event{bare(3, m/2, auth.Nothing)}, settled)},
		"restored to the holding one":  {story: tale([]Event{bare(1, m, auth.HoldingLogin)}, settled), codes: "looks-holding", fix: FixAllowOTP, at: m},
		"unproven, PIN site":           {story: tale([]Event{unproven(bare(1, m, auth.FirstTry))}, settled, pinSite), codes: "looks-factory-reset", text: "nothing proves", do: "lineside device reset 00:15:65:4a:a9:37, then lineside pin enter 00:15:65:4a:a9:37 PIN --from", at: m},
		"never had another login":      {story: tale([]Event{hold}, pinSite), codes: "waits-pin", do: "lineside pin enter", at: m},
		"let in again since":           {story: tale([]Event{void(shown), ago(0, KindFull, HTTP, 1, facts{})}, was(storied, endReset))},
	} {
		t.Run(name, tc.check)
	}
}

func TestLoginsLearn(t *testing.T) {
	minted := func(u string) audit.Event { return audit.CredentialMinted{User: u} }
	for name, tc := range map[string]struct {
		events []audit.Event
		want   map[string]end
	}{
		"minted, not used yet":      {[]audit.Event{minted("a")}, map[string]end{"a": ""}},
		"replaced once the new one": {[]audit.Event{minted("a"), audit.CredentialConfirmed{User: "a"}, minted("b"), audit.CredentialConfirmed{User: "b"}}, map[string]end{"a": endReplaced, "b": ""}},
		"the old one holds before":  {[]audit.Event{minted("a"), audit.CredentialConfirmed{User: "a"}, minted("b")}, map[string]end{"a": "", "b": ""}},
		"reset":                     {[]audit.Event{minted("a"), audit.Reset{Epoch: 1}, minted("b")}, map[string]end{"a": endReset, "b": ""}},
		"removed":                   {[]audit.Event{minted("a"), audit.DeviceRemoved{}}, map[string]end{"a": endRemoved}},
		"cleared":                   {[]audit.Event{minted("a"), audit.OTPAllowed{Cleared: true}}, map[string]end{"a": endCleared}},
		"allowed, not cleared":      {[]audit.Event{minted("a"), audit.OTPAllowed{}}, map[string]end{"a": ""}},
		"first end counts":          {[]audit.Event{minted("a"), audit.Reset{}, audit.DeviceRemoved{}}, map[string]end{"a": endReset}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLogins()
			l.learn(noon, another, minted("other"))
			for _, e := range tc.events {
				l.learn(noon, storied, e)
			}
			for user, want := range tc.want {
				if o, ok := l.origin(user); !ok || o.mac != storied || o.end != want {
					t.Errorf("%s: got %+v %v, want %s's, ended by %q", user, o, ok, storied, want)
				}
			}
			if o, _ := l.origin("other"); o.end != "" {
				t.Errorf("another phone's login ended: %+v", o)
			}
		})
	}
}

func TestLoginsAreBounded(t *testing.T) {
	l := newLogins()
	for i := range maxLogins + 100 {
		user := mint(noon, "").User
		l.learn(noon, phone.MAC{2, 0, 0, byte(i >> 16), byte(i >> 8), byte(i)}, audit.CredentialMinted{User: user})
	}
	if len(l.of) != maxLogins || len(l.valid) != maxLogins || len(l.order) != maxLogins {
		t.Errorf("got %d names, %d phones, %d in order, want %d of each", len(l.of), len(l.valid), len(l.order), maxLogins)
	}
}

// FuzzMadeHere: only what is spelt exactly like a login of this box is kept from
// what a caller shows, so nothing a stranger writes comes before an operator.
func FuzzMadeHere(f *testing.F) {
	for _, s := range []string{"", "own-abcdefghij", "own-abcdefghi1", "own-", "hold-0015654aa937", "hold-00:15:65:4a:a9:37", "hold-x", "own-abcdefghij\x1b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, user string) {
		got := madeHere(&Attempt{User: user})
		if got == "" {
			return
		}
		if got != user || len(got) > len(holdPrefix)+12 || printable(got) != got {
			t.Errorf("%q is kept as %q", user, got)
		}
	})
}

func TestMadeHereKnowsItsOwn(t *testing.T) {
	for _, user := range []string{mint(noon, "").User, holdingLogin(auth.Policy{Key: phone.NewSecret("k")}, storied).User} {
		if got := madeHere(&Attempt{User: user}); got != user {
			t.Errorf("%s: got %q, want it recognised", user, got)
		}
	}
}
