package central

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/seal"
	"github.com/lineside/lineside/sync/wire"
)

// Errors of calls.
var (
	ErrUnknownSite   = errors.New("no such site")
	ErrUnknownDevice = errors.New("no such device")
	ErrNotJoined     = errors.New("its box has not joined")
)

// Keys are the platform's own. They are kept beside the database, not in it.
type Keys struct {
	// Signer signs documents and answers, Seal keeps the platform's own copies
	// of secrets, Cursor marks the cursors it hands out, 32 bytes.
	Signer seal.Signer
	Seal   seal.Key
	Cursor []byte
}

// NewKeys makes them.
func NewKeys() (k Keys, err error) {
	if k.Signer, err = seal.NewSigner(); err != nil {
		return Keys{}, err
	}
	if k.Seal, err = seal.NewKey(); err != nil {
		return Keys{}, err
	}
	k.Cursor = make([]byte, 32)
	_, _ = rand.Read(k.Cursor) // never fails (crypto/rand)
	return k, nil
}

// Platform is the platform on its database.
type Platform struct {
	db   *bolt.DB
	keys Keys
	log  *slog.Logger
	now  func() time.Time
	// allow is the allow-list as it is asked.
	allow *allowlist

	mu       sync.Mutex // guards the rest
	hints    map[string]map[chan struct{}]bool
	watchers []*func(site string)
	revoked  []func(site string)
}

// Open opens the view at path, makes it if there is none, and notes a start.
func Open(path string, keys Keys, now func() time.Time, log *slog.Logger) (*Platform, error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second})
	if err != nil {
		return nil, fmt.Errorf("open the platform's database %s: %w", path, err)
	}
	p := &Platform{db: db, keys: keys, log: log, now: now, allow: newAllowlist(), hints: map[string]map[chan struct{}]bool{}}
	err = p.update(func(t *tx) {
		for _, name := range []string{bucketMeta, bucketSites, bucketDevices, bucketDocs, bucketIndex, bucketEvents, bucketNKeys, bucketContacts, bucketVouched, bucketEntered, bucketAudit, bucketTokens} {
			_, err := t.bolt.CreateBucketIfNotExists([]byte(name))
			t.fail(err)
		}
		if t.err == nil {
			if t.Meta().Epoch == 0 {
				proto.Restored(t, now().Unix(), 0)
			}
			proto.Start(t, rand.Text())
		}
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("begin on %s: %w", path, err), db.Close())
	}
	if err := p.loadAllow(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return p, nil
}

// Close closes the database.
func (p *Platform) Close() error { return p.db.Close() }

// update runs f in a transaction and hints at what it changed.
func (p *Platform) update(f func(*tx)) error {
	t := &tx{p: p, touched: map[string]bool{}, allow: map[string]bool{}}
	err := p.db.Update(func(b *bolt.Tx) error {
		t.bolt, t.err = b, nil
		f(t)
		return t.err
	})
	if err != nil {
		return err
	}
	p.refreshAllow(t.allow)
	for id := range t.touched {
		p.hint(id)
	}
	return nil
}

// view runs f in a transaction that only reads.
func (p *Platform) view(f func(*tx)) error {
	t := &tx{p: p}
	return p.db.View(func(b *bolt.Tx) error {
		t.bolt = b
		f(t)
		return t.err
	})
}

// Restored says that the database was put back from a copy: a new epoch
// begins, and every site merges in full.
func (p *Platform) Restored() error {
	return p.update(func(t *tx) { proto.Restored(t, p.now().Unix(), 0) })
}

// Token is what a box is joined with: where the platform is, and a secret.
type Token struct {
	Site   string
	Secret string
	Until  time.Time
}

// joinFor is how long a token is good.
const joinFor = 7 * 24 * time.Hour

