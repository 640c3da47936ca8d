package sipd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
)

// Conditions of the SBCs.
const (
	codeNoSBC  = "emergency-no-sbc"
	codeSBCs   = "emergency-sbc-unreachable"
	codeOneSBC = "emergency-sbc-partly"
)

// SBC is a session border controller of the platform.
type SBC struct {
	Host      string
	Port      int             // 0 is the transport's own
	Transport phone.Transport // empty is UDP
}

// ParseSBC reads "sbc.example.net", "192.0.2.1:5070" and
// "sbc.example.net:5061;transport=tls".
func ParseSBC(s string) (SBC, error) {
	bad := fmt.Errorf("%.80q is no SBC; write host, host:port or host:port;transport=tls", s)
	place, param, has := strings.Cut(s, ";")
	g := SBC{Transport: phone.UDP}
	if has {
		name, value, _ := strings.Cut(param, "=")
		g.Transport = phone.Transport(strings.ToLower(value))
		if !strings.EqualFold(name, "transport") || !slices.Contains([]phone.Transport{phone.UDP, phone.TCP, phone.TLS}, g.Transport) {
			return SBC{}, bad
		}
	}
	g.Host = place
	if host, port, err := net.SplitHostPort(place); err == nil {
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 {
			return SBC{}, bad
		}
		g.Host, g.Port = host, n
	}
	_, err := netip.ParseAddr(g.Host)
	if g.Host == "" || len(g.Host) > phone.MaxHost || err != nil && !hostName(g.Host) {
		return SBC{}, bad
	}
	return g, nil
}

func hostName(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_')
	})
}

// String is the SBC as ParseSBC reads it.
func (g SBC) String() string {
	text := g.Host
	if g.Port != 0 {
		text = net.JoinHostPort(g.Host, strconv.Itoa(g.Port))
	}
	if g.Transport != phone.UDP && g.Transport != "" {
		text += ";transport=" + string(g.Transport)
	}
	return text
}

func (g SBC) port() uint16 {
	switch {
	case g.Port != 0:
		return uint16(g.Port)
	case g.Transport == phone.TLS:
		return sip5061
	}
	return sip5060
}

const (
	sip5060 = 5060
	sip5061 = 5061
)

// maxAddrs bounds the addresses of one SBC's name.
const maxAddrs = 16

// gateway is an SBC and what is known of it.
type gateway struct {
	SBC
	addr   netip.Addr   // last resolved: DNS may be gone when a call comes
	all    []netip.Addr // of the name, where it has several: TLS may go to any
	up     bool         // answered when it was last asked
	asked  bool         // was asked at all in this run
	tested time.Time    // when it last answered, also in an earlier run
	kept   time.Time    // of tested, what is on disk
}

// gateways are the site's SBCs in order.
type gateways struct {
	cfg Config
	dep Deps

	mu   sync.Mutex
	list []*gateway
}

func newGateways(cfg Config, dep Deps) *gateways {
	g := &gateways{cfg: cfg, dep: dep}
	for _, one := range cfg.SBCs {
		if one.Transport == "" {
			one.Transport = phone.UDP
		}
		gw := &gateway{SBC: one}
		if a, err := netip.ParseAddr(one.Host); err == nil {
			gw.addr = a.Unmap()
		}
		g.list = append(g.list, gw)
	}
	return g
}

// owns reports that an address is an SBC's.
func (g *gateways) owns(a netip.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.ContainsFunc(g.list, func(one *gateway) bool { return one.addr == a || slices.Contains(one.all, a) })
}

// inTurn are the SBCs a call is offered to: those that answered lately first,
// and the others after them, for a probe is not a call.
func (g *gateways) inTurn() []gateway {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := make([]gateway, 0, len(g.list))
	for _, one := range g.list {
		all = append(all, *one)
	}
	slices.SortStableFunc(all, func(a, b gateway) int {
		switch {
		case a.up == b.up:
			return 0
		case a.up:
			return -1
		}
		return 1
	})
	return all
}

// ready reports that phones may be called to the telephone for their PIN:
// emergency calls go out, or the site said that none are needed. An SBC that
// answered in an earlier run will do, so that a box starts with the WAN cut.
func (g *gateways) ready() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.cfg.Mode == NoCalls || slices.ContainsFunc(g.list, func(one *gateway) bool { return !one.tested.IsZero() })
}

