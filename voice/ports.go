package voice

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
)

// Ports opens sockets for calls in a range that a firewall may let through.
type Ports struct {
	// First and Last bound the range, both in it; both 0 mean any port. Only even
	// ports are used, for phones send RTCP, which we do not answer, to the next.
	First, Last uint16
	// Listen opens a socket: net.ListenUDP, handed in by whoever may open any.
	Listen func(network string, local *net.UDPAddr) (*net.UDPConn, error)
}

// portTries is how many ports are tried before a range is said to be full.
const portTries = 64

// Open opens a socket at local, on a port nobody can foretell.
func (p Ports) Open(local netip.Addr) (*net.UDPConn, error) {
	first := max((int(p.First)+1)/2, 1)
	n := int(p.Last)/2 - first + 1
	if p.First == 0 && p.Last == 0 {
		return p.Listen("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(local, 0)))
	}
	if n < 1 {
		return nil, fmt.Errorf("media ports %d to %d: no even port lies in that range", p.First, p.Last)
	}
	var last error
	for range min(portTries, 4*n) {
		port := uint16(2 * (first + rand.IntN(n)))
		conn, err := p.Listen("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(local, port)))
		if err == nil {
			return conn, nil
		}
		last = err
	}
	return nil, fmt.Errorf("media ports %d to %d: none could be opened, callers hear nothing; widen the range: %w",
		p.First, p.Last, last)
}
