package dhcpopt

import (
	"net/netip"
	"slices"
	"time"
)

// When a server counts as silent, and how it is tried again.
const (
	silentAfter = 4 * time.Second  // since the first question it left unanswered
	silentLeast = 3                // questions left unanswered
	retryEvery  = 10 * time.Second // one question to a silent server
	urgentAfter = 6                // seconds a client has waited: all servers are asked
)

// upstream is one existing server and whether it answers.
type upstream struct {
	addr  netip.AddrPort
	first time.Time // of the questions it left unanswered
	asked int       // how many those are
	tried time.Time // when it was last asked while silent
}

func (u *upstream) silent(now time.Time) bool {
	return u.asked >= silentLeast && now.Sub(u.first) >= silentAfter
}

// upstreams are the existing servers in the order settings name them. The
// first that answers is the one asked; the others stand by.
type upstreams []upstream

func newUpstreams(addrs []netip.AddrPort) upstreams {
	us := make(upstreams, len(addrs))
	for i, a := range addrs {
		us[i].addr = a
	}
	return us
}

// pick gives the servers a question goes to: the first that answers, the one
// the client names, a silent one now and then, and all of them where none
// answers or the client has waited for long. counts says that the message is
// one whose answer must come back here.
func (us upstreams) pick(now time.Time, named netip.Addr, waited uint16, counts bool) []netip.AddrPort {
	all := waited >= urgentAfter || !us.anyAnswers(now)
	var to []netip.AddrPort
	served := false
	for i := range us {
		u := &us[i]
		silent := u.silent(now)
		retry := silent && now.Sub(u.tried) >= retryEvery
		first := !silent && !served
		served = served || first
		if !all && !first && !retry && u.addr.Addr() != named {
			continue
		}
		if retry {
			u.tried = now
		}
		u.ask(now, counts && (first || all || retry))
		to = append(to, u.addr)
	}
	return to
}

// ask notes a question the server should answer.
func (u *upstream) ask(now time.Time, counts bool) {
	if !counts {
		return
	}
	if u.asked == 0 {
		u.first = now
	}
	u.asked++
}

func (us upstreams) anyAnswers(now time.Time) bool {
	for i := range us {
		if !us[i].silent(now) {
			return true
		}
	}
	return false
}

// named reports that an address is one of theirs.
func (us upstreams) named(from netip.Addr) bool {
	return slices.ContainsFunc(us, func(u upstream) bool { return u.addr.Addr() == from })
}

// heard notes an answer of one of them.
func (us upstreams) heard(from netip.Addr) {
	for i := range us {
		if us[i].addr.Addr() == from {
			us[i].asked = 0
		}
	}
}

// silence lists the servers that do not answer, for operators.
func (us upstreams) silence(now time.Time) []string {
	var list []string
	for i := range us {
		if us[i].silent(now) {
			list = append(list, us[i].addr.Addr().String())
		}
	}
	return list
}
