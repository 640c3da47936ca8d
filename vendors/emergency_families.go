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
	snomDiverting      = []family{{regexp.MustCompile(`(?i)^user_dp_str(?:\.?\d+)?$`), bars}}
	ciscoDiverting     = []family{{regexp.MustCompile(`(?i)^Dial_Plan_\d+_$`), plans}}
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
		if s.From == ours || s.Dropped || s.Value == "" {
			continue
		}
		for _, f := range divertingOf(v) {
			if !f.names.MatchString(s.Name) {
				continue
			}
			for _, n := range numbers {
				again := slices.ContainsFunc(known, func(l Loss) bool { return l.Parameter == s.Name && l.Number == n })
				if !again && f.traps(s.Value, n) {
					lost = append(lost, Loss{s.Name, n, s.From, f.role != plans})
				}
			}
		}
	}
	return lost
}

// traps reports that with this value the number is not dialled as it should be.
func (f family) traps(value, number string) bool {
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

func matches(pattern, number string) bool {
	like, err := regexp.Compile("^(?:" + patternMarks.Replace(pattern) + ")$")
	return err == nil && like.MatchString(number)
}
