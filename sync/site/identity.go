package site

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/seal"
	"github.com/lineside/lineside/sync/wire"
)

// Identity is who a box is to the platform, made when it joins. It holds the
// box's private keys: it is kept as a secret (Reveal), and printed any other
// way it shows none of them.
type Identity struct {
	// Site is the box's name on the wire, Name what people call the site.
	Site, Name string
	// URL is where it joined, Pin the fingerprint of the platform's CA or empty.
	URL string
	Pin []byte
	// Offer is where the platform can be reached besides.
	Offer wire.Offer
	// Platform verifies what the platform signs.
	Platform seal.Verifier
	Signer   seal.Signer
	Key      seal.Key
	NKey     NKey
	// Since is the newest entry of the audit log at the join.
	Since  uint64
	Joined time.Time
}

// identityText is an Identity as it is kept. All fields since schema 1 of it.
type identityText struct {
	V        int        `json:"v"`
	Site     string     `json:"site"`
	Name     string     `json:"name"`
	URL      string     `json:"url"`
	Pin      []byte     `json:"pin,omitempty"`
	Offer    wire.Offer `json:"offer"`
	Platform string     `json:"platform"`
	Signer   []byte     `json:"signer"`
	Key      []byte     `json:"key"`
	NKey     []byte     `json:"nkey"`
	Since    uint64     `json:"since"`
	Joined   time.Time  `json:"joined"`
}

const identitySchema = 1

// Reveal is the identity as a secret to be kept.
func (i Identity) Reveal() (phone.Secret, error) {
	key, errKey := i.Key.Bytes()
	nkey, errNKey := i.NKey.Bytes()
	if err := errors.Join(errKey, errNKey); err != nil {
		return phone.Secret{}, fmt.Errorf("write the box's identity: %w", err)
	}
	b, err := json.Marshal(identityText{
		V: identitySchema, Site: i.Site, Name: i.Name, URL: i.URL, Pin: i.Pin, Offer: i.Offer, Platform: i.Platform.String(),
		Signer: i.Signer.Bytes(), Key: key, NKey: nkey, Since: i.Since, Joined: i.Joined,
	})
	if err != nil {
		return phone.Secret{}, fmt.Errorf("write the box's identity: %w", err)
	}
	return phone.NewSecret(string(b)), nil
}

// ParseIdentity reads what Reveal gave.
func ParseIdentity(kept phone.Secret) (i Identity, err error) {
	var t identityText
	if err := json.Unmarshal([]byte(kept.Reveal()), &t); err != nil {
		return i, errors.New("read the box's identity: it is damaged; join the platform anew: lineside join --again TOKEN")
	}
	if t.V > identitySchema {
		return i, fmt.Errorf("read the box's identity: it is of a later version (%d) of lineside", t.V)
	}
	i = Identity{Site: t.Site, Name: t.Name, URL: t.URL, Pin: t.Pin, Offer: t.Offer, Since: t.Since, Joined: t.Joined}
	var errs [4]error
	i.Platform, errs[0] = seal.ParseVerifier(t.Platform)
	i.Signer, errs[1] = seal.ParseSigner(t.Signer)
	i.Key, errs[2] = seal.ParseKey(t.Key)
	i.NKey, errs[3] = ParseNKey(t.NKey)
	if err := errors.Join(errs[:]...); err != nil {
		return Identity{}, fmt.Errorf("read the box's identity: %w", err)
	}
	return i, nil
}

// String shows no key.
func (i Identity) String() string { return "site " + i.Site + " at " + i.URL }

// GoString is String, for %#v.
func (i Identity) GoString() string { return i.String() }

// LogValue is String, for slog.
func (i Identity) LogValue() slog.Value { return slog.StringValue(i.String()) }

// MarshalText refuses: an identity is written by Reveal, on purpose.
func (i Identity) MarshalText() ([]byte, error) {
	return nil, errors.New("an identity is not written as it is")
}

