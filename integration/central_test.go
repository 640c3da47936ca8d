package integration

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/portal"
)

// story is what is shown of two branches and their platform, step by step; each
// step needs those before it.
type story struct {
	*headquarters
	berlin, munich *office
	made, old      portal.DeviceMade // for the phone, where it is and where it was
	ticket         portal.Ticket     // not used there
	resynced       string            // the phone's own login, user:password
	table          callTable
}

// TestCentral is two boxes behind two routers and one platform, as programs:
// real networks, real phones' calls, an edge that asks whom to let in.
func TestCentral(t *testing.T) {
	isp, h := newCountry(t)
	s := &story{headquarters: h}
	h.start()
	atOnce(2, func(i int) {
		if i == 0 {
			s.berlin = newOffice(t, isp, "berlin", berlinAt, "203.0.113.1")
		} else {
			s.munich = newOffice(t, isp, "munich", munichAt, "198.51.100.1")
		}
	})
	s.berlin.join(t, h, "Berlin")
	s.munich.join(t, h, "Munich")
	for _, step := range []struct {
		name string
		run  func(t *testing.T, s *story) string
	}{
		{"a device is added by API", added},
		{"its PIN, by phone call", whitelistedByPIN},
		{"5 h later the phone fetches", renewed},
		{"nobody fetches for 8 h", whitelistEnds},
		{"the device moves, with an unused one-time password", moves},
		{"what it had at Berlin, at Berlin", deadAtOld},
		{"what it had at Berlin, at Munich", deadAtNew},
		{"what was made for it at Munich", liveAtNew},
		{"the platform's clock is a year ahead", yearAhead},
		{"Munich's database is put back as it was", rawBox},
		{"Munich's box is restored from a backup", restoredBox},
		{"the platform's directory is put back as it was", rawCentral},
		{"the platform is restored from a backup", restoredCentral},
	} {
		shows := s.table.row(step.name, "")
		if !t.Run(step.name, func(t *testing.T) {
			s.t = t
			shows("%s", step.run(t, s))
		}) {
			break
		}
	}
	s.t = t
	s.print(t)
}

func (s *story) print(t *testing.T) {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	s.table.print(w, "two branches and a platform")
	_ = w.Flush()
	t.Logf("what was shown\n%s", b.String())
}

func (s *story) mac() phone.MAC { return s.berlin.mac }

// added: a second after the call it is at the box it was meant for, and at no
// other.
func added(t *testing.T, s *story) string {
	begun := time.Now()
	s.api("POST", "/devices", fmt.Sprintf(`{"mac":%q,"site":%q,"vendor":"yealink","model":"T46G","label":"Hall","lines":[{"registrar":"sip.example.net","user":"4711"}]}`,
		s.mac(), s.berlin.id), &s.made)
	s.berlin.until(t, "device of the platform", func() bool {
		_, err := s.berlin.client.Device(t.Context(), s.mac())
		return err == nil
	})
	took := time.Since(begun)
	if pin := s.berlin.pin(t); pin != s.made.Secrets["pin"] || took > 5*time.Second {
		t.Errorf("got the PIN %s after %v, want %s at once", pin, took, s.made.Secrets["pin"])
	}
	if _, err := s.munich.client.Device(t.Context(), s.mac()); err == nil {
		t.Error("Munich has Berlin's device")
	}
	return fmt.Sprintf("at Berlin's box, with its PIN, %d ms after the call; Munich has it not", took.Milliseconds())
}

// enters calls the box and types a PIN; the phone then fetches its full config,
// which is given, by the login of the holding config.
func (b *office) enters(t *testing.T, keys string) string {
	t.Helper()
	b.account(t)
	b.registers(t)
	told := b.notified(t)
	if out, err := b.sipp(sippCall(t, "*89", relayed(3, keys)), 101); err != nil {
		t.Fatalf("%v\n%s", err, tail(out))
	}
	notifyEvent(t, <-told)
	return b.fetches(t, "--digest", "-u", "hold-"+b.mac.Hex()+":"+b.login)
}

