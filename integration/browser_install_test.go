package integration

import (
	"net/netip"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/fleet"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// unboxed is a simulated phone that was plugged in: it has an address, is on hold,
// and registered at the box.
func (w *webBox) unboxed(t *testing.T, mac phone.MAC) (*fleet.Phone, *fleet.Line) {
	t.Helper()
	p, err := fleet.New(fleet.Config{MAC: mac, Vendor: "yealink", DHCP: netip.AddrPortFrom(w.self, uint16(w.ports.dhcp)), Asks: 1},
		vendors.All(), nil, func(e fleet.Event) { t.Log(e.Text) })
	if err != nil {
		t.Fatal(err)
	}
	res, err := p.Boot(t.Context())
	if err != nil || res.Outcome != fleet.Waiting {
		t.Fatalf("got %s, %v, want it waiting", res.Outcome, err)
	}
	line, err := p.Register(t.Context(), res)
	if err != nil {
		t.Fatal(err)
	}
	return p, line
}

// installs sets one phone up as an installer does: it appears on the open page
// without its being loaded again, is claimed, and its PIN is entered. The phone,
// which was on hold meanwhile, is told so and comes for its full config.
func (w *webBox) installs(t *testing.T) {
	mac, err := phone.ParseMAC("00:15:65:00:00:07")
	if err != nil {
		t.Fatal(err)
	}
	w.Open("/install")
	w.Evaluate(`window.mark = 2`, new(int))
	p, line := w.unboxed(t, mac)
	defer line.Close()
	w.Wait("the phone on the list", `document.querySelector('a.phone[href="/install/`+mac.String()+`"]')`)
	w.Wait("the same page", `window.mark === 2`)
	w.Audit("phones as they come")
	w.Click(`a.phone[href="/install/` + mac.String() + `"]`)
	w.Fill("#f-label", `Reception <img src=x>`)
	w.Fill("#f-user", "1007")
	w.Fill("#f-password", "line-secret-7")
	w.Fill("#f-registrar", "no host!")
	w.Expect("422")
	w.Click(".for-visitor button.primary")
	w.Wait("an error at the field", `document.querySelector("#f-registrar[aria-invalid]")`)
	w.Fill("#f-registrar", "sip.example.net")
	w.Fill("#f-password", "line-secret-7")
	w.Click(".for-visitor button.primary")
	w.See("Enter the PIN here")
	pin, err := w.client.ShowPIN(t.Context(), mac)
	if err != nil {
		t.Fatal(err)
	}
	w.Fill("#f-pin", pin.PIN)
	w.Click("#i-pin ~ form button.primary")
	w.See("The PIN is right")
	if err := line.Told(t.Context()); err != nil {
		t.Fatal(err)
	}
	if res, err := p.Resync(t.Context()); err != nil || res.Outcome != fleet.Provisioned {
		t.Fatalf("got %s, %v, want it provisioned", res.Outcome, err)
	}
	w.Audit("a phone whose PIN was right")
	w.Shot("box-install-pin")
	if res, err := p.Resync(t.Context()); err != nil || res.Outcome != fleet.Provisioned {
		t.Fatalf("with its own login: got %s, %v, want it provisioned", res.Outcome, err)
	}
	w.Wait("ready", `document.querySelector('.one[data-state=successful]')`)
	w.unproven(t, phone.MAC{0, 0x15, 0x65, 0, 0, 8})
	for _, done := range []phone.MAC{mac, {0, 0x15, 0x65, 0, 0, 8}} { // what follows wants a box without phones
		if err := w.client.RemoveDevice(t.Context(), done); err != nil {
			t.Error(err)
		}
	}
}

// unproven sets up a phone with an address of its own, so that nothing proves who
// it is. It went on hold as a visitor; its PIN is for the address that is read on
// its screen, and nobody is told that it was right before it can be of use.
func (w *webBox) unproven(t *testing.T, mac phone.MAC) {
	const at, agent = "127.48.0.61", "Yealink SIP-T46S 66.86.0.15 00:15:65:00:00:08"
	_, hold, err := w.fetch(t.Context(), at, mac.Hex()+".cfg", agent)
	if err != nil {
		t.Fatal(err)
	}
	line := []admin.LineInput{{Registrar: "sip.example.net", User: "1008", Password: admin.Set("fake-line-secret")}}
	if _, err := w.client.Claim(t.Context(), mac, admin.DeviceInput{Label: admin.Set(rightToLeft), Lines: admin.Set(line)}); err != nil {
		t.Fatal(err)
	}
	pin, err := w.client.ShowPIN(t.Context(), mac)
	if err != nil {
		t.Fatal(err)
	}
	w.Open("/install/" + mac.String())
	w.Expect("409")
	w.Fill("#f-pin", pin.PIN)
	w.Click("#i-pin ~ form button.primary")
	w.See("The network does not prove which phone this is")
	w.Fill("#f-from", at)
	w.Audit("which phone the PIN is for")
	w.Shot("box-install-from")
	w.Fill("#f-pin", pin.PIN)
	w.Click("#i-pin ~ form button.primary")
	w.See("The PIN is right")
	_, body, err := w.fetch(t.Context(), at, mac.Hex()+".cfg", agent, setting(hold, "static.auto_provision.server.username"), setting(hold, "static.auto_provision.server.password"))
	if err != nil || setting(body, "account.1.user_name") != "1008" {
		t.Errorf("after its PIN: got user %q, %v, want its line's", setting(body, "account.1.user_name"), err)
	}
}
