package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// bucketSessions came after schema 2 and is made when first written to.
const bucketSessions = "sessions"

// sessionSchema is the newest schema of a stored session.
//
//	1  first
const sessionSchema = 1

// storedSession is a session under its ID, sealed whole as accounts are.
type storedSession struct {
	version
	Session string `json:"sealed_session"`
}

// plainSession is what is sealed. All fields since schema 1.
type plainSession struct {
	Name   string     `json:"name"`
	Epoch  int64      `json:"epoch"`
	Must   auth.Must  `json:"must,omitempty"`
	Made   time.Time  `json:"made"`
	Seen   time.Time  `json:"seen"`
	Remote netip.Addr `json:"remote,omitzero"`
}

// Sessions gives the sessions there were when the file was opened.
func (s *Store) Sessions() []auth.Session { return slices.Clone(*s.sessions.Load()) }

// SaveSessions keeps some sessions and removes others, and returns once that is
// on disk.
func (s *Store) SaveSessions(ctx context.Context, put []auth.Session, remove [][sha256.Size]byte) error {
	return s.submit(ctx, func(_ *view, d *draft) error {
		for _, one := range put {
			value, err := s.codec().encodeSession(one)
			if err == nil {
				_, err = s.codec().decodeSession(one.ID[:], value)
			}
			if err != nil {
				return fmt.Errorf("keep session of %.80q: %w", one.Name, err)
			}
			d.put(bucketSessions, slices.Clone(one.ID[:]), value)
		}
		for _, id := range remove {
			d.delete(bucketSessions, id[:])
		}
		return nil
	})
}

func (c codec) sessionSealer(id []byte) sealer {
	return c.key.sealer(bucketSessions, hex.EncodeToString(id))
}

func (c codec) encodeSession(s auth.Session) ([]byte, error) {
	text, err := json.Marshal(plainSession{s.Name, s.Epoch, s.Must, stamp(s.Made), stamp(s.Seen), s.Remote})
	if err != nil {
		return nil, err
	}
	return frame(storedSession{version{sessionSchema}, c.sessionSealer(s.ID[:]).seal("session", phone.NewSecret(string(text)))})
}

// decodeSession reads the value stored under key.
func (c codec) decodeSession(key, value []byte) (auth.Session, error) {
	s, err := parse[storedSession](value, sessionSchema)
	if err != nil {
		return auth.Session{}, err
	}
	text, err := c.sessionSealer(key).open("session", s.Session)
	if err != nil {
		return auth.Session{}, err
	}
	var p plainSession
	if err := json.Unmarshal([]byte(text.Reveal()), &p); err != nil || len(key) != sha256.Size {
		return auth.Session{}, fmt.Errorf("%w: no session", errDamaged)
	}
	return auth.Session{ID: [sha256.Size]byte(key), Name: p.Name, Epoch: p.Epoch, Must: p.Must, Made: stamp(p.Made), Seen: stamp(p.Seen), Remote: p.Remote}, nil
}

// readSessions reads every session.
func readSessions(tx *bolt.Tx, c codec) (list []auth.Session, err error) {
	if tx.Bucket([]byte(bucketSessions)) == nil {
		return nil, nil
	}
	err = walk(tx, bucketSessions, func(k, value []byte) error {
		s, err := c.decodeSession(k, value)
		list = append(list, s)
		return err
	})
	return list, err
}

// dropSessions takes them out of a copy: whoever is signed in to one box is not
// to the next, and may have signed out since.
func dropSessions(tx *bolt.Tx) error {
	if tx.Bucket([]byte(bucketSessions)) == nil {
		return nil
	}
	return tx.DeleteBucket([]byte(bucketSessions))
}
