package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// policySchema is the newest schema of the stored policy.
//
//	1  first
const policySchema = 1

// policyKey is the key of the one document in its bucket.
const policyKey = "site"

// storedPolicy is the policy document as it is kept. All fields since schema 1.
type storedPolicy struct {
	version
	Rev          uint64        `json:"rev"`
	FirstContact auth.Factor   `json:"first_contact"`
	Claimed      bool          `json:"claimed,omitempty"`
	Allow        []storedAllow `json:"allow,omitempty"`
	Brands       []storedBrand `json:"brands,omitempty"` // by vendor, in order
	Key          string        `json:"sealed_key"`
	// Window is in nanoseconds; both are missing in files of the first versions,
	// which knew no site window: it is then off.
	Window      time.Duration `json:"window,omitempty"`
	WindowUntil time.Time     `json:"window_until,omitzero"`
	// BlockAfter, AutoApprove and PINOnScreen are missing in files of the first
	// versions: the default and no, then.
	BlockAfter  int  `json:"block_after,omitempty"`
	AutoApprove bool `json:"auto_approve,omitempty"`
	PINOnScreen bool `json:"pin_on_screen,omitempty"`
	// TicketLife is in nanoseconds; missing is the default.
	TicketLife time.Duration `json:"ticket_life,omitempty"`
	// Platform is missing where no platform ever said anything.
	Platform storedSitePlatform `json:"platform,omitzero"`
}

type storedAllow struct {
	Prefix netip.Prefix `json:"prefix"`
	Note   string       `json:"note,omitempty"`
	Since  time.Time    `json:"since,omitzero"`
	// Missing in files of builds that knew no platform's entries.
	Until    time.Time `json:"until,omitzero"`
	Platform bool      `json:"platform,omitempty"`
}

type storedBrand struct {
	Under      phone.Vendor `json:"under"` // key in the document's map
	Vendor     phone.Vendor `json:"vendor"`
	User       string       `json:"user"`
	Password   string       `json:"sealed_password,omitempty"`
	Generation uint64       `json:"generation"`
	Set        time.Time    `json:"set,omitzero"`
	// What the last change made void; missing in files of the first versions,
	// which forgot it.
	FormerUser     string `json:"former_user,omitempty"`
	FormerPassword string `json:"sealed_former_password,omitempty"`
	Platform       bool   `json:"platform,omitempty"`
}

// ChangePolicy runs edit in a transaction and returns once the new document is
// on disk with its events.
func (s *Store) ChangePolicy(ctx context.Context, edit func(old auth.Policy) (auth.Policy, []audit.Record, error)) (auth.Policy, error) {
	var out auth.Policy
	err := s.submit(ctx, func(v *view, d *draft) error {
		old := *v.policyNow()
		next, events, err := edit(old.Clone())
		if err != nil {
			return err
		}
		if err := d.record(events); err != nil {
			return err
		}
		if out = old; samePolicy(old, next) {
			return nil
		}
		if err := s.putPolicy(v, d, next); err != nil {
			return err
		}
		out = *d.policy
		return nil
	})
	if err != nil {
		return auth.Policy{}, err
	}
	return out, nil
}

func (s *Store) putPolicy(v *view, d *draft, next auth.Policy) error {
	next.Rev = v.nextRev(d)
	value, p, err := s.codec().writePolicy(next)
	if err != nil {
		return err
	}
	d.policy = p
	d.put(bucketPolicy, []byte(policyKey), value)
	return nil
}

// mintPolicy is the document of a site nobody has set rules for.
func mintPolicy(c Config) auth.Policy {
	var key [32]byte
	_, _ = rand.Read(key[:]) // never returns an error
	return auth.Policy{
		FirstContact: c.FirstContact, Claimed: c.Claimed, Window: c.Window,
		BlockAfter: c.BlockAfter, AutoApprove: c.AutoApprove, PINOnScreen: c.PINOnScreen,
		Key: phone.NewSecret(hex.EncodeToString(key[:])),
	}
}

// writePolicy gives p's stored value and what is read back from it.
func (c codec) writePolicy(p auth.Policy) ([]byte, *auth.Policy, error) {
	value, err := c.encodePolicy(p)
	if err != nil {
		return nil, nil, fmt.Errorf("encode policy: %w", err)
	}
	back, err := c.decodePolicy(value)
	if err != nil {
		return nil, nil, fmt.Errorf("read back policy: %w", err)
	}
	return value, back, nil
}

