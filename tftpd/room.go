package tftpd

import (
	"net/netip"
	"time"
)

// grace is how long a new transfer keeps its slot, so that a building that powers
// up does not push itself out: a phone has answered by then.
const grace = 100 * time.Millisecond

// room makes room for a transfer of addr, or says which bound it would break.
// Where a bound is reached another transfer has to go, if one may: nobody hears
// of it, as if its request had been dropped, and a phone asks again.
func (r *relay) room(addr netip.Addr, now time.Time) (reason string) {
	for {
		r.mu.Lock()
		var out *claim
		switch {
		case r.stopping:
			reason = "stopping"
		case r.byAddr[addr] >= r.srv.cfg.PerClient:
			reason, out = "client", weakest(r.claims(addr), addr, now)
		case len(r.byNumber) >= r.srv.cfg.MaxTransfers:
			reason, out = "full", weakest(r.claims(netip.Addr{}), addr, now)
		default:
			r.mu.Unlock()
			return ""
		}
		r.mu.Unlock()
		if out == nil {
			return reason
		}
		// Where it has been heard of meanwhile, or has ended, look again.
		if out.yield(out.acked) {
			r.srv.drop("displaced")
			r.abandon(out.transfer)
		}
	}
}

// claim is a transfer's standing as it was when room was looked for.
type claim struct {
	*transfer
	host         netip.Addr
	acked, fixed bool
}

// claims gives what is on the books, of one address if it is valid. The caller
// holds r.mu.
func (r *relay) claims(only netip.Addr) []claim {
	all := make([]claim, 0, len(r.byNumber))
	for _, t := range r.byNumber {
		if only.IsValid() && t.peer.Addr() != only {
			continue
		}
		acked, fixed := t.standing()
		all = append(all, claim{transfer: t, host: hostOf(t.peer.Addr()), acked: acked, fixed: fixed})
	}
	return all
}

// weakest gives the transfer that has to go for a new one of addr: one that was
// never acknowledged before one that was, then one of the host that has most,
// then the oldest. To go, a transfer must have been without acknowledgement for
// longer than grace, or its host have at least two more than the new one's, so
// that room goes from those with many to those with few and not back.
func weakest(all []claim, addr netip.Addr, now time.Time) *claim {
	has := make(map[netip.Addr]int)
	for _, c := range all {
		has[c.host]++
	}
	mine := has[hostOf(addr)]
	var out *claim
	for i := range all {
		c := &all[i]
		silent := !c.acked && now.Sub(c.start) > grace
		if c.fixed || !silent && has[c.host] < mine+2 {
			continue
		}
		if out == nil || weaker(c, out, has) {
			out = c
		}
	}
	return out
}

func weaker(a, b *claim, has map[netip.Addr]int) bool {
	switch {
	case a.acked != b.acked:
		return b.acked
	case has[a.host] != has[b.host]:
		return has[a.host] > has[b.host]
	}
	return a.number < b.number
}

// hostOf is what an address is weighed under: a host on an IPv6 link picks any
// address of its /64, so the /64 is one.
func hostOf(addr netip.Addr) netip.Addr {
	if !addr.Is6() {
		return addr
	}
	p, err := addr.Prefix(64)
	if err != nil {
		return addr
	}
	return p.Addr().WithZone(addr.Zone())
}
