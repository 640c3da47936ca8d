package broker

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// nats-server takes connections from anybody until it has as many as it may
// have, and waits eight seconds for each to begin TLS. Whoever opens them and
// says nothing would keep every box out. So of those that have not proved who
// they are one address has a share, once there are many, and the oldest of what
// is more are cut off: a box proves itself in a second or two.
const (
	// unprovenEvery is how often it is looked whether there are many.
	unprovenEvery = 250 * time.Millisecond
	// manyPart of all connections are many, eachUnproven is the share.
	manyPart     = 8
	sharePart    = 64
	eachUnproven = handshakesPerSecond
)

// watchUnproven looks after the embedded server until ctx ends.
func (b *Broker) watchUnproven(ctx context.Context) {
	if b.server == nil {
		return
	}
	edge, err := b.server.LookupAccount(accountEdge)
	if err != nil {
		b.log.Error("connections that say nothing are not cut off before their time", "err", err)
		return
	}
	every := time.NewTicker(unprovenEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		if b.server.NumClients()-edge.NumLocalConnections() > b.mostConnections()/manyPart {
			b.cutUnproven()
		}
	}
}

// cutUnproven looks at all connections once.
func (b *Broker) cutUnproven() {
	all, err := b.server.Connz(&server.ConnzOptions{Username: true, Limit: b.mostConnections() + pageOf})
	if err != nil {
		b.log.Error("connections that say nothing are not cut off before their time", "err", err)
		return
	}
	share := min(max(b.mostConnections()/sharePart, 1), eachUnproven)
	for _, cid := range unproven(all.Conns, share, b.cameFrom) {
		if b.server.DisconnectClientByID(cid) == nil { // else it has gone by itself
			b.door.turned.Add(1)
		}
	}
}

// unproven are the connections of one address beyond its share that have not
// proved who they are, the oldest of them. The platform's own, and those of
// this machine whose true address nobody knows, are none.
func unproven(all []*server.ConnInfo, share int, origin func(netip.AddrPort) netip.Addr) (cut []uint64) {
	by := map[netip.Addr][]uint64{}
	for _, c := range all {
		ip, err := netip.ParseAddr(c.IP)
		if err != nil || c.Account != "" {
			continue
		}
		if a := customer(origin(netip.AddrPortFrom(plainAddr(ip), uint16(c.Port)))); !a.IsLoopback() {
			by[a] = append(by[a], c.Cid)
		}
	}
	for _, cids := range by {
		slices.Sort(cids) // counted up as they came
		cut = append(cut, cids[:max(len(cids)-share, 0)]...)
	}
	return cut
}
