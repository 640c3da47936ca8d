package central

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

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
		t.setInvite(id, &s, joinHash(tok.Secret), tok.Until, tokenReplaced)
		t.setSite(id, s)
	})
	return tok, err
}

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
	// Whoever guesses costs a look, not a place among what is written.
	err := p.view(func(t *tx) {
		_, _, err := t.invited(j.Secret)
		t.fail(err)
	})
	if err != nil {
		return wire.JoinReply{}, err
	}
	var r wire.JoinReply
	err = p.update(func(t *tx) {
		id, s, err := t.invited(j.Secret)
		if err != nil {
			t.fail(err)
			return
		}
		t.setNKey(id, s.NKey, j.NKey)
		t.setInvite(id, &s, nil, time.Time{}, tokenUsed)
		s.Revoked, s.NKey = false, j.NKey
		s.Verifier, s.Key = j.Verifier, j.Key
		t.setSite(id, s) // the old box is cut off by that
		t.put(bucketBeats, id, beat{Software: clip(j.Software, 64)})
		m := t.Member(proto.Site(id)) // what was being taken back from the old box still is
		t.SetMember(proto.Site(id), proto.Member{Voiding: m.Voiding, Voided: m.Voided})
		t.put(bucketReseals, id, progress{})
		r = wire.JoinReply{Site: id, Name: s.Name, Platform: p.keys.Signer.Verifier().String()}
		if o := p.offer.Load(); o != nil {
			r.Offer = *o
		}
	})
	if err != nil {
		return wire.JoinReply{}, err
	}
	// The box is in; what cannot be sealed now is when it asks.
	if err := p.reseal(r.Site); err != nil {
		p.log.Warn("not all of a new box's documents are sealed to it yet", "site", r.Site, "err", err)
	}
	return r, nil
}

// Revoke ends what a site's box may do, at once.
func (p *Platform) Revoke(id string) error {
	return p.update(func(t *tx) {
		s, ok := t.site(id)
		if !ok {
			t.fail(fmt.Errorf("site %s: %w", id, ErrUnknownSite))
			return
		}
		s.Revoked = true
		t.setSite(id, s)
		t.del(bucketVouched, id)
	})
}

// PutDevice adds a device or changes it; home is the site it lives at. mint is
// a new generation's name where it is new or moves. Secrets not named stay.
func (p *Platform) PutDevice(mac, home string, body wire.Device, secrets map[string]string) error {
	name, mint := wire.DocID(wire.DeviceDoc, mac), rand.Text()
	own := make(map[string][]byte, len(secrets))
	for kind, value := range secrets {
		sealed, err := p.keys.Seal.Public().Seal(ownLabel(name, kind), []byte(value))
		if err != nil {
			return fmt.Errorf("seal %s of %s: %w", kind, name, err)
		}
		own[kind] = sealed
	}
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
		maps.Copy(d.Secrets, own)
		t.put(bucketDevices, string(name), d)
		if known && d.Home == proto.Site(home) {
			proto.Rewrite(t, name)
			return
		}
		proto.Settle(t, name, proto.Site(home), mint)
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
	says, err := t.content(id, out.Kind, out.Key)
	if err != nil {
		return err
	}
	if out.Body, err = json.Marshal(says.body); err != nil {
		return err
	}
	s, _ := t.site(id)
	if s.Key == "" || len(says.secrets) == 0 {
		return nil // sealed when the box joins
	}
	to, err := seal.ParsePublic(s.Key)
	if err != nil {
		return err
	}
	out.Sealed = make(map[string][]byte, len(says.secrets))
	for kind, own := range says.secrets {
		plain, err := p.keys.Seal.Open(ownLabel(says.own, kind), own)
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
	err := p.view(func(t *tx) { t.fail(t.bolt.CopyFile(path, 0o600)) })
	if err != nil {
		return fmt.Errorf("copy the platform's database: %w", err)
	}
	return nil
}
