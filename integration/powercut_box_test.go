package integration

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/phone"
	platform "github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/portal"
	"github.com/lineside/lineside/sync/wire"
)

// cutPhones enrol by one-time passwords of the platform's, every other one while
// the platform is away.
const cutPhones = 16

// TestPowerCutOfBox cuts a joined box's power at the instant at which the last
// of some phones was let in by a one-time password, with the platform away. None
// lets in anybody else afterwards, and the platform learns of each. A box whose
// syncs are left out forgets, so the test can fail.
func TestPowerCutOfBox(t *testing.T) {
	t.Parallel()
	t.Run("as it is", func(t *testing.T) {
		t.Parallel()
		if again, unheard := cutBox(t, nil, 0); again+unheard > 0 {
			t.Errorf("got %d passwords that count again and %d the platform has not heard of, want none", again, unheard)
		}
	})
	t.Run("without syncs", func(t *testing.T) {
		t.Parallel()
		// strace has the calls do nothing and say that they did.
		strace := []string{netlab.Tool(t, "strace"), "-D", "-f", "-qqq", "-o", os.DevNull, "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:retval=0"}
		if again, unheard := cutBox(t, strace, 1); again == 0 || unheard == 0 {
			t.Errorf("got %d passwords that count again and %d the platform has not heard of, want some: what was not synced is not cut off", again, unheard)
		}
	})
}

// cutBox gives how many passwords count for somebody else after the cut, and of
// how many accepted ones the platform does not hear.
func cutBox(t *testing.T, under []string, net int) (again, unheard int) {
	t.Helper()
	self := fmt.Sprintf("127.%d.0.1", 130+2*(os.Getpid()%50)+net)
	b := newBox(t, self+"/16", "lo", strings.Replace(self, ".0.1", ".1.0", 1)+"-"+strings.Replace(self, ".0.1", ".8.255", 1), "otp", loopbackPorts)
	b.under = under
	d := newDisk(t, filepath.Join(b.dir, "state"), 128)
	hq := newCentral(t, filepath.Join(t.TempDir(), "central"), freeAddrs(t, 1)[0], "")
	client, site := joinedBox(t, b, hq)
	var phones []*cutPhone
	for n := range cutPhones + 1 { // the last one comes after the cut
		phones = append(phones, newCutPhone(t, client, site, self, n))
	}
	b.settled(t, cutPhones+1)
	d.flush()
	enrol := func(list []*cutPhone) {
		for _, p := range list {
			if status, body := p.show(t, b, p.from); status != 200 || !strings.Contains(body, "line-"+p.mac.Hex()) {
				t.Fatalf("%s shows its one-time password: got %d %.200s, want its config", p.mac, status, body)
			}
		}
	}
	enrol(phones[:cutPhones/2])
	hq.kill()
	b.untilLink(t, "the platform is away", func(l admin.PlatformLink) bool { return l.State == "away" })
	enrol(phones[cutPhones/2 : cutPhones])

	d.cut(b)
	b.under = nil
	hq.up(t) // first, or the box waits longer each time before it asks again
	b.start(t)
	b.settled(t, cutPhones+1)
	for _, p := range phones[:cutPhones] {
		status, _ := p.show(t, b, p.other)
		again += count(status == 200)
	}
	// What happened is told in its order: after this one nothing is on its way.
	last := phones[cutPhones:]
	enrol(last)
	for end := time.Now().Add(30 * time.Second); !heardOf(t, client, site, last[0].mac); <-time.After(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the platform hears nothing of the box")
		}
	}
	for _, p := range phones[:cutPhones] {
		unheard += count(!heardOf(t, client, site, p.mac))
	}
	t.Logf("%d phones let in, %d passwords count again, the platform has not heard of %d", cutPhones, again, unheard)
	return again, unheard
}

