package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lineside/lineside/internal/browser"
)

// The first admin of a box that browsers walk through.
const (
	webName     = "ada"
	webPassword = "Sphinx-of-quartz-7"
)

// webBox is a box with its pages open, and a browser before them.
type webBox struct {
	*box
	*browser.Browser
	url, log string
}

// newBrowser starts a box on loopback and a browser. All walks share one: a walk
// begins signed in as the first admin, at whatever page was last.
func newBrowser(t *testing.T) *webBox {
	t.Helper()
	w := newWebBox(t, "127.48", "")
	w.start(t)
	w.Browser = browser.New(t, w.url)
	return w
}

// newWebBox writes the settings of a box with its pages open on a network of
// loopback, such as 127.48, and what is added to them.
func newWebBox(t *testing.T, network, more string) *webBox {
	t.Helper()
	w := &webBox{box: newBox(t, network+".0.1/16", "", network+".0.50-"+network+".0.250", "pin", loopbackPorts)}
	at := fmt.Sprintf("%s:%d", w.self, 8444)
	w.url, w.log = "https://"+at, filepath.Join(w.dir, "log")
	settings, err := os.ReadFile(w.config)
	if err == nil {
		err = os.WriteFile(w.config, []byte(strings.Replace(string(settings), `admin = "off"`, fmt.Sprintf("admin = %q", at), 1)+more), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.under = []string{"sh", "-c", `exec "$@" >"` + w.log + `" 2>&1`, "sh"}
	return w
}

// setUpCode is what whoever has the box reads in its log.
func (w *webBox) setUpCode(t *testing.T) string {
	t.Helper()
	log, err := os.ReadFile(w.log)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`"?code"?[=:]"?([A-Za-z0-9-]{8,})`).FindSubmatch(log)
	if m == nil {
		t.Fatalf("the box's log is without a set-up code:\n%s", log)
	}
	return string(m[1])
}

// TestBrowser walks the pages of a real box with a real browser: first start,
// overview, and what becomes of a form whose session has ended.
func TestBrowser(t *testing.T) {
	w := newBrowser(t)
	t.Run("first start", func(t *testing.T) { w.firstStart(t) })
	if t.Failed() {
		return // there is nobody to walk on as
	}
	t.Run("a phone is set up", func(t *testing.T) { w.installs(t) }) // while DHCP is on
	t.Run("people and phones", func(t *testing.T) { w.peopleAndPhones(t) })
	t.Run("first start to its end", func(t *testing.T) { w.setUpSteps(t) })
	t.Run("overview is live", func(t *testing.T) { w.overviewIsLive(t) })
	t.Run("settings", func(t *testing.T) { w.settings(t) })
	t.Run("accounts", func(t *testing.T) { w.accounts(t) })
	t.Run("leases and backup", func(t *testing.T) { w.backup(t) })
	t.Run("files", func(t *testing.T) { w.files(t) })
	t.Run("audit log", func(t *testing.T) { w.auditLog(t) })
	t.Run("session ends under a form", func(t *testing.T) { w.sessionEnds(t) })
	t.Run("devices", func(t *testing.T) { w.devices(t) })
}

func (w *webBox) firstStart(t *testing.T) {
	w.Open("/devices")
	w.At("/setup")
	w.Audit("set-up")
	w.Fill("#f-code", "aaaa-bbbb-cccc-dddd")
	w.Click("main button.primary")
	w.Fill("#f-name", webName)
	w.Fill("#f-password", webPassword)
	w.Fill("#f-again", webPassword)
	w.Expect("422")
	w.Click("main button.primary")
	w.See("This is not the code")
	w.Fill("#f-code", w.setUpCode(t))
	w.Click("main button.primary")
	w.Fill("#f-name", webName)
	w.Fill("#f-password", webName+"-Password-1") // has the name in it
	w.Fill("#f-again", webName+"-Password-1")
	w.Click("main button.primary")
	w.Wait("an error at the field", `document.querySelector("#f-password[aria-invalid]")`)
	w.Fill("#f-password", webPassword)
	w.Fill("#f-again", webPassword)
	w.Click("main button.primary")
	w.See("Welcome, " + webName)
}

func (w *webBox) overviewIsLive(t *testing.T) {
	w.Open("/")
	if n := w.Transferred(); n > 100<<10 {
		t.Errorf("the first page took %d bytes, want 100 KiB at most", n)
	}
	w.See("No phone is set up yet")
	var mark int
	w.Evaluate(`window.mark = 1`, &mark)
	if _, _, err := w.fetch(t.Context(), "127.48.0.60", "001565000001.cfg", "Yealink SIP-T46S 66.86.0.15 00:15:65:00:00:01"); err != nil {
		t.Fatal(err)
	}
	w.See("1 unknown phone has asked for a config")
	w.Wait("the same page", `window.mark === 1`)
	w.Audit("overview")
	w.Shot("box-overview")
}

// sessionEnds: what was typed stays, and is sent once the person has signed in
// over the page.
func (w *webBox) sessionEnds(t *testing.T) {
	w.Open("/password")
	w.Fill("#f-old", webPassword)
	w.Fill("#f-new", "Another-Password-8")
	w.Fill("#f-again", "Another-Password-8")
	w.Expect("401") // the browser tells of answers that are none
	var status int
	w.Do("sign out elsewhere", browser.Promise(`fetch("/sign-out", {method: "POST", headers: {"X-CSRF": document.querySelector("meta[name=csrf]").content}}).then(r => r.status)`, &status))
	w.Click("main button.primary")
	w.Fill("#over-password", webPassword)
	w.Shot("over")
	w.Click("#over-form button.primary")
	w.See("Your password has been changed")
	w.At("/")
	for _, line := range w.Said() {
		t.Errorf("the browser said: %s", line)
	}
}
