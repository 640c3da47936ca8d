package sipd

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/lineside/lineside/health"
)

// Conditions of the SBCs.
const (
	codeNoSBC  = "emergency-no-sbc"
	codeSBCs   = "emergency-sbc-unreachable"
	codeOneSBC = "emergency-sbc-partly"
	codeDates  = "emergency-sbc-certificate"
)

// Bounds of one round of questions. DNS and SBC have each their own time: a dead
// DNS must not make an SBC look dead.
const (
	lookWait = 3 * time.Second
	askWait  = 5 * time.Second
)

// probe asks every SBC now and then whether it is there, until ctx ends.
func (g *gateways) probe(ctx context.Context, s *Server) {
	if g.cfg.Mode == NoCalls {
		return
	}
	tick := time.NewTicker(g.cfg.Probe)
	defer tick.Stop()
	for {
		var round sync.WaitGroup
		for _, one := range g.current() {
			round.Go(func() { g.look(ctx, s, one) })
		}
		round.Wait()
		if ctx.Err() != nil {
			return
		}
		g.tell(s.dep.Now())
		g.tellDates(s)
		select {
		case <-tick.C:
		case <-g.wake:
		case <-ctx.Done():
			return
		}
	}
}

// recall reads what was known of SBCs before: a box may start with the WAN cut,
// or with its DNS dead.
func (g *gateways) recall(list []*gateway) {
	for _, one := range list {
		at, addrs, err := g.dep.Records.SBCAnswered(one.String())
		if err != nil {
			g.dep.Log.Warn("whether an SBC was tested is not known", "remote", one.String(), "err", err)
			continue
		}
		g.mu.Lock()
		if one.tested.IsZero() { // else it has answered meanwhile
			one.tested, one.kept, one.saved = at, at, addrs
		}
		named := len(one.ways) > 0
		g.mu.Unlock()
		if !named {
			g.lead(one, addrs)
		}
	}
}

// look finds where an SBC is and asks it there, everywhere at once.
func (g *gateways) look(ctx context.Context, s *Server, one *gateway) {
	finding, cancel := context.WithTimeout(ctx, min(g.cfg.Probe, lookWait))
	found, err := g.find(finding, one.SBC)
	cancel()
	if err == nil {
		g.lead(one, found)
	} else {
		g.dep.Log.Debug("an SBC's name was not resolved", "remote", one.String(), "err", err)
	}
	g.mu.Lock()
	ways := slices.Clone(one.ways)
	g.mu.Unlock()
	var all sync.WaitGroup
	for i := range ways {
		all.Go(func() {
			ways[i].said, ways[i].up = g.ask(ctx, s, target{SBC: one.SBC, to: ways[i].to})
			ways[i].good = ways[i].good || ways[i].up
		})
	}
	all.Wait()
	g.note(ctx, s.dep.Now(), one, ways)
}

// note keeps what an SBC said. Where one of its addresses answers, those DNS has
// dropped are over.
func (g *gateways) note(ctx context.Context, now time.Time, one *gateway, ways []way) {
	up := slices.ContainsFunc(ways, func(w way) bool { return w.up })
	if slices.ContainsFunc(ways, func(w way) bool { return w.up && !w.former }) {
		ways = slices.DeleteFunc(ways, func(w way) bool { return w.former })
	}
	var good []netip.AddrPort
	for _, w := range ways {
		if w.good {
			good = append(good, w.to)
		}
	}
	g.mu.Lock()
	one.ways = ways
	if up {
		one.tested = now
	}
	write := up && (now.Sub(one.kept) > time.Hour || !slices.Equal(good, one.saved))
	if write {
		one.kept, one.saved = now, good
	}
	g.mu.Unlock()
	if !write {
		return
	}
	if err := g.dep.Records.SaveSBCAnswered(ctx, one.String(), now, good); err != nil {
		g.dep.Log.Warn("that an SBC answered is not on disk", "remote", one.String(), "err", err)
	}
}

