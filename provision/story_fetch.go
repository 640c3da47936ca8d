package provision

import (
	"fmt"
	"time"

	"github.com/lineside/lineside/auth"
)

// signingIn is for a phone whose last answer was that it must sign in.
func signingIn(now time.Time, s story) []Finding {
	e, ok := s.last(KindChallenge, KindHold, KindFull)
	if !ok || e.Kind != KindChallenge || !s.known {
		return nil
	}
	if f, ok := s.aboutTicket(now, e); ok {
		return said(f)
	}
	f := Finding{At: e.At}
	mac := s.mac.String()
	switch e.facts.reason {
	case auth.WrongLogin:
		f.Code, f.Text = "wrong-login", "showed a wrong user name or password, "+times(e.Times)
		f.Do = fmt.Sprintf("compare what is typed on the phone with the user name in: lineside otp list; nobody can look the password up, set a new one with: lineside otp set %s --generate", s.brand)
	case auth.TooManyWrong:
		f.Code, f.Text = "too-many-wrong", "showed wrong logins too often: for up to 30 minutes its one-time password is not looked at"
		f.Do = "wait, then type it once, correctly; to let the phone in at once: lineside device suspend " + mac + ", then restart it"
		f.Fix = FixSuspend
	case auth.PINMistyped, auth.PINNotTaken:
		return said(s.screenPIN(now, e))
	case auth.WantsPIN:
		return s.waitsPIN(e)
	case auth.OTPSpent:
		f.Code, f.Text, f.Fix = "otp-spent", "shows the one-time password, which it has used up already", FixAllowOTP
		f.Do = "allow it once more: lineside device allow-otp " + mac
	case auth.OTPNotAsked:
		f.Code, f.Text = "otp-not-asked", fmt.Sprintf("shows the one-time password, but the site's first contact is %q", s.factor)
		f.Do, f.Fix = "let this phone use it: lineside device allow-otp "+mac, FixAllowOTP
	case auth.WantsHolding:
		f.Code, f.Text = "pin-not-used", "its PIN was right, but the caller neither is proven to be the phone nor has its holding config"
		f.Do = "restart the phone; if it is at another address than the one named with the PIN, enter the PIN again: lineside pin enter " + mac + " PIN --from " + e.Addr.String()
	case auth.WantsTrust:
		f.Code, f.Text = "waits-trust", "is not trusted, and nothing else lets a phone in here"
		f.Do, f.Fix = fmt.Sprintf("put the phones' network on the allow-list: lineside allow add NETWORK; or let this one in: lineside device suspend %s", mac), FixSuspend
	case auth.WantsOTP, auth.DefaultLogin:
		return s.waitsOTP(e)
	case auth.VoidLogin:
		if e.facts.login != "" {
			return nil // looks says which
		}
		f.Code, f.Text = "void-login", "goes on showing a user name and password that are not valid: those from before they were changed, or the same wrong ones"
		f.Do = "type the ones in force; the user name is in: lineside otp list"
	default:
		return nil
	}
	f.Text += s.doubt(e)
	return []Finding{f}
}

// said is the findings of a rule that has at most one; one without a code says
// that there is nothing to say.
func said(f Finding) []Finding {
	if f.Code == "" {
		return nil
	}
	return []Finding{f}
}

// waitsOTP is for a phone that nobody has typed the one-time password into.
func (s story) waitsOTP(e Event) []Finding {
	if e.Front == TFTP || e.Times < 2 && e.facts.shown != auth.FirstTry {
		return nil // TFTP has its own rule; the first ask without a login is how phones ask
	}
	f := Finding{Code: "waits-otp", At: e.At, Text: "is asked to sign in and shows nothing"}
	if e.facts.shown == auth.FirstTry {
		f.Text = "is asked to sign in and shows its maker's factory login"
	}
	f.Do = fmt.Sprintf("type the one-time password of %s when the phone asks (its user name: lineside otp list)", s.brand)
	if !s.otp {
		f.Do = fmt.Sprintf("none is set; set one: lineside otp set %s --generate, then type it when the phone asks", s.brand)
	}
	f.Text += s.doubt(e)
	return []Finding{f}
}

