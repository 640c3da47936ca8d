package central_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/seal"
	"github.com/lineside/lineside/sync/wire"
)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

// nkey is a made-up key of the form NATS has.
func nkey(c string) string { return "U" + strings.Repeat(c, 55) }

// joinWith joins a box that brings a key for NATS.
func (l *lab) joinWith(secret, nkey string) (site string, err error) {
	l.t.Helper()
	signer, err := seal.NewSigner()
	if err != nil {
		l.t.Fatal(err)
	}
	key, err := seal.NewKey()
	if err != nil {
		l.t.Fatal(err)
	}
	r, err := l.p.Join(wire.Join{Secret: secret, Verifier: signer.Verifier().String(), Key: key.Public().String(), NKey: nkey})
	return r.Site, err
}

func (l *lab) token(name string) central.Token {
	l.t.Helper()
	tok, err := l.p.AddSite(name)
	if err != nil {
		l.t.Fatal(err)
	}
	return tok
}

func (l *lab) addresses(site string) (list []string) {
	l.t.Helper()
	all, err := l.p.Addresses(site)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, a := range all {
		list = append(list, a.Addr.String())
	}
	return list
}

// TestAdmit: who may connect, whose it is, and what is kept of it.
func TestAdmit(t *testing.T) {
	l := newLab(t)
	tok := l.token("Berlin")
	a, err := l.joinWith(tok.Secret, nkey("A"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.joinWith(l.token("Munich").Secret, nkey("B"))
	if err != nil {
		t.Fatal(err)
	}
	unjoined := l.token("Cologne").Site
	admit := func(c central.Connection) string {
		id, err := l.p.Admit(t.Context(), c)
		if err != nil {
			return err.Error()
		}
		return id
	}
	no := central.ErrNotAdmitted.Error()
	for _, c := range []struct {
		name string
		c    central.Connection
		want string
	}{
		{"its key", central.Connection{NKey: nkey("A"), Address: addr("203.0.113.7")}, a},
		{"its key and name", central.Connection{NKey: nkey("B"), Site: b}, b},
		{"proved over HTTPS", central.Connection{Site: a}, a},
		{"its key, another's name", central.Connection{NKey: nkey("A"), Site: b}, no},
		{"a key nobody has", central.Connection{NKey: nkey("C")}, no},
		{"a site nobody has", central.Connection{Site: "nosuchsite"}, no},
		{"a site no box has joined", central.Connection{Site: unjoined}, no},
		{"nothing", central.Connection{}, no},
	} {
		if got := admit(c.c); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	if got := l.addresses(a); !slices.Equal(got, []string{"203.0.113.7"}) {
		t.Errorf("got addresses %v, want 203.0.113.7", got)
	}

	var cut []string
	l.p.OnRevoke(func(id string) { cut = append(cut, id) })
	again, err := l.p.Invite(a)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.joinWith(again.Secret, nkey("B")); err == nil {
		t.Error("a box joined with another site's key, want it refused")
	}
	if _, err := l.joinWith(again.Secret, "made up"); err == nil {
		t.Error("a box joined with a key that is none, want it refused")
	}
	if _, err := l.joinWith(again.Secret, nkey("D")); err != nil {
		t.Fatal(err)
	}
	if got := admit(central.Connection{NKey: nkey("A")}); got != no {
		t.Errorf("the old box: got %q, want it refused", got)
	}
	if err := l.p.Revoke(b); err != nil {
		t.Fatal(err)
	}
	if got := admit(central.Connection{NKey: nkey("B")}); got != no {
		t.Errorf("a revoked site: got %q, want it refused", got)
	}
	if !slices.Equal(cut, []string{a, b}) {
		t.Errorf("got %v cut off, want the replaced box and the revoked one", cut)
	}
}

// TestAddressesBounded: a site that comes from everywhere is remembered by its
// newest addresses, the one it came from last as the newest.
func TestAddressesBounded(t *testing.T) {
	l := newLab(t)
	a := l.newBox("Berlin")
	for i := range 50 {
		from := netip.AddrFrom4([4]byte{203, 0, byte(i >> 8), byte(i)})
		if _, err := l.p.Admit(t.Context(), central.Connection{Site: a.id, Address: from}); err != nil {
			t.Fatal(err)
		}
	}
	for _, again := range []string{"203.0.0.42", "::ffff:203.0.0.43"} {
		if _, err := l.p.Admit(t.Context(), central.Connection{Site: a.id, Address: addr(again)}); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"203.0.0.44", "203.0.0.45", "203.0.0.46", "203.0.0.47", "203.0.0.48", "203.0.0.49", "203.0.0.42", "203.0.0.43"}
	if got := l.addresses(a.id); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestConnected: an address that was missed is found, a connection left over
// does not take the newest one's place, a box that is revoked is cut off.
func TestConnected(t *testing.T) {
	l := newLab(t)
	a, b, c := l.newBox("Berlin"), l.newBox("Munich"), l.newBox("Cologne")
	for _, from := range []string{"203.0.113.1", "203.0.113.2"} {
		if _, err := l.p.Admit(t.Context(), central.Connection{Site: a.id, Address: addr(from)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.p.Revoke(c.id); err != nil {
		t.Fatal(err)
	}
	var cut []string
	l.p.OnRevoke(func(id string) { cut = append(cut, id) })
	err := l.p.Connected(t.Context(), []central.Connection{
		{Site: a.id, Address: addr("203.0.113.2")}, {Site: b.id, Address: addr("2001:db8::7")},
		{Site: c.id, Address: addr("203.0.113.3")}, {Site: a.id, Address: addr("203.0.113.1")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := l.addresses(a.id), []string{"203.0.113.1", "203.0.113.2"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := l.addresses(b.id), []string{"2001:db8::7"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if !slices.Equal(cut, []string{c.id}) {
		t.Errorf("got %v cut off, want %s", cut, c.id)
	}
}

// TestOldSessionEnds: the session of a box whose place another took is over at
// once.
func TestOldSessionEnds(t *testing.T) {
	l := newLab(t)
	old := l.newBox("Berlin")
	conn, err := old.https.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	ask := func() error {
		b, _ := json.Marshal(wire.Request{V: 1, ID: "x", Hello: &wire.Hello{}})
		_, err := conn.Ask(t.Context(), "hello", b)
		return err
	}
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	tok, err := l.p.Invite(old.id)
	if err != nil {
		t.Fatal(err)
	}
	if err := ask(); err != nil {
		t.Errorf("before the new box joined: got %v, want an answer", err)
	}
	l.join(tok)
	if err := ask(); err == nil {
		t.Error("the old box was answered after the new one joined, want it refused")
	}
}

// TestSource: what a stranger writes into a header is not believed.
func TestSource(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("2001:db8:1::/48")}
	xff := func(v ...string) http.Header { return http.Header{"X-Forwarded-For": v} }
	fwd := func(v ...string) http.Header { return http.Header{"Forwarded": v} }
	for _, c := range []struct {
		name, peer string
		header     http.Header
		forwarded  bool
		want       string
	}{
		{"straight", "203.0.113.7:4711", nil, false, "203.0.113.7"},
		{"straight, spoofed", "203.0.113.7:4711", xff("198.51.100.1"), false, "203.0.113.7"},
		{"straight, as IPv4 in IPv6", "[::ffff:203.0.113.7]:4711", nil, false, "203.0.113.7"},
		{"by a proxy", "10.1.0.1:80", xff("203.0.113.7"), false, "203.0.113.7"},
		{"by a proxy, spoofed before it", "10.1.0.1:80", xff("198.51.100.1, 203.0.113.7"), false, "203.0.113.7"},
		{"by a proxy, spoofed on a line of its own", "10.1.0.1:80", xff("198.51.100.1", "203.0.113.7"), false, "203.0.113.7"},
		{"by two proxies", "[2001:db8:1::1]:80", xff("198.51.100.1, 203.0.113.7, 10.1.0.9"), false, "203.0.113.7"},
		{"with a port", "10.1.0.1:80", xff("203.0.113.7:4711"), false, "203.0.113.7"},
		{"IPv6 with a port", "10.1.0.1:80", xff("[2001:db8::7]:4711"), false, "2001:db8::7"},
		{"IPv6 in brackets", "10.1.0.1:80", xff("[2001:db8::7]"), false, "2001:db8::7"},
		{"a proxy that says nothing", "10.1.0.1:80", nil, false, ""},
		{"a proxy that names nobody", "10.1.0.1:80", xff("unknown"), false, ""},
		{"nobody but proxies", "10.1.0.1:80", xff("10.1.0.3, 10.1.0.2"), false, ""},
		{"a stranger's word before an unreadable hop", "10.1.0.1:80", xff("203.0.113.7, "), false, ""},
		{"the other header is not heard", "10.1.0.1:80", http.Header{"Forwarded": {"for=198.51.100.1"}, "X-Forwarded-For": {"203.0.113.7"}}, false, "203.0.113.7"},
		{"too many proxies", "10.1.0.1:80", xff("203.0.113.7" + strings.Repeat(",10.1.0.1", 20)), false, ""},
		{"Forwarded", "10.1.0.1:80", fwd("for=203.0.113.7;proto=https"), true, "203.0.113.7"},
		{"Forwarded, quoted", "10.1.0.1:80", fwd(`proto=https; For="[2001:db8::7]:4711"`), true, "2001:db8::7"},
		{"Forwarded, an open quote before it", "10.1.0.1:80", fwd(`for="198.51.100.1`, "for=203.0.113.7"), true, "203.0.113.7"},
		{"Forwarded, twice in one", "10.1.0.1:80", fwd("for=198.51.100.1;for=203.0.113.7"), true, ""},
		{"Forwarded, hidden", "10.1.0.1:80", fwd("for=_gazonk"), true, ""},
		{"Forwarded where the other header is spoofed", "10.1.0.1:80", http.Header{"Forwarded": {"for=203.0.113.7"}, "X-Forwarded-For": {"198.51.100.1"}}, true, "203.0.113.7"},
		{"no address at all", "@", nil, false, ""},
	} {
		got := central.Proxies{Trusted: trusted, Forwarded: c.forwarded}.Source(&http.Request{RemoteAddr: c.peer, Header: c.header})
		want := netip.Addr{}
		if c.want != "" {
			want = addr(c.want)
		}
		if got != want {
			t.Errorf("%s: got %v, want %v", c.name, got, want)
		}
	}
}

// FuzzSource: whatever a stranger sends, the address our own proxy wrote is
// the one that counts, in either header.
func FuzzSource(f *testing.F) {
	f.Add("198.51.100.1", []byte{203, 0, 113, 7}, true)
	f.Add(`for="a,b`, []byte{203, 0, 113, 7}, false)
	f.Add(", ,", make([]byte, 16), false)
	trusted := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}
	f.Fuzz(func(t *testing.T, spoofed string, real []byte, oneLine bool) {
		a, ok := netip.AddrFromSlice(real)
		if a = a.Unmap(); !ok || trusted[0].Contains(a) {
			return
		}
		for _, forwarded := range []bool{false, true} {
			name, wrote := "X-Forwarded-For", a.String()
			if forwarded {
				name, wrote = "Forwarded", `for="`+a.String()+`"`
				if a.Is6() {
					wrote = `for="[` + a.String() + `]"`
				}
			}
			lines := []string{spoofed, wrote}
			if oneLine {
				lines = []string{spoofed + ", " + wrote}
			}
			r := &http.Request{RemoteAddr: "10.1.0.1:80", Header: http.Header{name: lines}}
			if got := (central.Proxies{Trusted: trusted, Forwarded: forwarded}).Source(r); got != a {
				t.Errorf("%s %q: got %v, want %v", name, lines, got, a)
			}
		}
	})
}

// TestSessionAddress: the address of a session over HTTPS is the site's, through
// a proxy of ours too.
func TestSessionAddress(t *testing.T) {
	l := newLab(t)
	h := central.NewHandler(l.p)
	h.Proxies.Trusted = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	from := "203.0.113.7"
	proxy := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Add("X-Forwarded-For", from)
		h.ServeHTTP(w, r)
	}))
	defer proxy.Close()
	l.srv = proxy
	a := l.newBox("Berlin")
	conn, err := a.https.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if got := l.addresses(a.id); !slices.Equal(got, []string{"203.0.113.7"}) {
		t.Errorf("got %v, want 203.0.113.7", got)
	}
	from = "198.51.100.9" // its other line, within the same session
	b, _ := json.Marshal(wire.Request{V: 1, ID: "x", Hello: &wire.Hello{}})
	if _, err := conn.Ask(t.Context(), "hello", b); err != nil {
		t.Fatal(err)
	}
	if got := l.addresses(a.id); !slices.Equal(got, []string{"203.0.113.7", "198.51.100.9"}) {
		t.Errorf("got %v, want both its lines", got)
	}
}