// whitelisted wants an address's verdict, which news from a box may be on the
// way to.
func (s *story) whitelisted(t *testing.T, address string, want bool) time.Time {
	t.Helper()
	var until time.Time
	s.berlin.until(t, fmt.Sprintf("verdict %v on %s", want, address), func() bool {
		v := s.allowed(address)
		until = v.Until
		return v.Allowed == want
	})
	return until
}

// near wants a time to be close to now, by the platform's clock moved by ahead.
func near(t *testing.T, got time.Time, ahead time.Duration) {
	t.Helper()
	if off := time.Until(got) - ahead; off.Abs() > time.Minute {
		t.Errorf("got until %v, which is %v from now, want %v", got, time.Until(got), ahead)
	}
}

func whitelistedByPIN(t *testing.T, s *story) string {
	s.whitelisted(t, berlinAt, false)
	pin := s.made.Secrets["pin"]
	body := s.berlin.enters(t, pin+"#")
	if !strings.Contains(body, s.made.Secrets["sip.0"]) {
		t.Fatalf("after the PIN: got %.300s\nwant the config with the platform's SIP password", body)
	}
	s.resynced = ownLogin(t, body)
	near(t, s.whitelisted(t, berlinAt, true), 8*time.Hour)
	for _, other := range []string{munichAt, "203.0.113.8", "10.77.0.60", centreAt} {
		s.whitelisted(t, other, false)
	}
	line := s.berlin.says(t, berlinAt+", whitelisted until", "status")
	geo, err := os.ReadFile(s.file("geo.conf"))
	if err != nil || !strings.Contains(string(geo), berlinAt) || strings.Contains(string(geo), munichAt) {
		t.Errorf("the edge's file: got %s, %v, want Berlin alone in it", geo, err)
	}
	return "check is true for " + berlinAt + " and no other; the box: " + line
}

// ownLogin is the login a full config gives the phone.
func ownLogin(t *testing.T, body string) string {
	t.Helper()
	user, password := setting(body, "static.auto_provision.server.username"), setting(body, "static.auto_provision.server.password")
	if !strings.HasPrefix(user, "own-") || password == "" {
		t.Fatalf("no login of its own in\n%s", body)
	}
	return user + ":" + password
}

