package integration

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/chromedp"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// What operators and strangers write where a page could take it for its own.
const (
	hostileLabel = `<script>document.title="owned"</script>"' onfocus=alert(1) x='`
	hostileAgent = "Yealink SIP-T46S <img src=x onerror=document.title='owned'> 00:15:65:00:10:01"
	rightToLeft  = "Lager \u202egnal\u202c hinten mit langem Namen, damit es eng wird"
)

// devices walks the list and one phone: a file of phones looked at and imported,
// one found as one types, brought to life before the page's eyes, edited by two
// people at once, and dealt with.
func (w *webBox) devices(t *testing.T) {
	all, err := w.client.AllDevices(t.Context(), admin.Query{})
	for _, d := range all { // of the walks before
		err = errors.Join(err, w.client.RemoveDevice(t.Context(), d.MAC))
	}
	if err != nil {
		t.Fatal(err)
	}
	w.Open("/devices")
	w.See("No phone is set up yet")
	w.Audit("no devices")
	w.importDevices(t)
	w.findDevices(t)
	mac := phone.MAC{0x00, 0x15, 0x65, 0x00, 0x10, 0x01}
	w.oneDevice(t, mac)
	w.editDevice(t, mac)
	w.manyDevices(t)
	w.Open("/devices/" + mac.String())
	w.Click(`form[action$="/remove"] button`)
	w.See("Remove “Lobby”?")
	w.Shot("device-remove")
	w.Click("#confirm-do")
	w.See("“Lobby” was removed.")
	var title string
	if w.Evaluate(`document.title`, &title); title == "owned" {
		t.Error("what a stranger wrote has run as a script")
	}
}

// choose puts a file into the field for one.
func (w *webBox) choose(t *testing.T, text string) {
	t.Helper()
	w.chooseNamed(t, "phones.csv", []byte(text))
}

// chooseNamed has the browser send a file under a name.
func (w *webBox) chooseNamed(t *testing.T, name string, body []byte) {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, body, 0o600); err != nil {
		t.Fatal(err)
	}
	var nodes []*cdp.Node
	w.Do("choose a file", chromedp.Nodes("#f-file", &nodes, chromedp.ByQuery), chromedp.ActionFunc(func(ctx context.Context) error {
		return dom.SetFileInputFiles([]string{file}).WithNodeID(nodes[0].NodeID).Do(ctx)
	}))
}

func (w *webBox) importDevices(t *testing.T) {
	quoted := `"` + strings.ReplaceAll(hostileLabel, `"`, `""`) + `"`
	file := "mac,vendor,type,label,registrar,user,password\n" +
		"001565001001,yealink,T46S,Reception,sip.example.net,1001,fake-password-1\n" +
		"001565001002,yealink,T46S," + quoted + ",sip.example.net,1002,fake-password-2\n" +
		"000413001003,snom,D385,\"" + rightToLeft + "\",sip.example.net,1003,fake-password-3\n"
	w.Open("/devices/import")
	w.choose(t, file+"12,snom,D385,Broken,,,\n000413001004,acme,X,Broken,,,\n")
	w.Click("#import button.primary:not([name])")
	w.See("2 things in the file are wrong")
	w.See("Line 5:")
	w.Audit("import with faults")
	w.Shot("import-faults")
	w.choose(t, file)
	w.Click("#import button.primary:not([name])")
	w.See("3 new, 0 changed, 0 as they are")
	w.Audit("import")
	w.Shot("import")
	var body string
	if w.Evaluate(`document.documentElement.outerHTML`, &body); strings.Contains(body, "fake-password-1") {
		t.Error("the page says a password of the file")
	}
	w.Click(`button[name=tag]`)
	w.See("3 phones are new, 0 were changed.")
	w.At("/devices")
	w.Audit("devices")
	w.Shot("devices")
}

func (w *webBox) findDevices(t *testing.T) {
	w.Width(1440)
	var mark int
	w.Evaluate(`window.mark = 2`, &mark)
	w.Fill("#q", "recep")
	w.Wait("one phone found", `document.querySelectorAll("#list tbody tr").length === 1 && window.mark === 2`)
	w.At("/devices?q=recep")
	w.Fill("#q", "nobody")
	w.See("No phone is like that")
	w.Audit("nothing found")
	w.Open("/devices?state=needed&sort=label&down=1")
	var first string
	if w.Evaluate(`document.querySelector("#list tbody th").innerText`, &first); first != "Reception" {
		t.Errorf("sorted from the end: got %q first, want Reception", first)
	}
}

