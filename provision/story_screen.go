package provision

import (
	"fmt"
	"time"

	"github.com/lineside/lineside/auth"
)

// screenPIN is for a phone on whose screen a PIN was typed that did not let it
// in.
func (s story) screenPIN(now time.Time, e Event) Finding {
	mac, en := s.mac.String(), s.rec.Enrolment
	f := Finding{At: e.At}
	switch st := en.At(now); {
	case st == auth.Blocked:
		f.Code, f.Text, f.Fix = "pin-blocked", "takes no PIN: it was locked out too often, or blocked by an operator", FixUnblock
		f.Do = fmt.Sprintf("give it a new PIN: lineside device reset %s; or keep the old one: lineside device unblock %s", mac, mac)
	case st == auth.Failed:
		f.Code, f.Text, f.Fix = "pin-failed", "takes no PIN until "+s.clock(en.Until)+": three wrong ones were entered", FixUnblock
		f.Do = "take the login off the phone, or it goes on showing it; then wait, or: lineside device unblock " + mac
	case st == auth.Successful:
		f.Code, f.Text = "pin-spent", "shows a PIN on its screen, and has been authenticated before"
		f.Do, f.Fix = s.again()
	default:
		f.Code, f.Text = "wrong-pin", "showed a wrong PIN as its login, "+times(e.Times)
		f.Do = fmt.Sprintf("type user %s and the PIN on the phone; it is in: lineside pin show %s", PINUser, mac)
	}
	f.Text += s.doubt(e)
	return f
}

// waitsPIN is for a phone that asks for its PIN on its screen, and nobody types
// it.
func (s story) waitsPIN(e Event) []Finding {
	if e.Times < 2 && e.facts.shown == auth.Nothing {
		return nil // the first ask without a login is how phones ask
	}
	return []Finding{{Code: "waits-pin", At: e.At, Text: "is asked to sign in, and waits for its PIN" + s.doubt(e),
		Do: fmt.Sprintf("type user %s and the PIN on the phone when it asks; it is in: lineside pin show %s", PINUser, s.mac)}}
}
