package central

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

// Reach is where an operator's entry counts.
type Reach string

// Reaches.
const (
	// Everywhere is at the platform's own edge and at the boxes.
	Everywhere Reach = "all"
	// Edge is where phones reach the platform by themselves.
	Edge Reach = "edge"
	// Boxes is at the boxes alone: phones with such an address on their LAN.
	Boxes Reach = "boxes"
)

// AllowEntry is a range an operator entered, for a site or all of the platform. A
// range has one entry in each list.
type AllowEntry struct {
	Prefix netip.Prefix `json:"prefix"`
	Note   string       `json:"note,omitempty"`
	// Until is when it ends, zero for good.
	Until time.Time `json:"until,omitzero"`
	For   Reach     `json:"for"`
	// By is who entered it, At when.
	By string    `json:"by,omitempty"`
	At time.Time `json:"at"`
}

// ErrEntry says what is wrong with an entry.
var ErrEntry = errors.New("this cannot be entered into the allow-list")

// Bounds of one list. A box is told its own and the platform's in one document,
// and takes 256.
const (
	maxEntries    = 128
	maxEntryBytes = 28 << 10
	maxNote       = 80
)

// keepEntry is how long an entry that has ended is still shown.
const keepEntry = 7 * 24 * time.Hour

// ParsePrefix reads a range as operators write it: an address, an address with
// the length of its network, or with a mask.
func ParsePrefix(s string) (netip.Prefix, error) {
	addr, length, ranged := strings.Cut(strings.TrimSpace(s), "/")
	a, err := netip.ParseAddr(addr)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("%w: %q is no address: want 203.0.113.7, 203.0.113.0/24, 203.0.113.0/255.255.255.0 or 2001:db8::/48", ErrEntry, clip(s, 60))
	}
	if a.Is4In6() {
		return netip.Prefix{}, fmt.Errorf("%w: write %s as the IPv4 address it is", ErrEntry, a)
	}
	if !ranged {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(addr + "/" + length)
	if mask, maskErr := netip.ParseAddr(length); err != nil && a.Is4() && maskErr == nil && mask.Is4() {
		p, err = masked(a, mask)
	}
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%w: %q is no length of a network and no mask", ErrEntry, clip(length, 40))
	}
	if p != p.Masked() {
		return netip.Prefix{}, fmt.Errorf("%w: %s is an address within %s: enter the one or the other", ErrEntry, p, p.Masked())
	}
	return p, nil
}

// masked reads a mask, which has ones only before zeros.
func masked(a, mask netip.Addr) (netip.Prefix, error) {
	for bits := range 33 {
		if p := netip.PrefixFrom(a, bits); maskOf(bits) == mask {
			return p, nil
		}
	}
	return netip.Prefix{}, fmt.Errorf("%s has zeros between its ones", mask)
}

func maskOf(bits int) netip.Addr {
	p, _ := netip.AddrFrom4([4]byte{255, 255, 255, 255}).Prefix(bits) // 0 to 32
	return p.Addr()
}

// widest is the shortest length an entry may have: nobody means to let in half
// of the Internet.
func widest(a netip.Addr) int {
	if a.Is4() {
		return 8
	}
	return 19 // the largest ever given to a provider (RIPE, 2005)
}

// checked is an entry as it is kept, or what is wrong with it.
func (e AllowEntry) checked(now time.Time) (AllowEntry, error) {
	if !e.Prefix.IsValid() || e.Prefix != e.Prefix.Masked() || e.Prefix.Addr().Is4In6() {
		return e, fmt.Errorf("%w: %s is no range", ErrEntry, e.Prefix)
	}
	if least := widest(e.Prefix.Addr()); e.Prefix.Bits() < least {
		return e, fmt.Errorf("%w: %s is too wide: the widest is /%d", ErrEntry, e.Prefix, least)
	}
	if !e.Until.IsZero() && !e.Until.After(now) {
		return e, fmt.Errorf("%w: %s has passed", ErrEntry, e.Until.UTC().Format(time.RFC3339))
	}
	if utf8.RuneCountInString(e.Note) > maxNote || !utf8.ValidString(e.Note) || strings.ContainsFunc(e.Note, unicode.IsControl) {
		return e, fmt.Errorf("%w: a note is one line of up to %d characters", ErrEntry, maxNote)
	}
	what := shared(e.Prefix)
	switch {
	case e.For == "" && what != "":
		return e, fmt.Errorf("%w by itself: %s is %s. At the platform's edge that is whoever comes from networks of your own, at a box it is the phones on its LAN: say which is meant, for %q, %q or %q",
			ErrEntry, e.Prefix, what, Edge, Boxes, Everywhere)
	case e.For == "":
		e.For = Everywhere
	case e.For != Everywhere && e.For != Edge && e.For != Boxes:
		return e, fmt.Errorf("%w: it is for %q, want %q, %q or %q", ErrEntry, clip(string(e.For), 20), Everywhere, Edge, Boxes)
	}
	e.Until, e.At = e.Until.UTC(), now.UTC()
	return e, nil
}

