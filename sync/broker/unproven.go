package broker

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// nats-server takes connections from anybody until it has as many as it may
// have, and waits for each to begin TLS as long as for one that stands in line:
// it cannot tell them apart. Whoever opens them and says nothing would keep every
// box out. So who has not begun after tlsWait is cut off. And of those that have
// neither begun nor proved who they are one address has a share, once there are
// many, and the oldest of what is more are cut off: a box proves itself in a
// second or two. Who stands in line has bounds of his own (line).
const (
	// unprovenEvery is how often it is looked whether there are many.
	unprovenEvery = 250 * time.Millisecond
	// silentEvery is how often it is looked who says nothing, for which all
	// connections are gone through: not for fewer than fewSilent.
	silentEvery = 4 * time.Second
	fewSilent   = 16
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
	for looked := time.Now(); ; {
		var now time.Time
		select {
		case <-ctx.Done():
			return
		case now = <-every.C:
		}
		due := now.Sub(looked) >= silentEvery
		if due {
			looked = now
			b.door.forget(now)
		}
		silent := b.server.NumClients() - edge.NumLocalConnections() - b.door.line.standing()
		switch most := b.mostConnections(); {
		case silent > most/manyPart:
			b.cutUnproven(now, min(max(most/sharePart, 1), eachUnproven))
		case due && silent-b.door.within() > fewSilent: // there is room for those that are new
			b.cutUnproven(now, most)
		}
	}
}

// cutUnproven looks at all connections once. share is what one address may have.
func (b *Broker) cutUnproven(now time.Time, share int) {
	all, err := b.server.Connz(&server.ConnzOptions{Username: true, Limit: b.mostConnections() + pageOf})
	if err != nil {
		b.log.Error("connections that say nothing are not cut off before their time", "err", err)
		return
	}
	for _, cid := range unproven(all.Conns, share, now.Add(-tlsWait), b.door) {
		if b.server.DisconnectClientByID(cid) == nil { // else it has gone by itself
			b.door.turned.Add(1)
		}
	}
}

// unproven are the connections that have said nothing since a time, and of one
// address those beyond its share that have not proved who they are, the oldest
// of them. Those that stand in line are none, nor the platform's own, nor those
// of this machine whose true address nobody knows.
func unproven(all []*server.ConnInfo, share int, since time.Time, d *door) (cut []uint64) {
	by := map[netip.Addr][]uint64{}
	for _, c := range all {
		ip, err := netip.ParseAddr(c.IP)
		if err != nil || c.Account != "" {
			continue
		}
		peer := netip.AddrPortFrom(plainAddr(ip), uint16(c.Port))
		begun, standing := d.hasBegun(peer)
		switch a := customer(d.origin(peer)); {
		case a.IsLoopback() || standing:
		case !begun && c.Start.Before(since):
			cut = append(cut, c.Cid)
		default:
			by[a] = append(by[a], c.Cid)
		}
	}
	for _, cids := range by {
		slices.Sort(cids) // counted up as they came
		cut = append(cut, cids[:max(len(cids)-share, 0)]...)
	}
	return cut
}
