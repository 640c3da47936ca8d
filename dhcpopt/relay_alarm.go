package dhcpopt

import (
	"strings"
	"time"

	"github.com/lineside/lineside/health"
)

// Codes of the conditions a relay raises.
const (
	codeSilent = "dhcp-upstream-silent"
	codeMarked = "dhcp-option-82"
)

// watch raises and clears the condition that servers do not answer.
func (r *Relay) watch(now time.Time) {
	quiet := strings.Join(r.ups.silence(now), ", ")
	if quiet == r.quiet {
		return
	}
	r.quiet = quiet
	if quiet == "" {
		r.deps.Health.Clear(codeSilent)
		r.log.Info("every DHCP server answers again")
		return
	}
	meaning := "phones are served by the other server; should that fail too, phones that start get no address"
	if !r.ups.anyAnswers(now) {
		meaning = "phones that start get no address and stay without network; those that have one keep it until its lease ends"
	}
	r.log.Warn("a DHCP server does not answer", "remote", quiet)
	r.deps.Health.Raise(now, health.Condition{
		Code: codeSilent, Title: "A DHCP server behind the relay does not answer", Meaning: meaning,
		Do:     "see that it runs, has a pool for " + r.cfg.network().String() + " and a route back to " + r.self.String() + "; its address is dhcp.upstream in lineside.toml",
		Detail: "no answer from " + quiet,
	})
}

// raiseMarked says, once, that option 82 of another machine is not carried (RFC
// 3046 section 2.1.1: only from circuits that are trusted).
func (r *Relay) raiseMarked(a *ask) {
	if r.marked {
		return
	}
	r.marked = true
	r.log.Warn("option 82 of another machine is not carried", "mac", a.client.mac)
	r.deps.Health.Raise(r.deps.Now(), health.Condition{
		Code: codeMarked, Title: "Something on the LAN puts option 82 into DHCP messages",
		Meaning: "machines whose messages carry it get no address",
		Do:      "where it is your switch (DHCP snooping), set dhcp.trust_relay_info = true in lineside.toml and restart the box's service; else find the machine",
		Detail:  "first seen in a message of " + a.client.mac.String(),
	})
}
