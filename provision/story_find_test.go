package provision

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

var (
	noon    = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	storied = phone.MAC{0x00, 0x15, 0x65, 0x4a, 0xa9, 0x37}
	another = phone.MAC{0x00, 0x15, 0x65, 0x00, 0x00, 0x02}
	home    = netip.MustParseAddr("10.20.0.57")
)

const boxURL = "http://10.20.0.1/cfg/"

// ago is an event of the phone's that last happened so long before noon.
func ago(d time.Duration, k Kind, f Front, n int, what facts) Event {
	return Event{At: noon.Add(-d), Times: n, Front: f, Addr: home, Kind: k, Text: "text of " + string(k), facts: what}
}

func unproven(e Event) Event { e.Unproven = true; return e }

func lease(d time.Duration, l Lead) Event {
	l.Starting = true
	return ago(d, KindLease, DHCP, 1, facts{lead: l})
}

// tale is a device in needed on a box that gives out addresses; change makes it
// another.
func tale(events []Event, change ...func(*story)) story {
	s := story{
		mac: storied, known: true, events: events, factor: auth.FactorOTP, brand: "snom", otp: true, serves: true, leased: true,
		url: boxURL, zone: time.UTC, origin: func(string) (origin, bool) { return origin{}, false },
		rec: auth.Record{Rev: 1, Device: phone.Device{MAC: storied, Vendor: "snom"}, Enrolment: auth.Enrolment{State: auth.Needed}},
	}
	for _, f := range change {
		f(&s)
	}
	return s
}

func pinSite(s *story)  { s.factor, s.otp = auth.FactorPIN, false }
func notOurs(s *story)  { s.leased = false }
func noServer(s *story) { s.serves, s.leased = false, false }
func isNew(s *story)    { s.known, s.rec = false, auth.Record{} }
func settled(s *story)  { s.rec.Enrolment.State = auth.Successful }

func in(e func(*auth.Enrolment)) func(*story) { return func(s *story) { e(&s.rec.Enrolment) } }

// finds is one row: exactly these codes, and in text and advice of the first
// these words.
type finds struct {
	story     story
	codes     string // separated by spaces
	text, do  string
	fix       Fix
	at        time.Duration // before noon
	anyMoment bool
}

func (tc finds) check(t *testing.T) {
	t.Helper()
	got := findings(noon, tc.story)
	var codes []string
	for _, f := range got {
		codes = append(codes, f.Code)
	}
	if strings.Join(codes, " ") != tc.codes {
		t.Fatalf("got %q %+v, want %q", strings.Join(codes, " "), got, tc.codes)
	}
	if tc.codes == "" {
		return
	}
	f := got[0]
	if !strings.Contains(f.Text, tc.text) || !strings.Contains(f.Do, tc.do) || f.Fix != tc.fix {
		t.Errorf("got %q, %q, fix %q, want %q, %q, fix %q", f.Text, f.Do, f.Fix, tc.text, tc.do, tc.fix)
	}
	if at := noon.Add(-tc.at); !tc.anyMoment && !f.At.Equal(at) {
		t.Errorf("at: got %s, want %s", f.At, at)
	}
}

