package pages

import (
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// enterPIN has the box look at the PIN that was typed for a phone: for the caller
// the network proves it to be, or for the address read on its screen. What was
// wrong stands in f, or is err.
func (v *visit) enterPIN(mac phone.MAC, f *form) (right bool, err error) {
	var from netip.Addr
	if text := f.Get("from"); text != "" {
		if from, err = netip.ParseAddr(text); err != nil {
			f.blame("from", v.say("pin.from.wrong"))
			return false, nil
		}
	}
	f.values["pin"] = "" // for what is wrong with it; a secret is not drawn again
	r, err := v.api.EnterPIN(v.ctx(), mac, v.secret("pin"), from)
	var e *admin.Error
	switch {
	case errors.As(err, &e) && slices.ContainsFunc(e.Fields, func(s string) bool { return strings.HasPrefix(s, "from: ") }):
		f.blame("from", v.say("pin.from.need"))
		return false, err
	case errors.As(err, &e) && e.Status == http.StatusUnprocessableEntity:
		f.blame("pin", v.say("pin.six"))
		return false, nil
	case err != nil || r.Accepted:
		return r.Accepted, err
	}
	f.blame("pin", v.wrongPIN(r))
	return false, nil
}

// wrongPIN says what became of a PIN that was not the right one.
func (v *visit) wrongPIN(r admin.PINResult) string {
	switch {
	case r.State == "successful":
		return v.say("pin.already")
	case r.State == "blocked":
		return v.say("pin.blocked")
	case r.State == "failed":
		return v.say("pin.failed", v.s.moment(v.words(), r.Until))
	case !r.Looked:
		return v.say("pin.six")
	}
	return v.count("pin.wrong", r.Left)
}

// asksFrom says that the form has to ask which address the phone has: it was
// asked for, or somebody has written one.
func (f *form) asksFrom() bool { return f.Wrong["from"] != "" || f.Get("from") != "" }
