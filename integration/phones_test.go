package integration

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/phone"
)

// desk is a phone of the lab: real clients ask as this model asks.
type desk struct {
	name, mac string
	vendor    phone.Vendor
	model     string
	class     string // option 60, as udhcpc sends it
	agent     string
	open      []string // files it asks for that hold no secret
	config    string   // the one that does
	login     *regexp.Regexp
	host      *netlab.Host
	b         *box
}

func desks() []*desk {
	return []*desk{
		{
			name: "yealink", mac: "00:15:65:4a:a9:37", vendor: "yealink", model: "T46G", class: "yealink",
			agent: "Yealink SIP-T46G 28.83.0.120 00:15:65:4a:a9:37",
			open:  []string{"y000000000028.cfg"}, config: "0015654aa937.cfg",
			login: regexp.MustCompile(`(?m)^static\.auto_provision\.server\.username = (.+)\n(?s:.*)^static\.auto_provision\.server\.password = (.+)$`),
		},
		{
			name: "snom", mac: "00:04:13:92:2d:24", vendor: "snom", model: "D385", class: "snomD385",
			agent: "Mozilla/4.0 (compatible; snomD385-SIP 10.1.33.33 2010.12-00004-g9ba52f5 000413922D24 SXM:0 UXM:0)",
			open:  []string{"snomD385.htm"}, config: "snomD385-000413922D24.htm",
			login: regexp.MustCompile(`(?s)<http_client_user[^>]*>([^<]+)<.*<http_client_pass[^>]*>([^<]+)<`),
		},
		{
			name: "poly", mac: "00:04:f2:e7:65:da", vendor: "poly", model: "VVX410", class: "PolycomVVX-VVX_410",
			agent: "FileTransport PolycomVVX-VVX_410-UA/5.9.6.2327 Type/Application",
			open:  []string{"0004f2e765da.cfg", "000000000000.cfg"}, config: "0004f2e765da-lineside.cfg",
			login: regexp.MustCompile(`(?s)device\.prov\.user="([^"]+)".*device\.prov\.password="([^"]+)"`),
		},
	}
}

// newLAN starts the built program on a LAN of its own.
func newLAN(t *testing.T, firstContact string) (*netlab.Lab, *box) {
	t.Helper()
	for _, tool := range []string{"udhcpc", "curl", "tftp"} {
		netlab.Tool(t, tool)
	}
	lab := netlab.New(t)
	host := lab.Host("box", "10.77.0.1/24")
	b := newBox(t, "10.77.0.1/24", host.Interface(), "10.77.0.50-10.77.0.99", firstContact, ports{http: 80, https: 443, tftp: 69, dhcp: 67})
	b.host = host
	b.start(t)
	return lab, b
}

// plug joins a machine with this MAC to the LAN and gets it an address with
// udhcpc; it gives what the client was told.
func plug(t *testing.T, lab *netlab.Lab, name, mac, class string) (*netlab.Host, map[string]string) {
	t.Helper()
	h := lab.Host(name, "")
	h.SetMAC(mac)
	out := h.Run(clientTime, "udhcpc", "-f", "-n", "-q", "-t", "5", "-T", "1", "-i", h.Interface(), "-s", writeScript(t), "-O", "66", "-O", "160", "-V", class)
	return h, told(t, out, "bound")
}

// setUp makes the phone known to the box.
func (d *desk) setUp(t *testing.T) {
	t.Helper()
	mac, err := phone.ParseMAC(d.mac)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.b.client.AddDevice(t.Context(), admin.DeviceInput{
		MAC: admin.Set(mac), Vendor: admin.Set(string(d.vendor)), Model: admin.Set(d.model), Label: admin.Set("Desk " + d.name),
		Lines: admin.Set([]admin.LineInput{{Registrar: "sip.example.net", User: "1001", Password: admin.Set("fake-sip-password")}}),
	}); err != nil {
		t.Fatal(err)
	}
}

// answer is what curl saw: the status and the body.
type answer struct {
	status string
	body   string
}

func (a answer) full() bool {
	return a.status == "200" && strings.Contains(a.body, "fake-sip-password")
}

// curl asks for a file from a host as the phone would, with a login if given.
func (d *desk) curl(t *testing.T, from *netlab.Host, file string, login ...string) answer {
	t.Helper()
	args := []string{"-s", "-A", d.agent, "-o", "-", "-w", "\n%{http_code}"}
	if len(login) == 2 {
		args = append(args, "--digest", "-u", login[0]+":"+login[1])
	}
	out := from.Run(clientTime, "curl", append(args, d.b.url(file))...)
	i := strings.LastIndex(out, "\n")
	return answer{status: out[i+1:], body: out[:i]}
}

