package operators

import (
	"bytes"
	"strings"
)

// GuardCell puts an apostrophe before what a spreadsheet would run as a formula.
// Text that already looks guarded gets one more, so that UnguardCell gives back
// exactly what there was.
func GuardCell(s string) string {
	if formula(s) {
		return "'" + s
	}
	return s
}

// UnguardCell takes off what GuardCell put there.
func UnguardCell(s string) string {
	if strings.HasPrefix(s, "'") && formula(s) {
		return s[1:]
	}
	return s
}

func formula(s string) bool {
	s = strings.TrimLeft(s, "'")
	return s != "" && strings.IndexByte("=+-@", s[0]) >= 0
}

// Separator is what divides the cells: the one of comma, semicolon and tab that
// the header row has most of outside quotes.
func Separator(data []byte) rune {
	first, _, _ := bytes.Cut(data, []byte("\n"))
	best, most := ',', 0
	for _, sep := range []rune{',', ';', '\t'} {
		n, quoted := 0, false
		for _, b := range first {
			switch {
			case b == '"':
				quoted = !quoted
			case rune(b) == sep && !quoted:
				n++
			}
		}
		if n > most {
			best, most = sep, n
		}
	}
	return best
}
