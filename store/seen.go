package store

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/phone"
)

// seenSchema is the newest schema of a stored sighting.
//
//	1  first
const seenSchema = 1

// storedSeen is what was last seen of a phone, as it is kept. All fields since
// schema 1.
type storedSeen struct {
	version
	MAC      storedMAC    `json:"mac"`
	At       time.Time    `json:"at,omitzero"`
	First    time.Time    `json:"first,omitzero"`
	Addr     netip.Addr   `json:"address,omitzero"`
	Front    string       `json:"front,omitempty"`
	Vendor   phone.Vendor `json:"vendor,omitempty"`
	Model    string       `json:"model,omitempty"`
	Firmware string       `json:"firmware,omitempty"`
	Serial   string       `json:"serial,omitempty"`
	Agent    string       `json:"user_agent,omitempty"`
	Count    int          `json:"count,omitempty"`
}

// Seen gives what was last seen of each phone, in order of MAC. It reads the
// file; it is for start-up and for operators.
func (s *Store) Seen() ([]phone.Seen, error) {
	var all []phone.Seen
	err := s.read(func(tx *bolt.Tx) error {
		return tx.Bucket([]byte(bucketSeen)).ForEach(func(k, value []byte) error {
			one, err := decodeSeen(k, value)
			if err == nil {
				all = append(all, one)
			}
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read sightings: %w", err)
	}
	return all, nil
}

// SaveSeen keeps the latest sighting of each phone named.
func (s *Store) SaveSeen(ctx context.Context, seen []phone.Seen) error {
	return s.submit(ctx, func(_ *view, d *draft) error {
		for _, one := range seen {
			if err := putOf(d, bucketSeen, "sighting", one.MAC, storeSeen(one), decodeSeen); err != nil {
				return err
			}
		}
		return nil
	})
}

// pruneSeen forgets the longest unseen phones once there are too many, an
// eighth at a time: finding them reads every sighting.
func (v *view) pruneSeen(tx *bolt.Tx) error {
	keep := v.s.cfg.SeenKeep
	if v.seen <= keep {
		return nil
	}
	type sighting struct {
		mac []byte
		at  time.Time
	}
	b := tx.Bucket([]byte(bucketSeen))
	all := make([]sighting, 0, v.seen)
	err := b.ForEach(func(k, value []byte) error {
		one, err := decodeSeen(k, value)
		all = append(all, sighting{slices.Clone(k), one.At})
		return err
	})
	if err != nil {
		return fmt.Errorf("prune sightings: %w", err)
	}
	slices.SortStableFunc(all, func(x, y sighting) int { return x.at.Compare(y.at) })
	for _, old := range all[:min(len(all), v.seen-keep+keep/8)] {
		if err := b.Delete(old.mac); err != nil {
			return fmt.Errorf("prune sightings: %w", err)
		}
		v.seen--
	}
	return nil
}

func storeSeen(s phone.Seen) storedSeen {
	return storedSeen{
		version: version{seenSchema},
		MAC:     storedMAC(s.MAC), At: stamp(s.At), First: stamp(s.First), Addr: s.Addr, Front: s.Front, Vendor: s.Vendor,
		Model: s.Model, Firmware: s.Firmware, Serial: s.Serial, Agent: s.Agent, Count: s.Count,
	}
}

// decodeSeen reads the value stored under key.
func decodeSeen(key, value []byte) (phone.Seen, error) {
	s, err := parse[storedSeen](value, seenSchema)
	if err != nil {
		return phone.Seen{}, err
	}
	if !bytes.Equal(key, s.MAC[:]) {
		return phone.Seen{}, fmt.Errorf("%w: sighting of %s stands in another's place", errDamaged, phone.MAC(s.MAC))
	}
	return phone.Seen{
		MAC: phone.MAC(s.MAC), At: stamp(s.At), First: stamp(s.First), Addr: s.Addr, Front: s.Front, Vendor: s.Vendor,
		Model: s.Model, Firmware: s.Firmware, Serial: s.Serial, Agent: s.Agent, Count: s.Count,
	}, nil
}
