package central

import (
	"crypto/rand"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

// States of a site as operators see it.
const (
	// SiteInvited waits for its box to join.
	SiteInvited = "invited"
	// SiteJoined has a box that was heard lately.
	SiteJoined = "joined"
	// SiteSilent has a box that was not heard for a while.
	SiteSilent = "silent"
	// SiteRevoked may do nothing any more.
	SiteRevoked = "revoked"
	// SiteRemoving is being removed with all it has.
	SiteRemoving = "removing"
)

// silentAfter is how long a box may say nothing and count as there: it tells
// how it is at least once an hour, and when it did is kept to about an hour.
const silentAfter = 3 * time.Hour

// SiteInfo is a site as operators see it.
type SiteInfo struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	State string `json:"state"`
	// Seen is when its box told of itself last, to about an hour; Software and
	// Conditions are what it said of itself.
	Seen       time.Time `json:"seen,omitzero"`
	Software   string    `json:"software,omitempty"`
	Conditions []string  `json:"conditions,omitempty"`
	// LocalRules are the rules that were set otherwise at the box, in its words,
	// where policy allows changes there.
	LocalRules []string `json:"local_rules,omitempty"`
	// Address is where its newest connection came from.
	Address netip.Addr `json:"address,omitzero"`
	// InvitedUntil is when its join token ends, if one is out.
	InvitedUntil time.Time `json:"invited_until,omitzero"`
	// OwnPolicy says that it has a policy of its own.
	OwnPolicy bool `json:"own_policy"`
}

func (t *tx) siteInfo(id string, s site) SiteInfo {
	var b beat
	var own wire.Policy
	t.get(bucketBeats, id, &b)
	out := SiteInfo{ID: id, Name: s.Name, State: SiteJoined, Seen: b.At, Software: b.Software, Conditions: b.Conditions, LocalRules: b.LocalRules,
		Address: t.contact(id).current(), InvitedUntil: s.JoinUntil, OwnPolicy: t.get(bucketPolicies, id, &own)}
	switch {
	case s.Removing:
		out.State = SiteRemoving
	case s.Revoked:
		out.State = SiteRevoked
	case s.Verifier == "":
		out.State = SiteInvited
	case t.p.now().Sub(b.At) > silentAfter:
		out.State = SiteSilent
	}
	return out
}

// Site gives one site.
func (p *Platform) Site(id string) (out SiteInfo, err error) {
	err = p.view(func(t *tx) {
		s, ok := t.site(id)
		if !ok {
			t.fail(fmt.Errorf("site %s: %w", id, ErrUnknownSite))
		}
		out = t.siteInfo(id, s)
	})
	return out, err
}

// SiteQuery says which sites: whose name or ID holds a text, in a state; empty
// is all. After is the ID to go on behind, Limit how many.
type SiteQuery struct {
	Search, State, After string
	Limit                int
}

// Sites gives sites in the order of their IDs; more says that there are others
// behind the last one.
func (p *Platform) Sites(q SiteQuery) (list []SiteInfo, more bool, err error) {
	text := strings.ToLower(q.Search)
	err = p.view(func(t *tx) {
		t.walk(bucketSites, "", q.After, func(id string, value []byte) bool {
			var s site
			if !t.read(value, &s) {
				return false
			}
			one := t.siteInfo(id, s)
			if !strings.Contains(strings.ToLower(one.Name)+"\n"+id, text) || q.State != "" && q.State != one.State {
				return true
			}
			if more = len(list) == q.Limit; !more {
				list = append(list, one)
			}
			return !more
		})
	})
	return list, more, err
}

// Count says how many sites there are by state, and how many devices.
func (p *Platform) Count() (sites map[string]int, devices int, err error) {
	sites = map[string]int{SiteInvited: 0, SiteJoined: 0, SiteSilent: 0, SiteRevoked: 0, SiteRemoving: 0}
	err = p.view(func(t *tx) {
		t.walk(bucketSites, "", "", func(id string, value []byte) bool {
			var s site
			ok := t.read(value, &s)
			sites[t.siteInfo(id, s).State]++
			return ok
		})
		t.walk(bucketDevices, "", "", func(_ string, value []byte) bool {
			var h proto.Held
			ok := t.read(value, &h)
			if h.Home != "" {
				devices++
			}
			return ok
		})
	})
	return sites, devices, err
}

// checkSiteName says what is wrong with a site's name.
func checkSiteName(name string) error {
	var wrong InvalidError
	if strings.TrimSpace(name) == "" || len(name) > 100 || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		wrong.Add("name: write 1 to 100 characters in one line, such as the town")
	}
	return wrong.Err()
}

