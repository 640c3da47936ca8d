package main

import (
	"slices"
	"time"

	"github.com/lineside/lineside/sync/central"
)

// hears waits until the platform says something of the site.
func (s branch) hears(what string, said func() (bool, any)) {
	s.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; <-time.After(50 * time.Millisecond) {
		ok, got := said()
		if ok {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("the platform has %+v, want %s", got, what)
		}
	}
}

// rulesHere: a rule that is set otherwise here is shown at the platform.
func (s branch) rulesHere(h *headquarters, id string) {
	s.t.Helper()
	rules := func(want ...string) func() (bool, any) {
		return func() (bool, any) {
			is, err := h.Site(id)
			return err == nil && slices.Equal(is.LocalRules, want), is
		}
	}
	s.does("", 0, "auto-approve: +yes", "policy", "set", "auto-approve", "yes")
	s.hears("the rule that was changed here", rules("auto_approve true, not false"))
	s.does("", 0, "auto-approve: +no", "policy", "set", "auto-approve", "no")
	s.hears("no such rule any more", rules())
}

// blockedHere: a device that is blocked here is blocked there, and unblocked by
// the platform alone.
func (s branch) blockedHere(h *headquarters) {
	s.t.Helper()
	blocked := func(want bool) func() (bool, any) {
		return func() (bool, any) {
			all, _, err := h.Devices(central.DeviceQuery{Search: deskMAC, Limit: 2})
			return err == nil && len(all) == 1 && all[0].Blocked == want, all
		}
	}
	s.does("", 0, "is now blocked", "device", "block", deskMAC)
	s.hears("it blocked", blocked(true))
	s.does("", 0, "is now needed", "device", "unblock", deskMAC)
	s.hears("it not blocked", blocked(false))
}
