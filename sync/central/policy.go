package central

import (
	"fmt"
	"slices"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

// bucketPolicies are policies by site; that for all sites without one of their
// own is at everySitesPolicy, which is no site's name.
const (
	bucketPolicies   = "policies"
	everySitesPolicy = "-"
)

func policyName() proto.ID { return wire.DocID(wire.PolicyDoc, "site") }

// startPolicy counts until an operator sets another.
func startPolicy() wire.Policy {
	return wire.Policy{FirstContact: "pin", Window: 8 * time.Hour, BlockAfter: 3, OTPOffline: "deny", LocalChanges: true}
}

// policy is what counts at a site, with "" what counts where none is set.
func (t *tx) policy(id string) wire.Policy {
	// Each is read whole: over another, what it leaves out would stay.
	var own, every wire.Policy
	switch {
	case id != "" && t.get(bucketPolicies, id, &own):
		return own
	case t.get(bucketPolicies, everySitesPolicy, &every):
		return every
	}
	return startPolicy()
}

// Policy is what counts at a site, and whether it is the site's own; with ""
// what counts everywhere else.
func (p *Platform) Policy(id string) (out wire.Policy, own bool, err error) {
	err = p.view(func(t *tx) {
		if _, ok := t.site(id); id != "" && !ok {
			t.fail(fmt.Errorf("site %s: %w", id, ErrUnknownSite))
			return
		}
		var held wire.Policy
		own = id != "" && t.get(bucketPolicies, id, &held)
		out = t.policy(id)
	})
	return out, own, err
}

// SetPolicy sets what counts at a site, or with "" at all that have none of
// their own.
func (o Operator) SetPolicy(id string, set wire.Policy) error {
	_, err := o.EditPolicy(id, func(p *wire.Policy) error { *p = set; return nil })
	return err
}

// EditPolicy changes what counts at a site, which has a policy of its own from
// then on, or with "" at all that have none, and gives the outcome. edit is
// handed what counts in the transaction that writes it, so that of two edits at
// once neither takes the other back; it may run twice and only computes.
func (o Operator) EditPolicy(id string, edit func(*wire.Policy) error) (out wire.Policy, err error) {
	return out, o.policy("policy set", id, func(t *tx, row string) {
		out = t.policy(id)
		err := edit(&out)
		if err == nil {
			out.Rollout = nil // it is no rule of an operator's, and stands elsewhere
			err = checkPolicy(out)
		}
		t.fail(err)
		t.put(bucketPolicies, row, out)
	})
}

// ClearPolicy has the platform's policy count at a site again.
func (o Operator) ClearPolicy(id string) error {
	return o.policy("policy cleared", id, func(t *tx, row string) { t.del(bucketPolicies, row) })
}

func (o Operator) policy(what, id string, f func(t *tx, row string)) error {
	err := o.change(Deed{What: what, Site: id}, func(t *tx, _ *Deed) {
		if id == "" {
			if f(t, everySitesPolicy); t.err == nil {
				t.spread(policyName())
			}
			return
		}
		if t.open(id); t.err == nil {
			if f(t, id); t.err == nil {
				t.publish(id, policyName(), false)
			}
		}
	})
	return o.p.goOnAfter(err)
}

func checkPolicy(p wire.Policy) error {
	var wrong InvalidError
	if !slices.Contains([]string{"pin", "otp", "otp+pin", "none"}, p.FirstContact) {
		wrong.Add(`first_contact: write "pin", "otp", "otp+pin" or "none"`)
	}
	if p.OTPOffline != "allow" && p.OTPOffline != "deny" {
		wrong.Add(`otp_offline: write "allow" or "deny": whether one-time passwords count at a site while the platform is away`)
	}
	if p.Window < 0 || p.Window > 7*24*time.Hour {
		wrong.Add("window: write 0 to 168h")
	}
	if p.BlockAfter < 1 || p.BlockAfter > 100 {
		wrong.Add("block_after: write 1 to 100 lock-outs")
	}
	emergency := p.Emergency
	if len(emergency) == 0 {
		emergency = []string{"112"} // none is the box's own matter
	}
	wrong.AddAll("", phone.Site{Name: "site", Zone: "UTC", Language: "en", Emergency: emergency, SBC: p.SBC}.Validate())
	return wrong.Err()
}
