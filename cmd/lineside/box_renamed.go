package main

import (
	"fmt"
	"net"
	"slices"

	"github.com/lineside/lineside/health"
)

const codeRenamed = "lan-interface-renamed"

// renamed reports that the LAN's interface, known by its index, has another name now
// and all else as before. What is bound to it stays bound, so phones are served as
// ever; what counts is the next start.
func (b *box) renamed(index int, nics []nic) bool {
	ifi, err := net.InterfaceByIndex(index)
	if index == 0 || err != nil {
		return false
	}
	if ifi.Name == b.where.Interface {
		if ifi.Name == b.settings.Listen.Interface {
			b.health.Clear(codeRenamed)
		}
		return false
	}
	i := slices.IndexFunc(nics, func(n nic) bool { return n.name == ifi.Name })
	if i < 0 || !nics[i].up || !slices.Contains(nics[i].addrs, b.where.Self) {
		return false
	}
	b.away.Store(false)
	b.health.Clear(codeInterface)
	b.tellRenamed(b.where.Interface, ifi.Name)
	return true
}

// tellRenamed says that settings, or the box, know the LAN's interface by a name it
// no longer has.
func (b *box) tellRenamed(was, is string) {
	after := "; after the next start they reach nothing of it"
	switch {
	case b.settings.Listen.Interface == "":
		return // found anew by every start
	case b.settings.Listen.Address.IsValid():
		after = ", after the next start too, as long as it has the address of the settings"
	}
	b.health.Raise(b.now(), health.Condition{
		Code: codeRenamed, Title: fmt.Sprintf("The interface on the phones' LAN is called %s now", is),
		Meaning: "phones are served as ever" + after,
		Do:      fmt.Sprintf("write listen.interface = %q into lineside.toml, then: systemctl restart lineside", is),
		Detail:  fmt.Sprintf("settings say %s; %s has %s", was, is, b.where.Self),
	})
}
