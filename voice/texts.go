package voice

import (
	"strings"
	"time"
)

// names is every prompt there is, as files in prompts/de and prompts/en. What is
// said is put together from them here.
func names() []string {
	return append(strings.Fields(`ask short wrong two-left one-left right hang-up ask-admin failed blocked
		visitor awaiting not-needed unavailable goodbye emergency emergency-failed no-route`),
		strings.Split(spelled, "")...)
}

// spelled are the prompts of one character, for MAC addresses.
const spelled = "0123456789abcdef"

// pause is the prompt that is silence, between the pairs of a MAC address.
const (
	pause       = "pause"
	pauseLength = 300 * time.Millisecond
)

// greeting is what a call begins with.
func greeting(e Entry, mac string) []string {
	switch e {
	case Failed:
		return []string{"failed", "ask-admin"}
	case Blocked:
		return []string{"blocked", "ask-admin"}
	case Visitor:
		return append(append([]string{"visitor"}, spell(mac)...), pause, "ask-admin")
	case Awaiting:
		return []string{"awaiting", "hang-up"}
	case Unneeded:
		return []string{"not-needed", "hang-up"}
	case NoRoute:
		return []string{"no-route"}
	default:
		return []string{"ask"}
	}
}

// spell names the hexadecimal digits of a MAC address one by one, with a pause
// after each pair, whatever stands between them.
func spell(mac string) []string {
	var said []string
	for _, c := range strings.ToLower(mac) {
		if !strings.ContainsRune(spelled, c) {
			continue
		}
		if len(said)%3 == 2 {
			said = append(said, pause)
		}
		said = append(said, string(c))
		if len(said) > 64 { // no address is that long
			break
		}
	}
	return said
}

// sentence is what is said of a verdict, and the reason the dialogue ends with
// it; a wrong entry ends nothing by itself.
func sentence(v Verdict) ([]string, Reason) {
	switch v.Outcome {
	case Right:
		return []string{"right", "hang-up"}, ReasonRight
	case NowAwaits:
		return []string{"awaiting", "hang-up"}, ReasonRight
	case NowFailed:
		return []string{"wrong", "failed", "ask-admin"}, ReasonRefused
	case NowBlocked:
		return []string{"wrong", "blocked", "ask-admin"}, ReasonRefused
	case Wrong:
		return wrong(v.Left), ""
	default:
		return []string{"unavailable"}, ReasonBroken
	}
}

func wrong(left int) []string {
	switch left {
	case 2:
		return []string{"wrong", "two-left", "ask"}
	case 1:
		return []string{"wrong", "one-left", "ask"}
	default:
		return []string{"wrong", "ask"}
	}
}