// AddSite makes a site and the token its box joins with.
func (p *Platform) AddSite(name string) (Token, error) {
	if strings.TrimSpace(name) == "" || len(name) > 100 {
		return Token{}, fmt.Errorf("add a site: its name has %d characters, want 1 to 100", len(name))
	}
	id := strings.ToLower(rand.Text())[:16]
	return p.invite(id, func(s *site) { s.Name = name }, true)
}

// Invite makes a new token for a site: a new box takes the place of its old
// one, which is no longer believed once the new one has joined.
func (p *Platform) Invite(id string) (Token, error) { return p.invite(id, func(*site) {}, false) }

func (p *Platform) invite(id string, edit func(*site), fresh bool) (Token, error) {
	tok := Token{Site: id, Secret: rand.Text(), Until: p.now().Add(joinFor)}
	err := p.update(func(t *tx) {
		s, ok := t.site(id)
		if !ok && !fresh {
			t.fail(fmt.Errorf("site %s: %w", id, ErrUnknownSite))
			return
		}
		edit(&s)
		sum := sha256.Sum256([]byte(tok.Secret))
		s.JoinHash, s.JoinUntil = sum[:], tok.Until
		t.setSite(id, s)
	})
	return tok, err
}

// ErrJoin is the one answer to every token that is not good.
var ErrJoin = errors.New("the token is not good: it was used, has expired or was never made; make a new one at the platform")

// Join takes a box in that shows a good token.
func (p *Platform) Join(j wire.Join) (wire.JoinReply, error) {
	if _, err := seal.ParseVerifier(j.Verifier); err != nil {
		return wire.JoinReply{}, err
	}
	if _, err := seal.ParsePublic(j.Key); err != nil {
		return wire.JoinReply{}, err
	}
	if err := checkNKey(j.NKey); err != nil {
		return wire.JoinReply{}, err
	}
	sum := sha256.Sum256([]byte(j.Secret))
	var r wire.JoinReply
	var replaced bool
	err := p.update(func(t *tx) {
		id, s, ok := t.invited(sum[:])
		if !ok || !p.now().Before(s.JoinUntil) {
			t.fail(ErrJoin)
			return
		}
		t.setNKey(id, s.NKey, j.NKey)
		replaced = s.Verifier != ""
		s.JoinHash, s.JoinUntil, s.Revoked, s.NKey = nil, time.Time{}, false, j.NKey
		s.Verifier, s.Key, s.Software = j.Verifier, j.Key, j.Software
		s.Member = proto.Member{}
		t.setSite(id, s)
		t.rewrite(proto.Site(id))
		r = wire.JoinReply{Site: id, Name: s.Name, Platform: p.keys.Signer.Verifier().String()}
	})
	if err == nil && replaced {
		p.cutOff(r.Site) // the old box
	}
	return r, err
}

// invited is the site a token was made for.
func (t *tx) invited(sum []byte) (id string, s site, ok bool) {
	c := t.bolt.Bucket([]byte(bucketSites)).Cursor()
	for k, v := c.First(); k != nil && !ok; k, v = c.Next() {
		var one site
		if err := json.Unmarshal(v, &one); err != nil {
			t.fail(err)
			return "", s, false
		}
		if len(one.JoinHash) == len(sum) && hmac.Equal(one.JoinHash, sum) {
			id, s, ok = string(k), one, true
		}
	}
	return id, s, ok
}

// rewrite seals a site's documents anew: its box has another key.
func (t *tx) rewrite(id proto.Site) {
	var mine []proto.ID
	t.At(id, func(name proto.ID, _ proto.Held) bool {
		mine = append(mine, name)
		return true
	})
	for _, name := range mine {
		proto.Rewrite(t, name)
	}
}

// Revoke ends what a site's box may do, at once.
func (p *Platform) Revoke(id string) error {
	err := p.update(func(t *tx) {
		s, ok := t.site(id)
		if !ok {
			t.fail(fmt.Errorf("site %s: %w", id, ErrUnknownSite))
			return
		}
		s.Revoked = true
		t.setSite(id, s)
		t.del(bucketVouched, id)
	})
	if err == nil {
		p.cutOff(id)
		p.hint(id) // what it asks next is refused
	}
	return err
}