// Enter puts an entry into a site's list, or with site "" into that for all.
// One of the same range is replaced.
func (o Operator) Enter(site string, e AllowEntry) (AllowEntry, error) {
	e.By = o.by
	e, err := e.checked(o.p.now())
	if err != nil {
		return e, err
	}
	deed := Deed{What: "address allowed", Site: site, Key: e.Prefix.String(), Detail: e.words()}
	return e, o.edit(deed, func(list []AllowEntry) ([]AllowEntry, error) {
		list = slices.DeleteFunc(list, func(old AllowEntry) bool { return old.Prefix == e.Prefix })
		list = append(list, e)
		if b, err := json.Marshal(list); err != nil || len(list) > maxEntries || len(b) > maxEntryBytes {
			return nil, fmt.Errorf("%w: the list is full (%d entries): remove some, or enter a range instead of many addresses", ErrEntry, len(list)-1)
		}
		return list, nil
	})
}

// words are an entry's terms, for the audit.
func (e AllowEntry) words() string {
	until := "for good"
	if !e.Until.IsZero() {
		until = "until " + e.Until.Format(time.RFC3339)
	}
	return strings.TrimSpace(fmt.Sprintf("%s, for %s %s", until, e.For, e.Note))
}

// ErrNoEntry says that a list has no such range.
var ErrNoEntry = errors.New("the allow-list has no such entry")

// RemoveEntry takes a range out of a site's list, or with site "" out of that
// for all.
func (o Operator) RemoveEntry(site string, prefix netip.Prefix) error {
	deed := Deed{What: "address no longer allowed", Site: site, Key: prefix.String()}
	return o.edit(deed, func(list []AllowEntry) ([]AllowEntry, error) {
		left := slices.DeleteFunc(slices.Clone(list), func(e AllowEntry) bool { return e.Prefix == prefix })
		if len(left) == len(list) {
			return nil, fmt.Errorf("%s: %w", prefix, ErrNoEntry)
		}
		return left, nil
	})
}

// edit changes one list; what ended long ago is left out on the way.
func (o Operator) edit(deed Deed, change func([]AllowEntry) ([]AllowEntry, error)) error {
	err := o.change(deed, func(t *tx, _ *Deed) {
		list, row := t.entered(deed.Site)
		if t.err != nil {
			return
		}
		now := t.p.now()
		list = slices.DeleteFunc(list, func(e AllowEntry) bool { return !e.Until.IsZero() && now.Sub(e.Until) > keepEntry })
		next, err := change(slices.Clone(list))
		if err != nil {
			t.fail(err)
			return
		}
		t.put(bucketEntered, row, next)
		switch {
		case slices.Equal(forBoxes(nil, list, now), forBoxes(nil, next, now)):
		case row == everySite:
			t.spread(allowName())
		default:
			t.publish(row, allowName(), len(t.allowBody(row).Entries) == 0)
		}
	})
	return o.p.goOnAfter(err)
}

func allowName() proto.ID { return wire.DocID(wire.AllowDoc, "site") }

// allowBody is what a site's box is told: the entries for it and for all that
// count at boxes. It ends them by itself.
func (t *tx) allowBody(id string) (body wire.Allow) {
	body.Entries = []wire.AllowEntry{}
	for _, row := range []string{everySite, id} {
		var list []AllowEntry
		t.get(bucketEntered, row, &list)
		body.Entries = forBoxes(body.Entries, list, t.p.now())
	}
	return body
}

func forBoxes(out []wire.AllowEntry, list []AllowEntry, now time.Time) []wire.AllowEntry {
	for _, e := range list {
		if e.For != Edge && (e.Until.IsZero() || now.Before(e.Until)) {
			out = append(out, wire.AllowEntry{Prefix: e.Prefix.String(), Note: e.Note, Until: e.Until})
		}
	}
	return out
}

func (t *tx) entered(site string) (list []AllowEntry, row string) {
	row = site
	if site == "" {
		row = everySite
	} else if _, ok := t.site(site); !ok {
		t.fail(fmt.Errorf("site %s: %w", site, ErrUnknownSite))
		return nil, row
	}
	t.get(bucketEntered, row, &list)
	return list, row
}

// Entries are what operators entered for a site, or with site "" for all.
func (p *Platform) Entries(site string) (list []AllowEntry, err error) {
	err = p.view(func(t *tx) { list, _ = t.entered(site) })
	return list, err
}
