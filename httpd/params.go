package httpd

import "strings"

// maxParams bounds how many parameters a header may have.
const maxParams = 24

// eachParam reads name=value, name="value", … (RFC 9110 section 11.2) and gives
// each to take, with quotes and escapes undone. It reports whether the text was
// well formed and take never said no.
func eachParam(s string, take func(name, value string) bool) bool {
	for range maxParams {
		s = strings.TrimLeft(s, " \t,")
		if s == "" {
			return true
		}
		name, rest, ok := strings.Cut(s, "=")
		name = strings.TrimRight(name, " \t")
		if !ok || !isToken(name) {
			return false
		}
		value, rest, ok := cutValue(strings.TrimLeft(rest, " \t"))
		if !ok || !take(name, value) {
			return false
		}
		rest = strings.TrimLeft(rest, " \t")
		if rest != "" && rest[0] != ',' {
			return false
		}
		s = rest
	}
	return false
}

// cutValue takes a token or quoted string off the front of s.
func cutValue(s string) (value, rest string, ok bool) {
	if strings.HasPrefix(s, `"`) {
		return cutQuoted(s[1:])
	}
	end := strings.IndexAny(s, ", \t")
	if end < 0 {
		end = len(s)
	}
	// Tokens of old phones hold what only a quoted string may: slashes and "=".
	return s[:end], s[end:], end > 0 && !strings.ContainsAny(s[:end], "\"\\")
}

// cutQuoted reads up to the closing quote.
func cutQuoted(s string) (value, rest string, ok bool) {
	end := strings.IndexAny(s, `"\`)
	if end >= 0 && s[end] == '"' {
		return s[:end], s[end+1:], true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// isToken reports whether s is a token as RFC 9110 section 5.6.2 has it.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}
