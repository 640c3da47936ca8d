package integration

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/phone"
)

// Who is who on the hostile LAN.
const (
	boxMAC       = "02:00:0a:4d:00:01"
	laptopMAC    = "3c:52:82:00:00:01"
	otpUser      = "install"
	otpPassword  = "fake-brand-otp"
	laptopStatic = "10.77.0.200/24" // outside the pool
	unknownFile  = "0015654aa938.cfg"
)

// hostileLAN is a box, a phone that belongs here and a laptop that does not, on
// one bridge, under one policy.
type hostileLAN struct {
	t      *testing.T
	lab    *netlab.Lab
	b      *box
	d      *desk // the phone, the laptop's victim
	mac    phone.MAC
	policy auth.Factor
	laptop *netlab.Host
	// leased are the addresses of phone and laptop.
	leased, laptopLeased string
	away                 bool   // the phone is unplugged
	refusal              string // the form of the box's refusal on HTTP
	nothing              string // the words of a TFTP client that was refused
	rows                 []row
}

func newHostileLAN(t *testing.T, policy auth.Factor) *hostileLAN {
	t.Helper()
	netlab.Tool(t, "ping")
	lab, b := newLAN(t, string(policy))
	b.host.SetMAC(boxMAC)
	h := &hostileLAN{t: t, lab: lab, b: b, d: desks()[0], policy: policy}
	h.mac, _ = phone.ParseMAC(h.d.mac)
	h.d.b = b
	if _, err := b.client.SetOTP(t.Context(), h.d.vendor, admin.OTPInput{User: otpUser, Password: otpPassword}); err != nil {
		t.Fatal(err)
	}
	var vars map[string]string
	h.d.host, vars = plug(t, lab, "phone", h.d.mac, h.d.class)
	h.leased = vars["ip"] + "/24"
	h.laptop, vars = plug(t, lab, "laptop", laptopMAC, "MSFT 5.0")
	h.laptopLeased = vars["ip"] + "/24"
	h.place(laptopMAC, h.laptopLeased)
	h.learnRefusal()
	h.setUp()
	return h
}

// learnRefusal takes down what a MAC nobody knows is told. The challenge's opaque
// value is another after each start.
func (h *hostileLAN) learnRefusal() {
	h.t.Helper()
	h.refusal = ""
	_, h.refusal = h.get(h.laptop, unknownFile)
	h.nothing = h.d.tftp(h.t, h.laptop, unknownFile)
}

// setUp makes the phone known afresh: needed, nothing proved, its OTP unused.
func (h *hostileLAN) setUp() {
	h.t.Helper()
	_ = h.b.client.RemoveDevice(h.t.Context(), h.mac) // the first time there is none
	h.d.setUp(h.t)
	if h.policy == auth.FactorNone || h.policy == auth.FactorPIN {
		return
	}
	if dev, err := h.b.client.Device(h.t.Context(), h.mac); err != nil || dev.Enrolment.OTPUsed {
		h.t.Fatalf("a device just set up: got used %t, %v; want its OTP unused", dev.Enrolment.OTPUsed, err)
	}
}

// place has the laptop go by a MAC and an address, and the box find out anew who
// is where: the phone speaks first, where it is there.
func (h *hostileLAN) place(mac, cidr string) {
	h.t.Helper()
	h.laptop.SetMAC(mac)
	h.laptop.SetAddress(cidr)
	h.relearn()
	if cidr != "" {
		h.ping(h.laptop)
	}
}

func (h *hostileLAN) relearn() {
	h.t.Helper()
	h.forget()
	if !h.away {
		h.ping(h.d.host)
	}
}

// forget has the box's kernel forget who is where.
func (h *hostileLAN) forget() {
	h.t.Helper()
	h.b.host.Run(clientTime, "ip", "neigh", "flush", "dev", h.b.host.Interface())
}

func (h *hostileLAN) ping(from *netlab.Host) {
	h.t.Helper()
	from.Run(clientTime, "ping", "-c", "1", "-W", "5", h.b.self.String())
}

// unplug takes the phone off the LAN, plugIn brings it back.
func (h *hostileLAN) unplug() {
	h.t.Helper()
	h.d.host.SetLink(false)
	h.away = true
}

func (h *hostileLAN) plugIn() {
	h.t.Helper()
	h.place(laptopMAC, h.laptopLeased)
	h.d.host.SetLink(true)
	h.away = false
	h.relearn()
}

// askDHCP has the laptop go by a MAC and ask for an address with it, by another
// name than the phone's where identifier (option 61) is given.
func (h *hostileLAN) askDHCP(mac, identifier string) {
	h.t.Helper()
	h.laptop.SetAddress("")
	h.laptop.SetMAC(mac)
	if !h.away {
		h.relearn()
	}
	args := []string{"-f", "-n", "-q", "-t", "5", "-T", "1", "-i", h.laptop.Interface(), "-s", writeScript(h.t), "-V", h.d.class}
	if identifier != "" {
		args = append(args, "-C", "-x", "0x3d:"+identifier)
	}
	told(h.t, h.laptop.Run(clientTime, "udhcpc", args...), "bound")
	h.ping(h.laptop)
}

