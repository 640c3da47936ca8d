package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/phone"
)

// bucketHours came after schema 2 and is made when first written to.
const bucketHours = "hours"

// hourSchema is the newest schema of a stored hour.
//
//	1  first
const hourSchema = 1

// storedHour is what phones were given within an hour, under its start in
// seconds, big-endian. All fields since schema 1.
type storedHour struct {
	version
	Start      time.Time `json:"start"`
	Full       int       `json:"full,omitempty"`
	Holding    int       `json:"holding,omitempty"`
	Challenged int       `json:"challenged,omitempty"`
	Refused    int       `json:"refused,omitempty"`
	Enrolled   int       `json:"enrolled,omitempty"`
}

// Hours gives every hour kept, oldest first. It reads the file; it is for
// start-up.
func (s *Store) Hours() ([]phone.Hour, error) {
	var all []phone.Hour
	err := s.read(func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte(bucketHours))
		if b == nil {
			return nil
		}
		return b.ForEach(func(k, value []byte) error {
			h, err := decodeHour(k, value)
			if err == nil {
				all = append(all, h)
			}
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read the hours: %w", err)
	}
	return all, nil
}

// SaveHours keeps the hours named, each in place of what was kept of it, and
// forgets those that start at gone.
func (s *Store) SaveHours(ctx context.Context, keep []phone.Hour, gone []time.Time) error {
	return s.submit(ctx, func(_ *view, d *draft) error {
		for _, h := range keep {
			value, err := frame(storedHour{
				version: version{hourSchema}, Start: stamp(h.Start), Full: h.Full, Holding: h.Holding, Challenged: h.Challenged, Refused: h.Refused, Enrolled: h.Enrolled,
			})
			if err != nil {
				return fmt.Errorf("encode an hour: %w", err)
			}
			d.put(bucketHours, hourKey(h.Start), value)
		}
		for _, start := range gone {
			d.delete(bucketHours, hourKey(start))
		}
		return nil
	})
}

func hourKey(start time.Time) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(start.Unix()))
}

// decodeHour reads the value stored under key.
func decodeHour(key, value []byte) (phone.Hour, error) {
	s, err := parse[storedHour](value, hourSchema)
	if err != nil {
		return phone.Hour{}, err
	}
	h := phone.Hour{Start: stamp(s.Start), Full: s.Full, Holding: s.Holding, Challenged: s.Challenged, Refused: s.Refused, Enrolled: s.Enrolled}
	if string(key) != string(hourKey(h.Start)) {
		return phone.Hour{}, fmt.Errorf("%w: hour %s stands in another's place", errDamaged, h.Start)
	}
	return h, nil
}
