package provision_test

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

func TestHoldingAccountsExistForEveryMAC(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	l.store.policy.Key = phone.NewSecret("fake site key")
	got, pw, ok := l.HoldingAccount(mac.Hex())
	_, other, _ := l.HoldingAccount(stranger.Hex())
	if !ok || got != mac || pw.IsZero() || pw.Equal(other) {
		t.Errorf("got %s %v, passwords alike %v, want the phone's own", got, ok, pw.Equal(other))
	}
	for _, name := range []string{"", "alice", mac.String(), strings.ToUpper(mac.Hex()), mac.Hex() + "0"} {
		if _, pw, ok := l.HoldingAccount(name); ok || pw.IsZero() {
			t.Errorf("%q: got %v, no password %v, want no account and a password nobody has", name, ok, pw.IsZero())
		}
	}
}

func TestAPeerIsWeighedAgainstLayer2(t *testing.T) {
	at, elsewhere := netip.MustParseAddr("10.20.0.50"), netip.MustParseAddr("10.20.0.51")
	for _, tt := range []struct {
		name string
		wire map[netip.Addr]phone.MAC
		want bool
	}{
		{"nothing speaks against it", nil, true},
		{"it answers there", map[netip.Addr]phone.MAC{at: mac}, true},
		{"another answers there", map[netip.Addr]phone.MAC{at: stranger}, false},
		{"it is at home elsewhere", map[netip.Addr]phone.MAC{elsewhere: mac}, false},
	} {
		l := newLab(t, auth.FactorPIN)
		l.store.wire = tt.wire
		if _, ok := l.AdmitPeer(provision.Peer{MAC: mac, Remote: at}); ok != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, ok, tt.want)
		}
	}
}

func TestAnEmergencyCallIsOnRecord(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	at := netip.MustParseAddr("10.20.0.50")
	l.store.wire = map[netip.Addr]phone.MAC{at: mac}
	l.EmergencyCalled(t.Context(), provision.EmergencyCall{Remote: at, Number: "112", SBC: "sbc2", Tried: []string{"sbc1"}, Outcome: "answered", Status: 200})
	if !slices.Contains(l.store.kinds(), "emergency-called") {
		t.Errorf("events %q, want emergency-called", l.store.kinds())
	}
	steps := l.Recent(mac)
	if len(steps) == 0 || !strings.Contains(steps[len(steps)-1].Text, "called 112: answered by sbc2; sbc1: no answer") {
		t.Errorf("timeline %+v, want the call", steps)
	}
}

// phones answers NOTIFYs with a status by phone.
type phones struct {
	mu   sync.Mutex
	err  error
	told chan phone.MAC
	here []phone.MAC // registered
}

func (p *phones) Registered(mac phone.MAC) bool { return slices.Contains(p.here, mac) }

func (p *phones) Notify(_ context.Context, mac phone.MAC, _ vendors.Resync) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told <- mac
	return 200, p.err
}

func (p *phones) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

