package provision_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// world is a site with two phones on its LAN, one behind a router, and a thief.
// The phones on the LAN hold their leases and answer on the wire. The thief knows every MAC and what was
// ever served to it; it forges a lease or an ARP entry in a phone's name, but
// not both together, and asks through a router. In half of the worlds it knows
// the brand's one-time password as well.
type world struct {
	*lab
	rt      *rapid.T
	t       *testing.T
	knows   bool // the one-time password
	thief   map[phone.MAC][]string
	flash   map[phone.MAC][]string // what each phone has stored
	devices []phone.MAC
	used    map[string]string // generation of a device → who it was accepted from
}

var thiefAt = []string{"10.20.0.66", "10.20.0.67", "10.88.0.6"}

func newWorld(t *testing.T, rt *rapid.T) *world {
	factor := rapid.SampledFrom([]auth.Factor{auth.FactorPIN, auth.FactorOTP, auth.FactorBoth, auth.FactorNone}).Draw(rt, "policy")
	w := &world{
		lab: newLab(t, factor), rt: rt, t: t, knows: rapid.Bool().Draw(rt, "thief knows the OTP"),
		thief: make(map[phone.MAC][]string), flash: make(map[phone.MAC][]string), used: make(map[string]string),
	}
	w.store.policy.Window = auth.SiteWindow
	for i := range byte(3) {
		m := phone.MAC{0, 0x15, 0x65, 1, 2, i}
		w.devices = append(w.devices, m)
		w.add(t, m)
		if i != routed {
			w.plug(i, m)
		}
	}
	return w
}

// plug gives a phone its lease for as long as the world lasts.
func (w *world) plug(i byte, m phone.MAC) {
	w.lease(home(i), m)
	l := w.store.leases[netip.MustParseAddr(home(i))]
	l.Expires = l.Expires.AddDate(10, 0, 0)
	w.store.leases[l.Addr] = l
}

// routed is the phone of which layer 2 says nothing.
const routed = 2

func home(i byte) string {
	if i == routed {
		return "10.88.0.5"
	}
	return fmt.Sprintf("10.20.0.%d", 50+i)
}

func (w *world) device() (byte, phone.MAC) {
	i := rapid.IntRange(0, len(w.devices)-1).Draw(w.rt, "device")
	return byte(i), w.devices[i]
}

// phoneFetches has a phone fetch as phones do: bare, then with what it has.
func (w *world) phoneFetches() {
	i, m := w.device()
	a := w.get(w.t, m, home(i))
	if a.Status == provision.Challenge && len(w.flash[m]) == 2 {
		a = w.get(w.t, m, home(i), w.flash[m]...)
	}
	if a.Status == provision.Challenge && rapid.Bool().Draw(w.rt, "somebody types the OTP") {
		a = w.get(w.t, m, home(i), "installer", otp.Reveal())
	}
	if a.Status == provision.Content && !rapid.Bool().Draw(w.rt, "power is lost before it is stored") {
		user, password := loginIn(w.t, a)
		w.flash[m] = []string{user, password}
	}
}

// thiefFetches has the thief ask under a phone's MAC with all it knows.
func (w *world) thiefFetches() {
	i, m := w.device()
	from := rapid.SampledFrom(thiefAt).Draw(w.rt, "thief's address")
	at := netip.MustParseAddr(from)
	delete(w.store.leases, at)
	delete(w.store.wire, at)
	switch rapid.SampledFrom([]string{"nothing", "lease", "silent lease", "wire", "own"}).Draw(w.rt, "thief forges") {
	case "lease":
		w.lease(from, m)
		w.store.wire[at] = stranger
	case "silent lease":
		w.lease(from, m)
		delete(w.store.wire, at)
	case "wire":
		w.store.wire[at] = m
	case "own":
		w.lease(from, stranger)
	}
	logins := [][]string{nil, {"Plain", "Plain"}, {"installer", "guess"}, w.thief[m]}
	if w.knows {
		logins = append(logins, []string{"installer", otp.Reveal()})
	}
	login := rapid.SampledFrom(logins).Draw(w.rt, "thief shows")
	a := w.get(w.t, m, from, login...)
	if a.Status == provision.Content && strings.HasPrefix(string(a.Body), "stage=1 ") {
		user, password := loginIn(w.t, a)
		w.thief[m] = []string{user, password}
	}
	if a.Status == provision.Content && strings.HasPrefix(string(a.Body), "stage=2 ") && !w.earned(i, m, from, login) {
		w.rt.Fatalf("the thief at %s has the config of phone %d", from, i)
	}
	delete(w.store.leases, at)
	delete(w.store.wire, at)
}