// Join makes a box's keys and joins with a token, through a proxy if there is
// one. The error's text is for the operator.
func Join(ctx context.Context, t wire.Token, proxy *url.URL, software string) (Identity, error) {
	base, err := url.Parse(t.URL)
	if err != nil {
		return Identity{}, fmt.Errorf("the platform's URL: %w", err)
	}
	i := Identity{URL: t.URL, Pin: t.Pin, Joined: time.Now().UTC()}
	var errs [3]error
	i.Signer, errs[0] = seal.NewSigner()
	i.Key, errs[1] = seal.NewKey()
	i.NKey, errs[2] = NewNKey()
	public, err := i.NKey.Public()
	if err := errors.Join(append(errs[:], err)...); err != nil {
		return Identity{}, err
	}
	client := HTTPClient(wire.PinnedTLS(t.Pin, base.Hostname()), proxy)
	defer client.CloseIdleConnections()
	r, err := (&HTTPS{Base: base, Client: client}).Join(ctx, wire.Join{
		Secret: t.Secret, Verifier: i.Signer.Verifier().String(), Key: i.Key.Public().String(), NKey: public, Software: software,
	})
	if err != nil {
		return Identity{}, joinError{reasonFor(err), err}
	}
	i.Site, i.Name, i.Offer = r.Site, r.Name, r.Offer
	if i.Platform, err = seal.ParseVerifier(r.Platform); err != nil {
		return Identity{}, fmt.Errorf("the platform's answer to the join: %w", err)
	}
	return i, nil
}

// joinError is why a join came to nothing: a sentence for people, which says
// which of many it was, and the cause.
type joinError struct {
	text  string
	cause error
}

func (e joinError) Error() string { return e.text }
func (e joinError) Unwrap() error { return e.cause }

// AfterJoin says what to do after a join that came to nothing.
func AfterJoin(err error) string {
	var no refusal
	var dns *net.DNSError
	switch {
	case errors.As(err, &no) && no.Reason == wire.Revoked:
		return "have another made there (lineside-central site invite SITE), then: lineside join TOKEN"
	case errors.As(err, &no):
		return "the token is still good: join with it again in a moment"
	case errors.Is(err, ErrProxyPassword):
		return "correct central.proxy, restart lineside, then join with the same token: it is still good"
	case errors.As(err, new(proxyFault)):
		return "correct central.proxy, or have the proxy let this host and port through, restart lineside, then join with the same token: it is still good"
	case errors.As(err, &dns):
		return "see which DNS servers the box asks: lineside doctor; behind a proxy that resolves names itself, set central.proxy; then join with the same token: it is still good"
	}
	return "see what stands between: lineside doctor; then join with the same token; should it be told as used, the platform had taken it in: have another made there"
}

// Reach says how a box is to reach the platform.
type Reach struct {
	// Only is "nats" or "https" for one kind alone; empty is whatever works.
	Only string
	// Proxy is an HTTP proxy, nil for none.
	Proxy *url.URL
}

// Transports are the ways to the platform, the better ones first. Doors that are
// equally good stand in another order at every site, or the first node of a
// cluster would carry all of them.
func (i Identity) Transports(r Reach) (*Choice, error) {
	var all []Transport
	for _, text := range spread(i.Site, i.Offer.NATS) {
		u, err := url.Parse(text)
		if err != nil || r.Only == "https" {
			continue
		}
		all = append(all, &NATS{URL: u, Site: i.Site, Key: i.NKey, TLS: wire.PinnedTLS(i.Pin, u.Hostname()), Proxy: r.Proxy})
	}
	// Where it joined stays the last way, whatever it was told since.
	if r.Only != "nats" {
		for _, door := range i.Doors(r.Proxy) {
			all = append(all, door)
		}
	}
	return NewChoice(ChoiceConfig{}, all...)
}

// spread orders doors by their schemes as offered, and those of one scheme by
// the site.
func spread(site string, doors []string) []string {
	scheme := func(door string) string { s, _, _ := strings.Cut(door, ":"); return s }
	first := func(door string) int {
		return slices.IndexFunc(doors, func(d string) bool { return scheme(d) == scheme(door) })
	}
	place := func(door string) uint64 {
		sum := sha256.Sum256([]byte(site + "\n" + door))
		return binary.BigEndian.Uint64(sum[:])
	}
	return slices.SortedStableFunc(slices.Values(doors), func(a, b string) int {
		return cmp.Or(cmp.Compare(first(a), first(b)), cmp.Compare(place(a), place(b)))
	})
}
