package portal

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/seal"
	"github.com/lineside/lineside/sync/wire"
)

// joined makes a site whose box has joined.
func (l *lab) joined(name string) string {
	l.t.Helper()
	token, err := l.p.AddSite(name)
	if err != nil {
		l.t.Fatal(err)
	}
	signer, err := seal.NewSigner()
	if err != nil {
		l.t.Fatal(err)
	}
	key, err := seal.NewKey()
	if err != nil {
		l.t.Fatal(err)
	}
	if _, err := l.p.Join(wire.Join{Secret: token.Secret, Verifier: signer.Verifier().String(), Key: key.Public().String()}); err != nil {
		l.t.Fatal(err)
	}
	return token.Site
}

// proved sends a box's news that its phone proved itself by PIN.
func (l *lab) proved(site, from string, seq uint64) {
	l.t.Helper()
	const mac = "001565222222"
	if err := l.p.PutDevice(mac, site, wire.Device{Vendor: "yealink"}, nil); err != nil {
		l.t.Fatal(err)
	}
	p := wire.Push{Incarnation: "i", Clock: l.now, Events: []wire.Event{{Seq: seq, At: l.now, Kind: wire.KindPIN, MAC: mac}}}
	b, err := json.Marshal(wire.Request{V: wire.Version, ID: "x", Push: &p})
	if err != nil {
		l.t.Fatal(err)
	}
	if _, err := l.p.AnswerFrom(site, netip.MustParseAddr(from), "push", b); err != nil {
		l.t.Fatal(err)
	}
}

// edge is a token that may only ask.
func (l *lab) edge() string {
	l.t.Helper()
	var made Token
	l.want(201, "POST", V1+"/tokens", TokenInput{Name: "sbc", Role: "edge"}, &made)
	return made.Token
}

// TestAllowCheck: a PIN at a box whitelists its address and no other, for whom
// an edge asks.
func TestAllowCheck(t *testing.T) {
	l := newLab(t)
	site, admin := l.joined("Berlin"), l.token
	l.proved(site, "203.0.113.7", 1)
	l.token = l.edge()
	check := func(ip string) (v central.Verdict) {
		t.Helper()
		l.want(200, "GET", V1+"/allowlist/check?ip="+ip, nil, &v)
		return v
	}
	if v := check("203.0.113.7"); !v.Allowed || v.Site != site || v.Why != "pin" || !v.Until.Equal(l.now.Add(8*time.Hour)) {
		t.Errorf("got %+v, want it allowed for 8 h by the site's PIN", v)
	}
	if v := check("203.0.113.8"); v.Allowed {
		t.Errorf("got %+v, want it not allowed", v)
	}
	for _, bad := range []string{"", "phone", "203.0.113.0/24", "fe80::1%25eth0"} {
		l.refused(400, "GET", V1+"/allowlist/check?ip="+bad, nil, "no address")
	}
	l.refused(403, "GET", V1+"/allowlist", nil, "needs the role viewer")
	l.refused(403, "GET", V1+"/metrics", nil, "needs the role viewer")
	l.now = l.now.Add(8 * time.Hour)
	if v := check("203.0.113.7"); v.Allowed {
		t.Errorf("after 8 h: got %+v, want it not allowed", v)
	}
	l.token = admin
	var of AllowEntries
	l.want(200, "GET", V1+"/sites/"+site+"/allowlist", nil, &of)
	if len(of.Addresses) != 1 || of.Addresses[0].Address.String() != "203.0.113.7" || of.Addresses[0].Verdict.Allowed {
		t.Errorf("got %+v, want the site's one address, no longer whitelisted", of)
	}
}

// TestAllowEntries: entered, listed, in the audit, taken out; mistakes are told.
func TestAllowEntries(t *testing.T) {
	l := newLab(t)
	site := l.joined("Berlin")
	for _, path := range []string{V1 + "/allowlist", V1 + "/sites/" + site + "/allowlist"} {
		l.want(200, "POST", path, AllowInput{Prefix: "203.0.113.0/255.255.255.0", Note: "fair", Until: l.now.Add(time.Hour)}, nil)
		l.refused(422, "POST", path, AllowInput{Prefix: "203.0.113.7/24"}, "enter the one or the other")
		l.refused(422, "POST", path, AllowInput{Prefix: "10.0.0.0/8"}, "say which is meant")
		l.refused(422, "POST", path, AllowInput{}, "is no address")
		var of AllowEntries
		l.want(200, "GET", path, nil, &of)
		if len(of.Entries) != 1 || of.Entries[0].Prefix.String() != "203.0.113.0/24" || of.Entries[0].By == "" || of.Entries[0].For != central.Everywhere {
			t.Errorf("%s: got %+v, want the one entry", path, of)
		}
		if v := l.p.Allowed(netip.MustParseAddr("203.0.113.99")); !v.Allowed {
			t.Errorf("%s: got %+v, want it allowed", path, v)
		}
		l.want(204, "DELETE", path+"?prefix=203.0.113.0/24", nil, nil)
		l.refused(404, "DELETE", path+"?prefix=203.0.113.0/24", nil, "no such entry")
	}
	l.refused(404, "POST", V1+"/sites/nosuchsite/allowlist", AllowInput{Prefix: "203.0.113.7"}, "no such site")
	deeds, _, err := l.p.Audit(central.AuditQuery{Limit: 10})
	if err != nil || len(deeds) != 4 || deeds[3].What != "address allowed" || deeds[3].Key != "203.0.113.0/24" || !strings.Contains(deeds[3].Detail, "fair") {
		t.Errorf("got %+v, %v, want what was done", deeds, err)
	}
}

