package main

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// lan is where the phones are: the box's own address with its prefix length,
// and the interface that has it. Interface is empty where packets are not to
// be tied to one: on loopback.
type lan struct {
	Interface string
	Self      netip.Prefix
}

// nic is a network interface as the system shows it.
type nic struct {
	name         string
	up, loopback bool
	addrs        []netip.Prefix // IPv4 only
}

// systemNICs lists this machine's interfaces.
func systemNICs() ([]nic, error) {
	list, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list network interfaces: %w", err)
	}
	nics := make([]nic, 0, len(list))
	for _, i := range list {
		n := nic{name: i.Name, up: i.Flags&net.FlagUp != 0, loopback: i.Flags&net.FlagLoopback != 0}
		addrs, err := i.Addrs()
		if err != nil {
			return nil, fmt.Errorf("list the addresses of %s: %w", i.Name, err)
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() {
				n.addrs = append(n.addrs, p)
			}
		}
		nics = append(nics, n)
	}
	return nics, nil
}

// findLAN decides which interface and address the phones see. Whatever is left
// out in the settings must have one answer only; the box does not guess.
func findLAN(l listenSettings, nics []nic) (lan, error) {
	switch {
	case l.Interface != "":
		return onInterface(l, nics)
	case l.Address.IsValid():
		return atAddress(l.Address, nics)
	}
	var found []nic
	for _, n := range nics {
		if n.up && !n.loopback && len(n.addrs) > 0 {
			found = append(found, n)
		}
	}
	switch len(found) {
	case 0:
		return lan{}, absent("no interface has an IPv4 address: phones cannot reach this box; give it one, then start again")
	case 1:
		return lan{found[0].name, found[0].addrs[0]}, nil
	}
	return lan{}, fmt.Errorf("more than one interface could be the phones' LAN: %s; write one of them into listen.interface", describe(found))
}

func onInterface(l listenSettings, nics []nic) (lan, error) {
	for _, n := range nics {
		if n.name != l.Interface {
			continue
		}
		switch {
		case !n.up:
			return lan{}, absent("interface %s is down: phones cannot reach this box; type: ip link set %s up", n.name, n.name)
		case l.Address.IsValid():
			return lan{n.name, l.Address}, nil
		case len(n.addrs) == 0:
			return lan{}, absent("interface %s has no IPv4 address: phones cannot reach this box; give it one", n.name)
		}
		return lan{n.name, n.addrs[0]}, nil
	}
	// Linux may call an interface otherwise after an update or another card. By its
	// address, which the operator wrote down as well, it is found all the same.
	if l.Address.IsValid() {
		if n, ok := hasAddress(l.Address, nics); ok {
			return lan{n.name, l.Address}, nil
		}
	}
	return lan{}, absent("there is no interface %s: phones cannot reach this box; this machine has %s", l.Interface, describe(nics))
}

// hasAddress is the one interface, up and no loopback, that has an address with its
// prefix length.
func hasAddress(self netip.Prefix, nics []nic) (found nic, ok bool) {
	for _, n := range nics {
		if n.up && !n.loopback && slices.Contains(n.addrs, self) {
			if ok {
				return nic{}, false
			}
			found, ok = n, true
		}
	}
	return found, ok
}

// atAddress finds the interface that has the address itself or, as with all
// of 127.0.0.0/8 on loopback, its network.
func atAddress(self netip.Prefix, nics []nic) (lan, error) {
	for _, n := range nics {
		for _, a := range n.addrs {
			if n.loopback && a.Contains(self.Addr()) {
				return lan{Self: self}, nil
			}
			if a.Addr() == self.Addr() {
				return lan{n.name, self}, nil
			}
		}
	}
	return lan{}, absent("this box does not have the address %s: phones would be sent to nobody; correct listen.address, this machine has %s", self.Addr(), describe(nics))
}

func describe(nics []nic) string {
	parts := make([]string, 0, len(nics))
	for _, n := range nics {
		text := n.name
		for _, a := range n.addrs {
			text += " " + a.String()
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}
