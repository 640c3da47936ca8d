package dhcpopt

import (
	"fmt"
	"sync"
	"time"

	"github.com/lineside/lineside/health"
)

// The conditions that messages are dropped for too long.
const (
	codeStrain  = "dhcp-overload"
	codeStrain6 = "dhcp6-overload"
)

// When drops are a strain, and when it is over. A building's power-up drops a
// few in its first second or two, and those ask again.
const (
	strainAfter = 5 * time.Second  // drops for so long
	strainGap   = 2 * time.Second  // none for so long between, or it begins anew
	strainOver  = 30 * time.Second // none for so long
)

// strain watches whether messages are dropped because there are too many. It is
// safe for concurrent use.
type strain struct {
	code  string
	port  int // whose messages they are
	iface string
	board *health.Board

	mu          sync.Mutex
	first, last time.Time
	raised      bool
}

// note takes one drop into account.
func (s *strain) note(now time.Time, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if gap := now.Sub(s.last); gap > strainGap || gap < 0 {
		s.first = now
	}
	s.last = now
	if s.raised || now.Sub(s.first) < strainAfter {
		return
	}
	s.raised = true
	s.board.Raise(now, s.condition(reason))
}

func (s *strain) condition(reason string) health.Condition {
	c := health.Condition{
		Code: s.code, Title: "More DHCP messages arrive than can be answered",
		Meaning: "phones that start need several tries to get an address, or get none; those that have one keep it until its lease ends",
		Do: fmt.Sprintf("see who sends them: `tcpdump -eni %s -c 200 udp port %d` prints hardware addresses; take that machine off the network (the switch's table names its port), "+
			"and have the switch limit DHCP messages per port", s.iface, s.port),
		Detail: "dropped for seconds on end: " + reason,
	}
	if s.code == codeStrain6 {
		c.Title = "More DHCPv6 messages arrive than can be answered"
		c.Meaning = "phones that look for their configs by IPv6 need several tries to find this box; by IPv4 they find it as ever"
	}
	return c
}

// ease clears the condition once nothing has been dropped for a while. It is
// called with each message, of which a LAN has some every minute.
func (s *strain) ease(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.raised && now.Sub(s.last) >= strainOver {
		s.raised = false
		s.board.Clear(s.code)
	}
}
