package integration

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// files: one is refused before it was sent, one is uploaded, replaced, named by a
// rule, and deleted once no rule names it.
func (w *webBox) files(t *testing.T) {
	w.Open("/files")
	w.See("No file is kept here yet")
	w.Audit("no files")
	w.Shot("files-none")
	body := []byte(strings.Repeat("firmware", 1<<20))
	w.Do("choose whose", chromedp.SetValue("#f-vendor", "yealink", chromedp.ByQuery))
	w.Fill("#f-name", "001565001001.cfg")
	w.chooseNamed(t, "T46S 66.86.rom", body)
	w.Expect("422")
	w.Click("form[data-upload] button.primary")
	w.Wait("an error at the field", `document.querySelector("#f-name[aria-invalid]") && document.querySelector("#f-file").files.length === 1 && document.querySelector("#f-vendor").value === "yealink"`)
	w.Audit("a name that is refused")
	w.Shot("files-wrong")
	w.Fill("#f-name", "T46S-66.86.0.15.rom")
	w.Click("form[data-upload] button.primary")
	w.See("T46S-66.86.0.15.rom is kept for phones from now on")
	w.seeSum(body)
	w.Do("choose whose", chromedp.SetValue("#f-vendor", "yealink", chromedp.ByQuery))
	w.chooseNamed(t, "T46S-66.86.0.15.rom", body[8:])
	w.Click("form[data-upload] button.primary")
	w.See("is there already for Yealink")
	w.Audit("a file that is there")
	w.Shot("files-there")
	w.Click("#f-replace")
	w.Click("form[data-upload] button.primary")
	w.seeSum(body[8:])
	w.Do("choose the file", chromedp.SetValue("#f-rule-file", "yealink/T46S-66.86.0.15.rom", chromedp.ByQuery))
	w.Fill("#f-model", "t46s")
	w.Click(`form[action="/files/firmware"] button`)
	w.See("T46S: phones are told to install")
	w.Audit("files")
	w.Shot("files")
	w.Click(`form[action="/files/firmware/remove"] button`)
	w.Click("#confirm-do")
	w.See("was taken back")
	w.Click(`form[action="/files/remove"] button`)
	w.See("Phones that ask for it are told that it is not there")
	w.Shot("files-remove")
	w.Click("#confirm-do")
	w.See("T46S-66.86.0.15.rom was deleted")
}

// seeSum waits until the list has a file of these bytes.
func (w *webBox) seeSum(body []byte) {
	sum := sha256.Sum256(body)
	w.See(hex.EncodeToString(sum[:]))
}