// holding is for a phone whose last answer was the holding config.
func holding(now time.Time, s story) []Finding {
	e, ok := s.last(KindChallenge, KindHold, KindFull)
	if !ok || e.Kind != KindHold || !s.known {
		return nil
	}
	mac, en := s.mac.String(), s.rec.Enrolment
	f := Finding{At: e.At}
	right := now.Before(en.Pass.Until) && !en.Pass.Used && s.wantsPIN()
	if f, ok := s.aboutTicket(now, e); ok && !right {
		return said(f)
	}
	switch st := en.At(now); {
	case e.facts.reason == auth.DoorTooOpen:
		f.Code, f.Text = "tftp-no-secrets", "its PIN was right, but it asks by TFTP, which carries no secrets"
		f.Do = fmt.Sprintf("set its provisioning server to %s; or accept that its secrets cross the LAN in the clear: lineside device edit %s --plain-tftp", s.url, mac)
	case st == auth.Blocked:
		f.Code, f.Text, f.Fix = "pin-blocked", "takes no PIN: it was locked out too often, or blocked by an operator", FixUnblock
		f.Do = fmt.Sprintf("give it a new PIN: lineside device reset %s; or keep the old one: lineside device unblock %s", mac, mac)
	case st == auth.Failed:
		f.Code, f.Text, f.Fix = "pin-failed", "takes no PIN until "+s.clock(en.Until)+": three wrong ones were entered", FixUnblock
		f.Do = "wait, or: lineside device unblock " + mac
	case right:
		f.Code, f.Text = "pin-right", "its PIN was right; its next fetch is the full config"
		f.Do = "restart the phone before " + s.clock(en.Pass.Until)
		if e.Unproven && !s.claimed && en.Pass.By == "" { // it was entered before anybody had asked
			f.Text = "its PIN was right, but it was entered for a phone that layer 2 proves, and gets this caller nothing"
			f.Do = s.pinFrom(e)
		}
	case st == auth.Successful:
		return nil
	case !s.wantsPIN():
		f.Code, f.Text = "pin-not-asked", "is on hold, and no PIN lets it in any more: the rules have changed since"
		f.Do, f.Fix = s.again()
	default:
		f.Code, f.Text = "waits-pin", "is on hold until its PIN is entered"
		f.Do = fmt.Sprintf("enter it: lineside pin enter %s PIN (see it with: lineside pin show %s)", mac, mac)
		if e.Unproven && !s.claimed {
			f.Do = s.pinFrom(e)
		}
	}
	f.Text += s.doubt(e)
	return []Finding{f}
}

// pinFrom is how a PIN is entered for a caller nothing proves to be the phone.
func (s story) pinFrom(e Event) string {
	return fmt.Sprintf("enter it for the phone's own address, if that is %s: lineside pin enter %s PIN --from %s", e.Addr, s.mac, e.Addr)
}

// offTheTrack is for a phone that asks, but by a way that leads nowhere: over
// TFTP again and again, or after another DHCP server told it where to go.
func offTheTrack(now time.Time, s story) []Finding {
	e, ok := s.last(KindOpen, KindAbsent, KindChallenge, KindHold, KindFull)
	if !ok || e.Kind == KindFull || s.settled() {
		return nil
	}
	f := Finding{At: e.At}
	switch asked := fmt.Sprintf("asked %s for %s %s", front(e.Front), e.facts.file, times(e.Times)); {
	case e.Front == TFTP && e.Times >= insists && e.Kind != KindHold:
		f.Code = "tftp-only"
		f.Text, f.Do = s.whyTFTP(asked)
	case s.serves && !s.leased && !e.Addr.IsLoopback() && !e.Addr.Is6():
		f.Code = "other-dhcp"
		f.Text = asked + " from " + e.Addr.String() + ", which is no address of this box: another DHCP server gave it"
		f.Do = fmt.Sprintf("set options 66 and 160 there to %s, or take that server off the phones' LAN", s.url)
	default:
		return nil
	}
	f.Text += s.doubt(e)
	return []Finding{f}
}