// joinedBox starts both, the box as one of the platform's sites; one-time
// passwords let phones in, also while the platform is away.
func joinedBox(t *testing.T, b *box, hq *central) (client *portal.Client, site string) {
	t.Helper()
	client = hq.up(t)
	allow, otp := "allow", "otp"
	if err := client.Do(t.Context(), "PATCH", "/policy", nil, portal.PolicyInput{FirstContact: &otp, OTPOffline: &allow}, &portal.Policy{}); err != nil {
		t.Fatal(err)
	}
	b.start(t)
	token := addSite(t, client, "Berlin")
	link, err := b.client.JoinPlatform(t.Context(), admin.JoinInput{Token: token.Reveal()})
	if err != nil {
		t.Fatal(err)
	}
	return client, link.Site
}

// cutPhone is a phone with a one-time password of its own, and somebody else who
// has got hold of it.
type cutPhone struct {
	mac         phone.MAC
	ticket      portal.Ticket
	from, other string
}

func newCutPhone(t *testing.T, c *portal.Client, site, self string, n int) *cutPhone {
	t.Helper()
	p := &cutPhone{mac: phone.MAC{0x00, 0x15, 0x65, 0xcc, 0, byte(n)},
		from: strings.Replace(self, ".0.1", fmt.Sprintf(".100.%d", n+1), 1), other: strings.Replace(self, ".0.1", fmt.Sprintf(".200.%d", n+1), 1)}
	vendor := "yealink"
	lines := []portal.LineInput{{Line: wire.Line{Registrar: "sip.example.net", User: "line-" + p.mac.Hex(), Transport: "tls"}}}
	in := portal.DeviceInput{MAC: &p.mac, Site: &site, Vendor: &vendor, Lines: &lines}
	if err := c.Do(t.Context(), "POST", "/devices", nil, in, &portal.DeviceMade{}); err != nil {
		t.Fatal(err)
	}
	if err := c.Do(t.Context(), "POST", "/devices/"+p.mac.Hex()+"/ticket", nil, portal.TicketInput{}, &p.ticket); err != nil {
		t.Fatal(err)
	}
	return p
}

// show shows the one-time password from an address.
func (p *cutPhone) show(t *testing.T, b *box, from string) (status int, body string) {
	t.Helper()
	status, body, err := b.fetch(t.Context(), from, p.mac.Hex()+".cfg", "Yealink SIP-T46G 28.83.0.120", p.ticket.User, p.ticket.Password)
	if err != nil {
		t.Fatal(err)
	}
	return status, body
}

// untilLink waits for the link to be as is says.
func (b *box) untilLink(t *testing.T, what string, is func(admin.PlatformLink) bool) {
	t.Helper()
	for end := time.Now().Add(40 * time.Second); ; {
		l, err := b.client.Platform(t.Context())
		if err == nil && is(l) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("want: %s; got %+v, %v", what, l, err)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// settled waits until the box has so many devices and neither side waits.
func (b *box) settled(t *testing.T, devices int) {
	t.Helper()
	b.untilLink(t, "both sides are in step", func(l admin.PlatformLink) bool {
		page, err := b.client.Devices(t.Context(), admin.Query{Limit: devices})
		return err == nil && len(page.Devices) == devices && l.State == "linked" && l.Waiting == 0 && l.Undone == 0
	})
}

// heardOf says that the platform knows a device's one-time password to be used,
// and what happened.
func heardOf(t *testing.T, c *portal.Client, site string, mac phone.MAC) bool {
	t.Helper()
	var d platform.DeviceInfo
	if err := c.Do(t.Context(), "GET", "/devices/"+mac.Hex(), nil, nil, &d); err != nil {
		t.Fatal(err)
	}
	var page portal.Events
	if err := c.Do(t.Context(), "GET", "/sites/"+site+"/events", url.Values{"mac": {mac.Hex()}}, nil, &page); err != nil {
		t.Fatal(err)
	}
	return d.OTP == "used" && len(page.Events) > 0
}
