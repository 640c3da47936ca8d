package central

import (
	"errors"
	"fmt"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/wire"
)

// ErrLocalChanges: the site's policy lets nobody at its box change what the
// platform keeps.
var ErrLocalChanges = errors.New("the platform does not let this site's own operators do that: have it done there")

const (
	// bucketActs counts what was asked for at each site's box.
	bucketActs = "acts"
	// maxActs is how much that may be within actsFor: more than people at a
	// site ask for, and little enough that a box in bad hands wears out neither
	// the audit nor the generations.
	maxActs = 100
	actsFor = time.Hour
)

// acted counts within an hour that begins with the first.
type acted struct {
	From time.Time `json:"from"`
	N    int       `json:"n"`
}

// at is the platform in the hands of somebody at a site's box: it reaches the
// site's own devices, as long as policy lets it. Who it is the box says.
func (p *Platform) at(site, by string) Operator {
	return Operator{p: p, by: "at the box: " + by, site: site}
}

// lets says what stands against an operator at a box changing a device. What
// is at another site is answered like what is nowhere.
func (t *tx) lets(site string, mac phone.MAC, d device) error {
	if t.believed(site) != nil {
		return fmt.Errorf("site %s: %w", site, ErrUnknownSite)
	}
	if string(d.Home) != site {
		return fmt.Errorf("device %s: %w", mac, ErrUnknownDevice)
	}
	if !t.policy(site).LocalChanges {
		return ErrLocalChanges
	}
	var a acted
	now := t.p.now().UTC()
	if t.get(bucketActs, site, &a); now.Sub(a.From).Abs() >= actsFor {
		a = acted{From: now}
	}
	if a.N++; a.N > maxActs {
		return fmt.Errorf("%w: more than %d of this kind were asked for here within an hour: have it done at the platform", ErrFull, maxActs)
	}
	t.put(bucketActs, site, a)
	return nil
}

// act does what somebody at a box asks for.
func (p *Platform) act(id string, a wire.Act) (r wire.Reply, err error) {
	err = p.at(id, a.By).do(a)
	switch {
	case errors.Is(err, ErrUnknownSite):
		r.Refused = revoked()
		return r, nil
	case errors.Is(err, ErrUnknownDevice):
		r.Act = &wire.ActReply{No: "the platform keeps no such device at this site"}
	case errors.Is(err, ErrUnknown), errors.Is(err, ErrFull), errors.Is(err, ErrLocalChanges), errors.Is(err, errAct):
		r.Act = &wire.ActReply{No: err.Error()}
	case err != nil:
		return r, err
	default:
		r.Act = &wire.ActReply{}
	}
	return r, nil
}

// errAct is an act that makes no sense here.
var errAct = errors.New("this platform does not do that for boxes")

func (o Operator) do(a wire.Act) error {
	mac, err := phone.ParseMAC(a.MAC)
	if err != nil {
		return fmt.Errorf("device %.20q: %w", a.MAC, ErrUnknownDevice)
	}
	switch a.Do {
	case wire.ActReset:
		_, err = o.ResetDevice(mac)
	case wire.ActUnblock:
		err = o.UnblockDevice(mac)
	case wire.ActAllowOTP:
		err = o.AllowBrandOnce(mac, a.Clear)
	default:
		return fmt.Errorf("%w: %q; it may be older than the box", errAct, a.Do)
	}
	return err
}