// whyTFTP says why a phone stays with TFTP, as far as its lease tells.
func (s story) whyTFTP(asked string) (text, do string) {
	l, leased := s.last(KindLease, KindTold)
	lead := l.facts.lead
	switch {
	case !leased && s.leased:
		return asked + ", which gives it no secrets", "restart it, so that its lease tells what it was told; or set its provisioning server to " + s.url
	case !leased:
		return asked + "; option 160 is missing in its lease: its DHCP server is another box", "set option 160 there (and option 66, for phones that take no other) to " + s.url
	case lead.Given == "":
		return asked + "; its lease told it nothing of this box", "set its provisioning server to " + s.url
	case lead.Listed && lead.Asked == "":
		return asked + "; it asked for no provisioning option in its lease, so its DHCP provisioning is off", "switch it on in the phone's menu, or set its provisioning server to " + s.url
	}
	return fmt.Sprintf("%s, though its lease told it %s", asked, lead.URL),
		fmt.Sprintf("set its provisioning protocol to HTTP in its menu, or its provisioning server to %s; or accept that its secrets cross the LAN in the clear: lineside device edit %s --plain-tftp", s.url, s.mac)
}

// silent is for a phone that began and then did nothing more.
func silent(now time.Time, s story) []Finding {
	if s.settled() { // it has its config: a new lease or a common file is no news
		return nil
	}
	fetch, fetched := s.last(KindOpen, KindAbsent, KindChallenge, KindHold, KindFull)
	e, ok := s.last(KindLease, KindNoAddress)
	switch {
	case ok && e.Kind == KindNoAddress:
		return []Finding{{Code: "no-address", At: e.At, Text: e.Text, Do: "see who holds the addresses: lineside dhcp leases; then widen dhcp.pool"}}
	case ok && e.facts.lead.Starting && (!fetched || fetch.At.Before(e.At)) && now.Sub(e.At) >= quiet:
		return []Finding{s.noConfigAsked(e)}
	case fetched && fetch.Kind == KindOpen && now.Sub(fetch.At) >= quiet && !s.askedNear(fetch.At):
		return []Finding{{
			Code: "common-only", At: fetch.At,
			Text: fmt.Sprintf("took its common file %s at %s and then nothing", fetch.facts.file, s.clock(fetch.At)) + s.doubt(fetch),
			Do:   s.commonDo(),
		}}
	}
	return nil
}

// askedNear reports that a file of the phone's own was asked for about then:
// some makes' phones ask for it first and for the common one after.
func (s story) askedNear(at time.Time) bool {
	own, ok := s.last(KindChallenge, KindHold, KindFull)
	return ok && at.Sub(own.At) < quiet
}

func (s story) commonDo() string {
	again := "restart the phone; if it stops there again, set its provisioning server to " + s.url + " by hand"
	if !s.known {
		return again
	}
	return again + "; what it would be given next: lineside device render " + s.mac.String()
}

func (s story) noConfigAsked(e Event) Finding {
	f := Finding{Code: "no-config-asked", At: e.At}
	f.Text = fmt.Sprintf("got the lease of %s at %s and has not asked for a config", e.Addr, s.clock(e.At))
	lead := e.facts.lead
	switch {
	case lead.Given == "":
		f.Text += "; nothing in its lease told it of this box"
		f.Do = "set its provisioning server to " + s.url + " in the phone's menu"
	case lead.Listed && lead.Asked == "":
		f.Text += "; it asked for no provisioning option, so its DHCP provisioning is off"
		f.Do = "switch it on in the phone's menu, or set its provisioning server to " + s.url
	default:
		f.Text += ", though it was told " + lead.URL
		f.Do = "restart it; if that does not help, another provisioning server is stored in it: reset it to factory settings, or set its provisioning server to " + s.url
	}
	return f
}

// front is a door as operators call it.
func front(f Front) string {
	switch f {
	case TFTP:
		return "TFTP"
	case HTTP:
		return "HTTP"
	case HTTPS:
		return "HTTPS"
	case DHCP:
		return "DHCP"
	}
	return string(f)
}
