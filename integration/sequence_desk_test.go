package integration

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/store"
	"github.com/lineside/lineside/vendors"
)

// clerk is a front desk with every vendor on a real store, without doors.
type clerk struct {
	*provision.Desk
	store *store.Store
	by    audit.Actor
	lan   lan
}

// lan is who holds which address, as leases and the wire say alike.
type lan map[netip.Addr]phone.Lease

func (l lan) LeaseOf(a netip.Addr) (phone.Lease, bool) {
	lease, ok := l[a]
	return lease, ok
}

func (l lan) LeasesTo(mac phone.MAC) (list []phone.Lease) {
	if lease, ok := l[addrOf(mac)]; ok && lease.MAC == mac {
		list = append(list, lease)
	}
	return list
}

// MAC is what answers for an address.
func (l lan) MAC(a netip.Addr) (phone.MAC, bool) {
	lease, ok := l[a]
	return lease.MAC, ok
}

func (l lan) Present(mac phone.MAC) bool { return len(l.LeasesTo(mac)) > 0 }

// addrOf is where a phone is: its address ends as its MAC.
func addrOf(mac phone.MAC) netip.Addr { return netip.AddrFrom4([4]byte{10, mac[3], mac[4], mac[5]}) }

// own is the credential every device of a clerk has.
var own = auth.Credential{User: "own-fake", Password: phone.NewSecret("fake-own-password")}

func newClerk(t testing.TB) *clerk {
	t.Helper()
	key, err := store.NewKey(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	tools := store.Tools{Log: slog.New(slog.DiscardHandler), Health: new(health.Board), Metrics: metrics.New()}
	s, err := store.Open(filepath.Join(t.TempDir(), "lineside.db"), key, store.Config{FirstContact: auth.FactorOTP}, tools)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	c := &clerk{store: s, by: audit.Actor{Front: "cli", Name: "root"}, lan: lan{}}
	c.restart(t)
	return c
}

// restart makes the desk anew, with nothing in its cache.
func (c *clerk) restart(t testing.TB) {
	t.Helper()
	var err error
	c.Desk, err = provision.New(provision.Config{
		Site: phone.Site{Name: "Branch", Zone: "Europe/Berlin", Language: "de", Emergency: []string{"110", "112"}, SBC: "sbc.example.net:5060"},
		Addr: netip.MustParseAddr("10.20.0.1"),
	}, vendors.All(), provision.Stores{
		Devices: c.store, Policies: c.store, Sightings: c.store, Recorder: c.store, Leases: c.lan, Neighbours: c.lan, History: c.store, Users: c.store,
	}, provision.Tools{Log: slog.New(slog.DiscardHandler), Health: new(health.Board), Metrics: metrics.New()})
	if err != nil {
		t.Fatal(err)
	}
}

// enrol sets devices up that have proved themselves already.
func (c *clerk) enrol(t testing.TB, devices ...phone.Device) {
	t.Helper()
	if _, _, err := c.Import(t.Context(), c.by, devices); err != nil {
		t.Fatal(err)
	}
	macs := make([]phone.MAC, len(devices))
	for i, d := range devices {
		macs[i] = d.MAC
		at := addrOf(d.MAC)
		c.lan[at] = phone.Lease{Addr: at, MAC: d.MAC, Vendor: d.Vendor, Model: d.Model, State: phone.Bound, Expires: time.Now().Add(time.Hour)}
	}
	if _, err := c.store.Change(t.Context(), func(old auth.Record) (*auth.Record, []audit.Record, error) {
		old.Enrolment.State, old.Enrolment.Current = auth.Successful, own
		return &old, nil, nil
	}, macs...); err != nil {
		t.Fatal(err)
	}
}

// ask is the question of an enrolled phone for its config.
func ask(dev phone.Device) (provision.Ask, error) {
	m, _ := vendors.All().Of(dev.Vendor)
	for _, name := range m.Sequence(dev.MAC, dev.Model) {
		if f, ok := vendors.All().File(name, dev.Vendor); ok && f.Kind == vendors.Config && f.MAC == dev.MAC && f.Vendor == dev.Vendor {
			return provision.Ask{
				Front: provision.HTTP, Remote: netip.AddrPortFrom(addrOf(dev.MAC), 40000), File: name,
				Attempt: &provision.Attempt{User: own.User, Proves: own.Password.Equal},
			}, nil
		}
	}
	return provision.Ask{}, fmt.Errorf("no config in the sequence of %s %s", dev.Vendor, dev.Model)
}

// config is what an enrolled phone gets.
func (c *clerk) config(t testing.TB, dev phone.Device) string {
	t.Helper()
	q, err := ask(dev)
	if err != nil {
		t.Fatal(err)
	}
	a, err := c.Fetch(t.Context(), q)
	if err != nil || a.Status != provision.Content {
		t.Fatalf("%s %s: got status %d, %v; want its config", dev.Vendor, q.File, a.Status, err)
	}
	return string(a.Body)
}
