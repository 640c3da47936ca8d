package wire

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/lineside/lineside/sync/seal"
)

// The second transport: HTTPS, for lines that let nothing else through. A site
// begins a session by signing a challenge with its own key, asks by POST, and
// hears hints as server-sent events. Every path is below HTTPPrefix.
const (
	HTTPPrefix    = "/sync/v1"
	PathChallenge = HTTPPrefix + "/challenge" // POST Challenge, answered by ChallengeReply
	PathSession   = HTTPPrefix + "/session"   // POST Session, answered by SessionReply
	PathAsk       = HTTPPrefix + "/ask/"      // POST a Request, then the op; answered by an Envelope
	PathHints     = HTTPPrefix + "/hints"     // GET, text/event-stream
	PathJoin      = HTTPPrefix + "/join"      // POST Join, answered by JoinReply
)

// Challenge asks for something to sign.
type Challenge struct {
	Site string `json:"site"`
}

// ChallengeReply is it: random, good once and for a minute.
type ChallengeReply struct {
	Nonce string `json:"nonce"`
}

// Session answers the challenge.
type Session struct {
	Site  string `json:"site"`
	Nonce string `json:"nonce"`
	// Sig is the site's signature over the nonce (SignSession).
	Sig []byte `json:"sig"`
}

// SessionReply gives the bearer token of the session.
type SessionReply struct {
	Token string `json:"token"`
}

const sessionContext = "session"

// SignSession signs a challenge in a site's name.
func SignSession(s seal.Signer, site, nonce string) Session {
	return Session{Site: site, Nonce: nonce, Sig: s.Sign(sessionContext, []byte(site+"\n"+nonce))}
}

// Check verifies the answer to a challenge.
func (s Session) Check(v seal.Verifier) error {
	return v.Verify(sessionContext, []byte(s.Site+"\n"+s.Nonce), s.Sig)
}

// Join is a box that shows its token for the first time.
type Join struct {
	// Secret is from the token, good once.
	Secret string `json:"secret"`
	// Verifier and Key are the public halves of the box's own two keys.
	Verifier string `json:"verifier"`
	Key      string `json:"key"`
	Software string `json:"software"`
	// NKey is the public half of a third, for NATS alone: a broker chooses the
	// nonces it has signed, so they are not signed with the first. Empty where
	// the box does not speak NATS.
	NKey string `json:"nkey,omitempty"`
}

// JoinReply is who the box is from then on.
type JoinReply struct {
	Site string `json:"site"`
	Name string `json:"name"`
	// Platform is the platform's verifier.
	Platform string `json:"platform"`
	Offer
}

// Offer is where the platform can be reached once a box has joined.
type Offer struct {
	// NATS are the brokers' URLs, the better ones first: tls://host:port speaks
	// TLS from the first byte, wss://host:port passes through web proxies.
	NATS []string `json:"nats,omitempty"`
	// HTTPS is the base of the HTTPS transport; empty is where the box joined.
	HTTPS string `json:"https,omitempty"`
}

// Bounds of an Offer.
const (
	maxDoors = 16
	maxDoor  = 256
)

// Check says what no box could use in an offer.
func (o Offer) Check() error {
	if len(o.NATS) > maxDoors {
		return fmt.Errorf("the platform offers %d brokers, want at most %d", len(o.NATS), maxDoors)
	}
	for _, door := range o.NATS {
		if err := checkDoor(door, "tls", "wss"); err != nil {
			return err
		}
	}
	if o.HTTPS == "" {
		return nil
	}
	return checkDoor(o.HTTPS, "https")
}

func checkDoor(door string, schemes ...string) error {
	u, err := url.Parse(door)
	if err != nil || len(door) > maxDoor || !slices.Contains(schemes, u.Scheme) || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("the platform offers %.80q, want %s://host:port", door, strings.Join(schemes, ":// or "))
	}
	return nil
}

// Equal reports that two offers are the same.
func (o Offer) Equal(p Offer) bool { return o.HTTPS == p.HTTPS && slices.Equal(o.NATS, p.NATS) }

// String is the offer in one line.
func (o Offer) String() string { return strings.Join(append(slices.Clone(o.NATS), o.HTTPS), " ") }