// TestAllowChanges: a follower that waits is told at once, as JSON and as a
// stream, which goes on behind its last event.
func TestAllowChanges(t *testing.T) {
	l := newLab(t)
	site := l.joined("Berlin")
	edge := l.edge()
	srv := httptest.NewServer(l.h)
	defer srv.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ask := func(path, last, accept string) (*http.Response, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+V1+"/allowlist/changes"+path, nil)
		if err != nil {
			return nil, err
		}
		r.Header.Set("Authorization", "Bearer "+edge)
		r.Header.Set("Accept", accept)
		r.Header.Set("Last-Event-ID", last)
		return srv.Client().Do(r)
	}
	stream := func(path, last string) *bufio.Scanner {
		t.Helper()
		resp, err := ask(path, last, "text/event-stream")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = resp.Body.Close() })
		return bufio.NewScanner(resp.Body)
	}
	next := func(lines *bufio.Scanner) (c central.AllowChanges) {
		t.Helper()
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				if err := json.Unmarshal([]byte(data), &c); err != nil {
					t.Fatal(err)
				}
				return c
			}
		}
		t.Fatalf("the stream ended: %v", lines.Err())
		return c
	}
	lines := stream("", "")
	start := next(lines)
	if !start.Full || len(start.Changes) != 0 {
		t.Errorf("got %+v, want the whole list, empty", start)
	}
	polled := make(chan central.AllowChanges, 1)
	go func() {
		var c central.AllowChanges
		resp, err := ask("?wait=15&cursor="+start.Cursor, "", "")
		if err == nil {
			err = json.NewDecoder(resp.Body).Decode(&c)
			_ = resp.Body.Close()
		}
		if err != nil {
			t.Error(err)
		}
		polled <- c
	}()
	l.proved(site, "203.0.113.7", 1)
	one := next(lines)
	if one.Full || len(one.Changes) != 1 || one.Changes[0].Prefix.String() != "203.0.113.7/32" || one.Changes[0].Gone {
		t.Errorf("got %+v, want the one address", one)
	}
	if c := <-polled; c.Full || len(c.Changes) != 1 || c.Cursor != one.Cursor {
		t.Errorf("by waiting: got %+v, want %+v", c, one)
	}
	if err := l.p.Revoke(site); err != nil {
		t.Fatal(err)
	}
	if c := next(stream("", one.Cursor)); c.Full || len(c.Changes) != 1 || !c.Changes[0].Gone {
		t.Errorf("behind the last event: got %+v, want the address gone", c)
	}
	if c := next(stream("", "another-7")); !c.Full || len(c.Changes) != 0 {
		t.Errorf("behind another process's: got %+v, want the whole list", c)
	}
}

// TestWideEntry has an operator open one customer's networks at the edge, and
// not a provider's.
func TestWideEntry(t *testing.T) {
	l := newLab(t)
	site := l.joined("Bonn")
	path := V1 + "/sites/" + site + "/allowlist"
	tokens := map[Role]string{}
	for _, r := range []Role{Operator, Reseller} {
		var made Token
		l.want(201, "POST", V1+"/tokens", TokenInput{Name: r.String(), Role: r.String()}, &made)
		tokens[r] = made.Token
	}
	for _, tc := range []struct {
		prefix, reach string
		role          Role
		ok            bool
	}{
		{"203.0.113.0/24", "all", Operator, true},
		{"203.0.112.0/23", "all", Operator, false},
		{"203.0.112.0/23", "", Operator, false},
		{"203.0.112.0/23", "edge", Operator, false},
		{"203.0.112.0/23", "edge", Reseller, true},
		{"2001:db8:1::/48", "edge", Operator, true},
		{"2001:db8::/47", "edge", Operator, false},
		{"10.0.0.0/8", "boxes", Operator, true},
	} {
		l.token = tokens[tc.role]
		in := AllowInput{Prefix: tc.prefix, For: tc.reach}
		if tc.ok {
			l.want(200, "POST", path, in, nil)
		} else {
			l.refused(403, "POST", path, in, "too wide")
		}
	}
}
