package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
)

// tokensSchema is the newest schema of the tokens record.
//
//	1  first; files written before have no such record
const tokensSchema = 1

// tokensKey is the tokens record's key in the meta bucket.
const tokensKey = "tokens"

// Token is a token of the API as it is kept: its hash and what it is good for.
// What a role means is for others to say.
type Token struct {
	Name  string
	Role  string
	Hash  [32]byte
	Added time.Time
}

// storedTokens is the list as it is kept. All fields since schema 1.
type storedTokens struct {
	version
	Tokens []storedToken `json:"tokens,omitempty"`
}

// storedToken keeps the hash sealed for this name and this role: who can write
// to the file, but has no key, can neither add a token nor raise one.
type storedToken struct {
	Name  string    `json:"name"`
	Role  string    `json:"role"`
	Hash  string    `json:"sealed_hash"`
	Added time.Time `json:"added"`
}

// field is the name of t's hash in the associated data.
func (t storedToken) field() string { return "hash\x00" + t.Role + "\x00" + t.Name }

// Tokens gives the list. It is shared: it must not be changed.
func (s *Store) Tokens() []Token { return *s.tokens.Load() }

// ChangeTokens runs edit in a transaction and returns once the new list is on
// disk with its events. edit must leave the old list alone.
func (s *Store) ChangeTokens(ctx context.Context, edit func(old []Token) ([]Token, []audit.Record, error)) error {
	s.tokenMu.Lock()
	defer s.tokenMu.Unlock()
	var next []Token
	err := s.submit(ctx, func(_ *view, d *draft) error {
		list, events, err := edit(s.Tokens())
		if err != nil {
			return err
		}
		if next, err = s.codec().putTokens(d, list); err != nil {
			return err
		}
		return d.record(events)
	})
	if err != nil {
		return err
	}
	s.tokens.Store(&next)
	return nil
}

// putTokens puts the list into d and gives what will be read back.
func (c codec) putTokens(d *draft, list []Token) ([]Token, error) {
	value, err := c.encodeTokens(list)
	if err != nil {
		return nil, fmt.Errorf("encode tokens: %w", err)
	}
	back, err := c.decodeTokens(value)
	if err != nil {
		return nil, fmt.Errorf("read back tokens: %w", err)
	}
	d.put(bucketMeta, []byte(tokensKey), value)
	return back, nil
}

// burnTokens makes every token of a copy void: one may have been removed since,
// because somebody had it who should not.
func (s *Store) burnTokens(d *draft) error {
	tokens := s.Tokens()
	if len(tokens) == 0 {
		return nil
	}
	if _, err := s.codec().putTokens(d, nil); err != nil {
		return err
	}
	s.report.Detail += fmt.Sprintf(" %d tokens of the API in it were made void: make new ones with `lineside token add`.", len(tokens))
	records := make([]audit.Record, len(tokens))
	for i, t := range tokens {
		records[i] = audit.Record{By: audit.Actor{Front: "store"}, Event: audit.TokenRemoved{Name: t.Name, Role: t.Role}}
	}
	return d.record(records)
}

func (c codec) encodeTokens(list []Token) ([]byte, error) {
	out := storedTokens{version: version{tokensSchema}}
	seal := c.key.sealer(bucketMeta, tokensKey)
	for _, t := range list {
		s := storedToken{Name: t.Name, Role: t.Role, Added: stamp(t.Added)}
		s.Hash = seal.seal(s.field(), phone.NewSecret(hex.EncodeToString(t.Hash[:])))
		out.Tokens = append(out.Tokens, s)
	}
	return frame(out)
}

func (c codec) decodeTokens(value []byte) ([]Token, error) {
	s, err := parse[storedTokens](value, tokensSchema)
	if err != nil {
		return nil, err
	}
	seal := c.key.sealer(bucketMeta, tokensKey)
	var list []Token
	for _, one := range s.Tokens {
		plain, err := seal.open(one.field(), one.Hash)
		if err != nil {
			return nil, err
		}
		t := Token{Name: one.Name, Role: one.Role, Added: stamp(one.Added)}
		if n, err := hex.Decode(t.Hash[:], []byte(plain.Reveal())); err != nil || n != len(t.Hash) {
			return nil, fmt.Errorf("%w: the hash of token %.40q has %d bytes", errDamaged, one.Name, n)
		}
		list = append(list, t)
	}
	return slices.Clip(list), nil
}

// readTokens reads the list, empty where none was ever written.
func readTokens(tx *bolt.Tx, c codec) ([]Token, error) {
	value := tx.Bucket([]byte(bucketMeta)).Get([]byte(tokensKey))
	if value == nil {
		return nil, nil
	}
	list, err := c.decodeTokens(value)
	if err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	return list, nil
}
