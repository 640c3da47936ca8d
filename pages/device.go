package pages

import (
	"errors"
	"net/http"
	"path"
	"slices"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// devicePage is one phone: where it stands, what comes next and what happened.
type devicePage struct {
	admin.Device
	Known       bool // set up here; of others there is the timeline alone
	Name, State string
	Way         way
	Timeline    admin.Timeline
	Earlier     int // events that are not shown
	Fixes       map[string]string
	Deeds       []string
	PIN         *admin.PIN // that was asked for just now
	Form        *form      // for a PIN
}

// maxEvents bounds the events a page shows.
const maxEvents = 60

func devicePath(mac phone.MAC) string { return "/devices/" + mac.String() }

// mac is the device of the path.
func (v *visit) mac() (phone.MAC, error) {
	mac, err := phone.ParseMAC(v.r.PathValue("mac"))
	if err != nil {
		return mac, noPage(v)
	}
	return mac, nil
}

func getDevice(v *visit) error {
	mac, err := v.mac()
	if err != nil {
		return err
	}
	p, err := v.devicePage(mac)
	if err != nil {
		return err
	}
	return v.show("device", p)
}

// devicePage asks for all that the page shows of a device.
func (v *visit) devicePage(mac phone.MAC) (p *devicePage, err error) {
	p = &devicePage{Form: filled(), Deeds: v.deeds(), Fixes: make(map[string]string)}
	if p.Timeline, err = v.api.Timeline(v.ctx(), mac); err != nil {
		return nil, err
	}
	slices.Reverse(p.Timeline.Events)
	p.Earlier = max(0, len(p.Timeline.Events)-maxEvents)
	p.Timeline.Events = p.Timeline.Events[:len(p.Timeline.Events)-p.Earlier]
	p.Device, err = v.api.Device(v.ctx(), mac)
	var e *admin.Error
	if errors.As(err, &e) && e.Status == http.StatusNotFound && len(p.Timeline.Events) > 0 {
		p.MAC, p.Name = mac, mac.String()
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	rules, err := v.api.Policy(v.ctx())
	if err != nil {
		return nil, err
	}
	p.Known, p.Name, p.Way = true, nameOf(p.Device), v.wayOf(p.Device, rules.FirstContact)
	p.State = shownState(p.Enrolment.State, p.Enrolment.Enrolling, p.Enrolment.Suspended)
	for _, f := range p.Timeline.Findings {
		if f.Action == nil {
			continue
		}
		if d, ok := deedNamed(path.Base(f.Action.Path)); ok && v.role().May(d.least) {
			p.Fixes[f.Code] = d.name
		}
	}
	return p, nil
}

// Unfinished says that the phone has yet to prove itself, for which a PIN may be
// wanted.
func (p *devicePage) Unfinished() bool { return p.Enrolment.State != "successful" }

// Locked says that there is something to unblock.
func (p *devicePage) Locked() bool {
	e := p.Enrolment
	return e.State == "failed" || e.State == "blocked" || e.Fails+e.LockOuts > 0
}

// May says whether a deed is offered.
func (p *devicePage) May(deed string) bool { return slices.Contains(p.Deeds, deed) }

// postDeed does one of the deeds to the device, and goes back to the page it was
// chosen on.
func postDeed(v *visit) error {
	mac, err := v.mac()
	if err != nil {
		return err
	}
	d, ok := deedNamed(v.r.PathValue("deed"))
	if !ok {
		return noPage(v)
	}
	f, err := v.form("back")
	if err != nil {
		return err
	}
	now, err := v.api.Device(v.ctx(), mac)
	if err != nil {
		return err
	}
	if question := "deed.sure." + d.name; d.name != "resync" {
		if ok, err := v.sure(v.say(question, nameOf(now)), v.word("deed", d.name), "back"); !ok {
			return err
		}
	}
	said, err := v.doDeed(d, mac)
	if err != nil {
		return err
	}
	back := devicePath(mac)
	switch {
	case d.name == "remove":
		back = "/devices"
	case f.Get("back") == installPath(mac):
		back = installPath(mac)
	}
	return v.done(back, said, nameOf(now))
}

// doDeed has the API do it, and gives the key of what to say of it.
func (v *visit) doDeed(d deed, mac phone.MAC) (said string, err error) {
	said = "deed.done." + d.name
	switch d.name {
	case "suspend":
		_, err = v.api.Suspend(v.ctx(), mac)
	case "reset":
		_, err = v.api.Reset(v.ctx(), mac)
	case "unblock":
		_, err = v.api.Unblock(v.ctx(), mac)
	case "allow-otp", "clear":
		_, err = v.api.AllowOTP(v.ctx(), mac, d.clear)
	case "remove":
		err = v.api.RemoveDevice(v.ctx(), mac)
	case "resync":
		var r admin.Resynced
		if r, err = v.api.Resync(v.ctx(), admin.ResyncInput{MACs: []phone.MAC{mac}}); err == nil {
			said += resyncWord(r)
		}
	}
	return said, err
}

// resyncWord says which sentence tells what becomes of one phone.
func resyncWord(r admin.Resynced) string {
	switch {
	case r.NoWay > 0:
		return ".noway"
	case r.NotRegistered > 0:
		return ".later"
	}
	return ""
}

// postShowPIN shows the PIN, once: that it was shown is on record.
func postShowPIN(v *visit) error {
	mac, err := v.mac()
	if err != nil {
		return err
	}
	pin, err := v.api.ShowPIN(v.ctx(), mac)
	if err != nil {
		return err
	}
	p, err := v.devicePage(mac)
	if err != nil {
		return err
	}
	p.PIN = &pin
	return v.show("device", p)
}

// postEnterPIN enters the PIN somebody reads out at the phone.
func postEnterPIN(v *visit) error {
	mac, err := v.mac()
	if err != nil {
		return err
	}
	f, err := v.form("from")
	if err != nil {
		return err
	}
	right, wrong := v.enterPIN(mac, f)
	if right {
		return v.done(devicePath(mac), "pin.right")
	}
	return v.pinAgain(mac, f, wrong)
}

// pinAgain shows the page with what is wrong with a PIN.
func (v *visit) pinAgain(mac phone.MAC, f *form, wrong error) error {
	p, err := v.devicePage(mac)
	if err != nil {
		return err
	}
	p.Form = f
	return v.again("device", p, f, wrong)
}

// Unproven says that the network does not prove which caller the phone is, so
// that its address has to be read at the phone.
func (p *devicePage) Unproven() bool {
	for _, e := range p.Timeline.Events {
		if e.Unproven {
			return true
		}
	}
	return p.Form.asksFrom()
}

// configPage is what the phone would be given now.
type configPage struct {
	MAC      phone.MAC
	Name     string
	Files    []configFile
	Revealed bool
}

type configFile struct{ File, Stage, Type, Why, Body string }

func getConfig(v *visit) error { return v.showConfig(false) }

// postConfig shows the secrets in it, which is on record.
func postConfig(v *visit) error {
	if ok, err := v.sure(v.say("config.reveal.sure"), v.say("config.reveal")); !ok {
		return err
	}
	return v.showConfig(true)
}

func (v *visit) showConfig(reveal bool) error {
	mac, err := v.mac()
	if err != nil {
		return err
	}
	d, err := v.api.Device(v.ctx(), mac)
	if err != nil {
		return err
	}
	files, err := v.api.Render(v.ctx(), mac, "", reveal)
	if err != nil {
		return err
	}
	p := &configPage{MAC: mac, Name: nameOf(d), Revealed: reveal}
	for _, f := range files {
		p.Files = append(p.Files, configFile{f.File, f.Stage, f.Type, f.Why, f.Body})
	}
	return v.show("device-config", p)
}
