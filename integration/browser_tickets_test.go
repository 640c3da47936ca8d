package integration

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// tickets walks personal one-time passwords: made for two phones, shown by both,
// one approved and one rejected with its reason.
func (w *webBox) tickets(t *testing.T) {
	approved, rejected := phone.MAC{0, 0x15, 0x65, 0x49, 0, 1}, phone.MAC{0, 0x15, 0x65, 0x49, 0, 2}
	for mac, label := range map[phone.MAC]string{approved: "Reception", rejected: hostileLabel} {
		_, err := w.client.AddDevice(t.Context(), admin.DeviceInput{
			MAC: admin.Set(mac), Vendor: admin.Set("yealink"), Model: admin.Set("T46S"), Label: admin.Set(label),
			Lines: admin.Set([]admin.LineInput{{Registrar: "sip.example.net", User: "101", Password: admin.Set("fake-line-secret")}}),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	w.Open("/tickets")
	w.See("One-time passwords")
	w.Audit("no tickets")
	w.Open("/tickets/new")
	w.See(hostileLabel)
	w.Audit("tickets, chosen")
	w.Shot("tickets-new")
	w.Click(`[name="mac"][value="` + approved.String() + `"]`)
	w.Click(`[name="mac"][value="` + rejected.String() + `"]`)
	w.Click(`button[value="review"]`)
	w.Wait("the review", `document.querySelector('button[value="make"]')`)
	w.Fill("#f-hours", "400")
	w.Click(`#f-approval`)
	w.Click(`button[value="make"]`)
	w.Wait("an error at the hours, and the rows as they were", `document.querySelector("#f-hours[aria-invalid]")?.value === "400" &&
		document.querySelector("#f-approval").checked && document.querySelectorAll("main .s-successful").length === 2`)
	w.See("ticket lasts from 1 to 336 hours")
	w.Audit("tickets, reviewed")
	w.Shot("tickets-review")
	w.Fill("#f-hours", "24")
	w.Click(`button[value="make"]`)
	w.See("shown this once")
	w.Audit("tickets made")
	w.Shot("tickets-made")
	for _, mac := range []phone.MAC{approved, rejected} {
		w.shows(t, mac)
	}
	w.Open("/tickets")
	w.See("2 phones wait for approval")
	w.Audit("tickets that wait")
	w.Shot("tickets-waiting")
	w.othersDecide(t)
	w.Click(pick(rejected))
	w.Click(`button[value="reject"]`)
	w.Wait("a reason asked for, and the tick left", `document.querySelector("#f-reason[aria-invalid]") && document.querySelectorAll('[id^="w-"]:checked').length === 1`)
	w.Do("choose a reason", chromedp.SendKeys("#f-reason", kb.ArrowDown, chromedp.ByQuery))
	w.Click(`button[value="reject"]`)
	w.Wait("one left to decide", `document.querySelectorAll('[id^="w-"]').length === 1`)
	w.Click(pick(approved))
	w.Click(`button[value="approve"]`)
	w.Wait("none left to decide", `document.querySelectorAll('[id^="w-"]').length === 0`)
	w.Audit("tickets decided")
	w.Shot("tickets-decided")
	d, err := w.client.Device(t.Context(), rejected)
	if err != nil || d.Enrolment.Ticket != "rejected" {
		t.Errorf("got the ticket %q, %v, want it rejected", d.Enrolment.Ticket, err)
	}
}

// pick is the box to tick for a phone that waits.
func pick(mac phone.MAC) string { return "#w-" + mac.Hex() }

// shows has a phone show the ticket that stands on the page for it.
func (w *webBox) shows(t *testing.T, mac phone.MAC) {
	t.Helper()
	var user, password string
	w.Evaluate(`document.querySelector('[name="user-`+mac.String()+`"]').value`, &user)
	w.Evaluate(`document.querySelector('[name="password-`+mac.String()+`"]').value`, &password)
	file := strings.ReplaceAll(mac.String(), ":", "") + ".cfg"
	_, body, err := w.fetch(t.Context(), "127.49.0.60", file, "Yealink SIP-T46S 66.86.0.15 "+mac.String(), user, password)
	if err != nil || strings.Contains(body, "fake-line-secret") {
		t.Errorf("before the approval: got %v, and the line's password, want neither", err)
	}
}

// othersDecide: a phone that shows its ticket appears on the page that lies open,
// and goes when somebody else has decided; what was ticked and typed meanwhile is
// as it was.
func (w *webBox) othersDecide(t *testing.T) {
	mac := phone.MAC{0x00, 0x0e, 0x08, 0x49, 0, 3}
	_, err := w.client.AddDevice(t.Context(), admin.DeviceInput{MAC: admin.Set(mac), Vendor: admin.Set("cisco-spa"), Model: admin.Set("SPA525G")})
	if err != nil {
		t.Fatal(err)
	}
	ticket, err := w.client.MakeTicket(t.Context(), mac, admin.TicketInput{Hours: 1, Approval: true})
	if err != nil {
		t.Fatal(err)
	}
	w.Evaluate(`window.mark = 7, document.querySelector('[id^="w-"]').click(), 0`, new(int))
	w.Fill("#f-other", "not on my list")
	_, _, err = w.fetch(t.Context(), "127.49.0.61", "cisco-spa-"+mac.Hex()+".xml", "Cisco/SPA525G-7.4.4 (CBT141900G7)", ticket.User, ticket.Password)
	if err != nil {
		t.Fatal(err)
	}
	w.Wait("the phone that has just come, with its serial number", `document.querySelector("`+pick(mac)+`")?.closest("tr").innerText.includes("CBT141900G7")`)
	w.Audit("a ticket shown meanwhile")
	w.Shot("tickets-live")
	if _, err := w.client.RejectTicket(t.Context(), mac, "not ours"); err != nil {
		t.Fatal(err)
	}
	w.Wait("it is decided on this page as well", `!document.querySelector("`+pick(mac)+`") && document.querySelector("#list").innerText.includes("not ours")`)
	w.Wait("what was ticked and typed", `window.mark === 7 && document.querySelectorAll('[id^="w-"]:checked').length === 1 && document.querySelector("#f-other").value === "not on my list"`)
	w.Evaluate(`document.querySelector('[id^="w-"]:checked').click(), document.querySelector("#f-other").value = "", 0`, new(int))
}
