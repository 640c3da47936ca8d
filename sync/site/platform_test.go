package site_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/seal"
	"github.com/lineside/lineside/sync/wire"
)

// platform is a small central platform: the shared rules over maps, and a link
// that loses, repeats and delays as its weather says.
type platform struct {
	t      testing.TB
	signer seal.Signer

	mu      sync.Mutex
	meta    proto.CentralMeta
	members map[proto.Site]proto.Member
	held    map[proto.ID]proto.Held
	docs    map[proto.ID]proto.Doc // of the one site, "s1"
	secrets map[proto.ID]string    // sealed into each document as "otp"
	key     seal.Public
	events  []wire.Event
	seen    map[string]uint64
	health  []string // conditions told last
	rules   []string // of the site's own, told last
	told    int      // how often by a push
	tamper  func([]byte) []byte

	weather weather
	conns   []*conn
	down    bool
	boots   int
}

// weather says how often in a hundred a request is lost before it arrives, or
// its answer after.
type weather struct{ lost, unanswered, cut int }

const siteName = "s1"

var whitelisting = wire.Whitelisting{Address: "203.0.113.7"}

func newPlatform(t testing.TB) *platform {
	t.Helper()
	signer, err := seal.NewSigner()
	if err != nil {
		t.Fatal(err)
	}
	p := &platform{t: t, signer: signer, members: map[proto.Site]proto.Member{}, held: map[proto.ID]proto.Held{},
		docs: map[proto.ID]proto.Doc{}, secrets: map[proto.ID]string{}, seen: map[string]uint64{}}
	proto.Restored(p, 100, 0)
	p.start()
	return p
}

func (p *platform) start() {
	p.boots++
	proto.Start(p, fmt.Sprint("boot", p.boots))
}

// do changes what the platform holds and hints at it.
func (p *platform) do(f func(tx proto.CentralTx)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(p)
	for _, c := range p.conns {
		c.hint()
	}
}

func (p *platform) Meta() proto.CentralMeta                { return p.meta }
func (p *platform) SetMeta(m proto.CentralMeta)            { p.meta = m }
func (p *platform) Member(s proto.Site) proto.Member       { return p.members[s] }
func (p *platform) SetMember(s proto.Site, m proto.Member) { p.members[s] = m }
func (p *platform) Device(id proto.ID) (proto.Held, bool)  { h, ok := p.held[id]; return h, ok }
func (p *platform) SetDevice(id proto.ID, h proto.Held)    { p.held[id] = h }
func (p *platform) Doc(_ proto.Site, id proto.ID) (proto.Doc, bool) {
	d, ok := p.docs[id]
	return d, ok
}

func (p *platform) At(s proto.Site, after proto.ID, f func(proto.ID, proto.Held) bool) {
	for _, id := range slices.Sorted(maps.Keys(p.held)) {
		if h := p.held[id]; id > after && h.Home == s && !f(id, h) {
			return
		}
	}
}

func (p *platform) SetDoc(_ proto.Site, d proto.Doc) {
	p.meta.Head++
	d.Rev = p.meta.Head
	p.docs[d.ID] = d
}

func (p *platform) Docs(_ proto.Site, after, upto uint64) ([]proto.Doc, bool) {
	var page []proto.Doc
	for _, d := range p.docs {
		if d.Rev > after && d.Rev <= upto {
			page = append(page, d)
		}
	}
	slices.SortFunc(page, func(a, b proto.Doc) int { return cmp.Compare(a.Rev, b.Rev) })
	if len(page) > 2 {
		return page[:2], true
	}
	return page, false
}

// sign makes a document as it travels, with a body and a sealed secret.
func (p *platform) sign(d proto.Doc) wire.SignedDoc {
	kind, key, _ := wire.SplitID(d.ID)
	doc := wire.Doc{Site: siteName, Kind: kind, Key: key, Doc: d}
	if !d.Del {
		doc.Body = json.RawMessage(`{"vendor":"yealink"}`)
		sealed, err := p.key.Seal(doc.Label("otp"), []byte(p.secrets[d.ID]))
		if err != nil {
			p.t.Error(err)
		}
		doc.Sealed = map[string][]byte{"otp": sealed}
	}
	signed, err := wire.SignDoc(p.signer, doc)
	if err != nil {
		p.t.Error(err)
	}
	return signed
}

