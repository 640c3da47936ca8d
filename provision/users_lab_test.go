package provision_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

func (m *memory) User(id string) (phone.User, bool) {
	m.userMu.Lock()
	defer m.userMu.Unlock()
	u, ok := m.users[id]
	return u, ok
}

func (m *memory) Users() []phone.User {
	m.userMu.Lock()
	defer m.userMu.Unlock()
	return slices.SortedFunc(maps.Values(m.users), func(a, b phone.User) int { return cmp.Compare(a.ID, b.ID) })
}

func (m *memory) ChangeUsers(_ context.Context, edit provision.UserEdit, ids ...string) error {
	m.userMu.Lock()
	defer m.userMu.Unlock()
	next, events := maps.Clone(m.users), []audit.Record(nil)
	if next == nil {
		next = map[string]phone.User{}
	}
	for _, id := range ids {
		old, ok := next[id]
		if !ok {
			old.ID = id
		}
		u, ev, err := edit(old)
		if err != nil {
			return err
		}
		events = append(events, ev...)
		switch {
		case u == nil:
			delete(next, id)
		case *u != old:
			u.Rev = m.nextRev()
			next[id] = *u
		}
	}
	m.users = next
	return m.Record(context.Background(), events...)
}

func (m *memory) nextRev() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rev++
	return m.rev
}

// newTown is a lab whose site has users, whose table is of its own making, and
// whose desk is as change leaves its settings.
func newTown(t testing.TB, f auth.Factor, table func(*lab) vendors.Table, change ...func(*provision.Config)) *lab {
	t.Helper()
	l := &lab{
		board: new(health.Board), metrics: metrics.New(),
		store: &memory{
			devices: make(map[phone.MAC]auth.Record), seen: make(map[phone.MAC]phone.Seen),
			leases: make(map[netip.Addr]phone.Lease), wire: make(map[netip.Addr]phone.MAC),
			policy: auth.Policy{FirstContact: f, Key: phone.NewSecret("fake-site-key")},
		},
	}
	l.set(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))
	cfg := provision.Config{
		Site: phone.Site{Name: "Lab", Zone: "Europe/Berlin", Emergency: []string{"112"}},
		Addr: netip.MustParseAddr("10.20.0.1"),
	}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	l.Desk, err = provision.New(cfg, table(l), provision.Stores{
		Devices: l.store, Policies: l.store, Sightings: l.store, Recorder: l.store, Leases: l.store, Neighbours: l.store, Users: l.store, Marker: l.store,
	}, provision.Tools{
		Log: slog.New(slog.DiscardHandler), Health: l.board, Metrics: l.metrics,
		Now: func() time.Time { return *l.clock.Load() },
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.SetBrand(t.Context(), operator, "plain", "installer", otp); err != nil {
		t.Fatal(err)
	}
	return l
}

// townTable has the plain vendor with a phone book, and "mute", whose phones
// cannot sign in and ask for <mac>.mute.
func townTable(l *lab) vendors.Table {
	plain, _ := l.table().Of("plain")
	write := func(title string, entries []vendors.Entry) ([]byte, error) {
		body := title
		for _, e := range entries {
			body += "\n" + e.Name + "=" + e.Extension
		}
		return []byte(body), nil
	}
	plain.Book = &vendors.Book{File: "book.txt", ContentType: "text/plain", Write: write}
	plain.Fetch = vendors.Fetch{By: []vendors.Protocol{vendors.HTTP}, Auth: vendors.Digest}
	plain.Render = func(in vendors.Input) ([]byte, error) {
		l.renders.Add(1)
		return fmt.Appendf(nil, "stage=%d login=%s:%s token=%s book=%s,%s:%s fw=%s", in.Stage, in.Login.User, in.Login.Password.Reveal(),
			in.Token.Reveal(), in.Book.URL, in.Book.Login.User, in.Book.Login.Password.Reveal(), in.Firmware.URL), nil
	}
	own := plain.File
	plain.File = func(name string) (vendors.File, bool) {
		if name == "book.txt" {
			return vendors.File{Name: name, Kind: vendors.Absent, Vendor: "plain"}, true
		}
		return own(name)
	}
	mute := plain
	mute.Vendor, mute.Name, mute.Book, mute.OUIs = "mute", "Mute", nil, nil
	mute.Fetch, mute.FirstTry, mute.Agent, mute.Class = vendors.Fetch{By: []vendors.Protocol{vendors.HTTP, vendors.TFTP}}, vendors.Login{}, nil, nil
	mute.File = func(name string) (vendors.File, bool) {
		if name == "mute.txt" {
			return vendors.File{Name: name, Kind: vendors.Common, Vendor: "mute"}, true
		}
		hex, ok := strings.CutSuffix(name, ".mute")
		m, err := phone.ParseMAC(hex)
		return vendors.File{Name: name, Kind: vendors.Config, Vendor: "mute", MAC: m}, ok && err == nil
	}
	mute.Sequence = func(m phone.MAC, _ string) []string { return []string{"mute.txt", m.Hex() + ".mute"} }
	return vendors.NewTable(plain, mute)
}

// anna is a user with everything.
func anna() phone.User {
	return phone.User{
		ID: "anna", Extension: "710", First: "Anna", Last: "Müller",
		WebPassword: phone.NewSecret("fakepass1"), PortalPIN: phone.NewSecret("2468"),
	}
}

func (l *lab) people(t testing.TB, users ...phone.User) {
	t.Helper()
	for _, u := range users {
		if _, err := l.AddUser(t.Context(), operator, u); err != nil {
			t.Fatal(err)
		}
	}
}

// fetch asks for a file over HTTP from an address.
func (l *lab) fetch(t testing.TB, file, from string, shown ...string) provision.Answer {
	t.Helper()
	return l.askOn(t, provision.HTTP, file, from, shown...)
}

func (l *lab) askOn(t testing.TB, front provision.Front, file, from string, shown ...string) provision.Answer {
	t.Helper()
	name, query, _ := strings.Cut(file, "?")
	ask := provision.Ask{Front: front, Remote: netip.AddrPortFrom(netip.MustParseAddr(from), 40000), File: name, Query: query}
	if len(shown) == 2 {
		ask.Attempt = &provision.Attempt{User: shown[0], Proves: phone.NewSecret(shown[1]).Equal}
	}
	a, err := l.Fetch(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// wordIn reads "name=value" out of a config of the town.
func wordIn(t testing.TB, a provision.Answer, name string) string {
	t.Helper()
	for _, word := range strings.Fields(string(a.Body)) {
		if value, ok := strings.CutPrefix(word, name+"="); ok {
			return value
		}
	}
	t.Fatalf("no %s in %q", name, a.Body)
	return ""
}

// misses is how many configs were rendered for the cache.
func (l *lab) misses() string {
	w := httptest.NewRecorder()
	l.metrics.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	_, rest, _ := strings.Cut(w.Body.String(), metrics.NameCache+`{outcome="miss"} `)
	n, _, _ := strings.Cut(rest, "\n")
	return n
}
