package sipd

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/lineside/lineside/health"
)

// codeRival is the condition of a second PnP server on the LAN.
const codeRival = "pnp-rival"

// rivalSilent is how many looks in a row that find nobody clear the condition:
// one answer may be lost.
const rivalSilent = 2

// watchPnP looks for other PnP servers at the start, every now and then, and
// soon after a phone had its answer already; until ctx ends. Other servers answer
// the phone that asks, not the group, so listening would show nothing: the box
// has to ask itself.
func (s *Server) watchPnP(ctx context.Context, conn net.PacketConn) {
	if conn == nil {
		return
	}
	soonest := s.cfg.PnPWatch / 10 // whoever answers 481 all the time does not make the box ask all the time
	probe := PnPProbe{Conn: conn, To: s.cfg.PnPGroup, MAC: RandomMAC(), Wait: min(probeWait, soonest)}
	tick := time.NewTicker(s.cfg.PnPWatch)
	defer tick.Stop()
	for silent := 0; ctx.Err() == nil; {
		again := time.After(soonest)
		silent = s.lookForRivals(ctx, probe, silent)
		select {
		case <-tick.C:
		case <-s.told.suspect:
			select {
			case <-again:
			case <-ctx.Done():
			}
		case <-ctx.Done():
		}
	}
}

// lookForRivals looks once; silent is how many looks before it found nobody.
func (s *Server) lookForRivals(ctx context.Context, p PnPProbe, silent int) int {
	found, err := ProbePnP(ctx, p)
	switch {
	case ctx.Err() != nil:
		return silent
	case err != nil:
		s.dep.Log.Warn("other PnP servers cannot be looked for", "err", err)
		return silent
	case len(found) == 0:
		if silent++; silent == rivalSilent {
			s.dep.Health.Clear(codeRival)
		}
		return silent
	}
	var all []string
	for _, f := range found {
		all = append(all, f.String())
	}
	s.condition(health.Condition{
		Code: codeRival, Title: fmt.Sprintf("another server answers phones that ask by multicast (PnP): %s", found[0].Addr),
		Meaning: "new phones may fetch from it instead of from here, whichever of the two is faster",
		Do:      `switch PnP off there (look for "plug and play" or "multicast provisioning"); or switch this box's off with listen.pnp = false`,
		Detail:  strings.Join(all, "; "),
	})
	return 0
}
