package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/lineside/lineside/sync/central"
)

// system speaks to the servers themselves: who is connected, and cut this one
// off.
type system struct {
	b      *Broker
	conn   *nats.Conn
	recent *recent

	revoked chan string
	crowds  chan place
}

const (
	// reconcileEvery is how often the platform is told all connections; the
	// callout has told it each of them already.
	reconcileEvery = 5 * time.Minute
	// quiet is how long no server answers before all have; askServers bounds it.
	quiet      = 300 * time.Millisecond
	askServers = 3 * time.Second
	// pageOf is how many connections a server lists in one message.
	pageOf = 1000
)

// cutOff asks for a site's connections to be ended; it never waits. Where too
// many are asked for at once the next look at all connections finds the rest.
func (s *system) cutOff(site string) {
	select {
	case s.revoked <- site:
	default:
	}
}

// kick asks for one connection to be ended.
func (s *system) kick(at place) {
	select {
	case s.crowds <- at:
	default:
	}
}

// run cuts off and looks through the connections until ctx ends.
func (s *system) run(ctx context.Context, p Doorkeeper) {
	every := time.NewTicker(reconcileEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case at := <-s.crowds:
			s.end(ctx, at)
		case site := <-s.revoked:
			s.endAll(ctx, site)
		case <-every.C:
			s.reconcile(ctx, p)
		}
	}
}

// endAll ends the connections of the sites that wait for it: those let in here
// lately, which may not be listed yet, then all that are listed.
func (s *system) endAll(ctx context.Context, first string) {
	sites := map[string]bool{first: true}
	for more := true; more; {
		select {
		case site := <-s.revoked:
			sites[site] = true
		default:
			more = false
		}
	}
	for site := range sites {
		for _, at := range s.recent.take(site) {
			s.end(ctx, at)
		}
	}
	all, err := s.list(ctx)
	if err != nil {
		s.b.log.Error("boxes that were taken from the platform may stay connected until they are looked for again", "err", err)
	}
	for _, c := range all {
		if sites[c.Site] {
			cid, _ := strconv.ParseUint(c.ID, 10, 64)
			s.end(ctx, place{c.Server, cid})
		}
	}
}

// end ends one connection, if it is still there; a server that is gone has
// ended all of its own. nats-server does nothing for who wants no answer.
func (s *system) end(ctx context.Context, at place) {
	body, err := json.Marshal(server.KickClientReq{CID: at.cid})
	if err == nil {
		var within context.CancelFunc
		ctx, within = context.WithTimeout(ctx, askServers)
		defer within()
		_, err = s.conn.RequestWithContext(ctx, "$SYS.REQ.SERVER."+at.server+".KICK", body)
	}
	if err != nil && !errors.Is(err, nats.ErrNoResponders) {
		s.b.log.Error("a box's connection could not be cut off", "err", err)
		return
	}
	s.b.counts.kicked.Add(1)
}

// reconcile tells the platform all connections there are.
func (s *system) reconcile(ctx context.Context, p Doorkeeper) {
	all, err := s.list(ctx)
	if err == nil {
		err = p.Connected(ctx, all)
	}
	if err != nil && ctx.Err() == nil {
		s.b.log.Warn("the boxes' connections could not be looked through; it is tried again in five minutes", "err", err)
	}
}

// list gives the connections of all boxes.
func (s *system) list(ctx context.Context) ([]central.Connection, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*askServers)
	defer cancel()
	servers, err := s.servers(ctx)
	if err != nil {
		return nil, err
	}
	var all []central.Connection
	for _, id := range servers {
		if all, err = s.listOf(ctx, id, all); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// servers are the IDs of the cluster's servers. There is nobody who knows how
// many there are: they are asked all at once, until none answers any more.
func (s *system) servers(ctx context.Context) (ids []string, err error) {
	if s.b.server != nil && s.b.cfg.Embedded.Cluster.Listen == "" {
		return []string{s.b.server.ID()}, nil
	}
	inbox := s.conn.NewInbox()
	sub, err := s.conn.SubscribeSync(inbox)
	if err != nil {
		return nil, fmt.Errorf("ask NATS for its servers: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := s.conn.PublishRequest("$SYS.REQ.SERVER.PING", inbox, nil); err != nil {
		return nil, fmt.Errorf("ask NATS for its servers: %w", err)
	}
	for wait := askServers; ; wait = quiet {
		next, cancel := context.WithTimeout(ctx, wait)
		m, err := sub.NextMsgWithContext(next)
		cancel()
		if err != nil && len(ids) > 0 && ctx.Err() == nil {
			return ids, nil
		}
		if err != nil {
			return nil, fmt.Errorf("ask NATS for its servers: %w", err)
		}
		var r struct {
			Server server.ServerInfo `json:"server"`
		}
		if json.Unmarshal(m.Data, &r) == nil && r.Server.ID != "" {
			ids = append(ids, r.Server.ID)
		}
	}
}

// listOf adds the boxes connected to one server, page by page.
func (s *system) listOf(ctx context.Context, id string, all []central.Connection) ([]central.Connection, error) {
	for offset := 0; ; offset += pageOf {
		body, err := json.Marshal(server.ConnzOptions{Account: accountEdge, Username: true, Offset: offset, Limit: pageOf})
		if err != nil {
			return nil, fmt.Errorf("list the connections: %w", err)
		}
		one, cancel := context.WithTimeout(ctx, askServers)
		m, err := s.conn.RequestWithContext(one, "$SYS.REQ.SERVER."+id+".CONNZ", body)
		cancel()
		if err != nil {
			return nil, fmt.Errorf("list the connections of server %s: %w", id, err)
		}
		var r server.ServerAPIConnzResponse
		if err := json.Unmarshal(m.Data, &r); err != nil {
			return nil, fmt.Errorf("list the connections of server %s: %w", id, err)
		}
		if r.Error != nil || r.Data == nil {
			return nil, fmt.Errorf("list the connections of server %s: %w", id, errors.New("it answers with an error"))
		}
		for _, c := range r.Data.Conns {
			if site, nkey, ok := boxOf(c.AuthorizedUser); ok {
				all = append(all, central.Connection{NKey: nkey, Site: site, Address: s.b.listed(c), Server: id, ID: strconv.FormatUint(c.Cid, 10)})
			}
		}
		if len(r.Data.Conns) < pageOf {
			return all, nil
		}
	}
}

// listed is where a connection of a list comes from.
func (b *Broker) listed(c *server.ConnInfo) netip.Addr {
	a, err := netip.ParseAddr(c.IP)
	if err != nil {
		return netip.Addr{}
	}
	from := b.cameFrom(netip.AddrPortFrom(plainAddr(a), uint16(c.Port)))
	if from.IsLoopback() && (b.fronts.nats != nil || b.fronts.wss != nil) {
		return netip.Addr{} // it came by the load balancer and has ended since the list was made
	}
	return from
}
