package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/lineside/lineside/phone"
)

// leaseSchema is the newest schema of a stored lease.
//
//	1  first
const leaseSchema = 1

// storedLease is a lease as it is kept, under its address's bytes. All fields
// since schema 1.
type storedLease struct {
	version
	Addr     netip.Addr       `json:"address"`
	MAC      storedMAC        `json:"mac,omitzero"`
	ClientID []byte           `json:"client_id,omitempty"`
	State    phone.LeaseState `json:"state"`
	Start    time.Time        `json:"start,omitzero"`
	Expires  time.Time        `json:"expires,omitzero"`
	Host     string           `json:"host,omitempty"`
	Class    string           `json:"class,omitempty"`
	Vendor   phone.Vendor     `json:"vendor,omitempty"`
	Model    string           `json:"model,omitempty"`
}

// Leases gives all leases, in order of address.
func (s *Store) Leases() ([]phone.Lease, error) {
	s.mu.RLock()
	found := make([]phone.Lease, 0, len(s.leases))
	for _, l := range s.leases {
		found = append(found, *l)
	}
	s.mu.RUnlock()
	order := make([]int, len(found)) // a lease is much to move about
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return found[a].Addr.Compare(found[b].Addr) })
	all := make([]phone.Lease, len(found))
	for i, at := range order {
		all[i] = found[at]
		all[i].ClientID = bytes.Clone(all[i].ClientID)
	}
	return all, nil
}

// LeaseOf gives the lease of an address that is bound to a client. Whether it
// has expired is the caller's to ask of it.
func (s *Store) LeaseOf(addr netip.Addr) (phone.Lease, bool) {
	s.mu.RLock()
	l := s.leases[plainAddr(addr)]
	s.mu.RUnlock()
	if l == nil || l.State != phone.Bound {
		return phone.Lease{}, false
	}
	return *l, true
}

// SaveLeases returns once the leases are on disk, each in place of what was
// known of its address.
func (s *Store) SaveLeases(ctx context.Context, leases []phone.Lease) error {
	room := 0
	for _, l := range leases {
		room += leaseBytes(l)
	}
	return s.submitLeases(ctx, room, func(v *view, d *draft) error {
		d.puts, d.leases = make([]put, 0, len(leases)), make(map[netip.Addr]*phone.Lease, len(leases))
		for _, l := range leases {
			if err := s.putLease(v, d, l); err != nil {
				return err
			}
		}
		return nil
	})
}

// submitLeases is submit for what writes leases alone, less than room bytes.
func (s *Store) submitLeases(ctx context.Context, room int, compute func(*view, *draft) error) error {
	return s.await(ctx, &change{compute: compute, done: make(chan error, 1), leases: max(room, 1)})
}

// DeleteLeases forgets addresses, as after a change of the pool.
func (s *Store) DeleteLeases(ctx context.Context, addrs []netip.Addr) error {
	return s.submitLeases(ctx, len(addrs)*leaseBytes(phone.Lease{}), func(v *view, d *draft) error {
		for _, addr := range addrs {
			addr = plainAddr(addr)
			if v.lease(d, addr) == nil {
				continue
			}
			d.setLease(addr, nil)
			d.delete(bucketLeases, addr.AsSlice())
		}
		return nil
	})
}

func (s *Store) putLease(v *view, d *draft, l phone.Lease) error {
	l.Addr = plainAddr(l.Addr)
	if !l.Addr.IsValid() {
		return errors.New("save lease: no address given")
	}
	if old := v.lease(d, l.Addr); old != nil && sameLease(*old, l) {
		return nil
	}
	stored := storeLease(l)
	key, value, byHand, err := d.encodeLease(&stored)
	if err != nil {
		return fmt.Errorf("encode lease of %s: %w", l.Addr, err)
	}
	if !byHand { // what is, reads back as it was: TestLeaseTextIsJSON
		back, err := decodeLease(key, value)
		if err != nil {
			return fmt.Errorf("read back lease of %s: %w", l.Addr, err)
		}
		d.setLease(l.Addr, back)
		d.put(bucketLeases, key, value)
		return nil
	}
	stored.ClientID = bytes.Clone(stored.ClientID) // the caller's until now
	d.setLease(l.Addr, stored.lease())
	d.put(bucketLeases, key, value)
	return nil
}

// encodeLease writes key and value into the room of d's own.
func (d *draft) encodeLease(s *storedLease) (key, value []byte, byHand bool, err error) {
	from := len(d.room)
	d.room = appendAddr(d.room, s.Addr)
	at := len(d.room)
	d.room, byHand, err = addLease(d.room, s)
	return d.room[from:at:at], d.room[at:len(d.room):len(d.room)], byHand, err
}

func appendAddr(b []byte, a netip.Addr) []byte {
	if a.Is4() {
		v := a.As4()
		return append(b, v[:]...)
	}
	v := a.As16()
	return append(b, v[:]...)
}

// sameLease reports that two leases differ in nothing that is kept.
func sameLease(a, b phone.Lease) bool {
	return a.Addr == b.Addr && a.MAC == b.MAC && bytes.Equal(a.ClientID, b.ClientID) && a.State == b.State &&
		stamp(a.Start).Equal(stamp(b.Start)) && stamp(a.Expires).Equal(stamp(b.Expires)) &&
		a.Host == b.Host && a.Class == b.Class && a.Vendor == b.Vendor && a.Model == b.Model
}

func (d *draft) setLease(addr netip.Addr, l *phone.Lease) {
	if d.leases == nil {
		d.leases = make(map[netip.Addr]*phone.Lease)
	}
	d.leases[addr] = l
}

// plainAddr is the one spelling of an address that is used as a key.
func plainAddr(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }

func storeLease(l phone.Lease) storedLease {
	s := storedLease{
		version: version{leaseSchema},
		Addr:    l.Addr, MAC: storedMAC(l.MAC), State: l.State, Start: stamp(l.Start), Expires: stamp(l.Expires),
		Host: l.Host, Class: l.Class, Vendor: l.Vendor, Model: l.Model,
	}
	if len(l.ClientID) > 0 {
		s.ClientID = l.ClientID
	}
	return s
}

// decodeLease reads the value stored under key.
func decodeLease(key, value []byte) (*phone.Lease, error) {
	s, err := parseLease(value)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(key, s.Addr.AsSlice()) || s.Addr != plainAddr(s.Addr) || !s.Addr.IsValid() {
		return nil, fmt.Errorf("%w: lease of %s stands in another's place", errDamaged, s.Addr)
	}
	return s.lease(), nil
}

func (s *storedLease) lease() *phone.Lease {
	return &phone.Lease{
		Addr: s.Addr, MAC: phone.MAC(s.MAC), ClientID: s.ClientID, State: s.State, Start: stamp(s.Start), Expires: stamp(s.Expires),
		Host: s.Host, Class: s.Class, Vendor: s.Vendor, Model: s.Model,
	}
}
