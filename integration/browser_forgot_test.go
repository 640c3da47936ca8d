package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/accounts"
	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/internal/browser"
	"github.com/lineside/lineside/internal/smtplab"
	"github.com/lineside/lineside/phone"
)

// The names and passwords of the walk below.
const (
	bossName   = "boss"
	bossOld    = "Before-the-quarter-1"
	bossNew    = "After-the-quarter-2"
	bossLatest = "By-letter-again-3"
	userID     = "frieda"
	userOwn    = "Own-page-of-a-user-4"
)

// TestBrowserForgottenPassword walks what becomes of passwords with time and by
// mail: a real box, a browser, and a real mail server. The box's clock is past all
// that was kept before its start: an account of 91 days ago, and a temporary
// password that was mailed 25 hours ago. Then it walks a user's own page and the
// one-time passwords, which want people who have come in like that.
func TestBrowserForgottenPassword(t *testing.T) {
	lab := smtplab.New(t, smtplab.Options{})
	w := newWebBox(t, "127.49", fmt.Sprintf("[mail]\nsmtp = %q\nfrom = \"Box <box@example.net>\"\nuser = %q\npassword_file = %q\nca = %q\n",
		lab.Addr, smtplab.User, lab.PasswordFile, lab.CAFile))
	dead := w.past(t, lab)
	w.start(t)
	w.Browser = browser.New(t, w.url)
	t.Run("a day and a quarter later", func(t *testing.T) { w.tooLate(t, dead) })
	t.Run("by letter", func(t *testing.T) { w.byLetter(t, lab) })
	if t.Failed() {
		return // there is nobody to walk on as
	}
	t.Run("one-time passwords", func(t *testing.T) { w.tickets(t) })
	t.Run("all in German", func(t *testing.T) { w.german(t) })
	t.Run("own page", func(t *testing.T) { w.ownPage(t, lab) })
}

// past has the state directory be of a box that ran before, and gives the
// temporary password nobody used in time.
func (w *webBox) past(t *testing.T, lab *smtplab.Server) string {
	t.Helper()
	dir := filepath.Join(w.dir, "state")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	site := openMailSite(t, dir, lab, -auth.PasswordFor-24*time.Hour)
	defer site.end()
	code, _ := site.SetUpCode()
	in := accounts.NewAdmin{Name: bossName, Mail: "boss@example.net", Language: "en", Password: phone.NewSecret(bossOld)}
	if _, err := site.SetUp(t.Context(), site.place(), code, in); err != nil {
		t.Fatal(err)
	}
	site.later(t, auth.PasswordFor-time.Hour) // 25 hours before now
	site.forgets(t, bossName)
	_, password := letterTo(t, lab, "boss@example.net", 1)
	return password
}

// signsIn writes both on the page to sign in.
func (w *webBox) signsIn(name, password string) {
	w.Open("/sign-in")
	w.Fill("#f-name", name)
	w.Fill("#f-password", password)
	w.Click("main button.primary")
}

// chooses writes a password of one's own, where one has to.
func (w *webBox) chooses(password string) {
	w.At("/password")
	w.Fill("#f-new", password)
	w.Fill("#f-again", password)
	w.Click("main button.primary")
	w.See("Your password has been changed")
}

func (w *webBox) signsOut() {
	w.Click(`.side form[action="/sign-out"] button`)
	w.See("You have signed out")
}

// tooLate: the temporary password is dead after a day, and the page says how long
// one lives; the own one lets in after 90 days, but only to be changed.
func (w *webBox) tooLate(t *testing.T, dead string) {
	w.Expect("422")
	w.signsIn(bossName, dead)
	w.See("a temporary password is good once, and for 24 hours")
	w.Wait("the name that was typed", `document.querySelector("#f-name").value === "boss" && document.querySelector("#f-password").value === ""`)
	w.Audit("sign-in refused")
	w.Shot("forgot-dead")
	w.signsIn(bossName, bossOld)
	w.At("/password")
	w.See("older than 90 days")
	w.Open("/devices")
	w.At("/password") // nothing else before it is changed
	w.Audit("password expired")
	w.Shot("forgot-expired")
	w.Fill("#f-old", bossOld)
	w.chooses(bossNew)
	w.See("Overview")
	w.signsOut()
}

