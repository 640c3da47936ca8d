package sipd

import "strings"

// numbers are the site's emergency numbers.
type numbers []string

// maxURI bounds the request URI that is looked at.
const maxURI = 256

// emergency reports the emergency number a request URI dials. Phones spell it
// in many ways (RFC 3261 section 19.1.1, 3966, 5031): sip:112@box,
// sip:112;phone-context=+49@box;user=phone, sip:%31%31%32@box, sip:112:pw@box,
// tel:1-1-2;phone-context=…, tel:+49112, dial:112, urn:service:sos.police, and
// sip:112 without a host, for no host is called like that. Only the whole number
// counts, never its beginning: a PIN may start with 911.
func (n numbers) emergency(uri string) (number string, ok bool) {
	if len(uri) > maxURI || len(n) == 0 {
		return "", false
	}
	scheme, rest, ok := strings.Cut(uri, ":")
	if !ok {
		return "", false
	}
	switch strings.ToLower(scheme) {
	case "sip", "sips":
		user, _, ok := strings.Cut(strings.TrimPrefix(rest, "//"), "@")
		if !ok {
			if i := strings.IndexAny(user, ";:?"); i >= 0 {
				user = user[:i]
			}
			return n.match(user)
		}
		return n.dialled(user)
	case "tel", "dial":
		return n.dialled(rest)
	case "urn":
		return n.service(rest)
	}
	return "", false
}

// dialled reads the number out of a user part or a tel URI's subscriber: less
// parameters, password, escapes and visual separators.
func (n numbers) dialled(user string) (string, bool) {
	if i := strings.IndexAny(user, ";:?"); i >= 0 {
		user = user[:i]
	}
	user = unescaped(user)
	if i := strings.IndexAny(user, ";:"); i >= 0 {
		user = user[:i] // a parameter that was escaped with its separator
	}
	digits := strings.Map(func(c rune) rune {
		if strings.ContainsRune("-.() ", c) {
			return -1
		}
		return c
	}, user)
	digits = strings.TrimSuffix(digits, "#") // the key that ends dialling, sent along
	if number, ok := n.match(digits); ok {
		return number, true
	}
	return n.global(digits)
}

// global reads +49112: a dialling rule that makes every number a global one
// (RFC 3966 section 5.1.4) makes that of 112 too. Nobody has such a number: no
// country's own are as short.
func (n numbers) global(digits string) (string, bool) {
	rest, ok := strings.CutPrefix(digits, "+")
	if !ok || len(rest) < 3 || len(rest) > 7 {
		return "", false
	}
	if number, ok := n.match(rest); ok {
		return number, true // with the country forgotten
	}
	return n.match(rest[countryCode(rest):])
}

// countryCode is the length of the country code at the beginning of a global
// number (ITU-T E.164, list of assigned codes): one digit in zones 1 and 7, two
// for those listed, else three.
func countryCode(digits string) int {
	const twoDigits = " 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58" +
		" 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 "
	switch {
	case digits[0] == '1' || digits[0] == '7':
		return 1
	case strings.Contains(twoDigits, " "+digits[:2]+" "):
		return 2
	}
	return 3
}

// unescaped is a user part with its escapes resolved (RFC 3261 section 19.1.2);
// what is no escape stays.
func unescaped(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			c = unhex(s[i+1])<<4 | unhex(s[i+2])
			i += 2
		}
		b.WriteByte(c)
	}
	return b.String()
}

func (n numbers) match(digits string) (string, bool) {
	for _, one := range n {
		if one == digits {
			return one, true
		}
	}
	return "", false
}

// services says which numbers stand for a sub-service of urn:service:sos, the
// likeliest first; the site's list decides which of them exist here.
func services(sub string) []string {
	switch sub {
	case "police":
		return []string{"110", "112", "911", "999"}
	case "fire", "ambulance", "mountain", "marine", "physician", "poison":
		return []string{"112", "911", "999", "110"}
	}
	return []string{"112", "911", "999", "110"}
}

// service reads what follows "urn:". Any service below sos is an emergency,
// also one nobody has heard of yet (RFC 5031 section 4.2); where none of the
// usual numbers is the site's, its first is dialled.
func (n numbers) service(rest string) (string, bool) {
	rest = strings.ToLower(rest)
	if i := strings.IndexAny(rest, ";?#@"); i >= 0 {
		rest = rest[:i]
	}
	name, ok := strings.CutPrefix(rest, "service:sos")
	if !ok || name != "" && name[0] != '.' {
		return "", false
	}
	sub, _, _ := strings.Cut(strings.TrimPrefix(name, "."), ".")
	for _, want := range services(sub) {
		if number, ok := n.match(want); ok {
			return number, true
		}
	}
	return n[0], true
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}
