package central_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

// rolledOut is the release a site's policy says, empty for none.
func (l *lab) rolledOut(id string) string {
	l.t.Helper()
	var p wire.Policy
	if err := json.Unmarshal(l.held(id)[wire.DocID(wire.PolicyDoc, "site")].Body, &p); err != nil {
		l.t.Fatal(err)
	}
	if p.Rollout == nil {
		return ""
	}
	return p.Rollout.Version
}

// outcome has a site tell how its update went, as the box's audit log words it.
func (l *lab) outcome(id string, seq uint64, kind, version string) {
	l.t.Helper()
	facts := json.RawMessage(`{"front":"update","kind":"` + kind + `","what":{"version":"` + version + `","why":"it ended"}}`)
	push := wire.Push{Incarnation: "i", Events: []wire.Event{{Seq: seq, Kind: kind, Facts: facts}}}
	if r := l.request(id, wire.Request{Push: &push}); r.Push == nil || r.Push.Acked != seq {
		l.t.Fatalf("got %+v, want the event taken", r)
	}
}

func (l *lab) mustRoll(r central.Rollout) {
	l.t.Helper()
	if _, err := l.p.As("anna").Roll(r); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) addRelease(version string) central.Release {
	l.t.Helper()
	r := central.Release{Version: version, Bytes: 26, SHA256: strings.Repeat("a", 64), Key: "K"}
	if err := l.p.As("anna").AddRelease(r); err != nil {
		l.t.Fatal(err)
	}
	return r
}

// TestRolloutShare: a share of the sites is told, the same ones and more of them
// when it grows, and a new site is in it or not by its name alone.
func TestRolloutShare(t *testing.T) {
	l := newLab(t)
	const sites = 150 // more than one slice
	var ids []string
	for n := range sites {
		tok, err := l.p.As("anna").AddSite(fmt.Sprint("site ", n))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, l.join(tok).id)
	}
	l.addRelease("v2.0.0")
	if _, err := l.p.As("anna").Roll(central.Rollout{Version: "v3.0.0", Percent: 1}); !errors.Is(err, central.ErrUnknown) {
		t.Errorf("a release nobody added: got %v, want %v", err, central.ErrUnknown)
	}
	was := map[string]bool{}
	for _, percent := range []int{10, 50, 100} {
		l.mustRoll(central.Rollout{Version: "v2.0.0", Percent: percent})
		n := 0
		for _, id := range ids {
			has := l.rolledOut(id) == "v2.0.0"
			if was[id] && !has {
				t.Errorf("%d %%: a site of a smaller share is not in it", percent)
			}
			if was[id] = has; has {
				n++
			}
		}
		if want := sites * percent / 100; n < want-sites*15/100 || n > want+sites*15/100 {
			t.Errorf("%d %%: got %d of %d sites, want about %d", percent, n, sites, want)
		}
	}
	if _, err := l.p.As("anna").Halt(); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if got := l.rolledOut(id); got != "" {
			t.Fatalf("halted: a site is told of %s, want of none", got)
		}
	}
}

