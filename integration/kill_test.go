package integration

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/fleet"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// The loop kills the box this often; each time a few new phones are enrolling
// and a laptop that knows the password races each of them.
const (
	kills        = 200
	phonesAKill  = 4
	killPassword = "fake-brand-otp"
)

// victim is one phone and what is known of it from outside.
type victim struct {
	mac      phone.MAC
	phone    *fleet.Phone
	leased   netip.Addr // acknowledged to the phone
	enrolled bool       // full config received by the phone
	stolen   bool       // full config received by the laptop
}

// TestKill kills the box without warning while phones enrol, and checks after
// each start that nothing it had acknowledged is gone and no one-time password
// it had accepted is accepted for anybody else.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("short: the loop takes a minute")
	}
	self := fmt.Sprintf("127.%d.0.1", 32+os.Getpid()%90)
	b := newBox(t, self+"/16", "lo", strings.Replace(self, ".0.1", ".1.0", 1)+"-"+strings.Replace(self, ".0.1", ".8.255", 1), "otp", loopbackPorts)
	laptop := strings.Replace(self, ".0.1", ".200.1", 1)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))

	var all []*victim
	for n := range kills {
		b.start(t)
		if n == 0 {
			setBrand(t, b)
		}
		check(t, b, all, laptop)
		fresh := recruits(t, b, n)
		all = append(all, fresh...)
		storm(t, b, fresh, laptop, rnd)
		if t.Failed() {
			t.Fatalf("after kill %d", n+1)
		}
	}
	b.start(t)
	check(t, b, all, laptop)
	summarise(t, b, all)
}

func setBrand(t *testing.T, b *box) {
	t.Helper()
	in := admin.OTPInput{User: "installer", Password: killPassword}
	if _, err := b.client.SetOTP(t.Context(), "yealink", in); err != nil {
		t.Fatal(err)
	}
}

// recruits sets up new devices and gives their phones.
func recruits(t *testing.T, b *box, n int) []*victim {
	t.Helper()
	list := make([]*victim, phonesAKill)
	for i := range list {
		v := &victim{mac: phone.MAC{0x00, 0x15, 0x65, byte(n >> 8), byte(n), byte(i)}}
		list[i] = v
		if _, err := b.client.AddDevice(t.Context(), admin.DeviceInput{
			MAC: admin.Set(v.mac), Vendor: admin.Set("yealink"), Model: admin.Set("T46G"),
			Lines: admin.Set([]admin.LineInput{{Registrar: "sip.example.net", User: fmt.Sprint(1000 + n), Password: admin.Set("fake-sip-password")}}),
		}); err != nil {
			t.Fatal(err)
		}
		person := func(context.Context, fleet.Prompt) (vendors.Login, bool) {
			return vendors.Login{User: "installer", Password: phone.NewSecret(killPassword)}, true
		}
		var err error
		v.phone, err = fleet.New(fleet.Config{
			MAC: v.mac, Vendor: "yealink", Model: "T46G", Firmware: "28.83.0.120", Asks: 1, Attempts: 1, Timeout: 2 * time.Second,
			DHCP: server(b, i), URL: typed(b, i), Relay: b.self.Next(), Patience: 100 * time.Millisecond,
		}, vendors.All(), person, nil)
		if err != nil {
			t.Fatal(err)
		}
	}
	return list
}

