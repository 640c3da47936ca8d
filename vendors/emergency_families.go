package vendors

import (
	"regexp"
	"slices"
	"strings"

	"github.com/lineside/lineside/phone"
)

// role is what parameters of an operator's own do to a number.
type role int

const (
	// bars: what matches the value is not dialled, or as something else.
	bars role = iota
	// plans: the value is the dial plan of a line, in the place of ours; empty is
	// none.
	plans
	// lists: the value is an emergency number.
	lists
	// routes: the name says by which digits a call goes another way, the value where
	// the name has {}.
	routes
)

// family are parameters by their names.
type family struct {
	names *regexp.Regexp
	role  role
}

// Families as the guides name them. Which other parameters of a maker's can bar a
// number is not known here, and those are not looked at.
var (
	yealinkDiverting = []family{
		{regexp.MustCompile(`(?i)^(?:account\.\d+\.)?dialplan\.(?:block_out\.number|replace\.prefix)\.\d+$`), bars},
		{regexp.MustCompile(`(?i)^(?:account\.\d+\.)?dialplan\.digitmap\.string$`), plans},
		{regexp.MustCompile(`(?i)^dialplan\.emergency\.\d+\.value$`), lists},
	}
	polyDiverting = []family{
		{regexp.MustCompile(`(?i)^dialplan\.\d+\.digitmap$`), plans},
		{regexp.MustCompile(`(?i)^dialplan\.routing\.emergency\.\d+\.value$`), lists},
	}
	snomDiverting   = []family{{regexp.MustCompile(`(?i)^user_dp_str(?:\.?\d+)?$`), bars}}
	ciscoDiverting  = []family{{regexp.MustCompile(`(?i)^Dial_Plan_\d+_$`), plans}}
	obihaiDiverting = []family{{regexp.MustCompile(`(?i)^VoiceService\.1\.(?:VoiceProfile\.\d+|Phone|X_FXS\.\d+)\.DigitMap$`), plans}}
	// Of two routes for one number the later counts, and ours come first.
	pattonDiverting    = []family{{regexp.MustCompile(`(?i)/routing-table called-e164 [^/]+/route (\S+)`), routes}}
	panasonicDiverting = []family{
		{regexp.MustCompile(`(?i)^DIAL_PLAN_\d+$`), plans},
		{regexp.MustCompile(`(?i)^EMERGENCY_CALL\d+$`), lists},
	}
)

func divertingOf(v phone.Vendor) []family {
	switch v {
	case "yealink":
		return yealinkDiverting
	case "poly", "spectralink":
		return polyDiverting
	case "snom", "snom-dect", "gigaset-p":
		return snomDiverting
	case "cisco-mpp", "cisco-spa", "cisco-ata", "linksys":
		return ciscoDiverting
	case "obihai":
		return obihaiDiverting
	case "patton", "patton-trinity":
		return pattonDiverting
	case "panasonic", "panasonic-tgp":
		return panasonicDiverting
	}
	return nil
}

// trapped are the numbers that parameters of an operator's own keep from being
// dialled, those in known left out.
func trapped(v phone.Vendor, list []Setting, numbers []string, known []Loss) []Loss {
	var lost []Loss
	for _, s := range list {
		if s.From == ours || s.Dropped {
			continue
		}
		for _, f := range divertingOf(v) {
			if !f.names.MatchString(s.Name) || f.role == routes && !s.Added { // one of ours: see taken
				continue
			}
			for _, n := range numbers {
				again := slices.ContainsFunc(known, func(l Loss) bool { return l.Parameter == s.Name && l.Number == n })
				if !again && f.traps(s.Name, s.Value, n) {
					lost = append(lost, Loss{s.Name, n, s.From, f.role != plans})
				}
			}
		}
	}
	return lost
}

// traps reports that with this value the number is not dialled as it should be.
func (f family) traps(name, value, number string) bool {
	if f.role == routes {
		digits := strings.ReplaceAll(f.names.FindStringSubmatch(name)[1], "{}", value)
		return routed(digits, number)
	}
	if value == "" {
		return false
	}
	there := false
	for range occurrences(value, number) {
		there = true
	}
	switch f.role {
	case plans:
		return !stands(value, number, number) && !stands(value, number, number+atOnce)
	case lists:
		return there && !stands(value, number, number)
	}
	return there || matches(value, number)
}

// patternMarks is a pattern of dialled digits as a regular expression: x is any
// digit, a dot any number of anything, brackets are a choice.
var patternMarks = strings.NewReplacer("x", "[0-9]", "X", "[0-9]", ".", ".*", "(", "", ")", "", "+", `\+`, "*", `\*`, "?", `\?`, "|", `\|`, "^", "", "$", "")

// marked is a part of a pattern that says when or with which tone, and takes no
// digit: S0, P5 and the comma of Cisco and Obihai.
var marked = regexp.MustCompile(`[SP][0-9]+|,`)

// replaced is a part of an alternative that is dialled as something else, by Cisco
// and Obihai "<1xx:0>", by Grandstream "<1xx=0>". Without digits before the mark it
// only adds some.
var replaced = regexp.MustCompile(`<([^<>:=]+)[:=][^<>]*>`)

// replacedByPoly is the same in Poly's plans, "R1xxR0R".
var replacedByPoly = regexp.MustCompile(`R([^R|]+)R[^R|]*R`)

// swallowed reports that an alternative of a dial plan bars or replaces a pattern
// that the number is one of: "1xx!" of Cisco and Obihai, "^1xx" of Grandstream.
// Which alternative wins where the number stands there as well differs by maker, so
// none may; but one that waits for more digits comes too late for a number that is
// dialled with its last.
func swallowed(plan, number string) bool {
	soon := strings.Contains(plan, number+atOnce)
	for alternative := range strings.SplitSeq(strings.Trim(plan, "(){} "), "|") {
		a := marked.ReplaceAllString(strings.TrimSpace(alternative), "")
		switch {
		case soon && strings.HasSuffix(a, "."):
			continue
		case strings.HasSuffix(a, "!"):
			a = strings.TrimSuffix(a, "!")
		case strings.HasPrefix(a, "^"):
			a = a[1:]
		case replaced.MatchString(a):
			a = replaced.ReplaceAllString(a, "$1")
		case replacedByPoly.MatchString(a):
			a = replacedByPoly.ReplaceAllString(a, "$1")
		default:
			continue
		}
		if matches(strings.ReplaceAll(a, "x+", "x."), number) {
			return true
		}
	}
	return false
}

// routed reports that a route of Patton's for digits takes the number's calls: as
// it stands, or by dots, of which each is a digit. One that ends in T is for what
// no other route is for.
func routed(digits, number string) bool {
	like, err := regexp.Compile("^(?:" + strings.NewReplacer(".", "[0-9]", "%", "*").Replace(digits) + ")$")
	return !strings.HasSuffix(digits, "T") && (digits == number || err == nil && like.MatchString(number))
}

func matches(pattern, number string) bool {
	like, err := regexp.Compile("^(?:" + patternMarks.Replace(pattern) + ")$")
	return err == nil && like.MatchString(number)
}
