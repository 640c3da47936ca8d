package provision

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// SIP is the door of phones on hold: registrar, PnP and emergency calls.
const SIP Front = "sip"

// HoldingAccount gives the phone and the password of the SIP account that a
// holding config carries, by the account's user name. Accounts are derived from
// the site's key, so there is one for every MAC, of a known phone or not. For a
// name that is no account ok is false, and the password is one nobody has: a
// caller that checks it all the same takes as long for either.
func (d *Desk) HoldingAccount(user string) (mac phone.MAC, password phone.Secret, ok bool) {
	mac, err := phone.ParseMAC(user)
	ok = err == nil && mac.Hex() == user
	password = derive(d.store.Policies.Policy().Key, holdingAccount, mac)
	if !ok {
		return phone.MAC{}, decoy, false
	}
	return mac, password, true
}

// holdingAccount is the purpose the holding account's password is derived for.
const holdingAccount = "holding account"

// Peer is a phone as the SIP door sees it; nothing in it is believed yet.
type Peer struct {
	MAC    phone.MAC
	Remote netip.Addr
	Agent  string // SIP User-Agent
}

// AdmitPeer weighs a phone that showed its holding account's password against
// layer 2, as any other caller. It is refused where another MAC answers at its
// address, or where the phone is at home elsewhere on the LAN: what the box
// sends to a phone must not go to who borrowed its MAC. The Ident is what the
// phone says of itself.
func (d *Desk) AdmitPeer(p Peer) (vendors.Ident, bool) {
	w, c := d.peer(d.tools.Now(), p)
	if c.strange() {
		d.refused(d.sipActor(w), p.MAC, auth.Reason("another phone's SIP account"), "")
		d.tell(Step{MAC: p.MAC, Front: SIP, Addr: w.addr, Text: "a registration was refused: layer 2 says that it is another device"}, false)
		return c.ident, false
	}
	if c.ident.Vendor == "" {
		c.ident.Vendor, _ = d.table.ByOUI(p.MAC)
	}
	return c.ident, true
}

func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

func (d *Desk) sipActor(w wire) audit.Actor {
	a := audit.Actor{Front: string(SIP), Remote: w.addr, Identity: "ip:" + w.addr.String()}
	if mac := w.mac(); !mac.IsZero() {
		a.Identity = "mac:" + mac.String()
	}
	return a
}

// Registered puts a phone's coming and going on its timeline. fresh says that
// it was not registered from there before; a phone that renews is not told of.
func (d *Desk) Registered(b phone.Binding, fresh bool) {
	known := d.has(b.MAC)
	if fresh {
		text := "registered with the box, on hold"
		if b.Agent != "" {
			text += " (" + printable(b.Agent) + ")"
		}
		d.tell(Step{MAC: b.MAC, Front: SIP, Vendor: b.Vendor, Addr: b.Source.Addr(), Text: text}, known)
	}
	d.resyncs.returned(b.MAC)
}

// Unregistered says that a phone took its registration back, or let it end.
func (d *Desk) Unregistered(b phone.Binding, why string) {
	d.tell(Step{MAC: b.MAC, Front: SIP, Vendor: b.Vendor, Addr: b.Source.Addr(), Text: "no longer registered with the box: " + why}, d.has(b.MAC))
}

// Keeps reports that what is known of mac is worth keeping over a restart: a
// stranger's is not.
func (d *Desk) Keeps(mac phone.MAC) bool { return d.has(mac) }

// EmergencyCall is one call to an emergency number, as it ended.
type EmergencyCall struct {
	Remote  netip.Addr
	Number  string
	SBC     string   // that took the call; empty where none did
	Tried   []string // that did not
	Said    []string // what each of Tried said instead, such as "no answer"
	Outcome string   // "answered", "failed", "cancelled", "redirected" or "refused"
	Status  int
}

// LineAt gives the first line of the device at an address, where layer 2 proves
// which device that is: whom an emergency centre can call back. What a caller
// says of itself counts for nothing, or it could call in another's name.
func (d *Desk) LineAt(remote netip.Addr) (phone.Line, bool) {
	mac := d.wire(d.tools.Now(), plain(remote)).mac()
	if mac.IsZero() {
		return phone.Line{}, false
	}
	if _, c := d.peer(d.tools.Now(), Peer{MAC: mac, Remote: remote}); c.verdict != auth.Proven {
		return phone.Line{}, false
	}
	rec, err := d.store.Devices.Device(mac)
	if err != nil || len(rec.Device.Lines) == 0 {
		return phone.Line{}, false
	}
	return rec.Device.Lines[0], true
}