// TestRolloutHalts: sites that went back halt it when they are too many, and a
// single one never does, however often it says so.
func TestRolloutHalts(t *testing.T) {
	l := newLab(t)
	l.addRelease("v2.0.0")
	var ids []string
	for n := range 6 {
		ids = append(ids, l.newBox(fmt.Sprint("site ", n)).id)
	}
	roll := central.Rollout{Version: "v2.0.0", Percent: 100, HaltPercent: 40, HaltLeast: 2}
	l.mustRoll(roll)
	for _, c := range []struct {
		site    int
		kind    string
		version string
		want    string // kept back refused, and whether it runs
	}{
		{0, wire.KindUpdateBack, "v2.0.0", "0 1 0 true"},
		{0, wire.KindUpdateBack, "v2.0.0", "0 1 0 true"}, // again
		{1, wire.KindUpdateBack, "v1.9.0", "0 1 0 true"}, // another version's
		{1, wire.KindUpdateRefused, "v2.0.0", "0 1 1 true"},
		{2, wire.KindUpdateKept, "v2.0.0", "1 1 1 true"},
		{3, wire.KindUpdateKept, "v2.0.0", "2 1 1 true"},
		{4, wire.KindUpdateKept, "v2.0.0", "3 1 1 true"},
		{4, wire.KindUpdateBack, "v2.0.0", "2 2 1 false"}, // an operator there went back: 2 of 4 are above 40 %
		{5, wire.KindUpdateKept, "v2.0.0", "3 2 1 false"},
	} {
		l.outcome(ids[c.site], l.seqs(ids[c.site]), c.kind, c.version)
		r, _, err := l.p.Rollout()
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(r.Kept, r.Back, r.Refused, r.Runs()); got != c.want {
			t.Errorf("site %d told %s of %s: got %q, want %q", c.site, c.kind, c.version, got, c.want)
		}
	}
	r, list, err := l.p.Rollout()
	if err != nil || !strings.Contains(r.Why, "2 of 4 sites went back") || len(list) != 3 || list[0].Why != "it ended" {
		t.Errorf("got %+v, %+v, %v, want why it halted and the three sites", r, list, err)
	}
	for _, id := range ids {
		if got := l.rolledOut(id); got != "" {
			t.Errorf("a site is still told of %s, want of none", got)
		}
	}
	deeds, _, err := l.p.Audit(central.AuditQuery{Limit: 1})
	if err != nil || len(deeds) != 1 || deeds[0].What != "rollout halted" || deeds[0].By != "the platform" {
		t.Errorf("got %+v, %v, want it in the audit", deeds, err)
	}
	l.mustRoll(roll) // an operator goes on: what was before counts no more
	l.outcome(ids[0], l.seqs(ids[0]), wire.KindUpdateBack, "v2.0.0")
	if r, _, _ := l.p.Rollout(); !r.Runs() || r.Back != 1 || r.Kept != 0 {
		t.Errorf("begun again: got %+v, want one site back and it running", r)
	}
}

// seqs is the next number of a site's events.
func (l *lab) seqs(id string) uint64 { return uint64(len(l.events(id)) + 1) }

// folder is a shelf in a test's folder.
type folder string

func (f folder) Open(version string) (*os.File, error) {
	return os.Open(filepath.Join(string(f), version))
}

// TestFetchRelease: a box gets what is rolled out to it, from any byte on, and
// nothing else; a stranger gets what a stranger gets everywhere.
func TestFetchRelease(t *testing.T) {
	l := newLab(t)
	dir := folder(t.TempDir())
	const text = "abcdefghijklmnopqrstuvwxyz"
	if err := os.WriteFile(filepath.Join(string(dir), "v2.0.0"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	front := central.NewHandler(l.p)
	front.Shelf = dir
	srv := httptest.NewTLSServer(front)
	t.Cleanup(srv.Close)
	b := l.newBox("Berlin")
	var err error
	if b.https.Base, err = url.Parse(srv.URL); err != nil {
		t.Fatal(err)
	}
	b.https.Client = srv.Client()
	fetch := func(version string, from int64) (string, error) {
		in, err := b.https.Release(t.Context(), version, from)
		if err != nil {
			return "", err
		}
		defer func() { _ = in.Close() }()
		got, err := io.ReadAll(in)
		return string(got), err
	}
	l.addRelease("v2.0.0")
	if _, err := fetch("v2.0.0", 0); !errors.Is(err, site.ErrNotRolledOut) {
		t.Errorf("not rolled out: got %v, want %v", err, site.ErrNotRolledOut)
	}
	l.mustRoll(central.Rollout{Version: "v2.0.0", Percent: 100})
	for from, want := range map[int64]string{0: text, 20: "uvwxyz"} {
		if got, err := fetch("v2.0.0", from); got != want || err != nil {
			t.Errorf("from byte %d: got %q, %v, want %q", from, got, err, want)
		}
	}
	for _, version := range []string{"v2.0.1", "../central.db", ""} {
		if got, err := fetch(version, 0); err == nil {
			t.Errorf("version %q: got %q, want none", version, got)
		}
	}
	if _, err := l.p.As("anna").Halt(); err != nil {
		t.Fatal(err)
	}
	if _, err := fetch("v2.0.0", 0); !errors.Is(err, site.ErrNotRolledOut) {
		t.Errorf("halted: got %v, want %v", err, site.ErrNotRolledOut)
	}
	if a, b := stranger(t, srv, wire.PathRelease+"v2.0.0"), stranger(t, srv, wire.PathHints); a != b || !strings.HasPrefix(a, "403 ") {
		t.Errorf("a stranger: got %q, want %q", a, b)
	}
}

// stranger asks with a token that was never given out.
func stranger(t *testing.T, srv *httptest.Server, path string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer MADEUP")
	resp, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(resp.StatusCode, " ", string(body))
}