// PutDevice adds a device or changes it; home is the site it lives at. mint is
// a new generation's name where it is new or moves. Secrets not named stay.
func (p *Platform) PutDevice(mac, home string, body wire.Device, secrets map[string]string) error {
	name := wire.DocID(wire.DeviceDoc, mac)
	return p.update(func(t *tx) {
		if s, ok := t.site(home); !ok || s.Revoked {
			t.fail(fmt.Errorf("site %s: %w", home, ErrUnknownSite))
			return
		}
		d, known := t.device(name)
		d.Body = body
		if d.Secrets == nil {
			d.Secrets = map[string][]byte{}
		}
		for kind, value := range secrets {
			sealed, err := p.keys.Seal.Public().Seal(ownLabel(name, kind), []byte(value))
			t.fail(err)
			d.Secrets[kind] = sealed
		}
		t.put(bucketDevices, string(name), d)
		if known && d.Home == proto.Site(home) {
			proto.Rewrite(t, name)
			return
		}
		proto.Settle(t, name, proto.Site(home), rand.Text())
	})
}

// ownLabel is what the platform's own copy of a secret is sealed under.
func ownLabel(name proto.ID, kind string) seal.Label {
	return seal.Label{Device: string(name), Kind: "own " + kind}
}

// sign makes a document as it travels: body, secrets sealed to the site's key,
// the platform's signature.
func (p *Platform) sign(t *tx, id string, d proto.Doc) (wire.SignedDoc, error) {
	kind, key, _ := wire.SplitID(d.ID)
	out := wire.Doc{Site: id, Kind: kind, Key: key, Doc: d}
	if !d.Del {
		if err := p.fill(t, id, &out); err != nil {
			return wire.SignedDoc{}, fmt.Errorf("write document %s for site %s: %w", d.ID, id, err)
		}
	}
	return wire.SignDoc(p.keys.Signer, out)
}

func (p *Platform) fill(t *tx, id string, out *wire.Doc) (err error) {
	dev, ok := t.device(out.ID)
	if !ok {
		return ErrUnknownDevice
	}
	if out.Body, err = json.Marshal(dev.Body); err != nil {
		return err
	}
	s, _ := t.site(id)
	if s.Key == "" || len(dev.Secrets) == 0 {
		return nil // sealed when the box joins
	}
	to, err := seal.ParsePublic(s.Key)
	if err != nil {
		return err
	}
	out.Sealed = make(map[string][]byte, len(dev.Secrets))
	for kind, own := range dev.Secrets {
		plain, err := p.keys.Seal.Open(ownLabel(out.ID, kind), own)
		if err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		if out.Sealed[kind], err = to.Seal(out.Label(kind), plain); err != nil {
			return err
		}
	}
	return nil
}

// prove puts the platform's mark on a cursor, proved looks whether it is there.
func (p *Platform) prove(id string, c proto.Cursor) proto.Cursor {
	c.Proof = ""
	mac := hmac.New(sha256.New, p.keys.Cursor)
	_, _ = fmt.Fprintf(mac, "%s\n%d\n%d\n%s", id, c.Epoch, c.Rev, c.Boot)
	c.Proof = base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	return c
}

func (p *Platform) proved(id string, c proto.Cursor) bool {
	return hmac.Equal([]byte(p.prove(id, c).Proof), []byte(c.Proof))
}

// CopyTo writes a copy of the database, whole, while the platform runs.
func (p *Platform) CopyTo(path string) error {
	err := p.db.View(func(t *bolt.Tx) error { return t.CopyFile(path, 0o600) })
	if err != nil {
		return fmt.Errorf("copy the platform's database: %w", err)
	}
	return nil
}
