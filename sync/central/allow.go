package central

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/wire"
)

// Verdict is whether an address is whitelisted, and why.
type Verdict struct {
	Address netip.Addr `json:"address"`
	Allowed bool       `json:"allowed"`
	// Prefix is what it is allowed by, Site whose that is, "" for an entry of the
	// whole platform.
	Prefix netip.Prefix `json:"prefix,omitzero"`
	Site   string       `json:"site,omitempty"`
	// Until is when it ends, zero if Permanent.
	Until     time.Time `json:"until,omitzero"`
	Permanent bool      `json:"permanent,omitempty"`
	// Why is "pin" or "provisioned" after the event that vouches, or "entered".
	Why string `json:"why,omitempty"`
}

// Allowed says whether an address is whitelisted now. It answers from memory.
func (p *Platform) Allowed(a netip.Addr) Verdict { return p.allow.check(plain(a), p.now()) }

// everySite is the row of entries that are for all sites; no site is named so.
const everySite = "*"

// source is where a request came from: its own address, or the site's newest
// connection's.
func (t *tx) source(id string, own netip.Addr) netip.Addr {
	if own.IsValid() {
		return plain(own)
	}
	return t.contact(id).current()
}

// vouch counts the successes among a push's events behind the one held already,
// for the network the push came from. Only a device that lives at the site
// vouches for it: of any other the site has nothing to say, and one that the
// platform does not keep is in nobody's list of who was let in.
func (t *tx) vouch(id string, from netip.Addr, held uint64, p wire.Push) {
	var newest wire.Event
	var when time.Time
	now := t.p.now()
	for _, e := range p.Events {
		if e.Seq <= held || e.Kind != wire.KindPIN && e.Kind != wire.KindProvisioned {
			continue
		}
		if at, ok := happened(e, p, now); ok && at.After(when) && t.homed(id, e.MAC) {
			newest, when = e, at
		}
	}
	net, err := network(from)
	if when.IsZero() || err != nil {
		return // its operator is told why by whitelisting
	}
	var list []vouched
	t.get(bucketVouched, id, &list)
	if list, changed := vouch(list, net, when, now, newest.Kind); changed {
		t.put(bucketVouched, id, list)
	}
}

// homed says whether an event is of a device that lives at the site.
func (t *tx) homed(id, mac string) bool {
	m, err := phone.ParseMAC(mac)
	if err != nil {
		return false
	}
	d, ok := t.device(deviceName(m))
	return ok && string(d.Home) == id
}

// whitelisting is how the platform sees a site's address, with what this
// transaction does to it.
func (t *tx) whitelisting(id string, from netip.Addr) wire.Whitelisting {
	now := t.p.now()
	best := t.p.allow.check(from, now)
	var list []vouched
	t.get(bucketVouched, id, &list)
	for _, v := range list {
		if v.Prefix.Contains(from) && v.holds(now) && !best.Permanent && v.Until.After(best.Until) {
			best.Allowed, best.Until = true, v.Until
		}
	}
	w := wire.Whitelisting{Until: best.Until, Permanent: best.Permanent}
	if from.IsValid() {
		w.Address = from.String()
	}
	if _, err := network(from); err != nil && !best.Allowed {
		w.Why = err.Error()
	}
	return w
}

// row is what counts of one row of the allow-list; nothing of a site that is
// gone.
func (t *tx) row(id string) (grants []grant) {
	if id != everySite {
		if s, ok := t.site(id); !ok || s.Revoked {
			return nil
		}
	}
	var own []vouched
	t.get(bucketVouched, id, &own)
	for _, v := range own {
		grants = append(grants, grant{row: id, prefix: v.Prefix, until: v.Until, why: v.By, vouched: true})
	}
	var entered []AllowEntry
	t.get(bucketEntered, id, &entered)
	for _, e := range entered {
		if e.For != Boxes {
			grants = append(grants, grant{row: id, prefix: e.Prefix, until: e.Until, why: whyEntered})
		}
	}
	return grants
}

// refreshAllow reads rows anew after a commit that may have changed them,
// whoever made it. It reads what stands now: of two commits the later one's
// rows are seen last, whichever is refreshed first.
func (p *Platform) refreshAllow(rows map[string]bool) {
	if len(rows) == 0 {
		return
	}
	p.allow.refresh.Lock()
	defer p.allow.refresh.Unlock()
	read := map[string][]grant{}
	err := p.view(func(t *tx) {
		for id := range rows {
			if read[id] = t.row(id); t.err != nil {
				p.log.Error("a site's part of the allow-list cannot be read and does not count", "site", id, "err", t.err)
				read[id], t.err = nil, nil
			}
		}
	})
	if err != nil {
		p.log.Error("the allow-list cannot be read and stands as it was", "err", err)
		return
	}
	p.allow.set(read, p.now())
}

// loadAllow reads all rows, those too that are no more.
func (p *Platform) loadAllow() error {
	rows := p.allow.all()
	err := p.view(func(t *tx) {
		for _, bucket := range []string{bucketVouched, bucketEntered} {
			t.walk(bucket, "", "", func(id string, _ []byte) bool {
				rows[id] = true
				return true
			})
		}
	})
	if err != nil {
		return fmt.Errorf("read the allow-list: %w", err)
	}
	p.refreshAllow(rows)
	return nil
}

const (
	// expiredFor is how long an entry that ended stays: a platform whose clock
	// leapt ahead for a while has lost nothing when it is put right.
	expiredFor = 24 * time.Hour
)

// sweepAllow takes out what ended long ago, and what lasts longer than anything can:
// it was made while the clock was ahead, and must not count again in the end.
func (p *Platform) sweepAllow() error {
	var after string
	for more := true; more; {
		err := p.update(func(t *tx) { after, more = t.sweepVouched(after) })
		if err != nil {
			return fmt.Errorf("sweep the allow-list: %w", err)
		}
	}
	return nil
}

func (t *tx) sweepVouched(after string) (last string, more bool) {
	now, n := t.p.now(), 0
	put := map[string][]vouched{}
	t.walk(bucketVouched, "", after, func(id string, value []byte) bool {
		if n++; n > sweepSlice {
			more = true
			return false
		}
		last = id
		var list []vouched
		if err := json.Unmarshal(value, &list); err != nil {
			t.fail(err)
			return false
		}
		if kept := swept(list, now); len(kept) != len(list) {
			put[last] = kept
		}
		return true
	})
	for id, kept := range put {
		if len(kept) == 0 {
			t.del(bucketVouched, id)
		} else {
			t.put(bucketVouched, id, kept)
		}
	}
	return last, more
}

func swept(list []vouched, now time.Time) (kept []vouched) {
	for _, v := range list {
		if v.holds(now) || !now.Before(v.Until) && now.Sub(v.Until) < expiredFor {
			kept = append(kept, v)
		}
	}
	return kept
}
