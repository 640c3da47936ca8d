package sipd_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/sipd"
	"github.com/lineside/lineside/vendors"
)

func TestRegisterBindsAPhoneWithItsAccount(t *testing.T) {
	l := newLab(t)
	p := newPeer(t, "127.0.0.2", l.addr)
	ok := p.register()
	if !strings.Contains(ok.start, "200") || param(ok.get("Contact"), "expires") != "120" || ok.get("Date") == "" {
		t.Errorf("got %q, Contact %q, Date %q, want 200 for 120 s with a date", ok.start, ok.get("Contact"), ok.get("Date"))
	}
	b := <-l.desk.fresh
	if b.MAC != p.mac || b.Source.String() != p.at() || b.Local != l.addr || b.Vendor != "yealink" {
		t.Errorf("binding: got %+v, want %s at %s by %s", b, p.mac, p.at(), l.addr)
	}
}

func TestRefusalsAreOneAnswer(t *testing.T) {
	l := newLab(t)
	thief := phone.MAC{0, 0x15, 0x65, 9, 9, 9}
	l.desk.mu.Lock()
	l.desk.refuse[thief] = true
	l.desk.mu.Unlock()
	p := newPeer(t, "127.0.0.2", l.addr)
	first := p.request(request{method: "REGISTER", uri: "sip:box"})
	challenge := p.want("401")
	want := stripped(challenge)
	auth := func(user, password string) string {
		return p.authorized(challenge, "REGISTER", "sip:box", user, password)
	}
	for name, line := range map[string]string{
		"wrong password":      auth(p.mac.Hex(), "wrong"),
		"no such account":     auth("alice", "wrong"),
		"layer 2 objects":     auth(thief.Hex(), passwordOf(thief)),
		"another's account":   auth("001565aaaaaa", passwordOf(phone.MAC{0, 0x15, 0x65, 0xaa, 0xaa, 0xaa})),
		"a nonce not ours":    strings.Replace(auth(p.mac.Hex(), passwordOf(p.mac)), `nonce="`, `nonce="A`, 1),
		"no digest":           "Authorization: Basic Zm9vOmJhcg==",
		"not to be read":      `Authorization: Digest username="x", username="y"`,
		"another realm":       strings.Replace(auth(p.mac.Hex(), passwordOf(p.mac)), `realm="lineside"`, `realm="other"`, 1),
		"no authorization":    "X-Nothing: 1",
		"a right one, INVITE": auth(p.mac.Hex(), "x"),
	} {
		t.Run(name, func(t *testing.T) {
			r := request{method: "REGISTER", uri: "sip:box", id: first.id, from: first.from, seq: 3, extra: []string{line}}
			if name == "layer 2 objects" {
				r.to = "<sip:" + thief.Hex() + "@box>"
			}
			p.request(r)
			if got := stripped(p.want("SIP/2.0")); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
	if n := len(l.desk.fresh); n != 0 {
		t.Errorf("got %d registrations, want none", n)
	}
}

func TestALoginIsGoodOnceAndFromOneAddress(t *testing.T) {
	l := newLab(t)
	p := newPeer(t, "127.0.0.2", l.addr)
	p.request(request{method: "REGISTER", uri: "sip:box"})
	m := p.want("401")
	line := p.authorized(m, "REGISTER", "sip:box", p.mac.Hex(), passwordOf(p.mac))
	p.request(request{method: "REGISTER", uri: "sip:box", extra: []string{line}})
	if got := p.want("SIP/2.0"); !strings.Contains(got.start, "200") {
		t.Fatalf("first: got %q, want 200", got.start)
	}
	p.request(request{method: "REGISTER", uri: "sip:box", extra: []string{line}})
	if got := p.want("SIP/2.0"); !strings.Contains(got.start, "401") || param(got.get("WWW-Authenticate"), "stale") != "true" {
		t.Errorf("again: got %q, %q, want 401 stale", got.start, got.get("WWW-Authenticate"))
	}
	other := newPeer(t, "127.0.0.3", l.addr)
	unused := p.authorized(m, "REGISTER", "sip:box", p.mac.Hex(), passwordOf(p.mac))
	other.request(request{method: "REGISTER", uri: "sip:box", extra: []string{unused}})
	if got := other.want("SIP/2.0"); !strings.Contains(got.start, "401") {
		t.Errorf("from another address: got %q, want 401", got.start)
	}
}

func TestExpires(t *testing.T) {
	l := newLab(t)
	for _, tt := range []struct{ name, line, status, contact string }{
		{"too short", "Expires: 30", "423", ""},
		{"as asked", "Expires: 90", "200", "90"},
		{"too long", "Expires: 3600", "200", "120"},
		{"no number", "Expires: soon", "400", ""},
		{"sign off", "Expires: 0", "200", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPeer(t, "127.0.0.2", l.addr)
			m := p.register(tt.line)
			if got := param(m.get("Contact"), "expires"); !strings.Contains(m.start, tt.status) || got != tt.contact {
				t.Errorf("got %q for %q s, want %s for %q", m.start, got, tt.status, tt.contact)
			}
		})
	}
}

func TestOnePlaceHoldsABoundedNumberOfPhones(t *testing.T) {
	l := newLab(t)
	p := newPeer(t, "127.0.0.2", l.addr)
	last := ""
	for i := range 17 {
		p.mac[5] = byte(i)
		last = p.register().start
	}
	if !strings.Contains(last, "503") {
		t.Errorf("the 17th: got %q, want 503", last)
	}
	q := newPeer(t, "127.0.0.3", l.addr)
	q.mac[4] = 9
	if got := q.register().start; !strings.Contains(got, "200") {
		t.Errorf("another address: got %q, want 200", got)
	}
}

func TestNotifyGoesWhereTheRegisterCameFrom(t *testing.T) {
	l := newLab(t)
	p := newPeer(t, "127.0.0.2", l.addr)
	if _, err := l.Notify(t.Context(), p.mac, vendors.Resync{Event: "check-sync"}); !errors.Is(err, provision.ErrNotRegistered) {
		t.Errorf("before: got %v, want ErrNotRegistered", err)
	}
	if l.Registered(p.mac) {
		t.Error("before: it counts as registered")
	}
	p.register()
	if !l.Registered(p.mac) {
		t.Error("after its REGISTER: it does not count as registered")
	}
	got := make(chan int, 1)
	notify := func(active bool) {
		go func() {
			status, err := l.Notify(t.Context(), p.mac, vendors.Resync{
				Event: "check-sync;reboot=false", Active: active, BodyType: "text/plain", Body: func(id string) []byte { return []byte("id=" + id) },
			})
			if err != nil {
				t.Error(err)
			}
			got <- status
		}()
	}
	notify(false)
	m := p.want("NOTIFY")
	if state := m.get("Subscription-State"); state != "terminated;reason=timeout" {
		t.Errorf("got a subscription that is %q, want terminated;reason=timeout", state)
	}
	if m.get("Event") != "check-sync;reboot=false" || m.from.String() != l.addr.String() {
		t.Errorf("event %q from %s, want check-sync;reboot=false from %s", m.get("Event"), m.from, l.addr)
	}
	if !strings.HasPrefix(m.body, "id=u") || m.get("Content-Type") != "text/plain" {
		t.Errorf("body %q of %q, want the REGISTER's Call-ID", m.body, m.get("Content-Type"))
	}
	p.answer(m, "401 Unauthorized", "x", "", `WWW-Authenticate: Digest realm="phone", nonce="n1", algorithm=MD5, qop="auth"`)
	m2 := p.want("NOTIFY")
	for m2.get("Authorization") == "" { // a retransmission of the first
		m2 = p.want("NOTIFY")
	}
	if !digestRight(m2.get("Authorization"), "NOTIFY", p.mac.Hex(), passwordOf(p.mac)) || m2.get("CSeq") == m.get("CSeq") {
		t.Errorf("second: got %q, CSeq %s, want a right login and a new CSeq", m2.get("Authorization"), m2.get("CSeq"))
	}
	p.answer(m2, "200 OK", "x", "")
	if status := <-got; status != 200 {
		t.Errorf("got %d, want 200", status)
	}
	notify(true)
	m = p.want("NOTIFY")
	if state := m.get("Subscription-State"); state != "active" {
		t.Errorf("got a subscription that is %q, want active", state)
	}
	p.answer(m, "481 Gone", "x", "")
	if status := <-got; status != 481 {
		t.Errorf("got %d, want 481", status)
	}
}

func TestRegistrationsSurviveARestart(t *testing.T) {
	l := newLab(t)
	p := newPeer(t, "127.0.0.2", l.addr)
	p.register()
	if err := l.stop(); err != nil {
		t.Fatal(err)
	}
	if len(l.records.kept) != 1 {
		t.Fatalf("kept %v, want the phone", l.records.kept)
	}
	again := newLab(t, func(_ *sipd.Config, d *sipd.Deps) { d.Records = l.records })
	b := l.records.kept[p.mac]
	b.Local = again.addr // the box has its address again
	again.stop()
	l.records.kept[p.mac] = b
	third := newLab(t, func(_ *sipd.Config, d *sipd.Deps) {
		d.Records = l.records
		d.Now = func() time.Time { return b.Since.Add(time.Second) }
	})
	q := newPeer(t, "127.0.0.9", third.addr) // once it is answered, what was kept is read
	q.register()
	if _, err := third.Notify(t.Context(), p.mac, vendors.Resync{Event: "check-sync"}); errors.Is(err, provision.ErrNotRegistered) {
		t.Error("after a restart: the phone is not known to be registered")
	}
}
