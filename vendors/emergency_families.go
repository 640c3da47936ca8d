package vendors

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
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
	// eagerPlans: plans of which an alternative without a T at its end is dialled
	// with its last digit.
	eagerPlans
	// fires: what matches the value is dialled with its last digit.
	fires
	// rewrites: the value is a regular expression between bars, and what is dialled
	// instead of what matches it.
	rewrites
	// lists: the value is an emergency number.
	lists
	// routes: the name says by which digits a call goes another way, the value where
	// the name has {}.
	routes
	// leads: the value says by which service a number goes out, in the place of ours.
	leads
	// serves: the value is where calls to emergency numbers go.
	serves
	// prefixed: the value is put before numbers of some lengths.
	prefixed
	// silences: whatever the value but off, nothing is dialled.
	silences
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
		{regexp.MustCompile(`(?i)^(?:account\.\d+\.)?dialplan\.dialnow\.rule\.\d+$`), fires},
		{regexp.MustCompile(`(?i)^(?:account\.\d+\.)?dialplan\.digitmap\.string$`), eagerPlans},
		{regexp.MustCompile(`(?i)^(?:account\.\d+\.)?dialplan\.area_code\.code$`), prefixed},
		{regexp.MustCompile(`(?i)^dialplan\.emergency\.\d+\.value$`), lists},
		{regexp.MustCompile(`(?i)^(dialplan\.emergency)(?:(\.\d+)\.server_priority|\.server\.\d+\.address)$`), serves},
	}
	polyDiverting = []family{
		{regexp.MustCompile(`(?i)^dialplan\.(?:\d+\.)?digitmap$`), eagerPlans},
		{regexp.MustCompile(`(?i)^dialplan\.routing\.emergency\.\d+\.value$`), lists},
		{regexp.MustCompile(`(?i)^(dialplan\.routing\.emergency)(\.\d+)\.server\.\d+$`), serves},
	}
	snomDiverting = []family{
		{regexp.MustCompile(`(?i)^user_dp_str(?:\.?\d+)?$`), rewrites},
		{regexp.MustCompile(`(?i)^deny_all_dialing(?:\.?\d+)?$`), silences},
	}
	ciscoDiverting  = []family{{regexp.MustCompile(`(?i)^Dial_Plan_\d+_$`), plans}}
	obihaiDiverting = []family{
		{regexp.MustCompile(`(?i)^VoiceService\.1\.(?:VoiceProfile\.\d+|Phone|X_FXS\.\d+)\.DigitMap$`), plans},
		{regexp.MustCompile(`(?i)^VoiceService\.1\.(?:Phone|X_FXS\.\d+)\.OutboundCallRoute$`), leads},
	}
	// Of two routes for one number the later counts, and ours come first.
	pattonDiverting    = []family{{regexp.MustCompile(`(?i)/routing-table called-e164 [^/]+/route (\S+)`), routes}}
	panasonicDiverting = []family{
		{regexp.MustCompile(`(?i)^DIAL_PLAN_\d+$`), eagerPlans},
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
				why, is := f.traps(s, list, n)
				if is && !again {
					lost = append(lost, Loss{s.Name, n, s.From, f.role != plans && f.role != eagerPlans, why})
				}
			}
		}
	}
	return lost
}

// traps reports that with this setting among the others the number is not dialled
// as it should be, and why where that is not plain.
func (f family) traps(s Setting, others []Setting, number string) (why string, is bool) {
	switch f.role {
	case routes:
		return "", routed(strings.ReplaceAll(f.names.FindStringSubmatch(s.Name)[1], "{}", s.Value), number)
	case serves:
		return "it is where calls to that number would go, and no more where they should", s.Value != s.Was && f.serving(s.Name, others, number)
	case leads:
		return "no route of it is for what its line takes, or one before takes the number away", !led(s.Value, number)
	case silences:
		return "with it nothing can be dialled", !slices.Contains([]string{"", "off", "0", "false"}, strings.ToLower(s.Value))
	}
	if s.Value == "" {
		return "", false
	}
	switch f.role {
	case plans:
		return "", !stands(s.Value, number, number) && !stands(s.Value, number, number+atOnce)
	case eagerPlans:
		return "", !stands(s.Value, number, number) || early(s.Value, number)
	case fires:
		return "it dials the first digits of that number before the rest is typed", begins(s.Value, number)
	case rewrites:
		return rewritten(s.Value, number)
	case prefixed:
		return "it puts an area code before that number", lengthens(s.Name, others, number)
	case lists:
		return "", named(s.Value, number) && !stands(s.Value, number, number)
	}
	return "", named(s.Value, number) || matches(s.Value, number)
}