// ask sends OPTIONS to one address of an SBC, and gives what it said.
func (g *gateways) ask(ctx context.Context, s *Server, t target) (said string, up bool) {
	ctx, cancel := context.WithTimeout(ctx, min(g.cfg.Probe, askWait))
	defer cancel()
	r := s.uplinkTo(t)
	req := sip.NewRequest(sip.OPTIONS, t.uri(""))
	from := &sip.FromHeader{Address: r.contact("lineside")}
	from.Params.Add("tag", newTag())
	req.AppendHeader(from)
	req.SetBody(nil)
	r.aim(req)
	res, err := s.do(ctx, req)
	if err != nil {
		s.sever(t) // it may be the connection that is dead
		return worded(err), false
	}
	return answerText(res), alive(res.StatusCode)
}

// alive reports that an answer to OPTIONS is one of an SBC that works. RFC 3261
// section 11.2 has it answered as an INVITE would be; so a refusal (401, 403,
// 404, 405, 481, 6xx) and a redirection show that it is there and reads SIP: many
// answer OPTIONS of nobody they know so. 408 says that what is behind it did not
// answer, and 5xx that the server itself cannot (section 21.5), which is what a
// load balancer in front of dead SBCs says, and one that is being stopped. Only
// 501 is about the method and not the server.
func alive(status int) bool {
	return status != sip.StatusRequestTimeout && (status < 500 || status == sip.StatusNotImplemented || status >= 600)
}

// answerText is an answer in an operator's words.
func answerText(res *sip.Response) string {
	reason := plain(res.Reason)
	return "answered " + strings.TrimSpace(strconv.Itoa(res.StatusCode)+" "+reason[:min(len(reason), 60)])
}

// worded says in an operator's words why there was no answer.
func worded(err error) string {
	var refused *net.OpError
	switch {
	case errors.Is(err, errNoAddress):
		return "its name has no address"
	case errors.Is(err, errBroken):
		return errBroken.Error()
	case errors.Is(err, errMute):
		return errMute.Error()
	case errors.Is(err, errNoSound):
		return errNoSound.Error()
	case errors.Is(err, errUnmet):
		return errUnmet.Error()
	case errors.As(err, &refused) || errors.Is(err, errNoSecure):
		return "no connection: " + plain(err.Error())
	}
	return "no answer"
}

// at is an SBC with the address it was reached at, where its name does not say.
func (t target) at() string {
	if !t.to.IsValid() || t.to.Addr().String() == t.Host {
		return t.String()
	}
	return t.String() + " at " + t.to.String()
}

// tell raises and clears the conditions after a round of questions. An SBC is up
// where one of its addresses is.
func (g *gateways) tell(now time.Time) {
	g.mu.Lock()
	up, all := 0, len(g.list)
	var down []string
	for _, one := range g.list {
		if slices.ContainsFunc(one.ways, func(w way) bool { return w.up }) {
			up++
		}
		if len(one.ways) == 0 {
			down = append(down, one.String()+": its name has no address")
		}
		for _, w := range one.ways {
			if !w.up && !w.former {
				down = append(down, target{SBC: one.SBC, to: w.to}.at()+": "+w.said)
			}
		}
	}
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
	detail := strings.Join(down, "; ")
	put(all == 0, health.Condition{
		Code: codeNoSBC, Title: "there is no SBC for emergency calls",
		Meaning: "phones on hold that call an emergency number through the box hear that it cannot be reached; PIN by telephone stays off",
		Do:      `set site.sbc, or emergency.sbcs; or, where nobody relies on these phones for help, emergency.mode = "none"`,
	})
	put(all > 0 && up == 0, health.Condition{
		Code: codeSBCs, Title: "no SBC for emergency calls answers",
		Meaning: "phones on hold that call an emergency number through the box hear that it cannot be reached; " + ready,
		Do:      "see whether the WAN is up and the SBC is right: site.sbc and emergency.sbcs; it has to answer SIP OPTIONS from this box, by anything but 408 and 5xx",
		Detail:  detail,
	})
	put(up > 0 && len(down) > 0, health.Condition{
		Code: codeOneSBC, Title: "one of the SBCs for emergency calls does not answer",
		Meaning: "emergency calls go to the others; phones notice nothing",
		Do:      "see whether it is right in site.sbc and emergency.sbcs, and reachable",
		Detail:  detail,
	})
}