// earned reports that the thief knew the password of a phone behind a router and
// was the first to show it: then, and only then, it is the one caller.
func (w *world) earned(i byte, m phone.MAC, from string, login []string) bool {
	rec, err := w.Device(m)
	if err != nil {
		w.rt.Fatal(err)
	}
	knew := w.knows && len(login) == 2 && login[1] == otp.Reveal()
	return knew && i == routed && rec.Enrolment.OTP.Used && rec.Enrolment.OTP.By == "ip:"+from
}

// operatorActs does something to a device.
func (w *world) operatorActs() {
	i, m := w.device()
	rec, err := w.Device(m)
	if err != nil {
		w.rt.Fatal(err)
	}
	by := operator
	if i == routed { // the operator reads the address in the phone's menu
		by.Identity = "ip:" + home(i)
	}
	switch rapid.SampledFrom([]string{"pin", "wrong pin", "reset", "suspend", "unblock", "allow", "clear", "remove"}).Draw(w.rt, "operator") {
	case "pin":
		_, err = w.EnterPIN(w.t.Context(), by, m, rec.Enrolment.PIN)
	case "wrong pin":
		_, err = w.EnterPIN(w.t.Context(), by, m, phone.NewSecret(other(rec.Enrolment.PIN.Reveal())))
	case "reset":
		_, err = w.Reset(w.t.Context(), operator, m)
	case "suspend":
		_, err = w.Suspend(w.t.Context(), operator, m)
	case "unblock":
		_, err = w.Unblock(w.t.Context(), operator, m)
	case "allow":
		_, err = w.AllowOTP(w.t.Context(), operator, m, false)
	case "clear":
		_, err = w.AllowOTP(w.t.Context(), operator, m, true)
	case "remove":
		if err = w.Remove(w.t.Context(), operator, m); err == nil {
			w.add(w.t, m)
			w.forget(m)
		}
	}
	if err != nil && !strings.Contains(err.Error(), "asks for no PIN") {
		w.rt.Fatal(err)
	}
}

// other is six digits that are not these.
func other(pin string) string {
	if pin == "000000" {
		return "111111"
	}
	return "000000"
}

// forget drops what was noted of a device's generations: set up anew, it begins
// at the first.
func (w *world) forget(m phone.MAC) {
	for key := range w.used {
		if strings.HasPrefix(key, m.String()) {
			delete(w.used, key)
		}
	}
}

func (w *world) rulesChange() {
	f := rapid.SampledFrom([]auth.Factor{auth.FactorPIN, auth.FactorOTP, auth.FactorBoth, auth.FactorNone}).Draw(w.rt, "new policy")
	if err := w.SetFirstContact(w.t.Context(), operator, f); err != nil {
		w.rt.Fatal(err)
	}
}

func (w *world) timePasses() {
	w.wait(time.Duration(rapid.IntRange(1, 40).Draw(w.rt, "minutes")) * time.Minute)
}

// check holds after each step: a generation is one caller's for ever.
func (w *world) check() {
	for _, m := range w.devices {
		rec, err := w.Device(m)
		if err != nil {
			w.rt.Fatal(err)
		}
		o := rec.Enrolment.OTP
		key := fmt.Sprintf("%s generation %d", m, o.Generation)
		by, was := w.used[key]
		switch {
		case was && (!o.Used || o.By != by):
			w.rt.Fatalf("%s was accepted from %s and is now %+v", key, by, o)
		case o.Used:
			w.used[key] = o.By
		}
	}
}

// TestThiefGetsNothing lets phones, a thief, operators and time act in any
// order. The thief never gets a config it has not earned, and no generation of
// a one-time password is accepted from two callers.
func TestThiefGetsNothing(t *testing.T) {
	for range 20 { // a hundred worlds each: some breaches take a few hundred
		rapid.Check(t, func(rt *rapid.T) {
			w := newWorld(t, rt)
			rt.Repeat(map[string]func(*rapid.T){
				"phone":    func(*rapid.T) { w.phoneFetches() },
				"thief":    func(*rapid.T) { w.thiefFetches() },
				"operator": func(*rapid.T) { w.operatorActs() },
				"rules":    func(*rapid.T) { w.rulesChange() },
				"time":     func(*rapid.T) { w.timePasses() },
				"":         func(*rapid.T) { w.check() },
			})
		})
	}
}
