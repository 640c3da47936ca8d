package integration

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// TestSequences plugs a phone of every vendor into a LAN and asks as its sheet
// says, by curl and tftp, from first contact to the full config and back to the
// challenge, under each policy a phone can meet. "make sequences" prints what was
// asked, answered and set.
func TestSequences(t *testing.T) {
	var shown strings.Builder
	for _, policy := range []string{"pin", "otp"} {
		t.Run(policy, func(t *testing.T) {
			lab, b := newWideLAN(t, policy)
			var all record
			for _, s := range samplePhones(t) {
				t.Run(string(s.vendor), func(t *testing.T) {
					s.b = b
					s.play(t, lab, policy)
					all = append(all, s.rows...)
				})
			}
			fmt.Fprintf(&shown, "\nunder policy %s\n%s", policy, all)
		})
	}
	t.Logf("what was shown%s", shown.String())
}

// play is one phone from its first contact on. It leaves the LAN as it was: some
// samples of one maker have one MAC.
func (s *sample) play(t *testing.T, lab *netlab.Lab, policy string) {
	host, told := plug(t, lab, s.name, s.mac, s.class)
	s.host = host
	var err error
	if s.addr, err = netip.ParseAddr(told["ip"]); err != nil {
		t.Fatal(err)
	}
	defer s.unplug(t)
	if policy == "otp" {
		if _, err := s.b.client.SetOTP(t.Context(), s.vendor, admin.OTPInput{User: "install", Password: "fake-brand-otp"}); err != nil {
			t.Fatal(err)
		}
	}
	unknown := s.firstContact(t, policy)
	s.setUp(t)
	if s.openOnly() {
		s.edit(t, admin.DeviceInput{PlainTFTP: admin.Set(true)})
	}
	known := s.get(t, "set up: ", "", s.config)
	if known != unknown {
		t.Errorf("a phone that is set up is answered otherwise:\n%s\nwant, as unknown,\n%s", known.body, unknown.body)
	}
	s.byTFTP(t, known)
	if policy == "pin" {
		s.byPIN(t, known)
	} else {
		s.byOTP(t, unknown)
	}
}

func (s *sample) unplug(t *testing.T) {
	s.host.Run(clientTime, "ip", "link", "set", s.host.Interface(), "down")
	if err := s.b.client.RemoveDevice(t.Context(), s.own); err != nil {
		t.Error(err)
	}
}

func (s *sample) edit(t *testing.T, in admin.DeviceInput) {
	t.Helper()
	if _, err := s.b.client.EditDevice(t.Context(), s.own, 0, in); err != nil {
		t.Fatal(err)
	}
}

// get asks for a file by the best door of the phone, with a login where one is
// given, and notes it. folder is a token's, or empty.
func (s *sample) get(t *testing.T, when, folder, file string, login ...string) answer {
	t.Helper()
	if s.openOnly() {
		a := s.getTFTP(t, file)
		s.rows.add(s, when+"TFTP "+file, a)
		return a
	}
	a := s.curl(t, s.host, folder+file, login...)
	how := ""
	if len(login) == 2 {
		how = " --digest"
	}
	s.rows.add(s, when+"GET "+maskToken(folder)+file+how, a)
	return a
}

// getTFTP is an answer by TFTP in the words of the rest.
func (s *sample) getTFTP(t *testing.T, file string) answer {
	t.Helper()
	got := s.tftp(t, s.host, file)
	if strings.Contains(got, "Error code 1") || strings.Contains(strings.ToLower(got), "file not found") {
		return answer{status: "not found"}
	}
	return answer{status: "data", body: got}
}

// firstContact asks for every file of the sheet as a phone nobody has set up, and
// gives what came for its config.
func (s *sample) firstContact(t *testing.T, policy string) answer {
	t.Helper()
	var config answer
	for _, f := range s.files {
		a := s.get(t, "", "", f.Name)
		want := map[vendors.Kind]string{vendors.Common: "200", vendors.Boot: "200", vendors.Absent: "404", vendors.Config: "200"}[f.Kind]
		if f.Kind == vendors.Config && policy == "otp" {
			want = "401"
		}
		if s.openOnly() {
			want = map[string]string{"200": "data", "401": "not found", "404": "not found"}[want]
		}
		if a.status != want {
			t.Errorf("%s: got %s, want %s", f.Name, a.status, want)
		}
		if f.Name == s.config {
			config = a
		}
	}
	return config
}

// byTFTP wants the same of both doors. The name of a phone that says by its
// User-Agent alone what it is may be another's where there is none.
func (s *sample) byTFTP(t *testing.T, byHTTP answer) {
	t.Helper()
	if s.openOnly() || !s.maker.Fetch.Speaks(vendors.TFTP) {
		return
	}
	a := s.getTFTP(t, s.config)
	s.rows.add(s, "TFTP "+s.config, a)
	if byHTTP.status == "401" {
		if a.status != "not found" {
			t.Errorf("by TFTP: got %s %.80q, want not found", a.status, a.body)
		}
		return
	}
	if a.body != byHTTP.body {
		t.Errorf("by TFTP: got %.120q, want what HTTP gives, %.120q", a.body, byHTTP.body)
	}
}