// server and typed: every other phone gets no lease, but has the address typed
// into its menu, so that nothing on layer 2 tells it from the laptop.
func server(b *box, i int) netip.AddrPort {
	if i%2 == 1 {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(b.self, uint16(b.ports.dhcp))
}

func typed(b *box, i int) string {
	if i%2 == 1 {
		return b.url("")
	}
	return ""
}

// storm lets phones and laptop loose and kills the box in the midst of it. The
// laptop needs fewer steps than a phone, so it mostly starts later.
func storm(t *testing.T, b *box, fresh []*victim, laptop string, rnd *rand.Rand) {
	t.Helper()
	after := time.Duration(rnd.IntN(200)) * time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for _, v := range fresh {
		wg.Go(func() {
			res, _ := v.phone.Boot(ctx)
			v.leased = v.phone.Lease().Addr
			v.enrolled = res.Outcome == fleet.Provisioned
		})
		late := time.Duration(rnd.IntN(200)) * time.Millisecond
		wg.Go(func() {
			<-time.After(late)
			status, body, err := b.fetch(ctx, laptop, v.mac.Hex()+".cfg", "curl/8", "installer", killPassword)
			v.stolen = err == nil && status == 200 && strings.Contains(body, "fake-sip-password")
		})
	}
	<-time.After(after)
	b.kill()
	cancel()
	wg.Wait()
}

// check looks at the box from outside: what it had acknowledged must hold.
func check(t *testing.T, b *box, all []*victim, laptop string) {
	t.Helper()
	leases, err := b.client.Leases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	holder := make(map[netip.Addr]phone.MAC, len(leases))
	for _, l := range leases {
		holder[l.Address] = l.MAC
	}
	recent := all[max(0, len(all)-4*phonesAKill):]
	for _, v := range all {
		if v.leased.IsValid() && holder[v.leased] != v.mac {
			t.Errorf("%s was acknowledged %s, which now belongs to %s", v.mac, v.leased, holder[v.leased])
		}
		if v.enrolled && v.stolen {
			t.Errorf("%s: one generation was accepted for two", v.mac)
		}
	}
	for _, v := range recent {
		checkOne(t, b, v, laptop)
	}
}

// checkOne tries the password again for both, and the phone's credential.
func checkOne(t *testing.T, b *box, v *victim, laptop string) {
	t.Helper()
	file := v.mac.Hex() + ".cfg"
	if v.enrolled {
		status, _, err := b.fetch(t.Context(), laptop, file, "curl/8", "installer", killPassword)
		if err != nil || status != 401 {
			t.Errorf("%s: the used password from another address: got %d, %v; want 401", v.mac, status, err)
		}
		if res, err := v.phone.Resync(t.Context()); err != nil || res.Outcome != fleet.Provisioned {
			t.Errorf("%s: its own credential: got %s, %v; want its config", v.mac, res.Outcome, err)
		}
	}
	if v.stolen && v.leased.IsValid() {
		status, _, err := b.fetch(t.Context(), v.leased.String(), file, "curl/8", "installer", killPassword)
		if err != nil || status != 401 {
			t.Errorf("%s: the password the laptop used, from the phone: got %d, %v; want 401", v.mac, status, err)
		}
	}
}

// summarise says what happened, and that the audit log has no gap and agrees.
func summarise(t *testing.T, b *box, all []*victim) {
	t.Helper()
	var leased, enrolled, stolen int
	for _, v := range all {
		leased += count(v.leased.IsValid())
		enrolled += count(v.enrolled)
		stolen += count(v.stolen)
	}
	consumed := make(map[phone.MAC]int)
	var last uint64
	for {
		page, err := b.client.Audit(t.Context(), last, phone.MAC{}, 500)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			if last != 0 && e.Seq != last+1 {
				t.Errorf("audit: %d follows %d", e.Seq, last)
			}
			last = e.Seq
			consumed[e.MAC] += count(e.Kind == "otp-consumed")
		}
	}
	for mac, n := range consumed {
		if n > 1 {
			t.Errorf("%s: its generation was consumed %d times", mac, n)
		}
	}
	t.Logf("%d kills, %d phones: %d leases acknowledged, %d enrolled, %d lost to the laptop, %d audit events without a gap", kills, len(all), leased, enrolled, stolen, last)
	if leased == 0 || enrolled == 0 || stolen == 0 || enrolled == len(all) {
		t.Errorf("the kills hit nothing of interest: adjust the times")
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}