// probe asks every SBC now and then whether it is there, until ctx ends.
func (g *gateways) probe(ctx context.Context, s *Server) {
	if g.cfg.Mode == NoCalls {
		return
	}
	g.recall()
	tick := time.NewTicker(g.cfg.Probe)
	defer tick.Stop()
	for {
		var round sync.WaitGroup
		for i := range g.list {
			round.Go(func() { g.ask(ctx, s, i) })
		}
		round.Wait()
		if ctx.Err() != nil {
			return
		}
		g.tell(s.dep.Now())
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (g *gateways) recall() {
	for _, one := range g.list {
		at, err := g.dep.Records.SBCAnswered(one.String())
		if err != nil {
			g.dep.Log.Warn("whether an SBC was tested is not known", "remote", one.String(), "err", err)
		}
		g.mu.Lock()
		one.tested, one.kept = at, at
		g.mu.Unlock()
	}
}

// ask sends OPTIONS to one SBC. Any answer will do, also one that refuses.
func (g *gateways) ask(ctx context.Context, s *Server, i int) {
	ctx, cancel := context.WithTimeout(ctx, min(g.cfg.Probe, 5*time.Second))
	defer cancel()
	addr, err := g.resolve(ctx, s, i)
	if err == nil {
		r := s.uplinkTo(*g.list[i], addr)
		req := sip.NewRequest(sip.OPTIONS, g.list[i].uri(""))
		from := &sip.FromHeader{Address: r.contact("lineside")}
		from.Params.Add("tag", newTag())
		req.AppendHeader(from)
		req.SetBody(nil)
		r.aim(req)
		_, err = s.do(ctx, req)
	}
	now := s.dep.Now()
	g.mu.Lock()
	one := g.list[i]
	one.asked, one.up = true, err == nil
	if err == nil {
		one.tested = now
	}
	write := one.up && now.Sub(one.kept) > time.Hour
	if write {
		one.kept = now
	}
	g.mu.Unlock()
	if write {
		if err := g.dep.Records.SaveSBCAnswered(ctx, one.String(), now); err != nil {
			g.dep.Log.Warn("that an SBC answered is not on disk", "remote", one.String(), "err", err)
		}
	}
}

// uri is a number at the SBC, or the SBC itself.
func (g SBC) uri(number string) sip.Uri {
	u := sip.Uri{Scheme: "sip", User: number, Host: g.Host, Port: g.Port}
	if number != "" {
		u.UriParams.Add("user", "phone")
	}
	if g.Transport != phone.UDP && g.Transport != "" {
		u.UriParams.Add("transport", string(g.Transport))
	}
	return u
}

// resolve finds an SBC's address; where DNS does not answer the last one stays.
func (g *gateways) resolve(ctx context.Context, s *Server, i int) (netip.Addr, error) {
	one := g.list[i]
	if a, err := netip.ParseAddr(one.Host); err == nil {
		return a.Unmap(), nil
	}
	look := g.dep.Resolve
	if look == nil {
		look = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip4", host)
		}
	}
	all, err := look(ctx, one.Host)
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil || len(all) == 0 {
		if one.addr.IsValid() {
			return one.addr, nil
		}
		return netip.Addr{}, errors.Join(errors.New("the name has no address"), err)
	}
	one.all = make([]netip.Addr, 0, maxAddrs)
	for _, a := range all[:min(len(all), maxAddrs)] {
		one.all = append(one.all, a.Unmap())
	}
	next := one.all[0]
	if !slices.Contains(one.all, one.addr) {
		s.sources.know(one.addr, next, !one.addr.IsValid())
		one.addr = next
	}
	return one.addr, nil
}

// uplinkTo is the way to an SBC.
func (s *Server) uplinkTo(g gateway, addr netip.Addr) route {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := route{transport: g.Transport, to: netip.AddrPortFrom(addr, g.port()), name: g.Host, local: s.locals[0]}
	if s.uplink.IsValid() {
		r.local = s.uplink
	}
	if r.local.Addr().IsUnspecified() {
		r.say = outward(r.to)
	}
	return r
}

// outward is the address the kernel would send from to reach to. Connecting a
// UDP socket asks its routing table and sends nothing.
func outward(to netip.AddrPort) netip.Addr {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return netip.Addr{}
	}
	defer func() { _ = c.Close() }()
	return addrPortOf(c.LocalAddr()).Addr()
}

// tell raises and clears the conditions after a round of questions.
func (g *gateways) tell(now time.Time) {
	g.mu.Lock()
	var down []string
	for _, one := range g.list {
		if !one.up {
			down = append(down, one.String())
		}
	}
	all := len(g.list)
	g.mu.Unlock()
	board := g.dep.Health
	put := func(holds bool, c health.Condition) {
		if holds {
			board.Raise(now, c)
		} else {
			board.Clear(c.Code)
		}
	}
	ready := "phones on hold can be called to enter their PIN all the same"
	if !g.ready() {
		ready = "PIN by telephone stays off until one has answered once"
	}
	put(all == 0, health.Condition{
		Code: codeNoSBC, Title: "there is no SBC for emergency calls",
		Meaning: "phones on hold that call an emergency number through the box hear that it cannot be reached; PIN by telephone stays off",
		Do:      `set site.sbc, or emergency.sbcs; or, where nobody relies on these phones for help, emergency.mode = "none"`,
	})
	put(all > 0 && len(down) == all, health.Condition{
		Code: codeSBCs, Title: "no SBC for emergency calls answers",
		Meaning: "phones on hold that call an emergency number through the box hear that it cannot be reached; " + ready,
		Do:      "see whether the WAN is up and the SBC is right: site.sbc and emergency.sbcs; it has to answer SIP OPTIONS from this box",
		Detail:  strings.Join(down, ", "),
	})
	put(len(down) > 0 && len(down) < all, health.Condition{
		Code: codeOneSBC, Title: "one of the SBCs for emergency calls does not answer",
		Meaning: "emergency calls go to the others; phones notice nothing",
		Do:      "see whether it is right in site.sbc and emergency.sbcs, and reachable",
		Detail:  strings.Join(down, ", "),
	})
}
