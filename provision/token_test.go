package provision_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// newMute is a town with one phone that cannot sign in.
func newMute(t testing.TB, f auth.Factor) *lab {
	t.Helper()
	l := newTown(t, f, townTable)
	if _, err := l.Add(t.Context(), operator, phone.Device{MAC: mac, Vendor: "mute"}); err != nil {
		t.Fatal(err)
	}
	return l
}

// tokenFile is a phone's config behind a token.
func tokenFile(m phone.MAC, token string) string { return "t/" + token + "/" + m.Hex() + ".mute" }

// TestPathTokenIsTheCredential walks a phone that cannot sign in from first
// contact on: each config leads to the next by the token in its URL, and what
// was valid before is void when the next is used.
func TestPathTokenIsTheCredential(t *testing.T) {
	l := newMute(t, auth.FactorPIN)
	const from = "10.88.0.5" // behind a router: nothing on layer 2 proves it
	first := l.fetch(t, mac.Hex()+".mute", from)
	wantStage(t, "first contact", first, vendors.Holding)
	hold := wordIn(t, first, "token")
	wantStage(t, "on hold", l.fetch(t, tokenFile(mac, hold), from), vendors.Holding)
	rec, err := l.Device(mac)
	if err != nil {
		t.Fatal(err)
	}
	by := operator
	by.Identity = "ip:" + from
	if r, err := l.EnterPIN(t.Context(), by, mac, rec.Enrolment.PIN); err != nil || !r.Accepted {
		t.Fatalf("PIN: got %+v and %v", r, err)
	}
	wantChallenge(t, "without the holding config's token", l.fetch(t, mac.Hex()+".mute", from))
	full := l.fetch(t, tokenFile(mac, hold), from)
	wantStage(t, "after the PIN", full, vendors.Full)
	own := wordIn(t, full, "token")
	if own == hold || len(own) != 32 {
		t.Fatalf("got token %q after %q, want another of 32 letters", own, hold)
	}
	wantStage(t, "its own token, pending", l.fetch(t, tokenFile(mac, own), from), vendors.Full)
	if rec, _ := l.Device(mac); rec.Enrolment.State != auth.Successful || rec.Enrolment.Current.IsZero() {
		t.Errorf("got %+v, want successful with a current credential", rec.Enrolment)
	}
	wantStage(t, "its own token, current", l.fetch(t, tokenFile(mac, own), from), vendors.Full)
	wantStage(t, "under folders", l.fetch(t, "t/"+own+"/x/"+mac.Hex()+".mute", from), vendors.Full)
	wantChallenge(t, "the holding token once it has its own", l.fetch(t, tokenFile(mac, hold), from))
	if _, err := l.Reset(t.Context(), operator, mac); err != nil {
		t.Fatal(err)
	}
	if a := l.fetch(t, tokenFile(mac, own), from); strings.HasPrefix(string(a.Body), "stage=2") {
		t.Error("a token outlived the reset of its device")
	}
}

// TestPathTokenRotates: while a new credential is pending both tokens are good;
// the first use of the new one makes the old one void.
func TestPathTokenRotates(t *testing.T) {
	l := newMute(t, auth.FactorPIN)
	l.lease("10.20.0.57", mac)
	enter := func() string {
		t.Helper()
		rec, _ := l.Device(mac)
		if r, err := l.EnterPIN(t.Context(), operator, mac, rec.Enrolment.PIN); err != nil || !r.Accepted {
			t.Fatalf("PIN: got %+v and %v", r, err)
		}
		return wordIn(t, l.fetch(t, mac.Hex()+".mute", "10.20.0.57"), "token")
	}
	old := enter()
	wantStage(t, "first use", l.fetch(t, tokenFile(mac, old), "10.20.0.57"), vendors.Full)
	rec, _ := l.Device(mac)
	next := rec.Enrolment.Current
	next.User, next.Password = "own-aaaaaaaaaa", phone.NewSecret("fake-next-password")
	rec.Enrolment.Pending, rec.Rev = next, l.store.nextRev()
	l.store.devices[mac] = rec
	a := l.fetch(t, tokenFile(mac, old), "10.20.0.57")
	wantStage(t, "the old token while the new one is pending", a, vendors.Full)
	fresh := wordIn(t, a, "token")
	if fresh == old {
		t.Fatal("the config does not lead on to the new token")
	}
	wantStage(t, "the new token", l.fetch(t, tokenFile(mac, fresh), "10.20.0.57"), vendors.Full)
	wantChallenge(t, "the old token after it", l.fetch(t, tokenFile(mac, old), "10.20.0.57"))
}

