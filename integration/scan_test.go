package integration

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// The block that is scanned, 00:15:65:aa:00:00 to ff:ff, and by how many.
const (
	blockSize   = 1 << 16
	scanWorkers = 8
)

// blockMAC is a MAC of the block.
func blockMAC(n int) phone.MAC { return phone.MAC{0x00, 0x15, 0x65, 0xaa, byte(n >> 8), byte(n)} }

// hidden is a device the box knows, somewhere in the block.
type hidden struct {
	mac  phone.MAC
	like string // what was done with it
	// under pin, what it is told that an unknown MAC is not.
	failed, challenged bool
}

// scanned is a box with a dozen devices hidden in the block.
type scanned struct {
	t     *testing.T
	b     *box
	rnd   *rand.Rand
	known map[phone.MAC]hidden
}

func newScanned(t *testing.T) *scanned {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	self := fmt.Sprintf("127.%d.0.1", 32+os.Getpid()%90)
	s := &scanned{t: t, rnd: rand.New(rand.NewPCG(seed, 3)), known: make(map[phone.MAC]hidden)}
	s.b = newBox(t, self+"/16", "lo", strings.Replace(self, ".0.1", ".1.0", 1)+"-"+strings.Replace(self, ".0.1", ".8.255", 1), "otp", loopbackPorts)
	s.b.start(t)
	if _, err := s.b.client.SetOTP(t.Context(), "yealink", admin.OTPInput{User: otpUser, Password: otpPassword}); err != nil {
		t.Fatal(err)
	}
	s.hide()
	return s
}

// from gives each worker an address; the doors' limits are per address.
func (s *scanned) from(worker int) netip.Addr {
	a := s.b.self.As4()
	a[2], a[3] = 200, byte(worker+1)
	return netip.AddrFrom4(a)
}

// doors are the ways a scan can go.
func (s *scanned) doors() []scanDoor {
	for mac, h := range s.known {
		if h.challenged {
			return scanDoors(s.b, mac, s.from)
		}
	}
	s.t.Fatal("no device is challenged under every policy")
	return nil
}

func (s *scanned) policy(f auth.Factor) {
	s.t.Helper()
	if _, err := s.b.client.SetPolicy(s.t.Context(), admin.PolicyInput{FirstContact: admin.Set(string(f))}); err != nil {
		s.t.Fatal(err)
	}
}

// hide sets up devices and brings them into the states a device can be in.
func (s *scanned) hide() {
	s.t.Helper()
	for _, h := range []struct {
		hidden
		do func(phone.MAC)
	}{
		{hidden{like: "needed"}, nil},
		{hidden{like: "needed"}, nil},
		{hidden{like: "needed"}, nil},
		{hidden{like: "suspended"}, func(m phone.MAC) { must(s.t)(s.b.client.Suspend(s.t.Context(), m)) }},
		{hidden{like: "right PIN entered"}, func(m phone.MAC) { s.enter(m, true) }},
		{hidden{like: "two wrong PINs"}, func(m phone.MAC) { s.enter(m, false); s.enter(m, false) }},
		{hidden{like: "failed", failed: true}, s.lockOut},
		{hidden{like: "failed", failed: true}, s.lockOut},
		{hidden{like: "enrolling", challenged: true}, func(m phone.MAC) { s.enrol(m, false) }},
		{hidden{like: "successful", challenged: true}, func(m phone.MAC) { s.enrol(m, true) }},
		{hidden{like: "successful", challenged: true}, func(m phone.MAC) { s.enrol(m, true) }},
		{hidden{like: "OTP allowed", challenged: true}, func(m phone.MAC) { must(s.t)(s.b.client.AllowOTP(s.t.Context(), m, false)) }},
	} {
		h.mac = blockMAC(s.rnd.IntN(blockSize))
		if _, twice := s.known[h.mac]; twice {
			h.mac[5] ^= 1
		}
		s.known[h.mac] = h.hidden
		s.add(h.mac)
		if h.do != nil {
			h.do(h.mac)
		}
	}
}

// must gives what takes the answer of a call that is to succeed.
func must(t testing.TB) func(admin.Device, error) {
	return func(_ admin.Device, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (s *scanned) add(mac phone.MAC) {
	s.t.Helper()
	must(s.t)(s.b.client.AddDevice(s.t.Context(), admin.DeviceInput{
		MAC: admin.Set(mac), Vendor: admin.Set("yealink"), Model: admin.Set("T46G"), Label: admin.Set("Hidden"),
		Lines: admin.Set([]admin.LineInput{{Registrar: "sip.example.net", User: "1001", Password: admin.Set("fake-sip-password")}}),
	}))
}

func (s *scanned) enter(mac phone.MAC, right bool) {
	s.t.Helper()
	s.policy(auth.FactorPIN)
	defer s.policy(auth.FactorOTP)
	pin, err := s.b.client.ShowPIN(s.t.Context(), mac)
	if err != nil {
		s.t.Fatal(err)
	}
	entered := pin.PIN
	if !right {
		entered = otherPIN(pin.PIN)
	}
	r, err := s.b.client.EnterPIN(s.t.Context(), mac, phone.NewSecret(entered), netip.Addr{})
	if err != nil || r.Accepted != right {
		s.t.Fatalf("PIN of %s: got %+v, %v; want accepted %t", mac, r, err, right)
	}
}

// otherPIN is a PIN that is wrong.
func otherPIN(right string) string {
	if right == "000000" {
		return "111111"
	}
	return "000000"
}

func (s *scanned) lockOut(mac phone.MAC) {
	s.t.Helper()
	for range auth.WrongPINs {
		s.enter(mac, false)
	}
}

// enrol has the phone use the OTP and, where it is to end so, its own login.
func (s *scanned) enrol(mac phone.MAC, use bool) {
	s.t.Helper()
	get := func(login ...string) string {
		s.t.Helper()
		status, body, err := s.b.fetch(s.t.Context(), s.from(100).String(), mac.Hex()+".cfg", "curl/8", login...)
		if err != nil || status != 200 {
			s.t.Fatalf("enrol %s: got %d, %v", mac, status, err)
		}
		return body
	}
	m := desks()[0].login.FindStringSubmatch(get(otpUser, otpPassword))
	if use && m != nil {
		get(m[1], m[2])
	}
}

// TestScan asks for every MAC of a block as a laptop on the LAN could, and
// compares what known devices and unknown ones are told, byte for byte.
func TestScan(t *testing.T) {
	if testing.Short() {
		t.Skip("short: the scans take a minute")
	}
	s := newScanned(t)
	block := make([]phone.MAC, blockSize)
	for n := range block {
		block[n] = blockMAC(n)
	}
	for _, policy := range []auth.Factor{auth.FactorOTP, auth.FactorPIN} {
		s.t = t
		s.policy(policy)
		for _, door := range s.doors() {
			t.Run(string(policy)+"/"+door.name, func(t *testing.T) {
				s.t = t
				list := block
				if door.guesses {
					list = s.neighbours()
				}
				f := s.scan(door, list)
				f.print(t, s)
				s.judge(f, policy == auth.FactorPIN && !door.guesses)
			})
		}
	}
}

// neighbours are the known devices with those that stand around them, a sixteenth
// of the block: a wrong login costs as much time as ten questions.
func (s *scanned) neighbours() []phone.MAC {
	near := make(map[phone.MAC]bool)
	for mac := range s.known {
		at := int(mac[4])<<8 | int(mac[5])
		for n := range blockSize / 16 / len(s.known) {
			near[blockMAC((at+n)%blockSize)] = true
		}
	}
	return slices.Collect(maps.Keys(near))
}