// AddSite makes a site and the token its box joins with.
func (o Operator) AddSite(name string) (Token, error) {
	if err := checkSiteName(name); err != nil {
		return Token{}, err
	}
	tok := Token{Site: strings.ToLower(rand.Text())[:16], Secret: rand.Text(), Until: o.p.now().Add(joinFor)}
	err := o.change(Deed{What: "site added", Site: tok.Site, Detail: name}, func(t *tx, _ *Deed) {
		s := site{Name: name}
		t.setInvite(tok.Site, &s, joinHash(tok.Secret), tok.Until, tokenReplaced)
		t.setSite(tok.Site, s)
		t.outfit(tok.Site)
	})
	return tok, err
}

// InviteSite makes a new token for a site; one that was out is void.
func (o Operator) InviteSite(id string) (Token, error) {
	tok := Token{Site: id, Secret: rand.Text(), Until: o.p.now().Add(joinFor)}
	return tok, o.onSite("site invited", id, func(t *tx, s *site, _ *Deed) {
		t.setInvite(id, s, joinHash(tok.Secret), tok.Until, tokenReplaced)
	})
}

// RenameSite gives a site another name. Where it has that name, nothing is
// written.
func (o Operator) RenameSite(id, name string) error {
	if err := checkSiteName(name); err != nil {
		return err
	}
	if s, err := o.p.Site(id); err == nil && s.Name == name {
		return nil
	}
	return o.onSite("site renamed", id, func(_ *tx, s *site, c *Deed) { s.Name, c.Detail = name, name })
}

// RevokeSite ends what a site's box may do, at once.
func (o Operator) RevokeSite(id string) error {
	return o.onSite("site revoked", id, func(t *tx, s *site, _ *Deed) {
		s.Revoked = true
		t.setInvite(id, s, nil, time.Time{}, tokenRevoked)
		t.del(bucketVouched, id)
	})
}

func (o Operator) onSite(what, id string, f func(*tx, *site, *Deed)) error {
	return o.change(Deed{What: what, Site: id}, func(t *tx, c *Deed) {
		s, ok := t.site(id)
		if !ok || s.Removing {
			t.fail(fmt.Errorf("site %s: %w", id, ErrUnknownSite))
			return
		}
		f(t, &s, c)
		t.setSite(id, s)
	})
}

// RemoveSite removes a site with its devices, users and all else it has. Its
// box is cut off at once.
func (o Operator) RemoveSite(id string) error {
	err := o.onSite("site removed", id, func(t *tx, s *site, c *Deed) {
		c.Detail = s.Name
		s.Revoked, s.Removing = true, true
		t.setInvite(id, s, nil, time.Time{}, tokenRevoked)
		t.setNKey(id, s.NKey, "")
		s.NKey = ""
		t.del(bucketVouched, id)
		t.put(bucketRemovals, id, "")
	})
	return o.p.goOnAfter(err)
}

const (
	// bucketRemovals are sites that are being removed.
	bucketRemovals = "removals"
	// removeSlice is how many keys one transaction drops.
	removeSlice = 200
)

// removeOn drops one slice of a site that is being removed; done says that no
// site is.
func (t *tx) removeOn() (done bool) {
	id := ""
	t.walk(bucketRemovals, "", "", func(name string, _ []byte) bool {
		id = name
		return false
	})
	if id == "" || t.err != nil {
		return true
	}
	if t.dropDevices(id) || t.dropUnder(bucketDocs, id) || t.dropUnder(bucketUsers, id) || t.dropUnder(bucketEvents, id) {
		return false
	}
	t.forgetInvites(id)
	for _, bucket := range []string{bucketMembers, bucketAcks, bucketBeats, bucketContacts, bucketPolicies, bucketVouched, bucketEntered, bucketReseals, bucketFloors, bucketActs, bucketOutcomes, bucketSites, bucketRemovals} {
		t.del(bucket, id)
	}
	return false
}

// dropDevices leaves of each device of a site what its generations were, so
// that they never count again.
func (t *tx) dropDevices(id string) (more bool) {
	var mine []proto.ID
	t.At(proto.Site(id), "", func(name proto.ID, _ proto.Held) bool {
		mine = append(mine, name)
		return len(mine) < removeSlice
	})
	for _, name := range mine {
		d, _ := t.device(name)
		sec := d.Sec.At(t.Meta().Epoch)
		sec.Used = true
		t.put(bucketDevices, string(name), device{Held: proto.Held{Sec: sec}})
	}
	return len(mine) > 0
}

// dropUnder deletes some keys of a site from a bucket.
func (t *tx) dropUnder(bucket, id string) (more bool) {
	var names []string
	t.walk(bucket, id+"/", "", func(name string, _ []byte) bool {
		names = append(names, name)
		return len(names) < removeSlice
	})
	for _, name := range names {
		t.del(bucket, name)
	}
	return len(names) > 0
}
