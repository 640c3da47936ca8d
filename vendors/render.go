package vendors

import (
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
)

// How often phones fetch again. Enrolled phones spread over four to six hours,
// so that a building does not ask in one minute; phones in the holding state
// come back soon, in case the resync after the PIN was lost.
const (
	resyncLeast   = 4 * time.Hour
	resyncSpread  = 2 * time.Hour
	resyncHolding = 5 * time.Minute
)

// hotlineDelay is how long a lifted handset waits for a first digit before the
// hotline dials. It is what lets somebody dial an emergency number on a phone
// that is not enrolled yet, so it is a person's time, not a machine's.
const hotlineDelay = 5 * time.Second

// checkConfig refuses an Input that would put one phone's config under another
// name, or values no edge has seen into a full config.
func checkConfig(in Input) error {
	if in.File.MAC.IsZero() || in.File.MAC != in.Device.MAC {
		return fmt.Errorf("file is of %s, device is %s", in.File.MAC, in.Device.MAC)
	}
	switch in.Stage {
	case Holding:
		if !in.Box.Addr.IsValid() {
			return errors.New("holding config: the box's address on the phones' network is not known; set listen.interface")
		}
		return nil
	case Full:
		if err := in.Device.Validate(); err != nil {
			return fmt.Errorf("device %s: %w", in.Device.MAC, err)
		}
		return nil
	}
	return fmt.Errorf("stage %d is neither holding nor full", in.Stage)
}

// linesOf are the accounts the config carries: the device's at Full, and the
// one at the box's own registrar at Holding. The two go through the same code,
// so every parameter the one stage sets the other sets too, and no phone keeps
// something of the holding state, or of its old lines, after it was left.
func linesOf(in Input) []phone.Line {
	if in.Stage == Full {
		return tidy(in.Device.Lines)
	}
	return []phone.Line{{
		Registrar:   in.Box.Addr.String(),
		Port:        sipPort(in.Box),
		Transport:   phone.UDP,
		User:        in.Hold.User,
		Password:    in.Hold.Password,
		DisplayName: in.Hold.Text,
		Label:       in.Hold.Text,
	}}
}

// tidy takes blanks off the ends of what phones show: they mean nothing there,
// and formats that drop them would have to refuse the config.
func tidy(lines []phone.Line) []phone.Line {
	for i, l := range lines {
		if l.DisplayName == strings.TrimSpace(l.DisplayName) && l.Label == strings.TrimSpace(l.Label) {
			continue
		}
		tidied := slices.Clone(lines)
		for j := range tidied[i:] {
			l := &tidied[i+j]
			l.DisplayName, l.Label = strings.TrimSpace(l.DisplayName), strings.TrimSpace(l.Label)
		}
		return tidied
	}
	return lines
}

// unusedUpTo is the highest account that is switched off when no line fills
// it. At Holding it is never the model's own number: a stranger's config would
// differ from a known phone's.
func unusedUpTo(in Input, known Models) int {
	if in.Stage == Full {
		if m, ok := known.Of(in.Device.Model); ok && m.Lines > 0 {
			return min(m.Lines, phone.MaxLines)
		}
	}
	return phone.MaxLines
}

func sipPort(b Box) int {
	if b.SIPPort == 0 {
		return 5060
	}
	return b.SIPPort
}

// portOf is the line's port, or its transport's own (RFC 3261 section 19.1.2).
func portOf(port int, t phone.Transport) int {
	switch {
	case port != 0:
		return port
	case t == phone.TLS:
		return 5061
	}
	return 5060
}

// displayName is never empty: an empty value leaves on the phone what was
// there before.
func displayName(l phone.Line) string {
	if l.DisplayName != "" {
		return l.DisplayName
	}
	return l.Shown()
}

// labelledLines are linesOf for phones whose idle screen has one text to show: on
// hold it is the state and behind it the MAC, which the installer would have to
// look for in a menu or below the phone. A screen too narrow for both cuts the
// MAC.
func labelledLines(in Input) []phone.Line {
	lines := linesOf(in)
	if in.Stage == Holding {
		lines[0].Label = strings.TrimSpace(lines[0].Label + " " + upperHex(in.File.MAC))
	}
	return lines
}

// hostPort joins them for a SIP URI or header, with brackets where IPv6 needs
// them.
func hostPort(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

// uriHost is a host as a URI has it: an IPv6 address in brackets.
func uriHost(host string) string {
	if a, err := netip.ParseAddr(host); err == nil && a.Is6() {
		return "[" + host + "]"
	}
	return host
}

// sbcOf is the platform's SBC, if the site names one.
func sbcOf(s phone.Site) (host string, port int, ok bool) {
	host, port = phone.Line{OutboundProxy: s.SBC}.Proxy()
	return host, portOf(port, phone.UDP), host != ""
}

// resyncEvery is how long the phone waits before it fetches again. The spread
// comes from the MAC, so that a phone's config is the same each time.
func resyncEvery(in Input) time.Duration {
	if in.Stage == Holding {
		return resyncHolding
	}
	h := fnv.New32a()
	_, _ = h.Write(in.File.MAC[:])
	return resyncLeast + time.Duration(h.Sum32())%(resyncSpread/time.Minute)*time.Minute
}

// splitURL takes the box's URL apart for vendors that want its parts.
func splitURL(raw string) (scheme, host, path string, err error) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", "", "", fmt.Errorf("the box's URL: %w", err)
	}
	if u.Scheme == "" || u.Host == "" {
		return "", "", "", fmt.Errorf("the box's URL %.80q has no scheme or host; set listen.url to one such as http://10.20.0.1/cfg/", raw)
	}
	return u.Scheme, u.Host, strings.TrimPrefix(u.EscapedPath(), "/"), nil
}

func german(s phone.Site) bool { return s.Language == "de" }

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

func zeroOne(b bool) string {
	if b {
		return "1"
	}
	return "0"
}
