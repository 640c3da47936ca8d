package dhcpopt

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// Addresses of the test LAN.
var (
	boxAddr  = netip.MustParseAddr("10.20.0.1")
	router   = netip.MustParseAddr("10.20.0.254")
	yealink1 = phone.MAC{0x00, 0x15, 0x65, 0, 0, 1}
	yealink2 = phone.MAC{0x00, 0x15, 0x65, 0, 0, 2}
	laptop1  = phone.MAC{0x3c, 0x52, 0x82, 0, 0, 1}
	laptop2  = phone.MAC{0x3c, 0x52, 0x82, 0, 0, 2}
)

func testConfig(pool string) Config {
	ranges, err := ParsePool(pool)
	if err != nil {
		panic(err)
	}
	return Config{
		NTP:       []netip.Addr{boxAddr},
		Interface: "eth0", Self: netip.PrefixFrom(boxAddr, 24), Pool: ranges, Router: router,
		DNS: []netip.Addr{netip.MustParseAddr("10.20.0.253")}, Domain: "phones.example.net",
	}
}

// fakeStore keeps leases in memory; fail makes it lose power.
type fakeStore struct {
	mu     sync.Mutex
	leases map[netip.Addr]phone.Lease
	saves  int
	fail   error
	trip   bool // panic
}

func (f *fakeStore) Leases() ([]phone.Lease, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.SortedFunc(maps.Values(f.leases), func(a, b phone.Lease) int { return a.Addr.Compare(b.Addr) }), f.fail
}

func (f *fakeStore) SaveLeases(_ context.Context, leases []phone.Lease) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.trip {
		panic("store fell over")
	}
	if f.fail != nil {
		return f.fail
	}
	f.saves++
	if f.leases == nil {
		f.leases = make(map[netip.Addr]phone.Lease)
	}
	for _, l := range leases {
		f.leases[l.Addr] = l
	}
	return nil
}

func (f *fakeStore) of(a netip.Addr) phone.Lease {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.leases[a]
}

// fakeDesk knows Yealink by its class and leads it to the box.
type fakeDesk struct {
	mu   sync.Mutex
	seen []provision.Sighting
	more []vendors.Option // told to phones besides
	// known are the devices set up; nil is none.
	known  func(phone.MAC) bool
	trip   bool
	second bool // phones read a second offer
	kept   *provision.Reserved
}

func (f *fakeDesk) Reservations() (*provision.Reserved, error) {
	if f.kept == nil {
		f.kept = &provision.Reserved{}
	}
	return f.kept, nil
}

func (f *fakeDesk) Welcome(c provision.Caller) provision.Welcome {
	if f.trip {
		panic("desk fell over")
	}
	known := f.known != nil && f.known(c.MAC)
	if !bytes.HasPrefix(c.Class, []byte("yealink")) {
		return provision.Welcome{Known: known}
	}
	url := []byte("http://" + c.Self.String() + "/cfg/")
	return provision.Welcome{
		Known: known, SecondOffer: f.second,
		Ident: vendors.Ident{Vendor: "yealink", Model: "T46G"},
		Options: append([]vendors.Option{
			{Code: 66, Value: url, Always: true},
			{Code: 160, Value: url},
			{Code: 43, Value: []byte{1, 2, 3}},
			{Code: 60, Value: []byte("never"), Always: true},
			{Code: 54, Value: []byte("evil"), Always: true},
		}, f.more...),
	}
}

func (f *fakeDesk) Sighted(s provision.Sighting) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, s)
}

func (f *fakeDesk) last() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.seen) == 0 {
		return ""
	}
	return f.seen[len(f.seen)-1].Text
}

// sent is one datagram that left the server, by frame where mac is set.
type sent struct {
	to   netip.AddrPort
	mac  phone.MAC
	data []byte
}

// fakeConn is a socket of channels and a record of what was written.
type fakeConn struct {
	in       chan sent // to and data of an arriving packet; "to" is its source
	closing  chan struct{}
	noFrames bool

	mu  sync.Mutex
	out []sent
	got chan sent // nil: nobody listens
}

func newFakeConn() *fakeConn {
	return &fakeConn{in: make(chan sent), closing: make(chan struct{})}
}

func (c *fakeConn) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case p := <-c.in:
		return copy(b, p.data), net.UDPAddrFromAddrPort(p.to), nil
	case <-c.closing:
		return 0, nil, errors.New("deadline")
	}
}

func (c *fakeConn) WriteTo(b []byte, to net.Addr) (int, error) {
	c.record(sent{to: to.(*net.UDPAddr).AddrPort(), data: bytes.Clone(b)})
	return len(b), nil
}

func (c *fakeConn) WriteFrame(mac phone.MAC, _, to netip.AddrPort, b []byte) error {
	if c.noFrames {
		return ErrNoFrames
	}
	c.record(sent{to: to, mac: mac, data: bytes.Clone(b)})
	return nil
}

func (c *fakeConn) record(s sent) {
	c.mu.Lock()
	c.out = append(c.out, s)
	c.mu.Unlock()
	if c.got != nil {
		c.got <- s
	}
}

func (c *fakeConn) taken() []sent {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.out
	c.out = nil
	return out
}

func (c *fakeConn) Close() error                     { return nil }
func (c *fakeConn) LocalAddr() net.Addr              { return &net.UDPAddr{} }
func (c *fakeConn) SetDeadline(time.Time) error      { return nil }
func (c *fakeConn) SetWriteDeadline(time.Time) error { return nil }
func (c *fakeConn) SetReadDeadline(time.Time) error {
	close(c.closing)
	return nil
}