// byLetter: asked for with a click, mailed by a real server, good once, and to be
// changed at once.
func (w *webBox) byLetter(t *testing.T, lab *smtplab.Server) {
	password := w.forgets(t, lab, bossName, "boss@example.net", 2)
	w.signsIn(bossName, password)
	w.At("/password")
	w.See("You signed in with a temporary password")
	w.Shot("forgot-temporary")
	w.chooses(bossLatest)
	w.signsOut()
	w.signsIn(bossName, password) // once more
	w.See("good once")
	w.signsIn(bossName, bossLatest)
	w.See("Overview")
}

// forgets asks for a password on the page, and reads it in the nth letter.
func (w *webBox) forgets(t *testing.T, lab *smtplab.Server, name, address string, n int) string {
	t.Helper()
	w.Open("/sign-in")
	w.Click(`main a[href="/forgot"]`)
	w.At("/forgot")
	w.Audit("forgot")
	w.Shot("forgot")
	w.Fill("#f-name", name)
	asked := time.Now()
	w.Click("main button.primary")
	w.See("Look into your mail")
	w.Audit("forgot, asked")
	w.Shot("forgot-asked")
	_, password := letterTo(t, lab, address, n)
	t.Logf("the letter to %s is there %v after the click", address, time.Since(asked).Round(time.Millisecond))
	return password
}

// ownPage: a user whose password an admin resets comes in by letter, and looks
// after what is theirs.
func (w *webBox) ownPage(t *testing.T, lab *smtplab.Server) {
	_, err := w.client.AddUser(t.Context(), admin.UserInput{
		ID: admin.Set(userID), Extension: admin.Set("0321"), First: admin.Set(hostileLabel), Last: admin.Set(rightToLeft), Email: admin.Set("frieda@example.net"),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Open("/users/" + userID)
	w.Click(`form[action="/users/` + userID + `/reset"] button`)
	w.Click("#confirm-do")
	w.See("frieda@example.net")
	_, temporary := letterTo(t, lab, "frieda@example.net", 1)
	w.signsOut()
	w.signsIn(userID, temporary)
	w.chooses(userOwn)
	w.At("/me")
	w.See(hostileLabel)
	w.Wait("no other page on offer", `![...document.querySelectorAll("nav a")].some(a => a.getAttribute("href") === "/devices")`)
	w.Fill("#f-email", "frieda.new@example.net")
	w.Click(`form[action="/me"] button`)
	w.Wait("the password asked for", `document.querySelector("#f-password[aria-invalid]")`)
	w.Fill("#f-email", "nowhere")
	w.Fill("#f-password", userOwn)
	w.Click(`form[action="/me"] button`)
	w.Wait("an error at the address", `document.querySelector("#f-email[aria-invalid]")?.value === "nowhere"`)
	before := len(lab.Mailbox())
	w.Fill("#f-email", "frieda.new@example.net")
	w.Fill("#f-password", userOwn)
	w.Click(`form[action="/me"] button`)
	w.See("Saved.")
	if !slices.ContainsFunc(lab.Arrived(before+1), func(l smtplab.Letter) bool {
		return l.Header.Get("Envelope-To") == "frieda@example.net" && strings.Contains(l.Text, "changed to frieda.new@example.net")
	}) {
		t.Error("got no letter to the old address that says where letters go now")
	}
	w.Fill("#f-portal_pin", "0321") // the extension
	w.Fill("#f-pin_again", "0321")
	w.Click(`form[action="/me/portal-pin"] button`)
	w.Wait("an error at the PIN", `document.querySelector("#f-portal_pin[aria-invalid]")`)
	w.Audit("own page with an error")
	w.Shot("me")
	w.Fill("#f-portal_pin", "4711")
	w.Fill("#f-pin_again", "4711")
	w.Click(`form[action="/me/portal-pin"] button`)
	w.See("Your portal PIN has been changed")
	w.Expect("403")
	w.Open("/devices")
	w.See("Not for you")
	got, err := w.client.User(t.Context(), userID)
	if err != nil || got.Email != "frieda.new@example.net" || !got.HasPortalPIN {
		t.Errorf("got %+v, %v, want the address and the PIN that were entered", got, err)
	}
	var title string
	if w.Evaluate(`document.title`, &title); title == "owned" {
		t.Error("a name has run as a script")
	}
	for _, line := range w.Said() {
		t.Errorf("the browser said: %s", line)
	}
}