// byPIN takes a phone on hold to its full config.
func (s *sample) byPIN(t *testing.T, held answer) {
	t.Helper()
	hold := s.read(t, held)
	s.wantHolding(t, hold)
	pin, err := s.b.client.ShowPIN(t.Context(), s.own)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.b.client.EnterPIN(t.Context(), s.own, phone.NewSecret(pin.PIN), netip.Addr{})
	if err != nil || !r.Accepted {
		t.Fatalf("the right PIN: got %+v, %v", r, err)
	}
	folder := hold.token(s.maker.Rehome.URL)
	s.enrolled(t, s.get(t, "PIN entered: ", folder, s.config), answer{})
	if s.openOnly() {
		return
	}
	if again := s.get(t, "nothing shown: ", "", s.config); again.status != "401" {
		t.Errorf("an enrolled phone that shows nothing: got %s %q, want 401", again.status, again.body)
	}
}

// byOTP shows the brand's one-time password where the phone can. Where it cannot,
// an operator has to vouch for it: for half an hour no proof is asked.
func (s *sample) byOTP(t *testing.T, refused answer) {
	t.Helper()
	try := s.maker.FirstTry
	if s.maker.FirstTryMAC {
		try = vendors.Login{User: strings.ToUpper(s.own.Hex()), Password: phone.NewSecret("A1B2")}
	}
	if try.User != "" && s.shows() {
		a := s.get(t, "factory login: ", "", s.config, try.User, try.Password.Reveal())
		expect(t, "the login of a factory-new phone", a, "401")
	}
	if s.shows() {
		s.enrolled(t, s.get(t, "OTP: ", "", s.config, "install", "fake-brand-otp"), refused)
		return
	}
	if _, err := s.b.client.Suspend(t.Context(), s.own); err != nil {
		t.Fatal(err)
	}
	s.enrolled(t, s.get(t, "cannot show an OTP; suspended: ", "", s.config), refused)
}

// nextBoot is a phone that has nothing to show and comes back: under either policy
// somebody has to vouch for it, an operator for half an hour, or the allow-list.
func (s *sample) nextBoot(t *testing.T) {
	t.Helper()
	at := netip.PrefixFrom(s.addr, 32)
	if _, err := s.b.client.AddAllow(t.Context(), admin.AllowInput{Network: at.String()}); err != nil {
		t.Fatal(err)
	}
	s.wantFull(t, s.read(t, s.get(t, "next boot, in the allow-list: ", "", s.config)))
	s.edit(t, admin.DeviceInput{PlainTFTP: admin.Set(false)})
	if a := s.get(t, "plain TFTP not accepted: ", "", s.config); a.status == "data" && strings.Contains(a.body, setPassword) {
		t.Errorf("a secret crossed TFTP that no admin accepted:\n%s", a.body)
	}
	if err := s.b.client.RemoveAllow(t.Context(), at); err != nil {
		t.Fatal(err)
	}
}

// enrolled holds a full config against the device, then has the phone use what it
// was given and tries once more what is spent.
func (s *sample) enrolled(t *testing.T, a, refused answer) {
	t.Helper()
	full := s.read(t, a)
	s.wantFull(t, full)
	if s.openOnly() {
		s.nextBoot(t)
		return
	}
	user, password := full.login(s.maker.Rehome.User, s.maker.Rehome.Password)
	folder := full.token(s.maker.Rehome.URL)
	var again answer
	switch {
	case s.maker.Fetch.Auth == vendors.NoAuth && folder == "":
		t.Fatalf("no token in the full config:\n%s", a.body)
	case s.maker.Fetch.Auth == vendors.NoAuth:
		again = s.get(t, "own token: ", folder, s.config)
	case user == "" || password == "":
		t.Fatalf("no login in the full config:\n%s", a.body)
	default:
		again = s.get(t, "own login: ", "", s.config, user, password)
	}
	s.wantFull(t, s.read(t, again))
	if dev, err := s.b.client.Device(t.Context(), s.own); err != nil || dev.Enrolment.State != string(auth.Successful) {
		t.Errorf("state: got %s, %v; want successful", dev.Enrolment.State, err)
	}
	if refused.status == "" || !s.shows() {
		return
	}
	spent := s.get(t, "OTP again: ", "", s.config, "install", "fake-brand-otp")
	if spent != refused {
		t.Errorf("a spent OTP: got %s %q, want what an unknown phone gets, %s %q", spent.status, spent.body, refused.status, refused.body)
	}
}
