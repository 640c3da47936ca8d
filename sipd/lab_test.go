package sipd_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/sipd"
	"github.com/lineside/lineside/vendors"
	"github.com/lineside/lineside/voice"
)

// patience bounds what a test waits for; nothing should come near it.
const patience = 8 * time.Second

// desk is a front desk that knows every MAC's account and remembers what it was
// told.
type desk struct {
	mu       sync.Mutex
	refuse   map[phone.MAC]bool // layer 2 says another device
	throw    bool
	strange  bool // keeps nobody
	lines    map[netip.Addr]phone.Line
	calls    chan provision.EmergencyCall
	fresh    chan phone.Binding
	asked    []provision.PnPAsk
	url      string
	unserved string // a vendor that is not answered

	state  provision.CallState // of every phone that calls, CallAsk by default
	pin    string              // that is right
	wrong  int                 // entered so far
	over   chan ended
	typed  []string
	stuck  chan struct{} // holds DialPIN up until closed
	dialed chan struct{} // one element for each DialPIN begun
}

// ended is a PIN call as the desk heard of its end.
type ended struct {
	mac     phone.MAC
	why     string
	changed bool
}

func (d *desk) Called(provision.Peer) provision.CallState {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state == "" {
		return provision.CallAsk
	}
	return d.state
}

// DialPIN knows one PIN, and locks at the third that is wrong.
func (d *desk) DialPIN(_ context.Context, _ provision.Peer, pin phone.Secret) (provision.PINAnswer, error) {
	select {
	case d.dialed <- struct{}{}:
	default:
	}
	d.mu.Lock()
	stuck := d.stuck
	d.mu.Unlock()
	if stuck != nil {
		<-stuck
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.typed = append(d.typed, pin.Reveal())
	if pin.Reveal() == d.pin {
		return provision.PINAnswer{Right: true, Now: provision.CallUnneeded}, nil
	}
	if d.wrong++; d.wrong%3 == 0 {
		return provision.PINAnswer{Now: provision.CallFailed}, nil
	}
	return provision.PINAnswer{Now: provision.CallAsk, Left: 3 - d.wrong%3}, nil
}

func (d *desk) HungUp(p provision.Peer, why string, changed bool) {
	d.over <- ended{p.MAC, why, changed}
}

func (d *desk) entries() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.typed)
}

func (d *desk) HoldingAccount(user string) (phone.MAC, phone.Secret, bool) {
	mac, err := phone.ParseMAC(user)
	if err != nil || mac.Hex() != user {
		return phone.MAC{}, phone.NewSecret("nobody has this"), false
	}
	return mac, phone.NewSecret(passwordOf(mac)), true
}

func passwordOf(mac phone.MAC) string { return "fake-" + mac.Hex() }

func (d *desk) AdmitPeer(p provision.Peer) (vendors.Ident, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.throw {
		panic("the desk threw")
	}
	return vendors.Ident{Vendor: "yealink"}, !d.refuse[p.MAC]
}

func (d *desk) Registered(b phone.Binding, fresh bool) {
	if fresh {
		d.fresh <- b
	}
}
func (d *desk) Unregistered(phone.Binding, string) {}
func (d *desk) Keeps(phone.MAC) bool               { return !d.strange }

func (d *desk) LineAt(a netip.Addr) (phone.Line, bool) {
	l, ok := d.lines[a]
	return l, ok
}

func (d *desk) EmergencyCalled(_ context.Context, e provision.EmergencyCall) { d.calls <- e }

func (d *desk) PnP(ask provision.PnPAsk) (string, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, ask)
	return d.url, ask.Vendor != d.unserved || d.unserved == ""
}

// records is a store without a disk.
type records struct {
	mu    sync.Mutex
	kept  map[phone.MAC]phone.Binding
	sbc   map[string]time.Time
	addrs map[string][]netip.AddrPort
	saved chan struct{}
}

func newRecords() *records {
	return &records{kept: make(map[phone.MAC]phone.Binding), sbc: make(map[string]time.Time), addrs: make(map[string][]netip.AddrPort), saved: make(chan struct{}, 64)}
}

func (r *records) Bindings() ([]phone.Binding, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []phone.Binding
	for _, b := range r.kept {
		all = append(all, b)
	}
	return all, nil
}

func (r *records) SaveBindings(_ context.Context, keep []phone.Binding, gone []phone.MAC) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range keep {
		r.kept[b.MAC] = b
	}
	for _, mac := range gone {
		delete(r.kept, mac)
	}
	return nil
}

