package dhcpopt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/provision"
)

// Relay carries messages between the phones' LAN and servers elsewhere (RFC
// 1542 section 4, RFC 3046), and puts into the answers to phones what leads
// them here. It gives no addresses and keeps no leases; what it sees given, a
// Witness remembers.
type Relay struct {
	cfg  Config
	deps Deps
	log  *slog.Logger
	self netip.Addr
	info []byte // option 82 that it adds
	out  *wire  // set by Serve

	strain strain

	// Of the answering goroutine alone.
	rates  rates
	ups    upstreams
	recall recall
	quiet  string // servers last reported as silent
	marked bool   // option 82 of others was reported
}

// NewRelay checks cfg and makes a relay; it does no I/O. Of deps it needs no
// lease store.
func NewRelay(cfg Config, deps Deps) (*Relay, error) {
	cfg.Mode = ModeRelay
	cfg, err := cfg.checked()
	if err != nil {
		return nil, err
	}
	if deps.Desk == nil || deps.Log == nil || deps.Metrics == nil || deps.Health == nil {
		return nil, errors.New("make DHCP relay: a dependency is missing")
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	return &Relay{
		cfg: cfg, deps: deps, log: deps.Log.With("component", "dhcp"), self: cfg.Self.Addr(),
		info: circuit(cfg.Interface), ups: newUpstreams(cfg.Upstream), strain: strain{code: codeStrain, port: serverPort, iface: cfg.Interface, board: deps.Health},
	}, nil
}

// circuit is option 82 with the circuit ID alone (RFC 3046 section 3.1): the
// interface the client is on.
func circuit(iface string) []byte {
	name := []byte("lineside " + iface)
	return append([]byte{1, byte(len(name))}, name...)
}

// Serve carries what arrives on conn until ctx ends; then it returns nil. It is
// called once, and the caller closes conn. With a conn of ListenRelay it knows
// from which side a packet came; with any other, by who sent it.
func (r *Relay) Serve(ctx context.Context, conn net.PacketConn) error {
	r.out = newWire(conn, r.self, r.log)
	in := newIntake(maxIntake, r.receive, r.drop)
	return in.serve(ctx, conn, r.log)
}

// receive deals with one packet. Whatever it holds, the relay lives on.
func (r *Relay) receive(p datagram) {
	defer func() {
		if v := recover(); v != nil {
			panicked(r.deps.Metrics, r.log, v)
		}
	}()
	now := r.deps.Now()
	switch {
	case r.deps.away():
		r.drop(errAway.Error(), p.from)
	case len(p.data) < minPacket || len(p.data) > maxPacket:
		r.drop(errMalformed.Error(), p.from)
	case p.data[0] == byte(dhcpv4.OpcodeBootRequest) && p.side != sideUplink:
		r.up(p, now)
	case p.data[0] == byte(dhcpv4.OpcodeBootReply):
		r.down(p, now)
	default:
		r.drop(errNotAsked.Error(), p.from)
	}
	r.strain.ease(now)
	r.watch(now)
}

func (r *Relay) drop(reason string, from netip.AddrPort) {
	r.deps.Metrics.Dropped.WithLabelValues(string(provision.DHCP), reason).Inc()
	r.log.Debug("packet dropped", "remote", from, "reason", reason)
	if reason == dropOverload || reason == dropCrowded {
		r.strain.note(r.deps.Now(), reason)
	}
}

// up carries a client's message to the servers. All that changes is what RFC
// 1542 section 4.1.1 and RFC 3046 section 2.1 ask for: the hops, and where no
// relay has carried it before, the relay address and option 82.
func (r *Relay) up(p datagram, now time.Time) {
	a, err := r.question(p)
	if err != nil {
		r.drop(err.Error(), p.from)
		return
	}
	within, heard := r.rates.spend(a.client.mac, a.kind, now)
	if !heard {
		r.drop("rate", p.from)
		return
	}
	data, err := r.carry(p.data, a)
	if err != nil {
		r.drop(err.Error(), p.from)
		return
	}
	r.endGiven(a, now)
	servers := r.ups.pick(now, a.server, a.packet.NumSeconds, owed(a))
	r.recall.note(question{
		mac: a.client.mac, xid: a.packet.TransactionID, at: now, class: bytes.Clone(a.class), host: a.host,
		list: a.list, limit: a.limit, noted: within, using: !a.ciaddr.IsUnspecified(), to: servers, wish: wishOf(a, servers, now),
	})
	for _, to := range servers {
		r.send(reply{to: to, data: data})
	}
	count(r.deps.Metrics, a.kind, "relayed")
}

// subnetCode is the option by which a client wants an address of a network of its
// choice (RFC 3011).
const subnetCode = 118

// owed reports that a server that is well answers a message, and the answer
// comes back here. What another relay has carried, or a client says one has, is
// answered elsewhere; so is an INFORM (RFC 2131 section 4.3.5). Who took another
// server's offer, gives its address back or refuses it is told nothing, and who
// names a network that is not this one may be told nothing.
func owed(a *ask) bool {
	o := a.packet.Options
	return a.kind == dhcpv4.MessageTypeDiscover && a.giaddr.IsUnspecified() && !o.Has(dhcpv4.GenericOptionCode(relayCode)) &&
		!o.Has(dhcpv4.GenericOptionCode(subnetCode))
}

// question reads a client's message, with the checks a server makes too. A
// BOOTP message has no kind and is carried as well.
func (r *Relay) question(p datagram) (*ask, error) {
	a, err := newAsk(p.data, p.from)
	if err != nil {
		return nil, err
	}
	for _, step := range []func(*ask) error{readHeader, r.checkPath, readKind, readAddresses, readClaims, readWishes} {
		if err := step(a); err != nil && !errors.Is(err, errBOOTP) {
			return nil, err
		}
	}
	return a, nil
}

// checkPath refuses what claims to have come by this relay already, or by one
// of another network: the answer would be sent wherever a stranger says.
func (r *Relay) checkPath(a *ask) error {
	if a.packet.HopCount >= maxHops || a.giaddr == r.self {
		return errRelay
	}
	if !a.giaddr.IsUnspecified() && !r.cfg.hostAddr(a.giaddr) {
		return errRelay
	}
	return nil
}

var errForeignInfo = errors.New("option-82")

// carry is the message as the servers get it.
func (r *Relay) carry(data []byte, a *ask) ([]byte, error) {
	l, err := open(data)
	if err != nil {
		return nil, err
	}
	_, marked := l.get(relayCode)
	first := a.giaddr.IsUnspecified()
	if first && marked && !r.cfg.TrustRelayInfo {
		r.raiseMarked(a)
		return nil, errForeignInfo
	}
	out := slices.Clone(data)
	if first && !marked {
		out, _ = l.without(nil, []option{{relayCode, r.info}}, maxPayload) // where there is no room it is left out
	}
	out[atHops]++
	if first {
		copy(out[atGiaddr:], r.self.AsSlice())
	}
	return out, nil
}

// down carries an answer to the client.
func (r *Relay) down(p datagram, now time.Time) {
	a, l, err := r.answer(p)
	if err != nil {
		r.drop(err.Error(), p.from)
		return
	}
	q, known := r.recall.of(a.client.mac, a.packet.TransactionID, now)
	if p.side == sideLAN && !(known && q.awaits(p.from.Addr(), now)) {
		r.drop(errNotAsked.Error(), p.from)
		return
	}
	r.ups.heard(p.from.Addr())
	data, g := r.fit(a, l, q)
	r.noteGiven(a, q, p.side, g.Ident, now)
	r.send(r.towards(a, data))
	count(r.deps.Metrics, a.kind, "returned")
	if q.noted && g.Text != "" {
		r.deps.Desk.Sighted(g)
	}
}

// answer reads a server's message: it must come from a server settings name,
// and be sent to this relay.
func (r *Relay) answer(p datagram) (*ask, letter, error) {
	if !r.ups.named(p.from.Addr()) {
		return nil, letter{}, errRelay
	}
	l, err := open(p.data)
	if err != nil {
		return nil, letter{}, err
	}
	a, err := newAsk(p.data, p.from)
	if err != nil {
		return nil, letter{}, err
	}
	if a.giaddr != r.self {
		return nil, letter{}, errRelay
	}
	if v, ok := l.get(uint8(dhcpv4.OptionDHCPMessageType)); ok && len(v) == 1 {
		a.kind = dhcpv4.MessageType(v[0])
	}
	return a, l, readClient(a)
}

// fit takes this relay's own option 82 off an answer and, in an OFFER or ACK to
// a phone, puts what leads it here in the place of what the server says of it.
func (r *Relay) fit(a *ask, l letter, q question) ([]byte, provision.Sighting) {
	var gone []uint8
	if v, ok := l.get(relayCode); ok && bytes.Equal(v, r.info) {
		gone = append(gone, relayCode)
	}
	if a.kind != dhcpv4.MessageTypeOffer && a.kind != dhcpv4.MessageTypeAck {
		data, _ := l.without(gone, nil, maxPacket)
		return data, provision.Sighting{}
	}
	w := r.deps.Desk.Welcome(provision.Caller{
		MAC: a.client.mac, Class: q.class, Host: q.host, Interface: r.cfg.Interface, Self: r.self,
	})
	asked := &ask{client: a.client, list: q.list, ciaddr: a.ciaddr, packet: a.packet}
	add := vendorOptions(vendorOptions(nil, asked, w, true), asked, w, false)
	if len(add) == 0 {
		data, _ := l.without(gone, nil, maxPacket)
		return data, provision.Sighting{}
	}
	for _, o := range add {
		gone = append(gone, o.code)
	}
	data, left := l.without(gone, add, q.limit-headers)
	if len(left) > 0 {
		r.log.Debug("options left out, no room", "mac", a.client.mac, "option", numbers(left))
	}
	return data, r.sighting(a, asked, w, q, data)
}

// sighting is what the desk hears of a phone that was given an address through
// this relay; nothing of an offer, which may come to nothing.
func (r *Relay) sighting(a, asked *ask, w provision.Welcome, q question, data []byte) provision.Sighting {
	m, err := dhcpv4.FromBytes(data)
	if err != nil || a.kind != dhcpv4.MessageTypeAck {
		return provision.Sighting{}
	}
	lead := wording(nil).lead(func(code uint8) []byte { return m.Options[code] }, asked, w)
	g := provision.Sighting{
		MAC: a.client.mac, Front: provision.DHCP, Ident: w.Ident, Kind: provision.KindTold, Lead: lead, Addr: a.ciaddr,
		Text: "has an address, asked for options" + leadText(lead),
	}
	if yours := address(m.YourIPAddr); !yours.IsUnspecified() {
		g.Kind, g.Addr = provision.KindLease, yours
		g.Lead.Starting = !q.using
		g.Text = leaseText(yours, m.IPAddressLeaseTime(0), q.using, lead) + ", by " + a.from.Addr().String()
	}
	return g
}

// towards addresses an answer to its client (RFC 1542 section 4.1.2).
func (r *Relay) towards(a *ask, data []byte) reply {
	yours := address(a.packet.YourIPAddr)
	if yours.IsUnspecified() {
		yours = a.ciaddr
	}
	flagged := binary.BigEndian.Uint16(data[atFlags:])&0x8000 != 0
	if flagged || a.kind == dhcpv4.MessageTypeNak || !r.cfg.hostAddr(yours) {
		return reply{to: broadcast(), data: data}
	}
	return reply{to: netip.AddrPortFrom(yours, clientPort), mac: a.client.mac, data: data}
}

func (r *Relay) send(p reply) {
	if err := r.out.send(p); err != nil {
		r.drop(unsent(err), p.to)
	}
}
