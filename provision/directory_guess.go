package provision

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// CodeBookGuessing is the health condition of wrong passwords at the phone book:
// a sender, or all of them for one user name, have used up their tries.
const CodeBookGuessing = "book-guessing"

// maxReader bounds, in bytes, what of a user name is counted by. No extension is
// as long.
const maxReader = 64

// weighUser reports that the attempt shows a user's extension and web password.
// A wrong one weighs on its sender, and on the user name for all senders but
// those layer 2 proves to be a phone of that user: who has many addresses has no
// more guesses than auth.DeviceTries, and the user's own phones are not locked
// out for it. While a penalty lasts no password is looked at, a right one as
// little as a wrong one.
//
// A right token is taken all the same. It cannot be guessed, so nothing is learnt
// from whether it is taken; were it not, whoever sends wrong ones from behind the
// same router would lock out the phones beside him. For the same reason a wrong
// token costs its user nothing.
func (d *Desk) weighUser(ask Ask, vendor string) (right bool, retry time.Duration) {
	a := ask.Attempt
	if a == nil || a.Proves == nil || ask.Front == TFTP {
		return false, 0
	}
	now := d.tools.Now()
	u := d.phoneBook().of[a.User]
	right = proves(a, vendors.Login{User: u.Extension, Password: u.WebPassword})
	c, sender := d.reader(now, plain(ask.Remote.Addr()), a, u)
	wait := d.penalties.wait(now, c)
	switch {
	case right && (wait == 0 || a.minted):
		return true, 0
	case wait > 0:
		d.refusedBook(ask, sender, vendor)
		return false, wait
	}
	print := userPrint(a)
	if d.penalties.repeated(c, print) {
		return false, 0
	}
	d.penalties.add(now, c, print)
	d.refusedBook(ask, sender, vendor)
	if wait = d.penalties.wait(now, c); wait > 0 {
		d.warnOfBook(now, ask, sender, u)
	}
	return false, wait
}

// reader is who pays for wrong passwords, and what the audit log calls it. The
// hardware address pays where the wire names one, however many addresses it has
// taken; a proven phone pays apart from whoever only uses its MAC.
func (d *Desk) reader(now time.Time, addr netip.Addr, a *Attempt, u phone.User) (c caller, sender string) {
	w := d.wire(now, addr)
	mac := w.mac()
	proven := d.verdict(now, w, caller{file: vendors.File{MAC: mac}}) == auth.Proven
	switch {
	case proven:
		sender = "mac:" + mac.String()
	case w.answers:
		sender = "wire:" + w.neighbour.String()
	case w.payer() != "":
		sender = w.payer()
	default:
		sender = "ip:" + addr.String()
	}
	c = caller{by: "dir:" + sender}
	if !a.minted && !(proven && d.ownedBy(mac, u)) {
		c.reads = "as:" + a.User[:min(len(a.User), maxReader)] // the empty name counts as one
	}
	return c, sender
}

// ownedBy reports that the phone of this MAC is the user's.
func (d *Desk) ownedBy(mac phone.MAC, u phone.User) bool {
	rec, err := d.store.Devices.Device(mac)
	return err == nil && u.ID != "" && rec.Device.Owner == u.ID
}

// refusedBook counts a wrong login for the audit log, in the budget of refusals
// that go by no device. The user name is not in it: people type passwords there.
func (d *Desk) refusedBook(ask Ask, sender, vendor string) {
	file := dirFolder
	if m, ok := d.table.Of(phone.Vendor(vendor)); ok {
		file += string(m.Vendor)
	}
	by := audit.Actor{Front: string(ask.Front), Remote: plain(ask.Remote.Addr()), Identity: sender}
	d.refused(by, phone.MAC{}, auth.WrongLogin, file)
}

// warnOfBook tells operators that tries are used up. It names the user only where
// there is one: anything else is a stranger's text.
func (d *Desk) warnOfBook(now time.Time, ask Ask, sender string, u phone.User) {
	whose := "for a name no user has"
	if u.Extension != "" {
		whose = "for extension " + u.Extension
	}
	d.alarm(now, health.Condition{
		Code:    CodeBookGuessing,
		Title:   "too many wrong passwords at the phone book",
		Meaning: "somebody may be guessing users' web passwords, or a phone shows one from before it was changed; for up to 30 minutes no password of that sender, or for that user from phones the LAN does not prove to be theirs, is looked at",
		Do:      "see who: lineside audit; a phone of yours gets its new password at its next fetch (lineside device resync MAC); find any other device by its address and take it off the LAN",
		Detail:  fmt.Sprintf("the last was from %s (%s), %s", plain(ask.Remote.Addr()), sender, whose),
	})
}

// userPrint tells one user's wrong password from another's.
func userPrint(a *Attempt) [16]byte {
	if a.Print == ([16]byte{}) {
		return a.Print
	}
	h := hmac.New(sha256.New, a.Print[:])
	h.Write([]byte(a.User))
	return [16]byte(h.Sum(nil))
}
