package pages

import (
	"net/netip"

	"github.com/lineside/lineside/admin"
)

// allowPage is the allow-list: what stands in it, and the form for one more.
type allowPage struct {
	Entries []admin.Allow
	Form    *form
}

func getAllow(v *visit) error { return v.showAllow(&form{}, nil) }

// showAllow shows the list as it is now, with what was written for a new entry.
func (v *visit) showAllow(f *form, wrong error) error {
	entries, err := v.api.Allow(v.ctx())
	if err != nil {
		return err
	}
	data := allowPage{Entries: entries, Form: f}
	if wrong != nil || !f.OK() {
		return v.again("allow", data, f, wrong)
	}
	return v.show("allow", data)
}

func postAllow(v *visit) error {
	f, err := v.form("network", "note")
	if err != nil {
		return err
	}
	if f.Get("network") == "" {
		f.blame("network", v.say("allow.network.missing"))
		return v.showAllow(f, nil)
	}
	made, err := v.api.AddAllow(v.ctx(), admin.AllowInput{Network: f.Get("network"), Note: f.Get("note")})
	if err != nil {
		return v.showAllow(f, err)
	}
	return v.done("/allow", "allow.added", made.Network)
}

func postAllowRemove(v *visit) error {
	f, err := v.form("network")
	if err != nil {
		return err
	}
	network, err := netip.ParsePrefix(f.Get("network"))
	if err != nil {
		return v.to("/allow") // no button of ours sends that
	}
	if ok, err := v.sure(v.say("allow.remove.sure", network), v.say("allow.remove"), "network"); !ok {
		return err
	}
	if err := v.api.RemoveAllow(v.ctx(), network); err != nil {
		return err
	}
	return v.done("/allow", "allow.removed", network)
}
