package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/phone"
)

// Buckets of the SIP service. They came after schema 2 and are made when first
// written to: a file without them is whole, and older builds do not look.
const (
	bucketBindings = "bindings"
	bucketSBCs     = "sbcs"
)

// bindingSchema is the newest schema of a stored binding and of a stored SBC.
//
//	1  first
const bindingSchema = 1

// storedBinding is a binding as it is kept, under its MAC. All fields since
// schema 1.
type storedBinding struct {
	version
	MAC       storedMAC       `json:"mac"`
	Contact   string          `json:"contact"`
	Source    netip.AddrPort  `json:"source"`
	Local     netip.AddrPort  `json:"local"`
	Transport phone.Transport `json:"transport"`
	CallID    string          `json:"call_id,omitempty"`
	Agent     string          `json:"user_agent,omitempty"`
	Vendor    phone.Vendor    `json:"vendor,omitempty"`
	Model     string          `json:"model,omitempty"`
	Since     time.Time       `json:"since,omitzero"`
	Expires   time.Time       `json:"expires,omitzero"`
}

// storedSBC says when an SBC last answered, under the hash of its name. All
// fields since schema 1.
type storedSBC struct {
	version
	Name     string    `json:"name"`
	Answered time.Time `json:"answered"`
	// Addrs are where it answered, so that a call finds it with DNS dead; older
	// builds wrote none.
	Addrs []netip.AddrPort `json:"addrs,omitempty"`
}

// Bindings gives every binding kept, expired or not, in order of MAC. It reads
// the file; it is for start-up.
func (s *Store) Bindings() ([]phone.Binding, error) {
	var all []phone.Binding
	err := s.read(func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte(bucketBindings))
		if b == nil {
			return nil
		}
		return b.ForEach(func(k, value []byte) error {
			one, err := decodeBinding(k, value)
			if err == nil {
				all = append(all, one)
			}
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read bindings: %w", err)
	}
	return all, nil
}

// SaveBindings keeps the bindings named, each in place of its phone's last, and
// forgets those of the phones in gone.
func (s *Store) SaveBindings(ctx context.Context, keep []phone.Binding, gone []phone.MAC) error {
	return s.submit(ctx, func(_ *view, d *draft) error {
		for _, b := range keep {
			if err := putOf(d, bucketBindings, "binding", b.MAC, storeBinding(b), decodeBinding); err != nil {
				return err
			}
		}
		for _, mac := range gone {
			d.delete(bucketBindings, mac[:])
		}
		return nil
	})
}

// SBCAnswered gives when the SBC of that name last answered the box, the zero
// time if it never did, and the addresses it was reached at.
func (s *Store) SBCAnswered(name string) (at time.Time, addrs []netip.AddrPort, err error) {
	err = s.read(func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte(bucketSBCs))
		if b == nil {
			return nil
		}
		value := b.Get(sbcKey(name))
		if value == nil {
			return nil
		}
		one, err := parse[storedSBC](value, bindingSchema)
		if err == nil && one.Name == name {
			at, addrs = stamp(one.Answered), one.Addrs
		}
		return err
	})
	if err != nil {
		return time.Time{}, nil, fmt.Errorf("read when SBC %.80q answered: %w", name, err)
	}
	return at, addrs, nil
}

// SaveSBCAnswered keeps when the SBC of that name answered, and where.
func (s *Store) SaveSBCAnswered(ctx context.Context, name string, at time.Time, addrs []netip.AddrPort) error {
	return s.submit(ctx, func(_ *view, d *draft) error {
		value, err := frame(storedSBC{version: version{bindingSchema}, Name: name, Answered: stamp(at), Addrs: addrs})
		if err != nil {
			return fmt.Errorf("encode SBC %.80q: %w", name, err)
		}
		d.put(bucketSBCs, sbcKey(name), value)
		return nil
	})
}

// sbcKey fits a name of any length into a key.
func sbcKey(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	return sum[:16]
}

func storeBinding(b phone.Binding) storedBinding {
	return storedBinding{
		version: version{bindingSchema},
		MAC:     storedMAC(b.MAC), Contact: b.Contact, Source: b.Source, Local: b.Local, Transport: b.Transport,
		CallID: b.CallID, Agent: b.Agent, Vendor: b.Vendor, Model: b.Model, Since: stamp(b.Since), Expires: stamp(b.Expires),
	}
}

// decodeBinding reads the value stored under key.
func decodeBinding(key, value []byte) (phone.Binding, error) {
	s, err := parse[storedBinding](value, bindingSchema)
	if err != nil {
		return phone.Binding{}, err
	}
	if !bytes.Equal(key, s.MAC[:]) {
		return phone.Binding{}, fmt.Errorf("%w: binding of %s stands in another's place", errDamaged, phone.MAC(s.MAC))
	}
	return phone.Binding{
		MAC: phone.MAC(s.MAC), Contact: s.Contact, Source: s.Source, Local: s.Local, Transport: s.Transport,
		CallID: s.CallID, Agent: s.Agent, Vendor: s.Vendor, Model: s.Model, Since: stamp(s.Since), Expires: stamp(s.Expires),
	}, nil
}