func TestFindings(t *testing.T) {
	const m = time.Minute
	all := Lead{Listed: true, Asked: "66", Given: "66", URL: boxURL}
	generic := facts{file: "000000000000.cfg"}
	own := func(r auth.Reason, shown auth.Shown) facts {
		return facts{file: "001565.cfg", vendor: "snom", reason: r, shown: shown}
	}
	stalled := in(func(e *auth.Enrolment) {
		e.Pending = auth.Credential{User: "own-x", Minted: noon.Add(-11 * m)}
		e.OTP = auth.Arming{Used: true, Until: noon.Add(-m)}
	})
	for name, tc := range map[string]finds{
		"nothing happened":              {story: tale(nil)},
		"full config, all is well":      {story: tale([]Event{lease(9*m, all), ago(8*m, KindFull, HTTP, 1, own(auth.RightOTP, auth.BrandOTP))})},
		"lease, a moment ago":           {story: tale([]Event{lease(4*m, all)})},
		"lease and then nothing":        {story: tale([]Event{lease(6*m, all)}), codes: "no-config-asked", text: "though it was told " + boxURL, do: "reset it to factory settings", at: 6 * m},
		"lease, provisioning is off":    {story: tale([]Event{lease(6*m, Lead{Listed: true, Given: "66", URL: boxURL})}), codes: "no-config-asked", text: "asked for no provisioning option", do: "switch it on", at: 6 * m},
		"lease, was told nothing":       {story: tale([]Event{lease(6*m, Lead{})}), codes: "no-config-asked", text: "nothing in its lease", do: boxURL, at: 6 * m},
		"lease of a settled phone":      {story: tale([]Event{lease(6*m, all)}, settled)},
		"renewed, not started":          {story: tale([]Event{ago(6*m, KindLease, DHCP, 1, facts{lead: all})})},
		"lease, then a fetch":           {story: tale([]Event{lease(9*m, all), ago(8*m, KindChallenge, HTTP, 1, own(auth.WantsOTP, auth.Nothing))})},
		"fetched before the lease":      {story: tale([]Event{ago(9*m, KindOpen, HTTP, 1, generic), lease(6*m, all)}), codes: "no-config-asked", at: 6 * m},
		"no address":                    {story: tale([]Event{ago(m, KindNoAddress, DHCP, 2, facts{})}), codes: "no-address", do: "lineside dhcp leases", at: m},
		"common file and then nothing":  {story: tale([]Event{ago(6*m, KindOpen, HTTP, 1, facts{file: "common.cfg"})}), codes: "common-only", text: "took its common file common.cfg", do: "lineside device render", at: 6 * m},
		"common file, own file first":   {story: tale([]Event{ago(7*m, KindChallenge, HTTP, 1, own(auth.WantsOTP, auth.Nothing)), ago(6*m, KindOpen, HTTP, 1, generic)})},
		"TFTP, option 160 is missing":   {story: tale([]Event{ago(m, KindOpen, TFTP, 3, generic)}, noServer), codes: "tftp-only", text: "asked TFTP for 000000000000.cfg three times; option 160 is missing in its lease: its DHCP server is another box", do: "set option 160 there", at: m},
		"TFTP, twice only":              {story: tale([]Event{ago(m, KindOpen, TFTP, 2, generic)}, noServer)},
		"TFTP, though told HTTP":        {story: tale([]Event{lease(2*m, all), ago(m, KindAbsent, TFTP, 3, generic)}), codes: "tftp-only", text: "though its lease told it " + boxURL, do: "--plain-tftp", at: m},
		"TFTP, provisioning is off":     {story: tale([]Event{lease(2*m, Lead{Listed: true, Given: "66"}), ago(m, KindOpen, TFTP, 3, generic)}), codes: "tftp-only", text: "DHCP provisioning is off", do: "switch it on", at: m},
		"other DHCP server":             {story: tale([]Event{ago(m, KindAbsent, HTTP, 1, generic)}, notOurs), codes: "other-dhcp", text: "from 10.20.0.57, which is no address of this box", do: "options 66 and 160 there to " + boxURL, at: m},
		"other make":                    {story: tale([]Event{ago(m, KindChallenge, HTTP, 1, facts{file: "001565.cfg", vendor: "yealink", reason: auth.WantsOTP})}), codes: "other-vendor", text: "is set up as snom but asks for 001565.cfg, a file of yealink", do: "--vendor yealink", at: m},
		"wrong login":                   {story: tale([]Event{ago(m, KindChallenge, HTTP, 3, own(auth.WrongLogin, auth.Wrong))}), codes: "wrong-login", text: "three times", do: "lineside otp set snom --generate", at: m},
		"too many wrong logins":         {story: tale([]Event{ago(m, KindChallenge, HTTP, 9, own(auth.TooManyWrong, auth.Unlooked))}), codes: "too-many-wrong", do: "lineside device suspend", fix: FixSuspend, at: m},
		"OTP is spent":                  {story: tale([]Event{ago(m, KindChallenge, HTTP, 1, own(auth.OTPSpent, auth.BrandOTP))}), codes: "otp-spent", do: "lineside device allow-otp 00:15:65:4a:a9:37", fix: FixAllowOTP, at: m},
		"OTP is not asked":              {story: tale([]Event{ago(m, KindChallenge, HTTP, 1, own(auth.OTPNotAsked, auth.BrandOTP))}), codes: "otp-not-asked", fix: FixAllowOTP, at: m},
		"nobody types the OTP":          {story: tale([]Event{ago(m, KindChallenge, HTTP, 2, own(auth.WantsOTP, auth.Nothing))}), codes: "waits-otp", text: "shows nothing", do: "type the one-time password of snom", at: m},
		"factory login, no OTP is set":  {story: tale([]Event{ago(m, KindChallenge, HTTP, 1, own(auth.DefaultLogin, auth.FirstTry))}, func(s *story) { s.otp = false }), codes: "waits-otp", text: "factory login", do: "lineside otp set snom", at: m},
		"trust is wanted":               {story: tale([]Event{ago(m, KindChallenge, HTTP, 1, own(auth.WantsTrust, auth.Nothing))}), codes: "waits-trust", do: "lineside allow add", fix: FixSuspend, at: m},
		"right PIN, wrong caller":       {story: tale([]Event{ago(m, KindChallenge, HTTP, 1, own(auth.WantsHolding, auth.Nothing))}, pinSite), codes: "pin-not-used", do: "--from 10.20.0.57", at: m},
		"waits for its PIN":             {story: tale([]Event{ago(m, KindHold, HTTP, 1, own(auth.WantsPIN, auth.Nothing))}, pinSite), codes: "waits-pin", do: "lineside pin enter 00:15:65:4a:a9:37 PIN (see", at: m},
		"waits for its PIN, unproven":   {story: tale([]Event{unproven(ago(m, KindHold, HTTP, 1, own(auth.WantsPIN, auth.Nothing)))}, pinSite), codes: "waits-pin", text: "nothing proves that the caller at 10.20.0.57", do: "--from 10.20.0.57", at: m},
		"locked out":                    {story: tale([]Event{ago(m, KindHold, HTTP, 1, own(auth.WantsPIN, auth.Nothing))}, pinSite, in(func(e *auth.Enrolment) { e.State, e.Until = auth.Failed, noon.Add(9*m) })), codes: "pin-failed", text: "until 2 Mar 12:09", do: "lineside device unblock", fix: FixUnblock, at: m},
		"blocked":                       {story: tale([]Event{ago(m, KindHold, HTTP, 1, own(auth.WantsPIN, auth.Nothing))}, pinSite, in(func(e *auth.Enrolment) { e.State = auth.Blocked })), codes: "pin-blocked", do: "lineside device reset", fix: FixUnblock, at: m},
		"PIN was right":                 {story: tale([]Event{ago(m, KindHold, HTTP, 1, own(auth.WantsPIN, auth.Nothing))}, pinSite, in(func(e *auth.Enrolment) { e.Pass.Until = noon.Add(9 * m) })), codes: "pin-right", do: "restart the phone before 2 Mar 12:09", at: m},
		"PIN was right, for nobody":     {story: tale([]Event{unproven(ago(m, KindHold, HTTP, 1, own(auth.WantsPIN, auth.Nothing)))}, pinSite, in(func(e *auth.Enrolment) { e.Pass.Until = noon.Add(9 * m) })), codes: "pin-right", text: "gets this caller nothing", do: "--from 10.20.0.57", at: m},
		"PIN was right, TFTP":           {story: tale([]Event{ago(m, KindHold, TFTP, 5, own(auth.DoorTooOpen, auth.Nothing))}, pinSite), codes: "tftp-no-secrets", do: "--plain-tftp", at: m},
		"never came back":               {story: tale(nil, stalled), codes: CodeStalled, text: "by its one-time password at 2 Mar 11:49", do: "lineside device allow-otp", fix: FixAllowOTP, at: 11 * m},
		"may yet come back":             {story: tale(nil, stalled, in(func(e *auth.Enrolment) { e.OTP.Until = noon.Add(m) }))},
		"let in by trust, owes nothing": {story: tale(nil, in(func(e *auth.Enrolment) { e.Pending = auth.Credential{User: "own-x", Minted: noon.Add(-time.Hour)} }))},
		"never came back after its PIN": {story: tale(nil, pinSite, in(func(e *auth.Enrolment) {
			e.Pending = auth.Credential{User: "own-x"}
			e.Pass = auth.Pass{Used: true, Until: noon.Add(-m)}
		})), codes: CodeStalled, text: "by its PIN", do: "lineside pin enter", fix: FixSuspend, anyMoment: true},
		"never came back after its ticket": {story: tale(nil, in(func(e *auth.Enrolment) {
			e.Pending = auth.Credential{User: "own-x", Minted: noon.Add(-11 * m)}
			e.Ticket = auth.Ticket{State: auth.TicketUsed, Again: noon.Add(-m)}
		})), codes: CodeStalled, text: "by its ticket at 2 Mar 11:49", do: "make it another ticket: lineside otp ticket 00:15:65:4a:a9:37", fix: FixTicket, at: 11 * m},
		"never came back, a ticket is demanded": {story: tale(nil, stalled, in(demanded)), codes: CodeStalled, text: "by its one-time password", do: "make it a ticket: lineside otp ticket", fix: FixTicket, at: 11 * m},
		"not set up":                            {story: tale([]Event{ago(m, KindChallenge, HTTP, 4, own(auth.WantsOTP, auth.Nothing))}, isNew), codes: "not-set-up", do: "lineside visitors claim", at: m},
		"somebody else asks as it": {story: tale(nil, func(s *story) {
			s.clashes = []Event{ago(m, KindRefused, HTTP, 1, facts{other: another, reason: auth.MACContradicted})}
		}), codes: "mac-contradicted", text: "which is 00:15:65:00:00:02", do: "find 00:15:65:00:00:02", at: m},
		"its MAC is at home elsewhere": {story: tale(nil, func(s *story) { s.clashes = []Event{ago(m, KindRefused, HTTP, 1, facts{reason: auth.MACElsewhere})} }), codes: "mac-doubted", do: "ip neigh show 10.20.0.57", at: m},
		"it asks as another": {story: tale(nil, func(s *story) {
			s.clashes = []Event{ago(m, KindRefused, HTTP, 1, facts{other: another, culprit: true})}
		}), codes: "asks-as-another", text: "asked for the config of 00:15:65:00:00:02", do: "reset it to factory settings", at: m},
		"somebody else asked, long ago":  {story: tale(nil, func(s *story) { s.clashes = []Event{ago(61*m, KindRefused, HTTP, 1, facts{other: another})} })},
		"yesterday's trouble":            {story: tale([]Event{ago(25*time.Hour, KindChallenge, HTTP, 9, own(auth.WrongLogin, auth.Wrong))})},
		"wrong login, then it got in":    {story: tale([]Event{ago(2*m, KindChallenge, HTTP, 9, own(auth.WrongLogin, auth.Wrong)), ago(m, KindFull, HTTP, 1, own(auth.RightOTP, auth.BrandOTP))})},
		"TFTP first, then HTTP as it is": {story: tale([]Event{ago(2*m, KindOpen, TFTP, 9, generic), ago(m, KindChallenge, HTTP, 1, own(auth.WantsOTP, auth.Nothing))})},
	} {
		t.Run(name, tc.check)
	}
}

