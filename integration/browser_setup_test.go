package integration

import (
	"strings"
	"testing"
)

// setUpSteps goes on after the first account: site, platform, DHCP, and a restart
// that the session outlives. In the middle it is left and come back to.
func (w *webBox) setUpSteps(t *testing.T) {
	w.At("/setup/site")
	w.Fill(`[name="site.name"]`, "Branch <b>7</b>")
	w.Fill(`[name="site.emergency"]`, "112; one")
	w.Expect("422")
	w.Click("main button.primary")
	w.Wait("an error at the field", `document.querySelector("[name='site.emergency'][aria-invalid]")`)
	w.Fill(`[name="site.emergency"]`, "112, 110")
	w.Click("main button.primary")
	w.At("/setup/platform")
	w.Fill("#f-token", "no-token")
	w.Expect("409")
	w.Click("main button.primary")
	w.Wait("why not", `document.querySelector("main .notice.bad, #f-token-wrong")`)
	w.Open("/allow")
	w.Open("/setup/site")
	w.Wait("what was entered before", `document.querySelector("[name='site.name']").value === "Branch <b>7</b>"`)
	w.Open("/setup/dhcp")
	w.Audit("set-up DHCP of a box on loopback")
	w.Click("main form.modes button.primary")
	w.At("/setup/done")
	w.See("site.name")
	w.Expect("ERR_") // of a box that is away for a moment
	w.Click("main button.primary")
	w.See("The box is ready")
	w.At("/setup/done")
	w.Audit("set-up done")
	now, err := w.client.Settings(t.Context())
	if err != nil || len(now.Waiting) > 0 || len(now.Problems) > 0 {
		t.Errorf("after the restart: got %v waiting, %v wrong, %v", now.Waiting, now.Problems, err)
	}
	st, err := w.client.Status(t.Context())
	if err != nil || !strings.HasPrefix(st.Site, "Branch <b>") {
		t.Errorf("got site %q, %v, want the name that was entered", st.Site, err)
	}
}
