package integration

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/fleet"
	"github.com/lineside/lineside/phone"
)

// peopleAndPhones: a user is set up on the page, and owns a phone; a new phone
// password is on that phone within five seconds.
func (w *webBox) peopleAndPhones(t *testing.T) {
	const first, second = "Directory1", "Directory2"
	w.Open("/users/new")
	w.Fill("#f-id", "erika")
	w.Fill("#f-extension", "101")
	w.Fill("#f-first_name", `Erika <b>"`)
	w.Fill("#f-email", "erika@example.net")
	w.Click("main button.primary")
	w.See("has been added")
	w.At("/users/erika")
	mac, p, line := w.ownPhone(t, "erika")
	defer line.Close()
	w.setWebPassword(first)
	w.See("Told to fetch it now: " + mac.String())
	w.Audit("a user")
	w.Shot("box-user")
	w.fetchesWithin(t, p, line, first, time.Now())
	w.fetchesWithin(t, p, line, second, w.setWebPassword(second))
	if err := w.client.RemoveDevice(t.Context(), mac); err != nil { // what follows wants a box without phones
		t.Error(err)
	}
	w.Open("/setup/site")
}

// setWebPassword writes a new phone password on the user's page, and gives the
// moment before it was sent.
func (w *webBox) setWebPassword(password string) time.Time {
	w.Open("/users/erika")
	w.Fill("#f-web_password", password)
	w.Fill("#f-web_again", password)
	sent := time.Now()
	w.Click("form[action='/users/erika/web-password'] button")
	w.See("has been saved")
	return sent
}

// ownPhone is a simulated phone of somebody's, let in by its PIN.
func (w *webBox) ownPhone(t *testing.T, owner string) (phone.MAC, *fleet.Phone, *fleet.Line) {
	t.Helper()
	mac := phone.MAC{0, 0x15, 0x65, 0x48, 0, 1}
	_, err := w.client.AddDevice(t.Context(), admin.DeviceInput{
		MAC: admin.Set(mac), Vendor: admin.Set("yealink"), Model: admin.Set("T46S"), Owner: admin.Set(owner),
		Lines: admin.Set([]admin.LineInput{{Registrar: "sip.example.net", User: "101", Password: admin.Set("fake-line-secret")}}),
	})
	if err != nil {
		t.Fatal(err)
	}
	pin, err := w.client.ShowPIN(t.Context(), mac)
	if err != nil {
		t.Fatal(err)
	}
	p, line := w.unboxed(t, mac)
	if _, err := w.client.EnterPIN(t.Context(), mac, phone.NewSecret(pin.PIN), netip.Addr{}); err != nil {
		t.Fatal(err)
	}
	if err := line.Told(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time with the login of its own
		if res, err := p.Resync(t.Context()); err != nil || res.Outcome != fleet.Provisioned {
			t.Fatalf("got %s, %v, want it provisioned", res.Outcome, err)
		}
	}
	return mac, p, line
}

// fetchesWithin waits until the phone is told, and has the password in its config
// within five seconds of the click.
func (w *webBox) fetchesWithin(t *testing.T, p *fleet.Phone, line *fleet.Line, password string, sent time.Time) {
	t.Helper()
	ctx, cancel := context.WithDeadline(t.Context(), sent.Add(5*time.Second))
	defer cancel()
	if err := line.Told(ctx); err != nil {
		t.Fatal(err)
	}
	if res, err := p.Resync(ctx); err != nil || res.Outcome != fleet.Provisioned {
		t.Fatalf("got %s, %v, want it provisioned", res.Outcome, err)
	}
	login := p.Login()
	file := strings.ReplaceAll(p.MAC().String(), ":", "") + ".cfg"
	_, body, err := w.fetch(ctx, p.Lease().Addr.String(), file, "Yealink SIP-T46S 66.86.0.15 "+p.MAC().String(), login.User, login.Password.Reveal())
	if err != nil || !strings.Contains(body, "remote_phonebook.data.1.password = "+password+"\n") {
		t.Errorf("got %v, and the new password in the config: false; want it there", err)
	}
	t.Logf("the page's change is on the phone after %v", time.Since(sent).Round(time.Millisecond))
}