func (r *records) SBCAnswered(name string) (time.Time, []netip.AddrPort, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sbc[name], r.addrs[name], nil
}

func (r *records) SaveSBCAnswered(_ context.Context, name string, at time.Time, addrs []netip.AddrPort) error {
	r.mu.Lock()
	r.sbc[name], r.addrs[name] = at, addrs
	r.mu.Unlock()
	r.saved <- struct{}{}
	return nil
}

// lab is a SIP service on loopback.
type lab struct {
	*sipd.Server
	desk    *desk
	records *records
	board   *health.Board
	metrics *metrics.Set
	addr    netip.AddrPort
	tcp     string
	stop    func() error
}

var loopback = netip.MustParsePrefix("127.0.0.0/8")

// newLab starts the service until the test ends.
func newLab(t testing.TB, change ...func(*sipd.Config, *sipd.Deps)) *lab {
	t.Helper()
	return newLabWith(t, sipd.Listeners{}, change...)
}

// newWatched is a lab that looks for other PnP servers.
func newWatched(t testing.TB, change ...func(*sipd.Config, *sipd.Deps)) *lab {
	t.Helper()
	return newLabWith(t, sipd.Listeners{Watch: udpSocket(t, "127.0.0.1")}, change...)
}

func newLabWith(t testing.TB, listen sipd.Listeners, change ...func(*sipd.Config, *sipd.Deps)) *lab {
	t.Helper()
	l := &lab{
		desk: &desk{refuse: make(map[phone.MAC]bool), calls: make(chan provision.EmergencyCall, 64), fresh: make(chan phone.Binding, 64), url: "http://10.20.0.1/cfg/",
			pin: "271828", over: make(chan ended, 2048), dialed: make(chan struct{}, 1)},
		records: newRecords(), board: new(health.Board), metrics: metrics.New(),
	}
	cfg := sipd.Config{LAN: []netip.Prefix{loopback}, Emergency: []string{"110", "112"}, FailOver: time.Second, Probe: time.Hour}
	dep := sipd.Deps{Desk: l.desk, Records: l.records, Log: slog.New(slog.DiscardHandler), Health: l.board, Metrics: l.metrics}
	for _, f := range change {
		f(&cfg, &dep)
	}
	if r, ok := dep.Records.(*records); ok {
		l.records = r
	}
	var err error
	if l.Server, err = sipd.New(cfg, dep); err != nil {
		t.Fatal(err)
	}
	udp, uplink, tcp := udpSocket(t, "127.0.0.1"), udpSocket(t, "127.0.0.1"), tcpSocket(t)
	l.addr, l.tcp = udp.LocalAddr().(*net.UDPAddr).AddrPort(), tcp.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		listen.UDP, listen.TCP, listen.Uplink = []net.PacketConn{udp}, []net.Listener{tcp}, uplink
		done <- l.Serve(ctx, listen)
	}()
	l.stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(patience):
			return errors.New("the service does not stop")
		}
	})
	t.Cleanup(func() {
		if err := l.stop(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// newBare is a service that is not run.
func newBare(t testing.TB) *sipd.Server {
	t.Helper()
	s, err := sipd.New(sipd.Config{LAN: []netip.Prefix{loopback}, Emergency: []string{"110", "112"}}, sipd.Deps{
		Desk: new(desk), Records: newRecords(), Log: slog.New(slog.DiscardHandler), Health: new(health.Board), Metrics: metrics.New(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func udpSocket(t testing.TB, host string) net.PacketConn {
	t.Helper()
	c, err := net.ListenPacket("udp4", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func tcpSocket(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// withVoice gives the service a voice, and a site where no emergency calls are
// made unless change says so after it.
func withVoice(t testing.TB, most int) func(*sipd.Config, *sipd.Deps) {
	t.Helper()
	return func(c *sipd.Config, d *sipd.Deps) {
		prompts, problems := voice.LoadPrompts(nil)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		calls, err := voice.New(voice.Config{MaxCalls: most}, prompts, d.Log, d.Metrics)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- calls.Serve(ctx) }()
		t.Cleanup(func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
		c.Mode, c.Calls, c.CallsPerAddress = sipd.NoCalls, most, most
		c.Media = voice.Ports{Listen: net.ListenUDP}
		d.Voice, d.Sound = calls, calls
	}
}