func hear(t *testing.T, p *phones, want phone.MAC) {
	t.Helper()
	select {
	case got := <-p.told:
		if got != want {
			t.Errorf("told %s, want %s", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("%s was not told", want)
	}
}

func TestResyncIsTriedAgainAtTheNextRegistration(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	if _, err := l.Add(t.Context(), operator, phone.Device{MAC: mac, Vendor: "plain"}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Resync(nil, "", false); err == nil {
		t.Error("a resync of nobody: got no error")
	}
	if _, err := l.Resync([]phone.MAC{stranger}, "", false); err == nil {
		t.Error("a resync of a stranger: got no error")
	}
	p := &phones{told: make(chan phone.MAC, 8), err: provision.ErrNotRegistered}
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { done <- l.RunResyncs(ctx, p) }()
	if got, err := l.Resync([]phone.MAC{mac, mac}, "", true); got != (provision.Resynced{Asked: 1, NotRegistered: 1}) || err != nil {
		t.Fatalf("resync of all, and of one by name: got %+v, %v, want the one, not registered", got, err)
	}
	hear(t, p, mac)
	p.fail(nil)
	for told := false; !told; { // it may register before the first message is done with
		l.Registered(phone.Binding{MAC: mac}, true)
		select {
		case <-p.told:
			told = true
		case <-time.After(20 * time.Millisecond):
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// deskOver is a desk over l's store that knows the table's makers.
func deskOver(t *testing.T, l *lab, table vendors.Table) *provision.Desk {
	t.Helper()
	desk, err := provision.New(provision.Config{
		Site: phone.Site{Name: "Lab", Zone: "Europe/Berlin", Emergency: []string{"112"}}, Addr: netip.MustParseAddr("10.20.0.1"), HTTPPort: 80,
	}, table, provision.Stores{
		Devices: l.store, Policies: l.store, Sightings: l.store, Recorder: l.store, Leases: l.store, Neighbours: l.store,
	}, provision.Tools{Log: slog.New(slog.DiscardHandler), Health: l.board, Metrics: metrics.New(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return desk
}

// TestResyncCounts: each device once, by what can be done about it.
func TestResyncCounts(t *testing.T) {
	l := newLab(t, auth.FactorPIN)
	makers := l.table().Makers()
	deaf := makers[0]
	deaf.Vendor, deaf.Resync, deaf.OUIs = "deaf", vendors.Resync{}, nil
	desk := deskOver(t, l, vendors.NewTable(append(makers, deaf)...))
	macs := make([]phone.MAC, 4)
	for n := range macs {
		macs[n] = phone.MAC{0x02, 0, 0, 0, 0, byte(n + 1)}
		dev := phone.Device{MAC: macs[n], Vendor: "plain", Model: []string{"T46G", "T48S", "T46G"}[n%3]}
		if n == 3 {
			dev = phone.Device{MAC: macs[n], Vendor: "deaf"}
		}
		if _, err := desk.Add(t.Context(), operator, dev); err != nil {
			t.Fatal(err)
		}
	}
	told := &phones{told: make(chan phone.MAC, 8), here: []phone.MAC{macs[1], macs[3]}}
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { done <- desk.RunResyncs(ctx, told) }()
	if _, err := desk.Resync(macs[1:2], "", false); err != nil {
		t.Fatal(err)
	}
	hear(t, told, macs[1]) // so that the desk knows who is registered
	for name, tc := range map[string]struct {
		macs  []phone.MAC
		model string
		all   bool
		want  provision.Resynced
	}{
		"all":                  {nil, "", true, provision.Resynced{Asked: 4, Told: 1, NotRegistered: 2, NoWay: 1}},
		"a model in any case":  {nil, "t46g", false, provision.Resynced{Asked: 2, NotRegistered: 2}},
		"a model and one more": {macs[1:2], "T46G", false, provision.Resynced{Asked: 3, Told: 1, NotRegistered: 2}},
		"one twice":            {[]phone.MAC{macs[1], macs[1]}, "", false, provision.Resynced{Asked: 1, Told: 1}},
		"a model of none":      {nil, "Nope", false, provision.Resynced{}},
	} {
		if got, err := desk.Resync(tc.macs, tc.model, tc.all); got != tc.want || err != nil {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, tc.want)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestPnPNamesThePlaceInEachMakersForm(t *testing.T) {
	desk := deskOver(t, newLab(t, auth.FactorPIN), vendors.All())
	files := map[phone.Vendor]string{
		"yealink": "", "snom": "", "audiocodes": "",
		"panasonic": "{MODEL}.cfg", "panasonic-tgp": "{MODEL}.cfg", "panasonic-utg": "{MODEL}.cfg",
	}
	for _, m := range vendors.All().Makers() {
		url, ok := desk.PnP(provision.PnPAsk{Remote: netip.MustParseAddr("10.20.0.50"), Self: netip.MustParseAddr("10.20.0.1"), MAC: mac, Vendor: string(m.Vendor)})
		t.Logf("%s: %s", m.Vendor, url)
		if !ok || !strings.HasPrefix(url, "http://10.20.0.1/cfg/") || strings.ContainsAny(url, "\x00\r\n ") {
			t.Errorf("%s: got %q, %v, want a place below the box's", m.Vendor, url, ok)
		}
		if want, named := files[m.Vendor]; named && url != "http://10.20.0.1/cfg/"+want {
			t.Errorf("%s: got %q, want %q below the box's URL", m.Vendor, url, want)
		}
	}
}

func TestTheLineAtAnAddressIsAProvenDevicesOwn(t *testing.T) {
	at := netip.MustParseAddr("10.20.0.50")
	for _, tt := range []struct {
		name  string
		lease bool
		wire  phone.MAC
		want  bool
	}{
		{"lease and wire agree", true, mac, true}, {"a lease alone", true, phone.MAC{}, false}, {"the wire alone", false, mac, false},
		{"another answers there", true, stranger, false}, {"nothing is known of it", false, phone.MAC{}, false},
	} {
		l := newLab(t, auth.FactorPIN)
		if tt.lease {
			l.lease(at.String(), mac)
		}
		l.store.wire = map[netip.Addr]phone.MAC{}
		if !tt.wire.IsZero() {
			l.store.wire[at] = tt.wire
		}
		rec := l.add(t, mac)
		line, ok := l.LineAt(at)
		if ok != tt.want || ok && line.User != rec.Device.Lines[0].User {
			t.Errorf("%s: got %q, %v, want it %v", tt.name, line.User, ok, tt.want)
		}
	}
}
