package central

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/lineside/lineside/sync/wire"
)

// SetOffer says where boxes reach the platform from now on. A box that joins is
// told, and every other when it connects next.
func (p *Platform) SetOffer(o wire.Offer) error {
	if err := o.Check(); err != nil {
		return err
	}
	p.offer.Store(&o)
	return nil
}

// Connection is a box's connection, as whoever serves it sees it.
type Connection struct {
	// NKey is the key it has proved over NATS, empty over HTTPS; Site whose it
	// says it is, which over HTTPS it has proved.
	NKey, Site string
	// Address is where it comes from, zero if that is not known.
	Address netip.Addr
	// Server and ID name it among those of its broker.
	Server, ID string
}

// ErrNotAdmitted is the one answer to every box that may not connect.
var ErrNotAdmitted = errors.New("the platform does not know this box, or no longer: join it again with a new token")

// maxAddresses bounds what is kept of one site: a few lines to the Internet,
// and those it had before.
const maxAddresses = 8

// contact is what is known of a site's connections.
type contact struct {
	// Addresses are what they came from; the last one is the newest connection's.
	Addresses []Address `json:"addresses,omitempty"`
}

// Address is one address a site has connected from.
type Address struct {
	Addr netip.Addr `json:"address"`
	// First and Last are when, to about an hour: a connection that only goes on
	// is not worth a write.
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

const addressStale = time.Hour

// current is the newest connection's address, zero if there was none.
func (c contact) current() netip.Addr {
	if len(c.Addresses) == 0 {
		return netip.Addr{}
	}
	return c.Addresses[len(c.Addresses)-1].Addr
}

// connected puts an address last; changed is false where that is not worth a
// write. The one unused for longest makes room.
func (c contact) connected(a netip.Addr, now time.Time) (next contact, changed bool) {
	i := slices.IndexFunc(c.Addresses, func(s Address) bool { return s.Addr == a })
	last := len(c.Addresses) - 1
	if i >= 0 && i == last && now.Sub(c.Addresses[i].Last).Abs() < addressStale {
		return c, false
	}
	fresh := Address{Addr: a, First: now, Last: now}
	list := slices.Clone(c.Addresses)
	if i >= 0 {
		fresh.First = list[i].First
		list = slices.Delete(list, i, i+1)
	}
	list = append(list, fresh)
	c.Addresses = list[max(0, len(list)-maxAddresses):]
	return c, true
}

// Admit says whether a box may connect, and whose it is; its address is kept
// before the answer, so whoever asks next from that connection is known by it.
// A connection that changes nothing writes nothing: all of a fleet comes back
// at once. A platform that has been deaf for a while lets nobody in and turns
// nobody away: ErrBusy, and another central may know.
func (p *Platform) Admit(ctx context.Context, c Connection) (site string, err error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if err := p.hears(); err != nil {
		return "", err
	}
	note := false
	err = p.view(func(t *tx) { site, note = t.admit(c) })
	if err != nil || !note {
		return site, err
	}
	err = p.update(func(t *tx) {
		if site, note = t.admit(c); note {
			t.connected(site, c.Address)
		}
	})
	return site, err
}

// admit looks whether the connection's box may be here, and whether its
// address is news.
func (t *tx) admit(c Connection) (id string, news bool) {
	id = c.Site
	if c.NKey != "" && !t.get(bucketNKeys, c.NKey, &id) || c.Site != "" && c.Site != id {
		t.fail(ErrNotAdmitted)
		return "", false
	}
	s, ok := t.site(id)
	if !ok || s.Revoked || s.Verifier == "" || s.NKey != c.NKey && c.NKey != "" {
		t.fail(ErrNotAdmitted)
		return "", false
	}
	_, news = t.contact(id).connected(plain(c.Address), t.p.now())
	return id, news && c.Address.IsValid()
}

// plain is an address without what it looks like on this machine.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

func (t *tx) contact(id string) (c contact) {
	t.get(bucketContacts, id, &c)
	return c
}

// connected notes where a site's newest connection comes from.
func (t *tx) connected(id string, a netip.Addr) {
	if !a.IsValid() {
		return
	}
	if c, news := t.contact(id).connected(plain(a), t.p.now().UTC()); news {
		t.put(bucketContacts, id, c)
	}
}

// reconcileSlice is how many connections one transaction looks at.
const reconcileSlice = 200

// Connected is told all connections there are, each with its site, at the
// start of a broker and every few minutes: an address the platform missed is
// kept now, and a box that should not be here any more is cut off.
func (p *Platform) Connected(ctx context.Context, all []Connection) error {
	from := map[string][]netip.Addr{}
	for _, c := range all {
		from[c.Site] = append(from[c.Site], plain(c.Address))
	}
	for part := range slices.Chunk(all, reconcileSlice) {
		if err := ctx.Err(); err != nil {
			return err
		}
		gone, err := p.reconcile(part, from)
		if err != nil {
			return fmt.Errorf("look through the connections: %w", err)
		}
		for _, id := range gone {
			p.cutOff(id)
		}
	}
	return nil
}

func (p *Platform) reconcile(part []Connection, from map[string][]netip.Addr) (gone []string, err error) {
	var news []Connection
	look := func(t *tx) {
		gone, news = nil, nil
		for _, c := range part {
			_, fresh := t.admit(c)
			if errors.Is(t.err, ErrNotAdmitted) {
				t.err = nil
				gone = append(gone, c.Site)
				continue
			}
			// An older connection that has not ended yet does not take the place
			// of the newest.
			newest := t.contact(c.Site).current()
			if fresh && (plain(c.Address) == newest || !slices.Contains(from[c.Site], newest)) {
				news = append(news, c)
			}
		}
	}
	if err = p.view(look); err != nil || len(news) == 0 {
		return gone, err
	}
	return gone, p.update(func(t *tx) {
		look(t)
		for _, c := range news {
			t.connected(c.Site, c.Address)
		}
	})
}

// Addresses are those a site has connected from, the newest connection's last.
func (p *Platform) Addresses(id string) (list []Address, err error) {
	err = p.view(func(t *tx) {
		if _, ok := t.site(id); !ok {
			t.fail(fmt.Errorf("site %s: %w", id, ErrUnknownSite))
			return
		}
		list = t.contact(id).Addresses
	})
	return list, err
}

// OnRevoke has f called with every site whose box is to be cut off: it was
// revoked, or another took its place. f must not wait.
func (p *Platform) OnRevoke(f func(site string)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.revoked = append(p.revoked, f)
}

func (p *Platform) cutOff(id string) {
	p.mu.Lock()
	all := slices.Clone(p.revoked)
	p.mu.Unlock()
	for _, f := range all {
		f(id)
	}
}

// ErrNKey says that a box's key for NATS is not one, or is another site's.
var ErrNKey = errors.New("the box's key for NATS cannot be taken: let it make a new one by joining again")

// checkNKey checks the form: "U", then 55 letters and digits of base 32.
func checkNKey(k string) error {
	if k != "" && (len(k) != 56 || k[0] != 'U' || strings.Trim(k, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "") {
		return ErrNKey
	}
	return nil
}

// setNKey gives a site's box another key for NATS. Public halves are no
// secret: a box that joins with another site's must not take its name away.
func (t *tx) setNKey(id, old, next string) {
	if old != "" {
		t.del(bucketNKeys, old)
	}
	if next == "" {
		return
	}
	var holder string
	if t.get(bucketNKeys, next, &holder) && holder != id {
		t.fail(ErrNKey)
		return
	}
	t.put(bucketNKeys, next, id)
}