func (p *platform) answer(request []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	q, err := wire.ReadRequest(request)
	if err != nil {
		p.t.Errorf("the box sent %s: %v", request, err)
		return nil
	}
	r := wire.Reply{V: wire.Version, ID: q.ID}
	switch {
	case q.Hello != nil:
		if p.key, err = seal.ParsePublic(q.Hello.Key); err != nil {
			p.t.Error(err)
		}
		p.health, p.rules = q.Hello.Conditions, q.Hello.LocalRules
		r.Hello = &wire.HelloReply{
			HelloReply: proto.Greet(p, siteName, q.Hello.Hello, fmt.Sprint("token", rand.Int64()), 100),
			Now:        time.Now(), Name: "Branch", Acked: p.seen[q.Hello.Incarnation], Whitelisting: whitelisting,
		}
	case q.Pull != nil:
		page, ok := proto.Read(p, siteName, *q.Pull)
		for !ok {
			proto.Void(p, siteName, 1)
			page, ok = proto.Read(p, siteName, *q.Pull)
		}
		r.Pull = &wire.PullReply{Epoch: page.Epoch, Cursor: page.Cursor, Pin: page.Pin, More: page.More}
		for _, d := range page.Docs {
			r.Pull.Docs = append(r.Pull.Docs, p.sign(d))
		}
	case q.Push != nil:
		if c := q.Push.Conditions; c != nil {
			p.health, p.rules, p.told = *c, q.Push.LocalRules, p.told+1
		}
		for _, e := range q.Push.Events {
			if e.Seq > p.seen[q.Push.Incarnation] {
				p.seen[q.Push.Incarnation] = e.Seq
				p.events = append(p.events, e)
			}
		}
		r.Push = &wire.PushReply{PushReply: proto.Take(p, siteName, q.Push.Push), Acked: p.seen[q.Push.Incarnation], Whitelisting: whitelisting}
	case q.Confirm != nil:
		c := proto.Allow(p, siteName, *q.Confirm)
		r.Confirm = &c
	}
	b, err := wire.SignReply(p.signer, siteName, r)
	if err != nil {
		p.t.Error(err)
	}
	if p.tamper != nil {
		b = p.tamper(b)
	}
	return b
}

// conn is one connection to the platform.
type conn struct {
	p     *platform
	hints chan struct{}
	once  sync.Once
	gone  chan struct{}
}

var errWeather = errors.New("the line is bad")

func (p *platform) String() string { return "test" }

func (p *platform) Dial(context.Context) (*conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		return nil, errWeather
	}
	c := &conn{p: p, hints: make(chan struct{}, 1), gone: make(chan struct{})}
	p.conns = append(p.conns, c)
	return c, nil
}

func (c *conn) hint() {
	select {
	case <-c.gone:
	case c.hints <- struct{}{}:
	default:
	}
}

func (c *conn) Hints() <-chan struct{} { return c.hints }

func (c *conn) Close() error {
	c.once.Do(func() { close(c.gone) })
	return nil
}

func (c *conn) Ask(ctx context.Context, _ string, request []byte) ([]byte, error) {
	c.p.mu.Lock()
	w, down := c.p.weather, c.p.down
	c.p.mu.Unlock()
	hit := func(chance int) bool { return rand.IntN(100) < chance }
	if down || hit(w.cut) {
		return nil, errWeather
	}
	time.Sleep(time.Duration(rand.IntN(5)) * time.Millisecond)
	if hit(w.lost) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	answer := c.p.answer(request)
	if hit(w.unanswered) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return answer, nil
}

// cut ends every connection and, while down, lets none be made.
func (p *platform) cut(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.conns = nil
}
