package central_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

func parseMAC(t testing.TB, text string) phone.MAC {
	t.Helper()
	m, err := phone.ParseMAC(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// operated joins a box to a site an operator added.
func (l *lab) operated(name string) *box {
	l.t.Helper()
	tok, err := l.p.As("anna").AddSite(name)
	if err != nil {
		l.t.Fatal(err)
	}
	return l.join(tok)
}

// held is what a site is to hold now, by name, as its box reads it.
func (l *lab) held(site string) map[proto.ID]wire.Doc {
	l.t.Helper()
	out := map[proto.ID]wire.Doc{}
	pull := proto.Pull{}
	for more := true; more; {
		q, err := json.Marshal(wire.Request{V: wire.Version, ID: "x", Pull: &pull})
		if err != nil {
			l.t.Fatal(err)
		}
		b, err := l.p.Answer(site, "pull", q)
		if err != nil {
			l.t.Fatal(err)
		}
		r, err := wire.Open(l.keys.Signer.Verifier(), site, "x", b)
		if err != nil || r.Pull == nil {
			l.t.Fatalf("got %+v, %v, want a page", r, err)
		}
		for _, s := range r.Pull.Docs {
			d, err := wire.OpenDoc(l.keys.Signer.Verifier(), site, s)
			if err != nil {
				l.t.Fatal(err)
			}
			out[d.ID] = d
		}
		more, pull.After, pull.Pin = r.Pull.More, r.Pull.Cursor.Rev, r.Pull.Pin
	}
	return out
}

// secret opens one secret of a document with a box's key.
func (b *box) secret(t testing.TB, d wire.Doc, kind string) string {
	t.Helper()
	if d.Sealed[kind] == nil {
		return ""
	}
	plain, err := b.key.Open(d.Label(kind), d.Sealed[kind])
	if err != nil {
		t.Fatalf("%s of %s: %v", kind, d.ID, err)
	}
	return string(plain)
}

func yealink(lines ...central.LineEdit) central.DeviceEdit {
	vendor := "yealink"
	return central.DeviceEdit{Vendor: &vendor, Lines: &lines}
}

func line(user, password string) central.LineEdit {
	return central.LineEdit{Line: wire.Line{User: user, Registrar: "sip.example.net"}, Password: phone.NewSecret(password)}
}

// TestMove: everything the platform makes is another at the new site, and
// nothing of the device is left at the old one.
func TestMove(t *testing.T) {
	l := newLab(t)
	a, b := l.operated("A"), l.operated("B")
	op, dev := l.p.As("anna"), parseMAC(t, mac)
	name := wire.DocID(wire.DeviceDoc, dev.Hex())
	made, err := op.AddDevice(dev, a.id, yealink(line("201", ""), line("202", "fake-password-of-elsewhere")))
	if err != nil {
		t.Fatal(err)
	}
	ticket, err := op.MakeTicket(dev, central.TicketRequest{})
	if err != nil {
		t.Fatal(err)
	}
	was := l.held(a.id)[name]
	for kind, want := range map[string]string{"pin": made["pin"].Reveal(), "sip.0": made["sip.0"].Reveal(), "sip.1": "fake-password-of-elsewhere", "otp": ticket.Password.Reveal()} {
		if got := a.secret(t, was, kind); got != want || want == "" {
			t.Errorf("%s at A: got %q, want %q", kind, got, want)
		}
	}
	anew, kept, err := op.MoveDevice(dev, b.id)
	if err != nil || !slices.Equal(kept, []string{"sip.1"}) {
		t.Fatalf("got %v, %v, want sip.1 named as not the platform's", kept, err)
	}
	gone, is := l.held(a.id)[name], l.held(b.id)[name]
	if !gone.Del || len(gone.Sealed) != 0 || !gone.Ver.Newer(was.Ver) {
		t.Errorf("at A: got %+v, want a newer tombstone", gone)
	}
	for _, kind := range []string{"pin", "sip.0"} {
		if got := b.secret(t, is, kind); got != anew[kind].Reveal() || got == made[kind].Reveal() || got == "" {
			t.Errorf("%s at B: got %q, want %q and not that of A", kind, got, anew[kind].Reveal())
		}
	}
	if got := b.secret(t, is, "otp"); got != "" {
		t.Errorf("the one-time password at B: got %q, want none", got)
	}
	if !is.Sec.OTP.Newer(was.Sec.OTP) || is.Sec.OTP.Mint == was.Sec.OTP.Mint || !is.Sec.PIN.Newer(was.Sec.PIN) {
		t.Errorf("generations: got %+v at B after %+v at A, want newer ones", is.Sec, was.Sec)
	}
	if _, _, err := op.MoveDevice(dev, b.id); !errors.Is(err, central.ErrExists) {
		t.Errorf("to where it is: got %v, want ErrExists", err)
	}
	if _, _, err := op.MoveDevice(dev, "nowhere"); !errors.Is(err, central.ErrUnknownSite) {
		t.Errorf("to nowhere: got %v, want ErrUnknownSite", err)
	}
}

// TestEnrolmentByOperator: what each call does to what the box is told.
func TestEnrolmentByOperator(t *testing.T) {
	l := newLab(t)
	a := l.operated("A")
	op, dev := l.p.As("anna"), parseMAC(t, mac)
	if _, err := op.AddDevice(dev, a.id, yealink()); err != nil {
		t.Fatal(err)
	}
	look := func() (d wire.Doc, body wire.Device) {
		d = l.held(a.id)[wire.DocID(wire.DeviceDoc, dev.Hex())]
		if err := json.Unmarshal(d.Body, &body); err != nil {
			t.Fatal(err)
		}
		return d, body
	}
	first, _ := look()
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(op.BlockDevice(dev))
	if d, _ := look(); !d.Sec.Locked || d.Sec.Armed() {
		t.Errorf("blocked: got %+v, want it locked and nothing armed", d.Sec)
	}
	do(op.UnblockDevice(dev))
	if d, _ := look(); d.Sec.Locked || !d.Sec.PIN.Newer(first.Sec.PIN) || a.secret(t, d, "pin") != a.secret(t, first, "pin") {
		t.Errorf("unblocked: got %+v, want a newer generation of the same PIN", d.Sec)
	}
	pin, err := op.ResetDevice(dev)
	do(err)
	if d, body := look(); body.Resets != 1 || a.secret(t, d, "pin") != pin.Reveal() || pin.Equal(phone.NewSecret(a.secret(t, first, "pin"))) {
		t.Errorf("reset: got %+v, want one reset and the new PIN", body)
	}
	if err := op.AllowBrandOnce(dev, true); !errors.Is(err, central.ErrUnknown) {
		t.Errorf("no password of the brand: got %v, want ErrUnknown", err)
	}
	do(op.SetBrand("yealink", "setup", phone.NewSecret("fake-password-of-all")))
	do(op.AllowBrandOnce(dev, true))
	if d, body := look(); !d.Sec.Armed() || !body.BrandOnce || !body.Clear {
		t.Errorf("allowed once: got %+v, %+v", d.Sec, body)
	}
	ticket, err := op.MakeTicket(dev, central.TicketRequest{User: "anna", Life: 24 * time.Hour, Approval: true})
	do(err)
	d, body := look()
	if !d.Sec.Armed() || body.BrandOnce || !body.Approval || body.OTPUser != "anna" || !body.OTPUntil.Equal(ticket.Until) || a.secret(t, d, "otp") != ticket.Password.Reveal() {
		t.Errorf("ticket: got %+v, %+v", d.Sec, body)
	}
	do(op.ApproveTicket(dev))
	if again, body := look(); body.Approval || again.Sec != d.Sec {
		t.Errorf("approved: got %+v, %+v, want the same generation", again.Sec, body)
	}
	if err := op.ApproveTicket(dev); !errors.Is(err, central.ErrUnknown) {
		t.Errorf("approved twice: got %v, want ErrUnknown", err)
	}
	do(op.RemoveTicket(dev))
	if d, body := look(); d.Sec.Armed() || body.OTPUser != "" || a.secret(t, d, "otp") != "" {
		t.Errorf("removed: got %+v, %+v, want nothing armed", d.Sec, body)
	}
	for _, life := range []time.Duration{time.Minute, 337 * time.Hour} {
		var wrong *central.InvalidError
		if _, err := op.MakeTicket(dev, central.TicketRequest{Life: life}); !errors.As(err, &wrong) {
			t.Errorf("for %v: got %v, want an InvalidError", life, err)
		}
	}
}

// TestEverySite: what is the same everywhere is at every site, at those that
// come later too, and goes on where it was cut short.
func TestEverySite(t *testing.T) {
	l := newLab(t)
	op := l.p.As("anna")
	sites := []*box{l.operated("A"), l.operated("B")}
	otp, policy := wire.DocID(wire.BrandDoc, "snom"), wire.DocID(wire.PolicyDoc, "site")
	if err := op.SetBrand("snom", "setup", phone.NewSecret("fake-password-of-all")); err != nil {
		t.Fatal(err)
	}
	sites = append(sites, l.operated("C"))
	rules := wire.Policy{FirstContact: "otp", BlockAfter: 5, OTPOffline: "deny"}
	if err := op.SetPolicy("", rules); err != nil {
		t.Fatal(err)
	}
	own := rules
	own.FirstContact = "pin"
	if err := op.SetPolicy(sites[1].id, own); err != nil {
		t.Fatal(err)
	}
	for i, b := range sites {
		docs := l.held(b.id)
		var got wire.Policy
		if err := json.Unmarshal(docs[policy].Body, &got); err != nil {
			t.Fatal(err)
		}
		if want := []string{"otp", "pin", "otp"}[i]; got.FirstContact != want || got.LocalChanges || b.secret(t, docs[otp], "otp") != "fake-password-of-all" {
			t.Errorf("site %d: got %+v and the secret %q, want first contact %s", i, got, b.secret(t, docs[otp], "otp"), want)
		}
	}
	if err := l.p.CutShort(otp); err != nil { // a crash right after it was removed
		t.Fatal(err)
	}
	if l.held(sites[0].id)[otp].Del {
		t.Error("got it taken back before anybody went on")
	}
	tok, err := op.InviteSite(sites[0].id) // meanwhile another box joins
	if err != nil {
		t.Fatal(err)
	}
	sites[0] = l.join(tok)
	if err := l.p.GoOn(); err != nil {
		t.Fatal(err)
	}
	for i, b := range sites {
		if d := l.held(b.id)[otp]; !d.Del {
			t.Errorf("site %d: got %+v, want it taken back", i, d)
		}
	}
}

// TestRemoveSite: nothing is left, nobody else loses anything, and what the
// devices' generations were stays known.
func TestRemoveSite(t *testing.T) {
	l := newLab(t)
	op := l.p.As("anna")
	a, b := l.operated("A"), l.operated("B")
	for i := range 450 { // more than one slice
		if _, err := op.AddDevice(parseMAC(t, fmt.Sprintf("001565%06x", i)), a.id, yealink()); err != nil {
			t.Fatal(err)
		}
	}
	other := parseMAC(t, "0015650fffff")
	if _, err := op.AddDevice(other, b.id, yealink()); err != nil {
		t.Fatal(err)
	}
	was := l.held(a.id)[wire.DocID(wire.DeviceDoc, "001565000001")].Sec
	if err := op.AddUser(a.id, "201", central.UserEdit{}); err != nil {
		t.Fatal(err)
	}
	if err := op.RemoveSite(a.id); err != nil {
		t.Fatal(err)
	}
	if left := l.p.KeysWith(a.id, "audit"); len(left) > 0 {
		t.Errorf("left of the site: %q", left)
	}
	list, _, err := l.p.Devices(central.DeviceQuery{Limit: 1000})
	if err != nil || len(list) != 1 || list[0].MAC != other {
		t.Errorf("got %d devices, %v, want the other site's one", len(list), err)
	}
	if _, err := op.AddDevice(parseMAC(t, "001565000001"), b.id, yealink()); err != nil {
		t.Fatal(err)
	}
	if is := l.held(b.id)[wire.DocID(wire.DeviceDoc, "001565000001")].Sec; !is.OTP.Newer(was.OTP) || !is.PIN.Newer(was.PIN) {
		t.Errorf("set up again: got %+v after %+v, want newer generations", is, was)
	}
}

func TestUsers(t *testing.T) {
	l := newLab(t)
	a := l.operated("A")
	op := l.p.As("anna")
	id, web, none := "anna", phone.NewSecret("fake1pass"), phone.Secret{}
	if err := op.AddUser(a.id, "201", central.UserEdit{ID: &id, Web: &web}); err != nil {
		t.Fatal(err)
	}
	name := wire.DocID(wire.UserDoc, "201")
	if got := a.secret(t, l.held(a.id)[name], "web"); got != "fake1pass" {
		t.Errorf("got %q, want the web-access password", got)
	}
	if err := op.AddUser(a.id, "202", central.UserEdit{ID: &id}); !errors.Is(err, central.ErrExists) {
		t.Errorf("the same ID: got %v, want ErrExists", err)
	}
	var wrong *central.InvalidError
	if err := op.AddUser(a.id, "2x", central.UserEdit{}); !errors.As(err, &wrong) {
		t.Errorf("no extension: got %v, want an InvalidError", err)
	}
	if err := op.EditUser(a.id, "201", central.UserEdit{Web: &none}); err != nil {
		t.Fatal(err)
	}
	if got := a.secret(t, l.held(a.id)[name], "web"); got != "" {
		t.Errorf("got %q, want the password gone", got)
	}
	if err := op.RemoveUser(a.id, "201"); err != nil {
		t.Fatal(err)
	}
	if d := l.held(a.id)[name]; !d.Del {
		t.Errorf("got %+v, want a tombstone", d)
	}
}

// TestAudit: who did what, newest first, page by page, and nothing of what
// failed.
func TestAudit(t *testing.T) {
	l := newLab(t)
	a := l.operated("A")
	dev := parseMAC(t, mac)
	made, err := l.p.As("ben").AddDevice(dev, a.id, yealink(line("201", "")))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.p.As("eve").RenameSite("nowhere", "X"); !errors.Is(err, central.ErrUnknownSite) {
		t.Fatal(err)
	}
	var said []string
	for before := uint64(0); ; {
		list, next, err := l.p.Audit(central.AuditQuery{Before: before, Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range list {
			said = append(said, d.By+": "+d.What+" "+d.Key)
		}
		if before = next; next == 0 {
			break
		}
	}
	if want := []string{"ben: device added " + dev.String(), "anna: site added "}; !slices.Equal(said, want) {
		t.Errorf("got %q, want %q", said, want)
	}
	for secret := range maps.Values(made) {
		if keys := l.p.KeysWith(secret.Reveal(), ""); len(keys) > 0 {
			t.Errorf("a secret stands as it is at %q", keys)
		}
	}
}