func plainPolicy(p auth.Policy) storedPolicy {
	s := storedPolicy{
		version: version{policySchema},
		Rev:     p.Rev, FirstContact: p.FirstContact, Claimed: p.Claimed, Key: p.Key.Reveal(),
		Window: p.Window, WindowUntil: stamp(p.WindowUntil), BlockAfter: p.BlockAfter, AutoApprove: p.AutoApprove,
		PINOnScreen: p.PINOnScreen, TicketLife: p.TicketLife, Platform: plainSitePlatform(p.Platform),
	}
	for _, a := range p.Allow {
		s.Allow = append(s.Allow, storedAllow{Prefix: a.Prefix, Note: a.Note, Since: stamp(a.Since), Until: stamp(a.Until), Platform: a.Platform})
	}
	for _, v := range slices.Sorted(maps.Keys(p.Brands)) {
		b := p.Brands[v]
		s.Brands = append(s.Brands, storedBrand{
			Under: v, Vendor: b.Vendor, User: b.User, Password: b.Password.Reveal(), Generation: b.Generation, Set: stamp(b.Set),
			FormerUser: b.FormerUser, FormerPassword: b.FormerPassword.Reveal(), Platform: b.Platform,
		})
	}
	return s
}

func (c codec) encodePolicy(p auth.Policy) ([]byte, error) {
	s := plainPolicy(p)
	seal := c.key.sealer(bucketPolicy, policyKey)
	s.Key = seal.seal("key", phone.NewSecret(s.Key))
	s.Platform.Identity = seal.seal("platform.identity", phone.NewSecret(s.Platform.Identity))
	for i := range s.Brands {
		b := &s.Brands[i]
		b.Password = seal.seal("brands."+string(b.Under)+".password", phone.NewSecret(b.Password))
		b.FormerPassword = seal.seal("brands."+string(b.Under)+".former_password", phone.NewSecret(b.FormerPassword))
	}
	return frame(s)
}

// decodePolicy reads the stored document. Its map is never nil, so that an
// edit can write into its copy.
func (c codec) decodePolicy(value []byte) (*auth.Policy, error) {
	s, err := parse[storedPolicy](value, policySchema)
	if err != nil {
		return nil, err
	}
	seal := c.key.sealer(bucketPolicy, policyKey)
	key, err := seal.open("key", s.Key)
	if err != nil {
		return nil, err
	}
	identity, err := seal.open("platform.identity", s.Platform.Identity)
	if err != nil {
		return nil, err
	}
	p := &auth.Policy{
		Platform: s.Platform.platform(identity),
		Rev:      s.Rev, FirstContact: s.FirstContact, Claimed: s.Claimed, Key: key,
		Window: s.Window, WindowUntil: stamp(s.WindowUntil), BlockAfter: s.BlockAfter, AutoApprove: s.AutoApprove,
		PINOnScreen: s.PINOnScreen, TicketLife: s.TicketLife,
		Brands: make(map[phone.Vendor]auth.Brand, len(s.Brands)),
	}
	for _, a := range s.Allow {
		p.Allow = append(p.Allow, auth.Allow{Prefix: a.Prefix, Note: a.Note, Since: stamp(a.Since), Until: stamp(a.Until), Platform: a.Platform})
	}
	for _, b := range s.Brands {
		password, err := seal.open("brands."+string(b.Under)+".password", b.Password)
		if err != nil {
			return nil, err
		}
		former, err := seal.open("brands."+string(b.Under)+".former_password", b.FormerPassword)
		if err != nil {
			return nil, err
		}
		p.Brands[b.Under] = auth.Brand{
			Vendor: b.Vendor, User: b.User, Password: password, Generation: b.Generation, Set: stamp(b.Set),
			FormerUser: b.FormerUser, FormerPassword: former, Platform: b.Platform,
		}
	}
	return p, nil
}

// samePolicy reports that two documents differ in nothing that is kept, Rev
// aside.
func samePolicy(a, b auth.Policy) bool {
	a.Rev, b.Rev = 0, 0
	return reflect.DeepEqual(plainPolicy(a), plainPolicy(b))
}