// named reports that number is somewhere in a value, and no part of a longer one.
func named(value, number string) bool {
	for range occurrences(value, number) {
		return true
	}
	return false
}

// valueOf is what a parameter is set to, by its name in whatever case.
func valueOf(list []Setting, name string) (string, bool) {
	i := slices.IndexFunc(list, func(s Setting) bool { return !s.Dropped && strings.EqualFold(s.Name, name) })
	if i < 0 {
		return "", false
	}
	return list[i].Value, true
}

// serving reports that a server of emergency calls counts for a number: calls are
// routed so at all (Yealink, where a full config says no), and the entry it belongs
// to is for that number.
func (f family) serving(name string, others []Setting, number string) bool {
	part := f.names.FindStringSubmatch(name)
	if on, there := valueOf(others, part[1]+".enable"); there && on == "0" {
		return false
	}
	value, there := valueOf(others, part[1]+part[2]+".value")
	return part[2] == "" || !there || named(value, number)
}

// lengthens reports that an area code is put before a number: it is for numbers of
// at least min_len and at most max_len digits, 1 and 15 where nothing is said.
func lengthens(name string, others []Setting, number string) bool {
	bound := func(which string, otherwise int) int {
		value, _ := valueOf(others, name[:len(name)-len("code")]+which)
		if n, err := strconv.Atoi(value); err == nil {
			return n
		}
		return otherwise
	}
	return bound("min_len", 1) <= len(number) && len(number) <= bound("max_len", 15)
}

// led reports that Obihai's OutboundCallRoute, "{digits:service},…", sends a number
// out: by a rule for what that service takes, "(Mpli):pli", or by one for the number,
// and none is for it that replaces it or leads elsewhere than to a line.
func led(value, number string) bool {
	found := false
	for rule := range strings.SplitSeq(value, "}") {
		rule = strings.TrimLeft(rule, ", {")
		colon := strings.LastIndexByte(rule, ':')
		if colon < 0 {
			continue
		}
		digits, service := rule[:colon], rule[colon+1:]
		line := service == "pli" || strings.HasPrefix(service, "sp")
		switch {
		case barred(digits, number):
			return false
		case strings.Trim(digits, "()") == "M"+service && line:
			found = true
		case matches(digits, number) && !line:
			return found
		case matches(digits, number):
			found = true
		}
	}
	return found
}

// rewritten reports that a dial plan of snom's, "|expression|instead|" or several of
// them, takes a number or the first digits of it.
func rewritten(value, number string) (why string, is bool) {
	bar := value[:1]
	if bar != "|" && bar != "!" {
		return "", named(value, number) || matches(value, number)
	}
	parts := strings.Split(strings.ReplaceAll(value, `\`+bar, "\x00"), bar)
	for i := 1; i < len(parts); i += 3 {
		expression := strings.ReplaceAll(parts[i], "\x00", `\`+bar)
		like, err := regexp.Compile(expression)
		if err != nil {
			return fmt.Sprintf("its expression %.60q cannot be read here (%v), so whether it takes that number is not known", expression, err), true
		}
		for n := range number {
			if like.MatchString(number[:n+1]) {
				return fmt.Sprintf("its expression %.60q matches %s", expression, number[:n+1]), true
			}
		}
	}
	return "", false
}
