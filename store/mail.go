package store

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
)

// bucketMail came after schema 2 and is made when first written to. It holds the
// letters that wait to be sent, each sealed whole: there are passwords in them.
const bucketMail = "mail"

// mailSchema is the newest schema of a stored letter; what is sealed has its own.
//
//	1  first
const mailSchema = 1

// maxLetterID bounds a letter's ID in bytes.
const maxLetterID = maxKey

// storedLetter is a letter under its ID. All fields since schema 1.
type storedLetter struct {
	version
	ID     string `json:"id"`
	Letter string `json:"sealed_letter"`
}

// letters is every letter by ID. It is shared and never changed: a change makes
// another one.
type letters map[string]phone.Secret

// Letters gives a copy of the letters, each whole as one secret, by ID.
func (s *Store) Letters() map[string]phone.Secret { return maps.Clone(*s.letters.Load()) }

// ChangeLetters puts some letters, of which an empty one is deleted, and returns
// once they are on disk with the events.
func (s *Store) ChangeLetters(ctx context.Context, puts map[string]phone.Secret, events []audit.Record) error {
	s.letterMu.Lock()
	defer s.letterMu.Unlock()
	next := letters(s.Letters())
	err := s.submit(ctx, func(_ *view, d *draft) error {
		for _, id := range slices.Sorted(maps.Keys(puts)) {
			if err := s.codec().putLetter(d, next, id, puts[id]); err != nil {
				return err
			}
		}
		return d.record(events)
	})
	if err != nil {
		return err
	}
	s.letters.Store(&next)
	return nil
}

// putLetter puts one letter into d and next.
func (c codec) putLetter(d *draft, next letters, id string, letter phone.Secret) error {
	if letter.IsZero() {
		delete(next, id)
		d.delete(bucketMail, []byte(id))
		return nil
	}
	value, err := c.encodeLetter(id, letter)
	if err == nil {
		next[id], err = c.decodeLetter([]byte(id), value)
	}
	if err != nil {
		return fmt.Errorf("keep letter %.40q: %w", id, err)
	}
	d.put(bucketMail, []byte(id), value)
	return nil
}

// burnLetters removes the letters of a copy: they were sent since, and what they
// say may no longer be so.
func (s *Store) burnLetters(d *draft) {
	left := *s.letters.Load()
	if len(left) == 0 {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(left)) {
		d.delete(bucketMail, []byte(id))
	}
	s.report.Detail += fmt.Sprintf(" %d letters that waited to be mailed in it were removed: whoever still waits for a password can ask for another.", len(left))
}

func (c codec) letterSealer(id []byte) sealer {
	return c.key.sealer(bucketMail, hex.EncodeToString(id))
}

func (c codec) encodeLetter(id string, letter phone.Secret) ([]byte, error) {
	return frame(storedLetter{
		version: version{mailSchema}, ID: id, Letter: c.letterSealer([]byte(id)).seal("letter", letter),
	})
}

// decodeLetter reads the value stored under key.
func (c codec) decodeLetter(key, value []byte) (phone.Secret, error) {
	s, err := parse[storedLetter](value, mailSchema)
	if err != nil {
		return phone.Secret{}, err
	}
	if s.ID == "" || len(s.ID) > maxLetterID || !bytes.Equal(key, []byte(s.ID)) || s.Letter == "" {
		return phone.Secret{}, fmt.Errorf("%w: letter %.40q is not where it should be", errDamaged, s.ID)
	}
	return c.letterSealer(key).open("letter", s.Letter)
}

// readLetters reads every letter; a file that never had one has no bucket.
func readLetters(tx *bolt.Tx, c codec) (letters, error) {
	all := letters{}
	if tx.Bucket([]byte(bucketMail)) == nil {
		return all, nil
	}
	err := walk(tx, bucketMail, func(k, value []byte) error {
		l, err := c.decodeLetter(k, value)
		if err == nil {
			all[string(k)] = l
		}
		return err
	})
	return all, err
}
