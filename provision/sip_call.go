package provision

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// CallState is what a phone on hold that calls the box is told first.
type CallState string

// What a caller may hear. CallVisitor is a phone that is not set up here.
const (
	CallAsk      CallState = "ask"
	CallFailed   CallState = "failed"
	CallBlocked  CallState = "blocked"
	CallVisitor  CallState = "visitor"
	CallAwaiting CallState = "awaiting approval"
	CallUnneeded CallState = "unneeded"
)

// ErrNotThePhone is returned for a PIN of a caller that layer 2 no longer takes
// for the phone it called as.
var ErrNotThePhone = errors.New("layer 2 says that the caller is another device")

// peer reads who calls as a phone, as identify does for who fetches as one: the
// identity a PIN is tied to is the one the fetch after it will have.
func (d *Desk) peer(now time.Time, p Peer) (wire, caller) {
	w := d.wire(now, plain(p.Remote))
	c := caller{file: vendors.File{MAC: p.MAC}, layer2: w.mac(), by: "ip:" + w.addr.String()}
	c.ident, c.isPhone = d.bySIPAgent(p.Agent)
	c.verdict = d.verdict(now, w, c)
	if (c.verdict == auth.Proven || c.verdict == auth.Contradicted) && !c.layer2.IsZero() {
		c.by = "mac:" + c.layer2.String()
	}
	return w, c
}

// strange reports that layer 2 speaks against the caller.
func (c caller) strange() bool { return c.verdict == auth.Contradicted || c.verdict == auth.Doubted }

// Called says what a phone that calls the box is to hear, and puts the call on
// its timeline. Nothing is counted: a visitor can enter nothing.
func (d *Desk) Called(p Peer) CallState {
	now := d.tools.Now()
	w, c := d.peer(now, p)
	rec, err := d.store.Devices.Device(p.MAC)
	state := CallVisitor
	if err == nil {
		state = d.callState(now, rec, c.by)
	}
	if !d.Policy().FirstContact.WantsPIN() {
		state = CallUnneeded // whoever calls: the answer tells nobody which phones there are
	}
	d.tell(Step{MAC: p.MAC, Front: SIP, Vendor: c.ident.Vendor, Addr: w.addr, Text: "called the box to enter a PIN: " + heard(state)}, err == nil && !c.strange())
	return state
}

// callState is what there is to say of a device. Whether a PIN would be looked
// at is auth's to say, so it is asked with one, and what comes of that thrown
// away.
func (d *Desk) callState(now time.Time, rec auth.Record, by string) CallState {
	p, e := d.Policy(), rec.Enrolment
	would, _ := auth.EnterPIN(now, p, e, mintPIN(), by)
	switch {
	case e.At(now) == auth.Blocked:
		return CallBlocked
	case e.At(now) == auth.Failed:
		return CallFailed
	case e.Ticket.At(now) == auth.TicketAwaiting:
		return CallAwaiting
	case !would.Looked, e.IsSuspended(now), e.TicketOnly && p.FirstContact == auth.FactorPIN:
		return CallUnneeded
	}
	return CallAsk
}

func heard(s CallState) string {
	switch s {
	case CallAsk:
		return "is asked for it"
	case CallFailed:
		return "hears that none is taken while it is locked"
	case CallBlocked:
		return "hears that it is blocked"
	case CallVisitor:
		return "is not set up here, and hears its MAC"
	case CallAwaiting:
		return "hears that an admin has to approve it"
	}
	return "hears that none is needed"
}

// PINAnswer is what became of a PIN that was typed in a call. Now is what the
// phone would hear if it called again, Left how many tries it has then.
type PINAnswer struct {
	Right bool
	Now   CallState
	Left  int
}

// DialPIN checks a PIN that was typed in a call of p. It counts against the
// device as every PIN does, and a right one is for the caller's layer-2 identity
// alone. The phone is not told to fetch before HungUp: it is still in the call.
func (d *Desk) DialPIN(ctx context.Context, p Peer, pin phone.Secret) (PINAnswer, error) {
	w, c := d.peer(d.tools.Now(), p)
	if c.strange() {
		d.refused(d.sipActor(w), p.MAC, auth.Reason("another phone's SIP account"), "")
		return PINAnswer{}, fmt.Errorf("PIN of %s from %s: %w", p.MAC, w.addr, ErrNotThePhone)
	}
	by := audit.Actor{Front: string(SIP), Remote: w.addr, Identity: c.by}
	r, err := d.EnterPIN(ctx, by, p.MAC, pin)
	if err != nil && !r.Accepted { // one that was right is, whatever did not work after it
		return PINAnswer{}, err
	}
	if r.Looked && !r.Accepted && r.State != auth.Needed && c.verdict != auth.Proven {
		d.step(Step{MAC: p.MAC, Front: SIP, Vendor: c.ident.Vendor, Addr: w.addr, Text: lockedUnproven})
	}
	return answerTo(r), nil
}

// lockedUnproven is how a timeline says that a lock-out need not be the phone's own
// doing: on such a network who can send in its name can lock it.
const lockedUnproven = "locked by a call that layer 2 does not prove to be its own: look who has the address"

func answerTo(r auth.PINResult) PINAnswer {
	a := PINAnswer{Right: r.Accepted, Now: CallAsk, Left: r.Left}
	switch {
	case r.Accepted:
		a.Now = CallUnneeded
	case r.State == auth.Failed:
		a.Now = CallFailed
	case r.State == auth.Blocked:
		a.Now = CallBlocked
	case !r.Looked:
		a.Now = CallUnneeded
	}
	return a
}

// HungUp says that a phone's call to the box is over: why, in one or two words.
// A phone whose state may have changed in it is told to fetch.
func (d *Desk) HungUp(p Peer, why string, changed bool) {
	d.tell(Step{MAC: p.MAC, Front: SIP, Addr: plain(p.Remote), Text: "its call to the box is over: " + printable(why)}, d.has(p.MAC))
	if changed && d.has(p.MAC) {
		d.nudge(p.MAC)
	}
}
