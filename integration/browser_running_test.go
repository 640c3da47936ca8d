package integration

import "testing"

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
