package broker

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// escape begins a byte that is written as two digits. Alone it is an empty
// part of a key, which a subject cannot hold.
const escape = '='

func plain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

// LogSubject is the subject of a key below a prefix. Different keys have
// different subjects, whatever bytes they are of, and none has a wildcard.
func LogSubject(prefix, key string) string {
	var b strings.Builder
	b.WriteString(prefix)
	for part := range strings.SplitSeq(key, "/") {
		b.WriteByte('.')
		if part == "" {
			b.WriteByte(escape)
		}
		for i := range len(part) {
			if c := part[i]; plain(c) {
				b.WriteByte(c)
			} else {
				_, _ = fmt.Fprintf(&b, "%c%02X", escape, c) // a Builder's writes never fail
			}
		}
	}
	return b.String()
}

// LogKey is the key a subject was made from; ok is false for what LogSubject
// never made.
func LogKey(prefix, subject string) (key string, ok bool) {
	rest, ok := strings.CutPrefix(subject, prefix+".")
	if !ok {
		return "", false
	}
	var b strings.Builder
	for i, part := range strings.Split(rest, ".") {
		if i > 0 {
			b.WriteByte('/')
		}
		if !unescape(&b, part) {
			return "", false
		}
	}
	key = b.String()
	return key, LogSubject(prefix, key) == subject
}

func unescape(b *strings.Builder, part string) bool {
	if part == string(escape) {
		return true
	}
	for i := 0; i < len(part); i++ {
		if part[i] != escape {
			b.WriteByte(part[i])
			continue
		}
		if i+2 >= len(part) {
			return false
		}
		raw, err := hex.DecodeString(part[i+1 : i+3])
		if err != nil {
			return false
		}
		b.Write(raw)
		i += 2
	}
	return true
}
