package provision

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// candidate is a login an attempt is tried against.
type candidate struct {
	login vendors.Login
	means auth.Shown
}

// weigh finds out what an attempt shows. It tries every candidate in every
// case, decoys where there is none, so that the time it takes does not tell a
// known device from an unknown one. While its sender is penalised no guess is
// looked at, a right one as little as a wrong one: neither changes anything the
// sender could see, the length of the penalty included.
func (d *Desk) weigh(now time.Time, ask Ask, c caller, rec auth.Record, p auth.Policy) (auth.Shown, uint64) {
	a := ask.Attempt
	if a == nil || a.Proves == nil && a.token.IsZero() {
		return auth.Nothing, 0
	}
	brand := d.brandOTP(p, c.file.Vendor)
	maker, _ := d.table.Of(c.file.Vendor)
	asked := asksPIN(ask, c, p, maker)
	shown, named := auth.Wrong, false
	for _, k := range []candidate{
		{login(rec.Enrolment.Current), auth.OwnCurrent},
		{login(rec.Enrolment.Pending), auth.OwnPending},
		{holdingLogin(p, c.file.MAC), auth.HoldingLogin},
		{vendors.Login{User: brand.User, Password: brand.Password}, auth.BrandOTP},
		{vendors.Login{User: brand.FormerUser, Password: brand.FormerPassword}, auth.SameWrong},
		{vendors.Login{User: rec.Enrolment.Ticket.User, Password: rec.Enrolment.Ticket.Password}, auth.TicketOTP},
		{maker.FirstTry, auth.FirstTry},
		{pinLogin(a, asked, rec), auth.ScreenPIN},
	} {
		is := false
		named = named || k.login.User == a.User
		if a.token.IsZero() {
			is = proves(a, k.login)
		} else {
			is = tokenProves(maker, p.Key, c.file.MAC, a, k)
		}
		if is && shown == auth.Wrong {
			shown = k.means
		}
	}
	switch {
	case shown != auth.Wrong:
	case asked:
		shown = auth.WrongPIN // also one typed twice: a right one that is not looked at counts as often
	case maker.FirstTryMAC && !named && strings.EqualFold(a.User, c.file.MAC.Hex()):
		shown = auth.FirstTry // of a name that nothing here goes by
	}
	switch {
	case shown == auth.Wrong && (d.penalties.repeated(c, a.Print) || unguessable(a.User)):
		shown = auth.SameWrong
	case guess(shown) && d.penalties.wait(now, c) > 0:
		shown = auth.Unlooked
	}
	return shown, brand.Generation
}

// guess reports that what was shown is something people type.
func guess(s auth.Shown) bool {
	return s == auth.Wrong || s == auth.BrandOTP || s == auth.TicketOTP || isPIN(s)
}

// unguessable reports that the user name belongs to a login this box once
// minted. Its password cannot be guessed, so a phone that goes on showing a
// void one is a phone after a reset and not an attack.
func unguessable(user string) bool {
	return strings.HasPrefix(user, ownPrefix) || strings.HasPrefix(user, holdPrefix)
}

// What the names of minted logins begin with.
const (
	ownPrefix  = "own-"
	holdPrefix = "hold-"
)

// decoy stands in for a login that does not exist.
var decoy = phone.NewSecret("no login has this password")

// proves reports that the attempt shows l. It compares even where there is
// nothing to compare with.
func proves(a *Attempt, l vendors.Login) bool {
	exists := l.User != "" && !l.Password.IsZero()
	password := l.Password
	if !exists {
		password = decoy
	}
	return a.Proves(password) && exists && a.User == l.User
}

func login(c auth.Credential) vendors.Login {
	return vendors.Login{User: c.User, Password: c.Password}
}

// holdingLogin is the login a holding config carries for the next fetch. Like
// the SIP account beside it, it is derived from the site's key, so that a
// visitor's and a device's look alike and nothing need be stored for visitors.
func holdingLogin(p auth.Policy, mac phone.MAC) vendors.Login {
	return vendors.Login{User: holdPrefix + mac.Hex(), Password: derive(p.Key, "holding login", mac)}
}

func derive(key phone.Secret, purpose string, mac phone.MAC) phone.Secret {
	h := hmac.New(sha256.New, []byte(key.Reveal()))
	h.Write([]byte(purpose))
	h.Write(mac[:])
	return phone.NewSecret(password(h.Sum(nil)))
}

// readable spells bytes in lower-case letters and digits, which every vendor's
// config and every phone's keypad can hold.
func readable(b []byte) string {
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}

// password spells 100 bits in 20 characters: more than anybody guesses, and as
// many as the phone with the shortest memory keeps (Mitel 6800: 20, Avaya: 31).
func password(b []byte) string { return readable(b[:13])[:20] }

// mint makes a credential of a device's own, with 50 bits of user name so that
// it is never used twice.
func mint(now time.Time, by string) auth.Credential {
	var b [32]byte
	random(b[:])
	return auth.Credential{
		User:     ownPrefix + readable(b[:7])[:10],
		Password: phone.NewSecret(password(b[12:])),
		Minted:   now.UTC(),
		By:       by,
	}
}

// mintPIN makes six random digits.
func mintPIN() phone.Secret { return phone.NewSecret(digits(auth.PINDigits)) }

// digits draws n decimal digits, each as likely as the others.
func digits(n int) string {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
	v, _ := rand.Int(rand.Reader, limit) // never fails: crypto/rand ends the program instead
	return fmt.Sprintf("%0*d", n, v)
}

func random(b []byte) {
	_, _ = rand.Read(b) // never returns an error: crypto/rand ends the program instead
}