// EmergencyCalled puts an emergency call on the audit log and on the phone's
// timeline. The call itself never waits for it: that it cannot be written is
// told to operators and to nobody else.
func (d *Desk) EmergencyCalled(ctx context.Context, e EmergencyCall) {
	w := d.wire(d.tools.Now(), plain(e.Remote))
	mac := w.mac()
	known, by := d.has(mac), d.sipActor(w)
	d.tell(Step{MAC: mac, Front: SIP, Addr: w.addr, Text: emergencyStory(e)}, known)
	number := d.unhelped.number(d.tools.Now(), e)
	if number > 0 {
		d.unhelped.add(UnhelpedCall{
			Number: number, At: d.tools.Now(), Address: w.addr, MAC: mac, Dialled: e.Number, Outcome: e.Outcome, Status: e.Status, Tried: e.Tried, Said: e.Said,
		})
		d.tellUnhelped()
	}
	if !d.refusals.call(d.tools.Now(), by, mac, known) {
		d.tools.Log.Warn("an emergency call is in the audit log as a number only: there are too many", "remote", w.addr, "mac", mac, "decision", e.Outcome)
		return
	}
	err := d.store.Recorder.Record(ctx, audit.Record{MAC: mac, By: by, Event: audit.EmergencyCalled{
		Number: e.Number, SBC: e.SBC, Tried: e.Tried, Said: e.Said, Outcome: e.Outcome, Status: e.Status, Unhelped: number,
	}})
	if err == nil {
		d.tools.Health.Clear(codeUnrecorded)
		return
	}
	d.tools.Log.Error("an emergency call is not in the audit log", "remote", w.addr, "err", err)
	d.tools.Health.Raise(d.tools.Now(), health.Condition{
		Code: codeUnrecorded, Title: "an emergency call could not be written to the audit log",
		Meaning: "the call itself was not held up; phones notice nothing",
		Do:      "see whether the disk is full, then note the call by hand",
		Detail:  fmt.Sprintf("%s called %s at %s: %s", w.addr, e.Number, d.tools.Now().In(d.zone).Format(time.DateTime), e.Outcome),
	})
}

// codeUnrecorded is the condition of an emergency call without its audit event.
const codeUnrecorded = "emergency-unrecorded"

// refusals are the SBCs that did not take the call, each with what it said.
func (e EmergencyCall) refusals() string {
	parts := make([]string, len(e.Tried))
	for i, sbc := range e.Tried {
		said := "no answer"
		if i < len(e.Said) {
			said = e.Said[i]
		}
		parts[i] = sbc + ": " + said
	}
	return strings.Join(parts, "; ")
}

func emergencyStory(e EmergencyCall) string {
	text := "called " + e.Number + ": " + e.Outcome
	if e.SBC != "" {
		text += " by " + e.SBC
	}
	if len(e.Tried) > 0 {
		text += "; " + e.refusals()
	}
	return text
}

// PnPAsk is a phone's multicast question for its config server.
type PnPAsk struct {
	Remote netip.Addr
	Self   netip.Addr // the box's address on the phone's network
	// MAC and Vendor are zero where the message names none.
	MAC      phone.MAC
	Vendor   string // as the phone spells it
	Model    string
	Firmware string
	Agent    string
}

// PnP gives the URL a phone that asks by multicast is to fetch from. A maker
// this build does not serve is not answered: another server of the LAN may be
// meant for it. The answer never depends on whether the box knows the phone.
func (d *Desk) PnP(ask PnPAsk) (url string, ok bool) {
	w := d.wire(d.tools.Now(), plain(ask.Remote))
	if ask.MAC.IsZero() {
		ask.MAC = w.mac()
	}
	id, ok := d.pnpVendor(ask)
	if !ok {
		return "", false
	}
	id.MAC = ask.MAC
	d.Sighted(Sighting{
		MAC: ask.MAC, Front: SIP, Addr: w.addr, Ident: id, Agent: printable(ask.Agent),
		Text: "asked by multicast (PnP) where its config is, and was told",
	})
	return d.pnpURL(id.Vendor, d.box(ask.Self)), true
}

// pnpURL is the URL in the maker's form: the file its phones are known to want
// here; where its DHCP options name a file below the box's URL, that one; else
// the URL alone, to which they add file names themselves.
func (d *Desk) pnpURL(v phone.Vendor, box vendors.Box) string {
	maker, ok := d.table.Of(v)
	if !ok || maker.PnPFile != "" || maker.Options == nil {
		return box.URL + maker.PnPFile
	}
	options := maker.Options(box)
	for _, code := range []uint8{66, 160, 114} { // those that are a URL and nothing else
		for _, o := range options {
			value := strings.TrimRight(string(o.Value), "\x00")
			if o.Code == code && strings.HasPrefix(value, box.URL) {
				return value
			}
		}
	}
	return box.URL
}

// pnpVendor finds the maker: by the name the phone gives, where that is an
// OEM's by its User-Agent, else by its address block.
func (d *Desk) pnpVendor(ask PnPAsk) (vendors.Ident, bool) {
	id := vendors.Ident{Model: printable(ask.Model), Firmware: printable(ask.Firmware)}
	if v, err := d.table.Parse(strings.ToLower(ask.Vendor)); err == nil {
		id.Vendor = v
		return id, true
	}
	if by, ok := d.bySIPAgent(ask.Agent); ok {
		id.Vendor = by.Vendor
		return id, true
	}
	v, ok := d.table.ByOUI(ask.MAC)
	id.Vendor = v
	return id, ok
}

// bySIPAgent recognises a SIP User-Agent.
func (d *Desk) bySIPAgent(agent string) (vendors.Ident, bool) { return d.table.BySIPAgent(agent) }