// lan is a server driven packet by packet, without goroutines.
type lan struct {
	t      testing.TB
	s      *Server
	store  *fakeStore
	desk   *fakeDesk
	conn   *fakeConn
	health *health.Board
	now    time.Time
}

func newLAN(t testing.TB, cfg Config) *lan {
	t.Helper()
	l := &lan{
		t: t, store: &fakeStore{}, desk: &fakeDesk{}, conn: newFakeConn(), health: &health.Board{},
		now: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC),
	}
	l.restart(cfg)
	return l
}

// restart makes a new server over the same store.
func (l *lan) restart(cfg Config) {
	l.t.Helper()
	s, err := New(cfg, Deps{
		Leases: l.store, Desk: l.desk, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Metrics: metrics.New(), Health: l.health, Now: func() time.Time { return l.now }, Reserved: l.desk,
	})
	if err != nil {
		l.t.Fatal(err)
	}
	leases, err := l.store.Leases()
	if err != nil {
		l.t.Fatal(err)
	}
	s.follow()
	for _, one := range append([]*Server{s}, s.scopes...) {
		one.load(leases)
	}
	s.connect(l.conn)
	l.s = s
}

// deliver hands the server one packet, commits, and gives what it sent.
func (l *lan) deliver(data []byte, from netip.AddrPort) []sent {
	l.s.receive(data, from)
	for _, one := range append([]*Server{l.s}, l.s.scopes...) {
		one.commit(context.Background(), one.queue.take())
	}
	return l.conn.taken()
}

var nobody = netip.AddrPortFrom(netip.IPv4Unspecified(), clientPort)

// ask sends m as its client would: from the address it uses, or from none.
func (l *lan) ask(m *dhcpv4.DHCPv4) []sent {
	return l.deliver(m.ToBytes(), netip.AddrPortFrom(address(m.ClientIPAddr), clientPort))
}

// setUp makes the desk know these devices.
func (l *lan) setUp(macs ...phone.MAC) {
	l.desk.known = func(mac phone.MAC) bool { return slices.Contains(macs, mac) }
}

// one sends m and wants exactly one answer of kind.
func (l *lan) one(m *dhcpv4.DHCPv4, kind dhcpv4.MessageType) *dhcpv4.DHCPv4 {
	l.t.Helper()
	out := l.ask(m)
	if len(out) != 1 {
		l.t.Fatalf("%s: got %d answers, want one %s", m.MessageType(), len(out), kind)
	}
	r, err := dhcpv4.FromBytes(out[0].data)
	if err != nil {
		l.t.Fatalf("answer does not parse: %v", err)
	}
	if r.MessageType() != kind {
		l.t.Fatalf("%s: got %s, want %s", m.MessageType(), r.MessageType(), kind)
	}
	return r
}

// none sends m and wants silence.
func (l *lan) none(m *dhcpv4.DHCPv4) {
	l.t.Helper()
	if out := l.ask(m); len(out) != 0 {
		l.t.Fatalf("%s: got %d answers, want silence", m.MessageType(), len(out))
	}
}

// lease walks mac through DISCOVER and REQUEST.
func (l *lan) lease(mac phone.MAC, mods ...dhcpv4.Modifier) netip.Addr {
	l.t.Helper()
	offer := l.one(message(mac, dhcpv4.MessageTypeDiscover, mods...), dhcpv4.MessageTypeOffer)
	mods = append(slices.Clone(mods), wants(address(offer.YourIPAddr)), server(boxAddr))
	ack := l.one(message(mac, dhcpv4.MessageTypeRequest, mods...), dhcpv4.MessageTypeAck)
	if !ack.YourIPAddr.Equal(offer.YourIPAddr) {
		l.t.Fatalf("got %s acknowledged, want the %s offered", ack.YourIPAddr, offer.YourIPAddr)
	}
	return address(ack.YourIPAddr)
}

// wait moves the clock.
func (l *lan) wait(d time.Duration) { l.now = l.now.Add(d) }

// message is what a client sends; its xid is fixed so that replies are.
func message(mac phone.MAC, kind dhcpv4.MessageType, mods ...dhcpv4.Modifier) *dhcpv4.DHCPv4 {
	m, err := dhcpv4.New()
	if err != nil {
		panic(err)
	}
	m.TransactionID = dhcpv4.TransactionID{1, 2, mac[4], mac[5]}
	m.ClientHWAddr = mac[:]
	m.UpdateOption(dhcpv4.OptMessageType(kind))
	for _, mod := range mods {
		mod(m)
	}
	return m
}

func opt(code uint8, value ...byte) dhcpv4.Modifier {
	return func(m *dhcpv4.DHCPv4) { m.Options[code] = value }
}

func wants(a netip.Addr) dhcpv4.Modifier  { return opt(50, a.AsSlice()...) }
func server(a netip.Addr) dhcpv4.Modifier { return opt(54, a.AsSlice()...) }
func class(s string) dhcpv4.Modifier      { return opt(60, []byte(s)...) }
func id(s string) dhcpv4.Modifier         { return opt(61, []byte(s)...) }
func uses(a netip.Addr) dhcpv4.Modifier {
	return func(m *dhcpv4.DHCPv4) { m.ClientIPAddr = a.AsSlice() }
}
func relay(a netip.Addr) dhcpv4.Modifier {
	return func(m *dhcpv4.DHCPv4) { m.GatewayIPAddr = a.AsSlice() }
}

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

// raised lists the codes on the board.
func (l *lan) raised() []string {
	var codes []string
	for _, c := range l.health.List() {
		codes = append(codes, c.Code)
	}
	return codes
}