// setting is a parameter's value in a Yealink config.
func setting(body, name string) string {
	for line := range strings.Lines(body) {
		if key, value, ok := strings.Cut(line, "="); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func renewed(t *testing.T, s *story) string {
	s.ahead(5 * time.Hour)
	s.whitelisted(t, berlinAt, true)
	if body := s.berlin.fetches(t, "--digest", "-u", s.resynced); !strings.Contains(body, s.made.Secrets["sip.0"]) {
		t.Fatalf("with its own login: got %.300s", body)
	}
	s.berlin.until(t, "renewal", func() bool { return time.Until(s.allowed(berlinAt).Until) > 12*time.Hour })
	near(t, s.allowed(berlinAt).Until, 13*time.Hour)
	s.whitelisted(t, munichAt, false)
	return "8 h anew from that fetch, though the platform's clock and the box's are 5 h apart by now"
}

func whitelistEnds(t *testing.T, s *story) string {
	// What is told after the clock has moved counts as having just happened.
	s.berlin.until(t, "box that has told all", func() bool {
		link, err := s.berlin.client.Platform(t.Context())
		return err == nil && link.Waiting == 0
	})
	s.ahead(13*time.Hour - time.Minute)
	s.whitelisted(t, berlinAt, true)
	s.ahead(13*time.Hour + time.Minute)
	if v := s.allowed(berlinAt); v.Allowed {
		t.Fatalf("got %+v, want it over at once", v)
	}
	s.berlin.until(t, "edge's file without Berlin", func() bool {
		geo, err := os.ReadFile(s.file("geo.conf"))
		return err == nil && !strings.Contains(string(geo), berlinAt)
	})
	s.ahead(0)
	return "true a minute before the end, false a minute after, and out of nginx's file"
}

func moves(t *testing.T, s *story) string {
	s.ticket = s.headquarters.ticket(s.mac().Hex())
	s.berlin.says(t, "generated", "device", "show", s.mac().String())
	s.old, s.made = s.made, portal.DeviceMade{}
	s.api("POST", "/devices/"+s.mac().Hex()+"/move", fmt.Sprintf(`{"site":%q}`, s.munich.id), &s.made)
	s.berlin.until(t, "tombstone at Berlin", func() bool {
		_, err := s.berlin.client.Device(t.Context(), s.mac())
		return err != nil
	})
	s.munich.until(t, "device at Munich", func() bool {
		_, err := s.munich.client.Device(t.Context(), s.mac())
		return err == nil
	})
	for kind, secret := range s.made.Secrets {
		if secret == s.old.Secrets[kind] {
			t.Errorf("%s is what it was", kind)
		}
	}
	return "gone at Berlin, there at Munich, with another PIN and SIP password"
}

// getsNothing wants a login to bring the phone nothing of the platform's.
func (b *office) getsNothing(t *testing.T, s *story, what, login string) {
	t.Helper()
	s.nothing(t, what, b.fetches(t, "--digest", "-u", login))
}

func (s *story) nothing(t *testing.T, what, body string) {
	t.Helper()
	for _, made := range []portal.DeviceMade{s.old, s.made} {
		if strings.Contains(body, made.Secrets["sip.0"]) {
			t.Errorf("%s brings a SIP password:\n%s", what, body)
		}
	}
	if strings.Contains(body, "sip.example.net") {
		t.Errorf("%s brings an account of the platform's:\n%s", what, body)
	}
}

func (s *story) oldLogins(t *testing.T, b *office) {
	t.Helper()
	b.getsNothing(t, s, "the old one-time password", s.ticket.User+":"+s.ticket.Password)
	b.getsNothing(t, s, "the old login", s.resynced)
}

func deadAtOld(t *testing.T, s *story) string {
	s.oldLogins(t, s.berlin)
	for _, pin := range []string{s.old.Secrets["pin"], s.made.Secrets["pin"]} {
		s.berlin.cli(t, 1, "pin", "enter", s.mac().String(), pin, "--from", s.berlin.at)
	}
	s.oldLogins(t, s.berlin)
	return "one-time password, own login and PIN bring nothing, the SIP password least"
}

func deadAtNew(t *testing.T, s *story) string {
	s.oldLogins(t, s.munich)
	s.munich.fetches(t)
	said := s.munich.cli(t, 1, "pin", "enter", s.mac().String(), s.old.Secrets["pin"], "--from", s.munich.at)
	if !strings.Contains(said, "wrong PIN") {
		t.Errorf("the old PIN: got %s, want it wrong", said)
	}
	s.oldLogins(t, s.munich)
	return "one-time password and own login bring nothing, the PIN is a wrong one"
}

func liveAtNew(t *testing.T, s *story) string {
	body := s.munich.enters(t, s.made.Secrets["pin"]+"#")
	if !strings.Contains(body, s.made.Secrets["sip.0"]) || strings.Contains(body, s.old.Secrets["sip.0"]) {
		t.Errorf("after the PIN: got %.300s\nwant the new SIP password and not the old one", body)
	}
	ticket := s.headquarters.ticket(s.mac().Hex())
	s.munich.says(t, "generated", "device", "show", s.mac().String())
	body = s.munich.fetches(t, "--digest", "-u", ticket.User+":"+ticket.Password)
	if !strings.Contains(body, s.made.Secrets["sip.0"]) {
		t.Errorf("after the new one-time password: got %.300s\nwant the full config", body)
	}
	s.whitelisted(t, munichAt, true)
	return "PIN by phone call, then a one-time password: full config with the new SIP password; " + munichAt + " is whitelisted"
}