// TestEveryFindingSaysWhatToDo holds for any story the rules above tell of: a
// finding never comes without the next step.
func TestEveryFindingSaysWhatToDo(t *testing.T) {
	for _, kind := range []Kind{KindLease, KindNoAddress, KindOpen, KindAbsent, KindHold, KindChallenge, KindRefused} {
		for _, front := range []Front{DHCP, TFTP, HTTP, HTTPS, "pnp"} {
			for _, reason := range []auth.Reason{auth.WrongLogin, auth.VoidLogin, auth.TooManyWrong, auth.OTPSpent, auth.OTPNotAsked, auth.WantsPIN, auth.WantsOTP, auth.WantsTrust, auth.WantsLogin, auth.WantsHolding, auth.DoorTooOpen} {
				for _, change := range []func(*story){func(*story) {}, pinSite, settled, isNew, notOurs, noServer} {
					e := unproven(ago(6*time.Minute, kind, front, 3, facts{file: "x", reason: reason, shown: auth.FirstTry}))
					for _, f := range findings(noon, tale([]Event{e}, change)) {
						if f.Code == "" || f.Text == "" || f.Do == "" || f.At.IsZero() {
							t.Errorf("%s by %s, %s: got %+v, want all of it said", kind, front, reason, f)
						}
					}
				}
			}
		}
	}
}