// tftp asks for a file by TFTP and gives its bytes, or what the client said.
func (d *desk) tftp(t *testing.T, from *netlab.Host, file string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "got")
	out, _ := from.Try(clientTime, "tftp", "-m", "octet", d.b.self.String(), "-c", "get", file, path)
	if got, err := os.ReadFile(path); err == nil && len(got) > 0 {
		return string(got)
	}
	return strings.TrimSpace(out)
}

func expect(t *testing.T, what string, a answer, status string) {
	t.Helper()
	t.Logf("%-58s %s %s", what, a.status, firstLine(a.body))
	if a.status != status {
		t.Errorf("%s: got %s, want %s", what, a.status, status)
	}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line[:min(60, len(line))]
}

// TestOptions has real clients ask for an address: a phone is told where the
// box is, a laptop is not.
func TestOptions(t *testing.T) {
	lab, b := newLAN(t, "otp")
	for _, d := range desks() {
		_, vars := plug(t, lab, d.name, d.mac, d.class)
		if want := fmt.Sprintf("%x", b.url("")); d.vendor != "snom" && vars["opt160"] != want {
			t.Errorf("%s: option 160 is %q, want %q", d.name, vars["opt160"], want)
		}
		if vars["tftp"] == "" {
			t.Errorf("%s: option 66 is missing", d.name)
		}
		t.Logf("%s (option 60 %q): address %s, 66 %q, 160 %q", d.name, d.class, vars["ip"], vars["tftp"], vars["opt160"])
	}
	_, vars := plug(t, lab, "laptop", "3c:52:82:00:00:01", "MSFT 5.0")
	if vars["ip"] == "" || vars["tftp"] != "" || vars["opt160"] != "" {
		t.Errorf("laptop: got %v, want an address and no provisioning option", vars)
	}
	t.Logf("laptop (option 60 %q): address %s, 66 %q, 160 %q", "MSFT 5.0", vars["ip"], vars["tftp"], vars["opt160"])
}

// TestPhonesByOTP fetches as three phones would, from first contact to the
// phone's own credential, and as a laptop that knows the password.
func TestPhonesByOTP(t *testing.T) {
	lab, b := newLAN(t, "otp")
	laptop, _ := plug(t, lab, "laptop", "3c:52:82:00:00:01", "MSFT 5.0")
	for _, d := range desks() {
		t.Run(d.name, func(t *testing.T) {
			d.b = b
			if _, err := b.client.SetOTP(t.Context(), d.vendor, admin.OTPInput{User: "install", Password: "fake-brand-otp"}); err != nil {
				t.Fatal(err)
			}
			d.host, _ = plug(t, lab, d.name, d.mac, d.class)
			unknown := d.curl(t, d.host, d.config)
			expect(t, "not set up yet: "+d.config, unknown, "401")
			unknownTFTP := d.tftp(t, d.host, d.config)
			d.setUp(t)
			for _, file := range d.open {
				expect(t, file, d.curl(t, d.host, file), "200")
				if got := d.tftp(t, d.host, file); got != d.curl(t, d.host, file).body {
					t.Errorf("%s by TFTP: got %.60q, want what HTTP gives", file, got)
				}
			}
			first := d.curl(t, d.host, d.config)
			expect(t, d.config+", set up", first, "401")
			same(t, "unknown and set up, HTTP", unknown, first)
			same(t, "unknown and set up, TFTP", answer{"", unknownTFTP}, answer{"", d.tftp(t, d.host, d.config)})
			d.byOTP(t, laptop, unknown)
		})
	}
}

// byOTP uses the password and then shows that it is spent.
func (d *desk) byOTP(t *testing.T, laptop *netlab.Host, refused answer) {
	t.Helper()
	expect(t, "laptop with the phone's MAC and the OTP", d.curl(t, laptop, d.config, "install", "fake-brand-otp"), "401")
	full := d.curl(t, d.host, d.config, "install", "fake-brand-otp")
	expect(t, d.config+" with the OTP", full, "200")
	if !full.full() {
		t.Errorf("got no line in %s", full.body)
	}
	m := d.login.FindStringSubmatch(full.body)
	if m == nil {
		t.Fatalf("no login in %s", full.body)
	}
	expect(t, "the same OTP from another address", d.curl(t, laptop, d.config, "install", "fake-brand-otp"), "401")
	expect(t, d.config+" with its own login "+m[1], d.curl(t, d.host, d.config, m[1], m[2]), "200")
	again := d.curl(t, d.host, d.config, "install", "fake-brand-otp")
	expect(t, "the OTP after the own login was used", again, "401")
	same(t, "spent OTP and unknown MAC", refused, again)
	expect(t, "its own login from the laptop", d.curl(t, laptop, d.config, m[1], m[2]), "401")
}

func same(t *testing.T, what string, want, got answer) {
	t.Helper()
	if diff := cmp.Diff(want.body, got.body); diff != "" {
		t.Errorf("%s differ:\n%s", what, diff)
	}
}

