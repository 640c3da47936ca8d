package vendors

import (
	"iter"
	"regexp"
	"strings"
)

// marked is a part of a pattern that says when or with which tone, and takes no
// digit: S0, P5 and the comma of Cisco and Obihai.
var marked = regexp.MustCompile(`[SP][0-9]+|,`)

// replaced is a part of an alternative that is dialled as something else, by Cisco
// and Obihai "<1xx:0>", by Grandstream "<1xx=0>". Without digits before the mark it
// only adds some.
var replaced = regexp.MustCompile(`<([^<>:=]+)[:=][^<>]*>`)

// added is the same with nothing before the mark, too.
var added = regexp.MustCompile(`<([^<>:=]*)[:=][^<>]*>`)

// How alternatives end: in S0 (Cisco, Obihai) one is dialled with its last digit, in
// T (Poly, Yealink, Panasonic) it waits for more.
var (
	endsAtOnce  = regexp.MustCompile(`(?i)S0+[,)\s]*$`)
	endsWaiting = regexp.MustCompile(`(?i)T[0-9]*$`)
)

// replacedByPoly is the same in Poly's plans, "R1xxR0R".
var replacedByPoly = regexp.MustCompile(`R([^R|]+)R[^R|]*R`)

// swallowed reports that an alternative of a dial plan bars or replaces a pattern
// that the number is one of: "1xx!" of Cisco and Obihai, "^1xx" of Grandstream,
// "!1xx" of Yealink; or that one is dialled before the number is typed, "1xS0".
// Which alternative wins where the number stands there as well differs by maker, so
// none may; but one that waits for more digits comes too late for a number that is
// dialled with its last.
func swallowed(plan, number string) bool {
	soon := strings.Contains(plan, number+atOnce)
	for alternative := range alternatives(plan) {
		a := marked.ReplaceAllString(alternative, "")
		switch {
		case endsAtOnce.MatchString(alternative) && begins(typed(a), number):
			return true
		case soon && strings.HasSuffix(a, "."):
			continue
		case strings.HasSuffix(a, "!"):
			a = strings.TrimSuffix(a, "!")
		case strings.HasPrefix(a, "^"), strings.HasPrefix(a, "!"):
			a = a[1:]
		case replaced.MatchString(a), replacedByPoly.MatchString(a):
			a = typed(a)
		default:
			continue
		}
		if matches(strings.ReplaceAll(a, "x+", "x."), number) {
			return true
		}
	}
	return false
}

// early reports that a plan dials the first digits of a number before the rest is
// typed, where what has no T at its end is dialled at once.
func early(plan, number string) bool {
	for alternative := range alternatives(plan) {
		if !endsWaiting.MatchString(alternative) && begins(typed(alternative), number) {
			return true
		}
	}
	return false
}

func alternatives(plan string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for a := range strings.SplitSeq(strings.Trim(plan, "(){} "), "|") {
			if !yield(strings.TrimSpace(a)) {
				return
			}
		}
	}
}

// typed is what is typed for an alternative, whatever is dialled instead.
func typed(alternative string) string {
	return replacedByPoly.ReplaceAllString(added.ReplaceAllString(alternative, "$1"), "$1")
}

// routed reports that a route of Patton's for digits takes the number's calls: as
// it stands, or by dots, of which each is a digit. One that ends in T is for what
// no other route is for.
func routed(digits, number string) bool {
	like, err := regexp.Compile("^(?:" + strings.NewReplacer(".", "[0-9]", "%", "*").Replace(digits) + ")$")
	return !strings.HasSuffix(digits, "T") && (digits == number || err == nil && like.MatchString(number))
}

func matches(pattern, number string) bool {
	like, err := regexp.Compile("^(?:" + expression(pattern) + ")$")
	return err == nil && like.MatchString(number)
}

// begins reports that a pattern matches the first digits of a number, and not only
// all of them: by what is dialled at once the rest is never heard.
func begins(pattern, number string) bool {
	like, err := regexp.Compile("^(?:" + expression(pattern) + ")$")
	for n := 1; err == nil && n < len(number); n++ {
		if like.MatchString(number[:n]) {
			return true
		}
	}
	return false
}

// patternMarks are those of a pattern outside brackets: x is any digit, a dot any
// number of anything.
var patternMarks = strings.NewReplacer("x", "[0-9]", "X", "[0-9]", ".", ".*", "(", "", ")", "", "+", `\+`, "*", `\*`, "?", `\?`, "|", `\|`, "^", "", "$", "")

// choiceMarks are those within brackets.
var choiceMarks = strings.NewReplacer("x", "0-9", "X", "0-9", "[", "")

// expression is a pattern of dialled digits as a regular expression. Brackets are a
// choice, in which x is any digit too.
func expression(pattern string) string {
	var b strings.Builder
	for pattern != "" {
		open := strings.IndexByte(pattern, '[')
		if open < 0 {
			break
		}
		end := strings.IndexByte(pattern[open:], ']')
		if end < 0 {
			break
		}
		b.WriteString(patternMarks.Replace(pattern[:open]))
		b.WriteString("[" + choiceMarks.Replace(pattern[open+1:open+end]) + "]")
		pattern = pattern[open+end+1:]
	}
	return b.String() + patternMarks.Replace(pattern)
}
