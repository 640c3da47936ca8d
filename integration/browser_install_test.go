package integration

import (
	"testing"

	"github.com/lineside/lineside/phone"
)

// installs sets one phone up as an installer does: it appears on the open page
// without its being loaded again, is claimed, and its PIN is entered.
func (w *webBox) installs(t *testing.T) {
	mac, err := phone.ParseMAC("00:15:65:00:00:07")
	if err != nil {
		t.Fatal(err)
	}
	w.Open("/install")
	w.Evaluate(`window.mark = 2`, new(int))
	status, _, err := w.fetch(t.Context(), "127.48.0.61", mac.Hex()+".cfg", "Yealink SIP-T46S 66.86.0.15 "+mac.String())
	if err != nil || status != 200 {
		t.Fatalf("the phone's fetch: got %d, %v", status, err)
	}
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
	w.See("Restart the phone: its PIN was right")
	w.Audit("a phone whose PIN was right")
	w.Shot("box-install-pin")
}
