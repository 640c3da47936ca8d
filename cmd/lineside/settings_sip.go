package main

import (
	"fmt"
	"strconv"
	"strings"
)

// sipSettings bound PIN by telephone.
type sipSettings struct {
	PINCalls        bool // take calls of phones on hold
	Calls           int  // at a time
	CallsPerAddress int
	// First and Last are the ports of the calls' sound; 0 is any.
	First, Last uint16
}

type rawSIP struct {
	PINCalls        any `toml:"pin_calls"`
	Calls           any `toml:"calls"`
	CallsPerAddress any `toml:"calls_per_address"`
	MediaPorts      any `toml:"media_ports"`
}

// maxCalls is what two cores carry with room to spare.
const maxCalls = 1000

// sip reads the section.
func (r *reader) sip(raw rawSIP) sipSettings {
	between := func(most int) func(int) error {
		return func(n int) error {
			if n < 1 || n > most {
				return fmt.Errorf("%d is out of range; write 1 to %d", n, most)
			}
			return nil
		}
	}
	s := sipSettings{
		PINCalls:        r.flag("sip.pin_calls", raw.PINCalls, true),
		Calls:           r.number("sip.calls", raw.Calls, 100, between(maxCalls)),
		CallsPerAddress: r.number("sip.calls_per_address", raw.CallsPerAddress, 2, between(maxCalls)),
	}
	if text := r.text("sip.media_ports", raw.MediaPorts, ""); text != "" {
		s.First, s.Last = r.portRange("sip.media_ports", text, s.Calls)
	}
	return s
}

// portRange reads "16384-16783". Each call has one port, an even one, and one
// more while an emergency number was dialled in it.
func (r *reader) portRange(key, text string, calls int) (first, last uint16) {
	from, to, ok := strings.Cut(text, "-")
	a, errA := strconv.ParseUint(strings.TrimSpace(from), 10, 16)
	b, errB := strconv.ParseUint(strings.TrimSpace(to), 10, 16)
	switch {
	case !ok || errA != nil || errB != nil || a < 1024 || b < a:
		r.add(key, fmt.Sprintf("%.20q is no range of ports; write one such as \"16384-16783\"", text))
		return 0, 0
	case b-a < uint64(4*calls-1):
		r.add(key, fmt.Sprintf("%q is too small: %d calls need %d ports; widen it, or lower sip.calls", text, calls, 4*calls))
	}
	return uint16(a), uint16(b)
}
