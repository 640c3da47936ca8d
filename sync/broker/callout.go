package broker

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/wire"
)

// queue is the group all centrals of a platform are in: each request of a box
// is one central's.
const queue = "central"

// lateAfter is how old a question about a connection may be. In a storm the
// answers to older ones come when nobody waits, and the queue never ends
// (measured with 19,000 boxes).
const lateAfter = 3 * time.Second

// boxSubs is how many subscriptions a box may have: it needs two.
const boxSubs = 8

// callout answers nats-server's question who a connection is.
type callout struct {
	b       *Broker
	p       Doorkeeper
	issuer  nkeys.KeyPair
	recent  *recent
	kick    func(place)
	timeout time.Duration
	now     func() time.Time
}

// errDenied is all a stranger hears, whatever the reason.
var errDenied = errors.New("the platform does not know this box")

// answer looks at one connection.
func (c *callout) answer(ctx context.Context, m *nats.Msg) {
	req, err := jwt.DecodeAuthorizationRequestClaims(string(m.Data))
	if err != nil || m.Reply == "" {
		c.b.log.Warn("NATS asks about a connection in words not understood", "err", err)
		return
	}
	if c.now().Sub(time.Unix(req.IssuedAt, 0)) > lateAfter+time.Second { // whole seconds
		c.b.counts.late.Add(1)
		return
	}
	defer c.b.door.done(c.b.seen(place{req.Server.ID, req.ClientInformation.ID}, req.ClientInformation.Host))
	site, err := c.admit(ctx, req)
	switch {
	case err == nil:
		c.b.counts.admitted.Add(1)
	case errors.Is(err, central.ErrNotAdmitted), errors.Is(err, errDenied):
		c.b.counts.refused.Add(1)
	case errors.Is(err, central.ErrBusy):
		// All of a fleet may be told so every few seconds. No answer is no
		// refusal either.
		c.b.log.Debug("a box is to come again", "err", err)
		return
	default:
		// The platform's own fault: no answer is no refusal, the box comes again.
		c.b.log.Error("a box could not be let in", "err", err)
		return
	}
	if err := c.respond(m, req, site, err != nil); err != nil {
		c.b.log.Error("a box could not be let in", "site", site, "err", err)
	}
}

// admit proves the key and asks the platform.
func (c *callout) admit(ctx context.Context, req *jwt.AuthorizationRequestClaims) (site string, err error) {
	o, client := req.ConnectOptions, req.ClientInformation
	if client.Kind != "Client" || wire.CheckSite(o.Name) != nil || o.Username != "" || o.Password != "" || o.Token != "" || o.JWT != "" {
		return "", errDenied
	}
	key, err := nkeys.FromPublicKey(o.Nkey)
	if err != nil || !nkeys.IsValidPublicUserKey(o.Nkey) {
		return "", errDenied
	}
	sig, err := base64.RawURLEncoding.DecodeString(o.SignedNonce)
	if err != nil || client.Nonce == "" || key.Verify([]byte(client.Nonce), sig) != nil {
		return "", errDenied
	}
	at := place{server: req.Server.ID, cid: client.ID}
	// Noted before the platform is asked: whoever is revoked between its answer
	// and ours is found here.
	c.recent.add(o.Name, at)
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	site, err = c.p.Admit(ctx, central.Connection{
		NKey: o.Nkey, Site: o.Name, Address: c.b.addressOf(at, client.Host), Server: at.server, ID: at.id(),
	})
	if err != nil {
		c.recent.remove(o.Name, at)
		return "", fmt.Errorf("admit site %s: %w", o.Name, err)
	}
	if old, crowded := c.recent.crowded(site); crowded {
		c.kick(old)
	}
	return site, nil
}

// respond says what the connection may do, or that it may nothing.
func (c *callout) respond(m *nats.Msg, req *jwt.AuthorizationRequestClaims, site string, denied bool) error {
	r := jwt.NewAuthorizationResponseClaims(req.UserNkey)
	r.Audience = req.Server.ID
	if denied {
		r.Error = errDenied.Error()
	} else {
		var err error
		if r.Jwt, err = permissions(req.UserNkey, site, req.ConnectOptions.Nkey, c.b.expiry(), c.issuer); err != nil {
			return err
		}
	}
	out, err := r.Encode(c.issuer)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	return m.Respond([]byte(out))
}

// expiry is how long a connection may last: up to a quarter less than what is
// configured.
func (b *Broker) expiry() time.Duration { return b.cfg.Expiry - rand.N(b.cfg.Expiry/4+1) }

// permissions is what one box may do: ask on its four subjects, hear its hint
// and its answers, and nothing else.
func permissions(user, site, nkey string, lasts time.Duration, by nkeys.KeyPair) (string, error) {
	u := jwt.NewUserClaims(user)
	u.Name, u.Audience = boxName(site, nkey), accountEdge
	u.Expires = time.Now().Add(lasts).Unix()
	u.AllowedConnectionTypes = jwt.StringList{jwt.ConnectionTypeStandard, jwt.ConnectionTypeWebsocket}
	u.Permissions = jwt.Permissions{
		Pub: jwt.Permission{Allow: jwt.StringList{wire.AskSubject(site, "*")}},
		Sub: jwt.Permission{Allow: jwt.StringList{wire.HintSubject(site), wire.InboxPrefix(site) + ".>"}},
	}
	u.Limits.Subs = boxSubs
	out, err := u.Encode(by)
	if err != nil {
		return "", fmt.Errorf("sign the permissions of site %s: %w", site, err)
	}
	return out, nil
}

// addressOf is where a connection comes from that asks to be let in.
func (b *Broker) addressOf(at place, host string) netip.Addr {
	seen := b.seen(at, host)
	if !seen.IsValid() {
		return netip.Addr{}
	}
	return b.cameFrom(seen)
}

// seen is where the server sees a connection come from, with port 0 where that
// is another process; zero where it is not known.
func (b *Broker) seen(at place, host string) netip.AddrPort {
	a, err := netip.ParseAddr(host)
	if err != nil {
		return netip.AddrPort{}
	}
	seen := netip.AddrPortFrom(plainAddr(a), 0)
	if b.server != nil && b.server.ID() == at.server {
		if client := b.server.GetClient(at.cid); client != nil {
			if t, ok := client.RemoteAddress().(*net.TCPAddr); ok {
				seen = plainPort(t)
			}
		}
	}
	return seen
}
