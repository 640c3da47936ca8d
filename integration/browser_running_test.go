package integration

import (
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/internal/browser"
	"github.com/lineside/lineside/phone"
)

// settings: a key that counts at once, one that waits for a restart, one the file
// alone has, and what is wrong shown at its field.
func (w *webBox) settings(t *testing.T) {
	w.Open("/settings")
	w.See("Site")
	w.Audit("settings")
	w.Shot("settings")
	w.Fill(`[name="site.timezone"]`, "Europe/Nowhere")
	w.Fill(`[name="site.name"]`, `Branch <b>7</b> "K"`)
	w.Expect("422")
	w.Click(".settings button.primary")
	w.Wait("an error at the field", `document.querySelector('[name="site.timezone"][aria-invalid]')?.value === "Europe/Nowhere"`)
	w.Audit("settings with an error")
	w.Shot("settings-wrong")
	w.Fill(`[name="site.timezone"]`, "Europe/Berlin")
	w.Fill(`[name="site.block_after"]`, "4") // a rule
	w.Click(".settings button.primary")
	w.See("Saved; it counts after the next restart")
	w.See("in force is: Branch")
	w.Wait("the rule", `document.querySelector('[name="site.block_after"]').value === "4"`)
	w.Open("/settings?section=listen")
	w.See("Changed in the file")
	w.Audit("settings that wait")
	w.Shot("settings-waiting")
	w.Click(".notice button.primary")
	w.Shot("settings-restart")
	w.Click("#confirm-do")
	w.Expect("ERR_CONNECTION_REFUSED")
	w.See("The box starts anew")
	w.Wait("the box", `location.pathname === "/settings" && document.querySelector(".side .mark").innerText.includes('Branch <b>7</b> "K"')`)
}

// auditLog: what was done stands in it, is found by who did it, and the chain is
// followed.
func (w *webBox) auditLog(t *testing.T) {
	w.Open("/audit")
	w.See("Setting changed")
	w.Click("main form button")
	w.See("The log is whole")
	w.Audit("audit log")
	w.Shot("audit")
	w.Open("/audit?name=" + webName + "&kind=setting-changed")
	w.See("site.name")
	w.Wait("entries of one kind", `!document.querySelector("tbody").innerText.includes("Signed in")`)
	w.Open("/audit?from=yesterday&mac=%3Cscript%3E")
	w.Expect("422")
	w.See("Write a day like")
	w.Audit("audit log with errors")
	var status string
	w.Do("export", browser.Promise(`fetch("/audit/export").then(r => r.text()).then(x => x.includes("setting-changed") && x.includes("site.name") ? "whole" : x)`, &status))
	if status != "whole" {
		t.Errorf("got the export %.200q, want the settings' change in it", status)
	}
}

// accounts: somebody who has no address is given a temporary password by hand,
// and the last admin stays.
func (w *webBox) accounts(t *testing.T) {
	w.Open("/accounts")
	w.Fill("#f-name", "Ines Müller")
	w.Fill("#f-email", "nowhere")
	w.Expect("422")
	w.Click(`form[action="/accounts"] button`)
	w.Wait("an error at the field", `document.querySelector("#f-email[aria-invalid], #f-name[aria-invalid]")`)
	w.Fill("#f-name", "ines")
	w.Fill("#f-email", " ")
	w.Click(`form[action="/accounts"] button`)
	w.See("Temporary password of ines")
	w.Audit("accounts")
	w.Shot("accounts")
	w.Open("/accounts")
	w.Fill("#f-token-name", "monitoring")
	w.Click(`form[action="/tokens"] button`)
	w.See("Token “monitoring”")
	w.Open("/accounts/" + webName)
	w.Audit("account")
	w.Shot("account")
	w.Expect("409")
	w.Click(".rows .danger")
	w.Click("#confirm-do")
	w.See("This is the last admin's account")
	w.Open("/accounts/ines")
	w.Click(".rows .danger")
	w.See("Remove the account ines?")
	w.Click("#confirm-do")
	w.See("The account ines is gone")
	w.Open("/mail")
	w.See("No mail server is set")
	w.Audit("mail")
	w.Shot("mail")
}

// leases and backup: pools are told of, and a backup comes whole.
func (w *webBox) backup(t *testing.T) {
	w.Open("/leases")
	w.See("DHCP leases")
	w.Audit("leases")
	w.Shot("leases")
	w.Open("/leases/snippet")
	w.See("dhcp-option")
	w.Click(`a[href="/leases/snippet?for=mikrotik"]`)
	w.See("/ip dhcp-server option add")
	w.See("x687474703a2f2f3132372e34382e302e31") // http://127.48.0.1
	w.Audit("snippet")
	w.Shot("leases-snippet")
	w.Open("/backup")
	w.Audit("backup")
	w.Shot("backup")
	var size int
	w.Do("take a backup", browser.Promise(`fetch("/backup", {method: "POST", headers: {"X-CSRF": document.querySelector("meta[name=csrf]").content}})
		.then(async r => { window.taken = r.headers.get("Content-Disposition").includes("lineside-backup-") && await r.blob(); return window.taken.size })`, &size))
	if size < 10_000 {
		t.Errorf("got a backup of %d bytes, want the database and more", size)
	}
	w.putBack(t)
}

// putBack: what is no backup is refused, one is checked, discarded, checked again
// and put back; the box is back by itself, and a phone set up since is gone.
func (w *webBox) putBack(t *testing.T) {
	send := "form[data-upload] .actions button"
	w.chooseNamed(t, "nonsense.tar", []byte(strings.Repeat("no backup ", 100)))
	w.Expect("422")
	w.Click(send)
	w.See("This is no backup")
	w.Audit("no backup")
	w.Shot("backup-none")
	w.chooseTaken()
	mac := phone.MAC{0x00, 0x15, 0x65, 0x00, 0x77, 0x77}
	if _, err := w.client.AddDevice(t.Context(), admin.DeviceInput{MAC: admin.Set(mac), Vendor: admin.Set("yealink"), Model: admin.Set("T46S")}); err != nil {
		t.Fatal(err)
	}
	w.Click(send)
	w.See("Ready to be put back")
	w.See("1 phone set up now is not in the backup")
	w.Audit("a backup that waits")
	w.Shot("backup-plan")
	w.Click(`form[action="/backup/restore/apply"] button`)
	w.See("Put back the backup of")
	w.Shot("backup-sure")
	w.Click("#confirm-do")
	w.Expect("ERR_CONNECTION_REFUSED")
	w.Expect("401") // the session is of the database that was set aside
	w.See("The backup is being put back")
	w.Wait("the box", `location.pathname === "/sign-in"`)
	w.Fill("#f-name", webName)
	w.Fill("#f-password", webPassword)
	w.Click("main button.primary")
	w.At("/")
	if _, err := w.client.Device(t.Context(), mac); err == nil {
		t.Error("got a phone that was set up after the backup, want it gone")
	}
	w.Open("/audit")
	w.See("Backup put back")
}

// chooseTaken puts the backup the page has taken into the field for one.
func (w *webBox) chooseTaken() {
	var n int
	w.Evaluate(`(() => { const d = new DataTransfer(); d.items.add(new File([window.taken], "lineside-backup.tar")); const f = document.querySelector("#f-file"); f.files = d.files; return f.files.length })()`, &n)
}