func (w *webBox) oneDevice(t *testing.T, mac phone.MAC) {
	w.Open("/devices/" + mac.String())
	w.See("not yet – connect the phone")
	var mark int
	w.Evaluate(`window.mark = 3`, &mark)
	fetch := func(login ...string) string {
		t.Helper()
		_, body, err := w.fetch(t.Context(), "127.48.0.61", "001565001001.cfg", hostileAgent, login...)
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	hold := fetch()
	w.See("<img src=x onerror")
	pin, err := w.client.ShowPIN(t.Context(), mac)
	if err != nil {
		t.Fatal(err)
	}
	w.Wait("the same page", `window.mark === 3`)
	w.Audit("device")
	w.Shot("device")
	w.Fill("#f-pin", "000000")
	w.Expect("409")
	w.Click(`form[action$="/pin"] button`) // nothing proves which phone it is
	w.See("Read its address in its own menu")
	w.Fill("#f-pin", "000000")
	w.Fill("#f-from", "127.48.0.61")
	w.Expect("422")
	w.Click(`form[action$="/pin"] button`)
	w.See("That is not this phone’s PIN")
	w.Fill("#f-pin", pin.PIN)
	w.Fill("#f-from", "127.48.0.61")
	w.Click(`form[action$="/pin"] button`)
	w.See("The PIN is right.")
	fetch(setting(hold, "static.auto_provision.server.username"), setting(hold, "static.auto_provision.server.password"))
	w.See("Got its full config")
	w.Shot("device-enrolling")
	w.Open("/devices/" + mac.String() + "/config")
	w.Audit("config")
	w.Shot("device-config")
	w.Click(`form[data-confirm] button`)
	w.Click("#confirm-do")
	w.See("fake-password-1")
}

// editDevice: while the form is open somebody else changes the device. Both
// changes stay.
func (w *webBox) editDevice(t *testing.T, mac phone.MAC) {
	w.Open("/devices/" + mac.String() + "/edit")
	w.Click("[data-line=add]")
	w.Fill("fieldset:nth-of-type(2) [name=line-user]", "2002")
	w.Fill("fieldset:nth-of-type(2) [name=line-registrar]", "sip.example.net")
	w.Fill("#f-model", "T48S")
	w.Audit("edit")
	w.Shot("device-edit")
	if _, err := w.client.EditDevice(t.Context(), mac, 0, admin.DeviceInput{Label: admin.Set("Lobby")}); err != nil {
		t.Fatal(err)
	}
	w.Expect("412")
	w.Click("form.edit .stick button.primary")
	w.See("has meanwhile changed: Label")
	w.Audit("edited meanwhile")
	w.Shot("device-meanwhile")
	w.Click("form.edit .stick button.primary")
	w.See("“Lobby” was saved.")
	d, err := w.client.Device(t.Context(), mac)
	if err != nil || d.Model != "T48S" || d.Label != "Lobby" || len(d.Lines) != 2 || d.Lines[1].User != "2002" || !d.Lines[0].HasPassword {
		t.Errorf("after both changes: got %+v, %v; want both, and the first line's password kept", d, err)
	}
}

func (w *webBox) manyDevices(t *testing.T) {
	w.Open("/devices?vendor=snom")
	w.Click("#bulk [name=all]")
	w.Do("choose what to do", chromedp.SetValue("#deed", "reset", chromedp.ByQuery))
	w.Click("#bulk button")
	w.See("Reset authentication: 1 phone?")
	w.Audit("many")
	w.Shot("devices-bulk")
	w.Click("main button.danger")
	w.See("Reset authentication: 1 phone")
	w.At("/devices?vendor=snom")
	d, err := w.client.Device(t.Context(), phone.MAC{0x00, 0x04, 0x13, 0x00, 0x10, 0x03})
	if err != nil || d.Enrolment.Epoch == 0 {
		t.Errorf("after the reset: got epoch %d, %v, want another one", d.Enrolment.Epoch, err)
	}
}
