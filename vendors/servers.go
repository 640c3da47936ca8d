package vendors

import (
	"slices"

	"github.com/lineside/lineside/phone"
)

// serversOf is for units that keep what several accounts share (registrar,
// transport, proxy) in a list of its own: the list, and for each line its place
// in it, from 0.
func serversOf(lines []phone.Line) (servers []phone.Line, of []int) {
	for _, l := range lines {
		shared := phone.Line{Registrar: l.Registrar, Port: l.Port, Transport: l.Transport, OutboundProxy: l.OutboundProxy}
		if shared.Transport == "" {
			shared.Transport = phone.UDP
		}
		at := slices.Index(servers, shared)
		if at < 0 {
			at = len(servers)
			servers = append(servers, shared)
		}
		of = append(of, at)
	}
	return servers, of
}