// TestPhonesByPIN fetches as three phones would under policy pin. That a
// lock-out ends after 30 minutes is provision's TestPIN, where the clock moves.
func TestPhonesByPIN(t *testing.T) {
	lab, b := newLAN(t, "pin")
	for _, d := range desks() {
		t.Run(d.name, func(t *testing.T) {
			d.b = b
			d.host, _ = plug(t, lab, d.name, d.mac, d.class)
			stranger := d.curl(t, d.host, d.config)
			expect(t, "not set up yet: "+d.config, stranger, "200")
			d.setUp(t)
			held := d.curl(t, d.host, d.config)
			same(t, "holding config of a visitor and of a device", stranger, held)
			if !strings.Contains(held.body, auth.Needed.Shown()) || held.full() {
				t.Errorf("got %s, want a holding config", held.body)
			}
			if got := d.tftp(t, d.host, d.config); got != held.body {
				t.Errorf("by TFTP: got %.80q, want the holding config", got)
			}
			d.byPIN(t)
		})
	}
}

func (d *desk) byPIN(t *testing.T) {
	t.Helper()
	mac, _ := phone.ParseMAC(d.mac)
	right, err := d.b.client.ShowPIN(t.Context(), mac)
	if err != nil {
		t.Fatal(err)
	}
	wrong := "000000"
	if right.PIN == wrong {
		wrong = "111111"
	}
	enter := func(pin string) admin.PINResult {
		t.Helper()
		r, err := d.b.client.EnterPIN(t.Context(), mac, phone.NewSecret(pin), netip.Addr{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for range auth.WrongPINs {
		enter(wrong)
	}
	failed := d.curl(t, d.host, d.config)
	expect(t, "after three wrong PINs", failed, "200")
	if !strings.Contains(failed.body, auth.Failed.Shown()) {
		t.Errorf("got %s, want %q", failed.body, auth.Failed.Shown())
	}
	if enter(right.PIN).Accepted {
		t.Error("the right PIN was taken in the lock-out")
	}
	if _, err := d.b.client.Unblock(t.Context(), mac); err != nil {
		t.Fatal(err)
	}
	if !enter(right.PIN).Accepted {
		t.Fatal("the right PIN was not taken")
	}
	full := d.curl(t, d.host, d.config)
	expect(t, "after the right PIN", full, "200")
	m := d.login.FindStringSubmatch(full.body)
	if !full.full() || m == nil {
		t.Fatalf("got %s, want the full config", full.body)
	}
	expect(t, "with its own login "+m[1], d.curl(t, d.host, d.config, m[1], m[2]), "200")
	if dev, err := d.b.client.Device(t.Context(), mac); err != nil || dev.Enrolment.State != string(auth.Successful) {
		t.Errorf("state: got %s, %v; want successful", dev.Enrolment.State, err)
	}
}

// TestStaticLaptop has a laptop that took an address by itself, so that no
// lease speaks against it: what answers on the wire does.
func TestStaticLaptop(t *testing.T) {
	lab, b := newLAN(t, "otp")
	d := desks()[0]
	d.b = b
	if _, err := b.client.SetOTP(t.Context(), d.vendor, admin.OTPInput{User: "install", Password: "fake-brand-otp"}); err != nil {
		t.Fatal(err)
	}
	d.setUp(t)
	laptop := lab.Host("laptop", "10.77.0.200/24")
	laptop.SetMAC("3c:52:82:00:00:01")
	unknown := d.curl(t, laptop, "0015654aa938.cfg", "install", "fake-brand-otp")
	a := d.curl(t, laptop, d.config, "install", "fake-brand-otp")
	expect(t, "laptop with an address of its own and the OTP", a, "401")
	same(t, "unknown MAC and contradicted MAC", unknown, a)
	board, err := b.client.Health(t.Context())
	mac, _ := phone.ParseMAC(d.mac)
	i := slices.IndexFunc(board.Conditions, func(c health.Condition) bool { return c.Code == "mac-contradicted:"+mac.String() })
	if err != nil || i < 0 || !strings.Contains(board.Conditions[i].Detail, "3c:52:82:00:00:01") ||
		!strings.Contains(board.Conditions[i].Detail, "0015654aa937") {
		t.Errorf("health: got %+v, %v; want a condition of the phone naming both", board, err)
	}
	if dev, err := b.client.Device(t.Context(), mac); err != nil || dev.Enrolment.OTPUsed {
		t.Errorf("the phone's own OTP: got used %t, %v", dev.Enrolment.OTPUsed, err)
	}
	d.host, _ = plug(t, lab, d.name, d.mac, d.class)
	expect(t, "the phone itself, later", d.curl(t, d.host, d.config, "install", "fake-brand-otp"), "200")
}