// TestTokensAreRefusedAlike: a wrong token, another phone's, one of a maker whose
// phones can sign in, and any on TFTP; known phone or not.
func TestTokensAreRefusedAlike(t *testing.T) {
	l := newMute(t, auth.FactorOTP)
	l.lease("10.20.0.57", mac)
	other := phone.MAC{0, 0x15, 0x65, 9, 9, 9}
	l.add(t, other)
	user, password := loginIn(t, l.get(t, other, "10.88.0.9", "installer", "fake-brand-otp"))
	l.get(t, other, "10.88.0.9", user, password)
	if _, err := l.Suspend(t.Context(), operator, mac); err != nil {
		t.Fatal(err)
	}
	own := wordIn(t, l.fetch(t, mac.Hex()+".mute", "10.20.0.57"), "token")
	want := l.fetch(t, tokenFile(stranger, "wrong"), "10.88.1.1")
	if want.Status != provision.Challenge {
		t.Fatalf("a stranger: got %+v, want a challenge", want)
	}
	for n, file := range []string{
		tokenFile(mac, "wrong"), tokenFile(mac, strings.Repeat("x", 64)), tokenFile(stranger, own), tokenFile(mac, password), tokenFile(mac, "fake-brand-otp"),
		"t/" + own + "/" + other.Hex() + ".txt", "t/" + password + "/" + other.Hex() + ".txt",
	} {
		if got := l.fetch(t, file, fmt.Sprintf("10.88.2.%d", n+1)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", provision.Loggable(file), got, want)
		}
	}
	for _, file := range []string{"t/", "t/x", "t//x.txt", "t/x/", "t/" + strings.Repeat("x", 65) + "/common.txt"} {
		if got := l.fetch(t, file, "10.88.3.1"); !reflect.DeepEqual(got, provision.Answer{}) {
			t.Errorf("%s: got %+v, want that there is no such file", file, got)
		}
	}
	for _, file := range []string{tokenFile(mac, own), tokenFile(mac, "wrong"), "t/x/mute.txt"} {
		if got := l.askOn(t, provision.TFTP, file, "10.20.0.57"); !reflect.DeepEqual(got, provision.Answer{}) {
			t.Errorf("%s on TFTP: got %+v, want nothing", provision.Loggable(file), got)
		}
	}
	if got := l.fetch(t, "t/whatever/mute.txt", "10.88.3.1"); got.Status != provision.Content {
		t.Errorf("a file without secrets: got %+v, want it served", got)
	}
	wantStage(t, "the phone itself, from anywhere", l.fetch(t, tokenFile(mac, own), "10.88.4.1"), vendors.Full)
}

func TestWrongTokensCostTheirSender(t *testing.T) {
	l := newMute(t, auth.FactorPIN)
	var last provision.Answer
	for n := range auth.FreeTries + 1 {
		last = l.fetch(t, tokenFile(mac, fmt.Sprint("wrong", n)), "10.88.0.6")
	}
	if last.Status != provision.Challenge || last.Retry <= 0 {
		t.Errorf("got %+v, want a challenge with a time to wait", last)
	}
	if a := l.fetch(t, tokenFile(mac, "wrong"), "10.88.0.7"); a.Retry != 0 {
		t.Errorf("another address waits %s, want no time", a.Retry)
	}
}

func TestTokensAreNotLogged(t *testing.T) {
	for file, want := range map[string]string{
		"cfg/t/secret/x.cfg": "cfg/t/…/x.cfg", "t/secret/t/more": "t/…/t/…", "/cfg//t/secret": "/cfg//t/…", "dat/x.cfg": "dat/x.cfg", "t": "t",
	} {
		if got := provision.Loggable(file); got != want {
			t.Errorf("%s: got %s, want %s", file, got, want)
		}
	}
	l := newMute(t, auth.FactorPIN)
	own := wordIn(t, l.fetch(t, mac.Hex()+".mute", "10.88.0.5"), "token")
	l.fetch(t, tokenFile(mac, own), "10.88.0.5")
	l.fetch(t, "t/"+own+"/nothing.xyz", "10.88.0.5")
	if seen := fmt.Sprintf("%+v %+v %+v", l.Recent(phone.MAC{}), l.Timeline(mac), l.store.events); strings.Contains(seen, own) {
		t.Errorf("a token is in what operators see: %s", seen)
	}
	shown, err := l.Preview(mac, "", false)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range shown {
		if strings.Contains(p.Body, own) {
			t.Errorf("the preview of %s shows the token", p.File)
		}
	}
}

// FuzzToken: no name with a token in it ever gives a full config, and what is
// logged of it never has the token.
func FuzzToken(f *testing.F) {
	l := newMute(f, auth.FactorPIN)
	for _, s := range []string{"t/x/" + mac.Hex() + ".mute", "t//", "t/t/t/t", "t/" + strings.Repeat("a", 32) + "/common.txt"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, file string) {
		if a := l.fetch(t, file, "10.88.0.5"); strings.HasPrefix(string(a.Body), "stage=2") {
			t.Errorf("%q: got a full config", file)
		}
		if rest, ok := strings.CutPrefix(file, "t/"); ok {
			if token, _, _ := strings.Cut(rest, "/"); token != "" && strings.HasPrefix(provision.Loggable(file), "t/"+token) && token != "…" {
				t.Errorf("%q is logged as %q", file, provision.Loggable(file))
			}
		}
	})
}

// TestTheRecordIsAHintForTheProvenAlone: a name two vendors share is read as the
// record has it where layer 2 proves the caller, and as for a stranger elsewhere.
func TestTheRecordIsAHintForTheProvenAlone(t *testing.T) {
	shared := func(l *lab) vendors.Table {
		table := townTable(l)
		var makers []vendors.Maker
		for _, m := range table.Makers() {
			m := m
			old := m.File
			m.OUIs = nil
			m.File = func(name string) (vendors.File, bool) {
				if hex, ok := strings.CutSuffix(name, ".cfg"); ok {
					mac, err := phone.ParseMAC(hex)
					return vendors.File{Name: name, Kind: vendors.Config, Vendor: m.Vendor, MAC: mac}, err == nil
				}
				return old(name)
			}
			makers = append(makers, m)
		}
		return vendors.NewTable(makers...)
	}
	l := newTown(t, auth.FactorPIN, shared)
	if _, err := l.Add(t.Context(), operator, phone.Device{MAC: mac, Vendor: "mute"}); err != nil {
		t.Fatal(err)
	}
	file := mac.Hex() + ".cfg"
	if got := wordIn(t, l.fetch(t, file, "10.88.0.5"), "token"); got != "" {
		t.Error("a stranger learns by the maker that the box knows the MAC")
	}
	l.lease("10.20.0.57", mac)
	if got := wordIn(t, l.fetch(t, file, "10.20.0.57"), "token"); len(got) != 32 {
		t.Errorf("got token %q, want the phone served as its record says", got)
	}
}