// forge lies to the box that addr is at mac until the box believes it.
func (h *hostileLAN) forge(addr, mac string) {
	h.t.Helper()
	ip := netip.MustParsePrefix(addr).Addr()
	deadline := time.NewTimer(clientTime)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for out := ""; !strings.Contains(out, mac); out = h.b.host.Run(clientTime, "ip", "neigh", "show", "to", ip.String()) {
		select {
		case <-deadline.C:
			h.t.Fatalf("the box still has %s", out)
		case <-tick.C:
		}
		if err := h.laptop.ForgeARP(boxMAC, ip, mac); err != nil {
			h.t.Fatal(err)
		}
	}
}

// get asks by HTTP as the phone would and says what kind of answer came and, of
// one that gave nothing, its form.
func (h *hostileLAN) get(from *netlab.Host, file string, login ...string) (kind, form string) {
	h.t.Helper()
	args := []string{"-s", "-i", "-m", "3", "-A", h.d.agent}
	if len(login) == 2 {
		args = append(args, "--digest", "-u", login[0]+":"+login[1])
	}
	out, err := from.Try(clientTime, "curl", append(args, h.b.url(file))...)
	if err != nil {
		return silence, err.Error()
	}
	r, err := httpReply([]byte(out))
	if err != nil {
		h.t.Fatalf("%s: %v\n%s", file, err, out)
	}
	form, _ = formOf(h.mac, r)
	body := string(r.body)
	switch {
	case strings.Contains(body, "fake-sip-password"):
		return full, form
	case strings.HasPrefix(r.status, "200") && strings.Contains(body, auth.Needed.Shown()):
		return holding, form
	case strings.HasPrefix(r.status, "401") && (form == h.refusal || h.refusal == ""):
		return refused, form
	}
	return fmt.Sprintf("%s (%d bytes) unlike other refusals", r.status, len(body)), form
}

// getTFTP is get by TFTP, which has no logins.
func (h *hostileLAN) getTFTP(from *netlab.Host, file string) (kind string) {
	h.t.Helper()
	switch got := h.d.tftp(h.t, from, file); {
	case strings.Contains(got, "fake-sip-password"):
		return full
	case strings.Contains(got, auth.Needed.Shown()):
		return holding
	case got == h.nothing:
		return refused
	default:
		return fmt.Sprintf("%.60q unlike other refusals", got)
	}
}

// enrol proves the phone as the policy wants it and gives its own login, used
// once so that it counts.
func (h *hostileLAN) enrol() (login []string) {
	h.t.Helper()
	h.plugIn()
	var proof []string
	if h.policy.WantsOTP() {
		proof = []string{otpUser, otpPassword}
	}
	if h.policy == auth.FactorNone {
		defer h.allow(netip.MustParsePrefix(h.leased).Addr())()
	}
	got := h.d.curl(h.t, h.d.host, h.d.config, proof...)
	if h.policy.WantsPIN() {
		h.enterPIN(netip.Addr{})
		m := h.d.login.FindStringSubmatch(got.body)
		if m == nil {
			h.t.Fatalf("got %s %.60q, want a holding config", got.status, got.body)
		}
		got = h.d.curl(h.t, h.d.host, h.d.config, m[1], m[2])
	}
	m := h.d.login.FindStringSubmatch(got.body)
	if !got.full() || m == nil {
		h.t.Fatalf("the phone's own proof: got %s %.60q, want its config", got.status, got.body)
	}
	expect(h.t, "the phone with its own login", h.d.curl(h.t, h.d.host, h.d.config, m[1], m[2]), "200")
	return m[1:3]
}

// allow puts an address on the allow-list until done.
func (h *hostileLAN) allow(addr netip.Addr) (done func()) {
	h.t.Helper()
	entry, err := h.b.client.AddAllow(h.t.Context(), admin.AllowInput{Network: addr.String(), Note: "test"})
	if err != nil {
		h.t.Fatal(err)
	}
	return func() {
		h.t.Helper()
		if err := h.b.client.RemoveAllow(h.t.Context(), entry.Network); err != nil {
			h.t.Fatal(err)
		}
	}
}

// enterPIN has an operator enter the phone's right PIN.
func (h *hostileLAN) enterPIN(from netip.Addr) {
	h.t.Helper()
	pin, err := h.b.client.ShowPIN(h.t.Context(), h.mac)
	if err != nil {
		h.t.Fatal(err)
	}
	if r, err := h.b.client.EnterPIN(h.t.Context(), h.mac, phone.NewSecret(pin.PIN), from); err != nil || !r.Accepted {
		h.t.Fatalf("the right PIN: got %+v, %v; want it accepted", r, err)
	}
}
