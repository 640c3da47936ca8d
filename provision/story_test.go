package provision_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

const phoneAt, laptopAt = "10.20.0.57", "10.20.0.99"

func (l *lab) codes(m phone.MAC) string {
	var list []string
	for _, f := range l.Timeline(m).Findings {
		list = append(list, f.Code)
	}
	return strings.Join(list, " ")
}

func (l *lab) conditions() string {
	var list []string
	for _, c := range l.board.List() {
		list = append(list, c.Code)
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func wantCodes(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// enrol brings a phone from its OTP to its own login.
func (l *lab) enrol(t testing.TB) (user, password string) {
	t.Helper()
	a := l.get(t, mac, phoneAt, "installer", otp.Reveal())
	wantStage(t, "OTP", a, vendors.Full)
	user, password = loginIn(t, a)
	wantStage(t, "own login", l.get(t, mac, phoneAt, user, password), vendors.Full)
	return user, password
}

// TestDeletedAndSetUpAgain goes the whole way: the phone still shows a login that
// went with its record, and the box says so.
func TestDeletedAndSetUpAgain(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.lease(phoneAt, mac)
	l.add(t, mac)
	user, password := l.enrol(t)
	wantCodes(t, "enrolled", l.codes(mac), "")
	if err := l.Remove(t.Context(), operator, mac); err != nil {
		t.Fatal(err)
	}
	wantCodes(t, "removed", l.codes(mac), "not-set-up")
	l.add(t, mac)
	wantChallenge(t, "void login", l.get(t, mac, phoneAt, user, password))
	wantCodes(t, "set up again", l.codes(mac), "looks-recreated")
	if _, err := l.AllowOTP(t.Context(), operator, mac, false); err != nil {
		t.Fatal(err)
	}
	l.enrol(t)
	wantCodes(t, "did what it was told to do", l.codes(mac), "")
}

func TestPhoneThatNeverCameBack(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.lease(phoneAt, mac)
	l.add(t, mac)
	a := l.get(t, mac, phoneAt, "installer", otp.Reveal())
	l.Look()
	wantCodes(t, "at once", l.conditions(), "")
	l.wait(auth.RefetchWindow)
	l.Look()
	wantCodes(t, "conditions after the window", l.conditions(), "enrolment-stalled:"+mac.String())
	if f := l.Timeline(mac).Findings; len(f) == 0 || f[0].Code != provision.CodeStalled || f[0].Fix != provision.FixAllowOTP {
		t.Errorf("got %+v, want %s with a fix", f, provision.CodeStalled)
	}
	user, password := loginIn(t, a)
	wantStage(t, "it came back", l.get(t, mac, phoneAt, user, password), vendors.Full)
	l.Look()
	wantCodes(t, "conditions once it came back", l.conditions(), "")
}

// TestClashNamesBoth: the phone asked for, and the one that asked, have a
// condition each, and both end by themselves.
func TestClashNamesBoth(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	other := phone.MAC{0x00, 0x15, 0x65, 0x00, 0x00, 0x02}
	l.lease(phoneAt, mac)
	l.lease(laptopAt, other)
	l.add(t, mac)
	l.add(t, other)
	wantChallenge(t, "in another's name", l.get(t, mac, laptopAt))
	want := strings.Join([]string{"mac-contradicted", "mac-contradicted:" + other.String(), "mac-contradicted:" + mac.String()}, " ")
	wantCodes(t, "conditions", l.conditions(), want)
	for _, c := range l.board.List() {
		if !strings.Contains(c.Detail, mac.String()) || !strings.Contains(c.Detail, other.String()) {
			t.Errorf("%s: got %q, want it to name both MACs", c.Code, c.Detail)
		}
	}
	wantCodes(t, "the victim", l.codes(mac), "mac-contradicted")
	wantCodes(t, "the other", l.codes(other), "asks-as-another")
	l.wait(time.Hour)
	l.Look()
	wantCodes(t, "an hour later", l.conditions(), "")
	wantCodes(t, "the victim, an hour later", l.codes(mac), "")
}

func TestDoubtNamesThePhone(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.lease(phoneAt, mac)
	l.add(t, mac)
	wantChallenge(t, "from elsewhere", l.get(t, mac, laptopAt))
	wantCodes(t, "conditions", l.conditions(), "mac-doubted mac-doubted:"+mac.String())
	if c := l.board.List()[0]; !strings.Contains(c.Detail, "at home at "+phoneAt) {
		t.Errorf("got %q, want where it is at home", c.Detail)
	}
}

// TestClashesAreBounded: a laptop that asks for every phone's config fills the
// board up to its bound and no further.
func TestClashesAreBounded(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.lease(laptopAt, stranger)
	for i := range 60 {
		m := phone.MAC{0x00, 0x15, 0x65, 0, 1, byte(i)}
		l.add(t, m)
		l.get(t, m, laptopAt)
	}
	if n := len(l.board.List()); n < 10 || n > 25 {
		t.Errorf("got %d conditions for 60 phones asked for, want some and at most 25", n)
	}
}

// TestWatchTellsFindings: what the box makes of a phone comes over the running
// account, once.
func TestWatchTellsFindings(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	l.Sighted(provision.Sighting{
		MAC: mac, Front: provision.DHCP, Addr: netip.MustParseAddr(phoneAt), Ident: vendors.Ident{Vendor: "plain"}, Text: "lease",
		Kind: provision.KindLease, Lead: provision.Lead{Starting: true, Given: "66", URL: "http://10.20.0.1/cfg/"},
	})
	l.Look()
	l.wait(5 * time.Minute)
	l.Look()
	l.Look()
	var told []provision.Step
	for _, s := range l.Recent(mac) {
		if s.Code != "" {
			told = append(told, s)
		}
	}
	if len(told) != 1 || told[0].Code != "no-config-asked" || told[0].Do == "" {
		t.Errorf("got %+v, want no-config-asked once, with what to do", told)
	}
}

// TestCommonFileIsThePhones: a common file has no MAC in its name, so the lease
// says whose timeline it belongs to; without one it is nobody's.
func TestCommonFileIsThePhones(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.lease(phoneAt, mac)
	l.add(t, mac)
	for _, from := range []string{phoneAt, laptopAt} {
		ask := provision.Ask{Front: provision.HTTP, Remote: netip.AddrPortFrom(netip.MustParseAddr(from), 40000), File: "common.txt"}
		if _, err := l.Fetch(t.Context(), ask); err != nil {
			t.Fatal(err)
		}
	}
	l.wait(5 * time.Minute)
	wantCodes(t, "5 minutes later", l.codes(mac), "common-only")
	for _, e := range l.Timeline(mac).Events {
		if e.Kind == provision.KindOpen && (e.Times != 1 || e.Unproven) {
			t.Errorf("got %+v, want it once, by the phone", e)
		}
	}
}

// TestStrangersDoNotTellThePhonesStory: once something is proven to be the
// phone, what others do under its MAC makes no findings about it.
func TestStrangersDoNotTellThePhonesStory(t *testing.T) {
	l := newLab(t, auth.FactorOTP)
	l.add(t, mac)
	l.get(t, mac, laptopAt, "Plain", "Plain")
	wantCodes(t, "nothing proven yet", l.codes(mac), "waits-otp")
	if f := l.Timeline(mac).Findings; !strings.Contains(f[0].Text, "nothing proves that the caller at "+laptopAt) {
		t.Errorf("got %q, want the doubt said", f[0].Text)
	}
	l.lease(phoneAt, mac)
	l.enrol(t)
	wantCodes(t, "enrolled", l.codes(mac), "")
}
