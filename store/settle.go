package store

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
)

// StoreReplaced is the audit event of a database that does not carry on where
// it stopped: a copy, or a fresh one, in the place of a damaged file, or a
// backup brought back.
type StoreReplaced struct {
	SetAside string    `json:"set_aside,omitempty"` // name the damaged file was given
	Copied   time.Time `json:"copied,omitzero"`     // when the copy was made; zero is a fresh database
	Burnt    int       `json:"burnt"`               // devices whose unused one-time password was made void
	Tickets  int       `json:"tickets,omitempty"`   // tickets that were made void
}

// Kind names the event in the log.
func (StoreReplaced) Kind() string { return "store-replaced" }

// settle brings a file that is blank or a copy, whose audit log was changed or
// whose time goes back, to where it can be used, in one transaction, and reads
// it again. m is nil for a blank file.
func (s *Store) settle(db *bolt.DB, m *memory, back time.Duration) (*memory, error) {
	fresh := m == nil
	if fresh {
		m = &memory{meta: newMeta(s.key, s.clock.time())}
	}
	copied := m.meta.Copied
	var was burnt
	s.adopt(m)
	err := db.Update(func(tx *bolt.Tx) (err error) {
		for _, name := range buckets {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return fmt.Errorf("make bucket %s: %w", name, err)
			}
		}
		m.meta.Copied = time.Time{}
		if err := putMeta(tx, m.meta); err != nil {
			return err
		}
		was, err = s.begin(tx, begun{fresh, copied, m.cut, back})
		return err
	})
	if err == nil && fresh {
		err = syncDir(filepath.Dir(s.path)) // the name must last as well
	}
	if err != nil {
		return nil, fmt.Errorf("settle database: %w", err)
	}
	s.tell(fresh, copied, was)
	again, err := readAll(db, s.key)
	if err == nil {
		again.keep(s.journal.behind, m.leases)
	}
	return again, err
}

// begun is in which of these ways a file does not just carry on.
type begun struct {
	fresh  bool
	copied time.Time     // zero if it is no copy
	cut    bool          // the audit log was changed
	back   time.Duration // the time goes back by this
}

// begin writes what a file starts with: the policy of a fresh one, the burnt
// passwords of a copy, times moved with the clock, and notes in the audit log
// that the past is not whole.
func (s *Store) begin(tx *bolt.Tx, how begun) (was burnt, err error) {
	v := s.view()
	d := draft{now: s.clock.time()}
	fresh, copied := how.fresh, how.copied
	replaced := !copied.IsZero() || s.report.SetAside != ""
	if replaced {
		// Revs given between the copy and now are not known. This is above all
		// of them, and below 2^53 for whoever reads JSON numbers as floats.
		v.rev = max(v.rev+1<<20, uint64(max(0, d.now.UnixMicro())))
	}
	if fresh {
		if err := s.putPolicy(v, &d, mintPolicy(s.cfg)); err != nil {
			return burnt{}, err
		}
	}
	if !copied.IsZero() {
		if was, err = s.burn(v, &d); err != nil {
			return burnt{}, err
		}
	}
	if replaced {
		event := StoreReplaced{SetAside: baseName(s.report.SetAside), Copied: stamp(copied), Burnt: was.otps, Tickets: was.tickets}
		if err := d.record([]audit.Record{{By: audit.Actor{Front: "store"}, Event: event}}); err != nil {
			return burnt{}, err
		}
	}
	if err := s.note(v, &d, how); err != nil {
		return burnt{}, err
	}
	if err := v.apply(tx, &d); err != nil {
		return burnt{}, err
	}
	if err := v.chain.put(tx, s.seals); err != nil {
		return burnt{}, err
	}
	return was, v.finish(tx)
}

// note deals with an audit log that was changed and a time that goes back.
func (s *Store) note(v *view, d *draft, how begun) error {
	if how.cut {
		event := ChainBroken{At: v.chain.broken, Why: v.chain.why}
		if err := d.record([]audit.Record{{By: audit.Actor{Front: "store"}, Event: event}}); err != nil {
			return err
		}
	}
	if how.back > 0 {
		return s.setBack(v, d, how.back)
	}
	return nil
}

// burnt counts what was made void in a copy.
type burnt struct{ otps, tickets int }

// burn voids, in every device of a copy, what is accepted once and may have
// been accepted since: the armed one-time password, the ticket and the PIN
// entered.
func (s *Store) burn(v *view, d *draft) (was burnt, err error) {
	if err := s.burnTokens(d); err != nil {
		return burnt{}, err
	}
	s.burnLetters(d)
	if err := s.burnTemporary(v, d); err != nil {
		return burnt{}, err
	}
	for mac := range s.devices {
		rec := v.device(d, mac)
		next := *rec
		if !next.Enrolment.OTP.Used {
			next.Enrolment.OTP.Used = true
			was.otps++
		}
		if next.Enrolment.Ticket.State.IsLive() {
			next.Enrolment = auth.VoidTicket(next.Enrolment)
			was.tickets++
		}
		next.Enrolment.Pass = auth.Pass{}
		if sameDevice(*rec, next) {
			continue
		}
		if _, err := s.putDevice(v, d, *rec, next, mac); err != nil {
			return burnt{}, err
		}
	}
	return was, nil
}

// tell puts what settle did into the report.
func (s *Store) tell(fresh bool, copied time.Time, was burnt) {
	switch {
	case !copied.IsZero():
		s.report.Restored = true
		s.report.Detail += fmt.Sprintf(" The state is that of the copy made at %s. %d unused one-time passwords in it were made void: allow them again with `lineside device allow-otp MAC`. Phones that enrolled later must enrol again; resets and removals made later must be made again. Addresses leased later are not known.",
			copied.UTC().Format(time.RFC3339), was.otps)
		if was.tickets > 0 {
			s.report.Detail += fmt.Sprintf(" %d tickets were made void as well: make them anew with `lineside otp ticket MAC`.", was.tickets)
		}
	case fresh && s.report.SetAside != "":
		s.report.Detail += " There was no copy to go back to, so this is an empty database: import the devices with `lineside device import FILE`, or restore a backup with `lineside restore FILE`."
	}
	s.report.Detail = strings.TrimSpace(s.report.Detail)
}

func baseName(path string) string {
	if path == "" {
		return ""
	}
	return filepath.Base(path)
}
