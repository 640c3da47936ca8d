package admin_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/store"
	"github.com/lineside/lineside/vendors"
)

// site is a box with the real desk and the real store, and many phones.
type site struct {
	desk   *provision.Desk
	store  *store.Store
	srv    *admin.Server
	client *admin.Client
	macs   []phone.MAC
}

// newSite sets up n devices of n users. While the test runs, perMinute things a
// minute happen to its phones.
func newSite(t testing.TB, n, perMinute int) *site {
	t.Helper()
	s := &site{}
	key, err := store.NewKey(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	if s.store, err = store.Open(filepath.Join(t.TempDir(), "db"), key, store.Config{}, store.Tools{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.store.Close() })
	table, log := vendors.All(), slog.New(slog.DiscardHandler)
	board, set := &health.Board{}, metrics.New()
	s.desk, err = provision.New(provision.Config{
		Site: phone.Site{Name: "Branch", Zone: "Europe/Berlin", Emergency: []string{"112"}}, Addr: netip.MustParseAddr("10.20.0.1"),
	}, table, provision.Stores{
		Devices: s.store, Policies: s.store, Sightings: s.store, Recorder: s.store, Leases: s.store, Users: s.store, History: s.store, Marker: s.store,
	}, provision.Tools{Log: log, Health: board, Metrics: set})
	if err != nil {
		t.Fatal(err)
	}
	s.fill(t, n)
	cfg := admin.Config{BrandOf: table.Brand, Place: table.Place}
	for _, m := range table.Makers() {
		cfg.Vendors = append(cfg.Vendors, m.Vendor)
	}
	srv, err := admin.New(cfg, admin.Deps{
		Desk: s.desk, Audit: s.store, Recorder: s.store, Backup: &books{}, Leases: s.store, Health: board, Metrics: set, Log: log,
		Status: func() admin.Status { return admin.Status{} },
	})
	if err != nil {
		t.Fatal(err)
	}
	s.srv = srv
	s.serve(t, srv, perMinute)
	return s
}

// fill makes the users and the devices, and has every other phone seen.
func (s *site) fill(t testing.TB, n int) {
	t.Helper()
	first, last := []string{"Anna", "Bernd", "Chloé", "Deniz", "Eva"}, []string{"Schmidt", "Müller", "Okafor", "Nguyen", "de Boer", "Rossi", "Åkesson"}
	makers := []phone.Device{{Vendor: "yealink", Model: "T46G"}, {Vendor: "snom", Model: "D385"}, {Vendor: "poly", Model: "VVX410"}}
	users, devices := make([]phone.User, n), make([]phone.Device, n)
	seen := make([]phone.Seen, 0, n)
	for i := range n {
		id := fmt.Sprintf("user%05d", i)
		users[i] = phone.User{ID: id, Extension: fmt.Sprint(20000 + i), First: first[i%len(first)], Last: last[i%len(last)]}
		dev := makers[i%len(makers)]
		dev.MAC = phone.MAC{0x00, 0x15, 0x65, byte(i >> 16), byte(i >> 8), byte(i)}
		dev.Label, dev.Owner = fmt.Sprintf("Room %d.%03d", i%7, i), id
		dev.Lines = []phone.Line{{Registrar: "sip.example.net", User: fmt.Sprint(20000 + i), DisplayName: users[i].Name(), Password: phone.NewSecret("fake-password")}}
		devices[i], s.macs = dev, append(s.macs, dev.MAC)
		if i%2 == 0 {
			at := time.Now().Add(-time.Duration(i) * time.Second)
			addr := netip.AddrFrom4([4]byte{10, 20, byte(i >> 8), byte(i)})
			seen = append(seen, phone.Seen{MAC: dev.MAC, At: at, First: at, Addr: addr, Front: "http", Vendor: dev.Vendor, Model: dev.Model, Firmware: "66.86.0.15", Agent: "Yealink SIP-T46G 66.86.0.15", Count: 3})
		}
	}
	by := audit.Actor{Front: "cli", Name: "test"}
	if _, _, err := s.desk.ImportUsers(t.Context(), by, users); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.desk.Import(t.Context(), by, devices); err != nil {
		t.Fatal(err)
	}
	if err := s.store.SaveSeen(t.Context(), seen); err != nil {
		t.Fatal(err)
	}
	_, err := s.store.Change(t.Context(), func(old auth.Record) (*auth.Record, []audit.Record, error) {
		old.Enrolment.State = auth.Successful
		return &old, nil, nil
	}, s.macs[:n/3]...)
	if err != nil {
		t.Fatal(err)
	}
}

// serve runs the desk and the operator's socket until the test ends.
func (s *site) serve(t testing.TB, srv *admin.Server, perMinute int) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var parts sync.WaitGroup
	parts.Go(func() { _ = s.desk.Run(ctx) })
	parts.Go(func() { _ = srv.ServeSocket(ctx, l) })
	if perMinute > 0 {
		parts.Go(func() { s.bustle(ctx, perMinute) })
	}
	s.client = admin.NewClient(socket)
	t.Cleanup(func() { s.client.Close(); cancel(); parts.Wait() })
	for _, known := s.desk.Seen(s.macs[0]); !known; _, known = s.desk.Seen(s.macs[0]) {
	}
}

// bustle has a phone fetch now and then, each of which is an event, a line of
// the timeline and something seen.
func (s *site) bustle(ctx context.Context, perMinute int) {
	tick := time.NewTicker(time.Minute / time.Duration(perMinute))
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		mac := s.macs[i*37%len(s.macs)]
		_, _ = s.desk.Fetch(ctx, provision.Ask{
			Front: provision.HTTP, Remote: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 20, mac[4], mac[5]}), 40000),
			File: mac.Hex() + ".cfg", Agent: "Yealink SIP-T46G 66.86.0.15 " + mac.String(),
		})
	}
}

// BenchmarkDevicesPage asks for the first page of 10,000 devices, which has to
// take less than 10 ms with 1,000 events a minute, answer read and decoded.
func BenchmarkDevicesPage(b *testing.B) {
	s := newSite(b, 10_000, 1000)
	for name, q := range map[string]admin.Query{
		"first":         {},
		"last":          {Offset: 9_900},
		"search-mac":    {Text: "00:15:65:00:1f"},
		"search-name":   {Text: "anna müller"},
		"search-nobody": {Text: "zzz"},
		"search-number": {Text: "2777"},
		"state":         {State: "needed"},
		"fact":          {Facts: []string{"unseen"}, Vendor: "snom"},
		"sort-label":    {Sort: "label"},
		"sort-owner":    {Sort: "-owner"},
		"sort-seen":     {Sort: "-seen"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				q.Limit = 50
				if _, err := s.client.Devices(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
