package broker

import (
	"net"
	"net/netip"
	"strings"
)

// Addrs are the doors of an embedded broker, each "host:port" and "" where
// there is none.
type Addrs struct{ NATS, WSS, BalancerNATS, BalancerWSS string }

// Addrs are where boxes and the load balancer connect, after Open.
func (b *Broker) Addrs() (a Addrs) {
	if b.server == nil {
		return a
	}
	if b.cfg.Embedded.NATS != "" {
		a.NATS = b.natsAddr()
	}
	if b.cfg.Embedded.WSS != "" {
		a.WSS = b.wssAddr()
	}
	if l := b.fronts.nats; l != nil {
		a.BalancerNATS = l.Addr().String()
	}
	if l := b.fronts.wss; l != nil {
		a.BalancerWSS = l.Addr().String()
	}
	return a
}

// natsAddr and wssAddr are where the server itself listens.
func (b *Broker) natsAddr() string {
	if b.server == nil || b.server.Addr() == nil {
		return ""
	}
	return b.server.Addr().String()
}

// wssAddr is the websocket's, of which nats-server tells a URL only.
func (b *Broker) wssAddr() string {
	if b.server == nil {
		return ""
	}
	_, host, _ := strings.Cut(b.server.WebsocketURL(), "://")
	return host
}

// onLoopback is how this machine reaches an address that may be all of its.
func onLoopback(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err == nil && (ip == nil || ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// cameFrom is where a connection comes from that nats-server saw: what the load
// balancer said of it, if it came through its door.
func (b *Broker) cameFrom(seen netip.AddrPort) netip.Addr {
	if told, ok := b.fronts.real(seen); ok {
		return told
	}
	return plainAddr(seen.Addr())
}

// plainAddr is an address without what it looks like on this machine.
func plainAddr(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