func TestTrailsAreBounded(t *testing.T) {
	tr := newTrails(4)
	tr.add(storied, true, "mac:a", ago(time.Hour, KindFull, HTTP, 1, facts{file: "own"}))
	for i := range 500 { // a stranger in the phone's name, and one with many names
		e := unproven(ago(0, KindChallenge, HTTP, 1, facts{file: "x" + string(rune('a'+i%26)) + string(rune('a'+i/26))}))
		tr.add(storied, true, "ip:b", e)
		tr.add(phone.MAC{2, 0, 0, 0, byte(i >> 8), byte(i)}, false, "ip:b", e)
	}
	proven, claims := tr.of(storied)
	if len(proven) != 1 || len(claims) != maxPerFront {
		t.Errorf("got %d proven events and %d claims, want 1 and %d", len(proven), len(claims), maxPerFront)
	}
	if n := len(tr.strange.of); n > 4 {
		t.Errorf("got %d strangers, want at most 4", n)
	}
	for i := range 50 { // a flood at one front leaves what came by another
		tr.add(storied, true, "mac:a", ago(0, KindLease, DHCP, 1, facts{lead: Lead{URL: strings.Repeat("x", i)}}))
	}
	if proven, _ = tr.of(storied); !slices.ContainsFunc(proven, func(e Event) bool { return e.Kind == KindFull }) || len(proven) > maxPerFront+1 {
		t.Errorf("got %d events, want the full config among at most %d", len(proven), maxPerFront+1)
	}
}

func TestSharesOfStrangers(t *testing.T) {
	tr := newTrails(256)
	for i := range 200 {
		tr.add(phone.MAC{2, 0, 0, 0, 0, byte(i)}, false, "ip:b", ago(0, KindAbsent, HTTP, 1, facts{}))
	}
	if n := len(tr.strange.of); n != maxPerStranger {
		t.Errorf("one stranger with 200 MACs: got %d trails, want its share of %d", n, maxPerStranger)
	}
	mine := phone.MAC{2, 0, 0, 0, 0, 1}
	tr.add(mine, true, "ip:b", ago(0, KindOperator, "cli", 1, facts{})) // set up now
	if _, ok := tr.strange.of[mine]; ok || len(tr.strange.of) != maxPerStranger-1 {
		t.Errorf("a stranger that was set up still counts as one: got %d", len(tr.strange.of))
	}
	if proven, _ := tr.of(mine); len(proven) != 2 {
		t.Errorf("got %d events, want what was heard of it before as well", len(proven))
	}
}
