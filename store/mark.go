package store

import (
	"context"
	"fmt"
	"reflect"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
)

// clockSchema is the newest schema of the clock record.
//
//	1  first, in files of schema 2
const clockSchema = 1

// clockKey is the clock record's key in the meta bucket.
const clockKey = "clock"

// markEvery is how often the time is written when nothing else is.
const markEvery = time.Minute

// storedClock is the highest time the box has gone by. All fields since
// schema 1.
type storedClock struct {
	version
	Mark time.Time `json:"mark"`
}

// readMark gives the highest time on disk, zero for none.
func readMark(tx *bolt.Tx) (time.Time, error) {
	value := tx.Bucket([]byte(bucketMeta)).Get([]byte(clockKey))
	if value == nil {
		return time.Time{}, nil
	}
	s, err := parse[storedClock](value, clockSchema)
	if err != nil {
		return time.Time{}, fmt.Errorf("read clock record: %w", err)
	}
	return stamp(s.Mark), nil
}

// lastMark is m's, or none where m is of a blank file.
func (m *memory) lastMark() time.Time {
	if m == nil {
		return time.Time{}
	}
	return m.mark
}

// putMark writes the time with what else a transaction writes. Within a second
// of the last it is left out.
func (v *view) putMark(tx *bolt.Tx) error {
	now := v.s.clock.time()
	if off := now.Sub(v.mark); off < time.Second && off > -clockSlack {
		return nil
	}
	v.mark = stamp(now)
	value, err := frame(storedClock{version{clockSchema}, v.mark})
	if err != nil {
		return fmt.Errorf("encode clock record: %w", err)
	}
	return tx.Bucket([]byte(bucketMeta)).Put([]byte(clockKey), value)
}

// keepMark writes the time alone, unless a commit has just done so, and has the
// database take over what the journal has. What may go wrong is told by the
// commit.
func (s *Store) keepMark() {
	c := newCatchUp()
	if s.clock.time().Sub(s.mark) >= markEvery {
		c.compute = func(_ *view, d *draft) error { d.mark = true; return nil }
	}
	s.commit([]*change{c})
}

// Mark writes the time and nothing else, in a transaction of its own like a
// change, and returns once that is on disk. It is for an answer whose time must
// not tell whether there was anything to change.
func (s *Store) Mark(ctx context.Context) error {
	return s.submit(ctx, func(_ *view, d *draft) error { d.mark = true; return nil })
}

// ClockSetBack is the audit event of a time that proved wrong: the box had gone
// by one that lay ahead, and goes by the right one from here on.
type ClockSetBack struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Moved is how many devices held a time ahead of the right one.
	Moved int `json:"moved"`
}

// Kind names the event in the log.
func (ClockSetBack) Kind() string { return "clock-set-back" }

// setBack moves every time that lies ahead of now back by as much as the clock
// was: what was to last another ten minutes still does, and what happened two
// minutes before the end of the wrong time did so two minutes ago.
func (s *Store) setBack(v *view, d *draft, by time.Duration) error {
	moved := 0
	for mac := range s.devices {
		rec := v.device(d, mac) // as burning, if it is a copy, has left it
		next, err := s.codec().moved(*rec, d.now, by)
		if err != nil {
			return err
		}
		if sameDevice(*rec, next) {
			continue
		}
		if _, err := s.putDevice(v, d, *rec, next, mac); err != nil {
			return err
		}
		moved++
	}
	if err := s.setBackPolicy(v, d, by); err != nil {
		return err
	}
	return d.record([]audit.Record{{
		By:    audit.Actor{Front: "store"},
		Event: ClockSetBack{From: stamp(d.now.Add(by)), To: stamp(d.now), Moved: moved},
	}})
}

func (s *Store) setBackPolicy(v *view, d *draft, by time.Duration) error {
	_, next, err := s.codec().writePolicy(*v.policyNow()) // a copy that shares nothing
	if err != nil {
		return err
	}
	moveTimes(reflect.ValueOf(next).Elem(), d.now, by)
	if samePolicy(*v.policyNow(), *next) {
		return nil
	}
	return s.putPolicy(v, d, *next)
}

// moved is a copy of rec that shares nothing with it, its times moved.
func (c codec) moved(rec auth.Record, now time.Time, by time.Duration) (auth.Record, error) {
	value, err := c.encodeDevice(rec)
	if err != nil {
		return auth.Record{}, fmt.Errorf("encode device %s: %w", rec.Device.MAC, err)
	}
	next, err := c.decodeDevice(rec.Device.MAC[:], value)
	if err != nil {
		return auth.Record{}, fmt.Errorf("read back device %s: %w", rec.Device.MAC, err)
	}
	moveTimes(reflect.ValueOf(next).Elem(), now, by)
	return *next, nil
}

// moveTimes goes through all that v holds, so that a time added to a record
// later is not forgotten here.
func moveTimes(v reflect.Value, now time.Time, by time.Duration) {
	if t, ok := v.Addr().Interface().(*time.Time); ok {
		if t.After(now) {
			*t = t.Add(-by)
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				moveTimes(v.Field(i), now, by)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			moveTimes(v.Index(i), now, by)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			moveTimes(v.Elem(), now, by)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(v.MapIndex(key))
			moveTimes(value, now, by)
			v.SetMapIndex(key, value)
		}
	}
}
