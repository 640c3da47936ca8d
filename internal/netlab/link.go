package netlab

// Link joins two hosts by a wire of their own, beside the LAN: an interface
// called name at each end, with these addresses.
func (l *Lab) Link(name string, a *Host, cidrA string, b *Host, cidrB string) {
	l.t.Helper()
	l.ip("-n", a.space, "link", "add", name, "type", "veth", "peer", "name", name, "netns", b.space)
	for _, end := range []struct {
		h    *Host
		cidr string
	}{{a, cidrA}, {b, cidrB}} {
		l.ip("-n", end.h.space, "address", "add", end.cidr, "brd", "+", "dev", name)
		l.ip("-n", end.h.space, "link", "set", name, "up")
	}
}

// Route makes a host send what is for a network by another.
func (h *Host) Route(network, via string) {
	h.lab.t.Helper()
	h.lab.ip("-n", h.space, "route", "add", network, "via", via)
}
