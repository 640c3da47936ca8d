package sipd

import "strings"

// numbers are the site's emergency numbers.
type numbers []string

// maxURI bounds the request URI that is looked at.
const maxURI = 256

// emergency reports the emergency number a request URI dials. Phones spell it
// in many ways (RFC 3261 section 19.1.1, 3966, 5031): sip:112@box,
// sip:112;phone-context=+49@box;user=phone, sip:%31%31%32@box, sip:112:pw@box,
// tel:1-1-2;phone-context=…, urn:service:sos.police. Only the whole number
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
			return "", false
		}
		return n.dialled(user)
	case "tel":
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
	var b strings.Builder
	for i := 0; i < len(user); i++ {
		c := user[i]
		if c == '%' && i+2 < len(user) && isHex(user[i+1]) && isHex(user[i+2]) {
			c = unhex(user[i+1])<<4 | unhex(user[i+2])
			i += 2
			if c == ';' || c == ':' {
				break // a parameter that was escaped with its separator
			}
		}
		if strings.IndexByte("-.() ", c) < 0 {
			b.WriteByte(c)
		}
	}
	return n.match(strings.TrimSuffix(b.String(), "#")) // the key that ends dialling, sent along
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
