package voice

import (
	"bytes"
	"errors"
	"mime"
	"strconv"
	"strings"
)

// ErrForeignInfo says that a body is of a type that never holds a key: the
// answer to it is 415.
var ErrForeignInfo = errors.New("not a body with a key")

// maxInfo bounds a body with one key; those of phones have 12 to 30 bytes.
const maxInfo = 256

// ParseInfo reads the key out of an INFO body. The types are not standardised:
//
//   - application/dtmf-relay: lines "Signal=5" and "Duration=160", in any case,
//     with or without spaces; 10 to 15 stand for * # A to D as in RFC 4733;
//   - application/dtmf: the bare key, or the same lines;
//   - audio/telephone-event: the same lines, or the four bytes of RFC 4733;
//   - no type at all (some phones forget it): whichever of these it looks like.
//
// A body of these types without a key in it, hook flash for one, is no key and no
// error: the answer is 200 all the same, or phones stop sending keys.
func ParseInfo(contentType string, body []byte) (Key, error) {
	switch media := mediaType(contentType); media {
	case "application/dtmf-relay", "application/dtmf", "":
	case "audio/telephone-event":
		if len(body) == 4 && body[0] < byte(len(keypad)) {
			k, _ := eventKey(body[0])
			return k, nil
		}
	default:
		return 0, ErrForeignInfo
	}
	if len(body) > maxInfo {
		return 0, nil
	}
	return infoKey(body), nil
}

// mediaType is the type without parameters, in lower case, also where the
// parameters are broken.
func mediaType(contentType string) string {
	if media, _, err := mime.ParseMediaType(contentType); err == nil {
		return media
	}
	media, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(media))
}

// infoKey finds the "Signal" line, or takes a body without any "=" as the key.
func infoKey(body []byte) Key {
	if !bytes.ContainsRune(body, '=') {
		return keyNamed(string(bytes.TrimSpace(body)))
	}
	for line := range bytes.Lines(body) {
		name, value, found := strings.Cut(string(line), "=")
		if found && strings.EqualFold(strings.TrimSpace(name), "signal") {
			return keyNamed(strings.TrimSpace(value))
		}
	}
	return 0
}

// keyNamed reads "5", "*", "a" or an event number as far as 15.
func keyNamed(name string) Key {
	if len(name) == 1 {
		if k := Key(strings.ToUpper(name)[0]); strings.IndexByte(keypad, byte(k)) >= 0 {
			return k
		}
		return 0
	}
	event, err := strconv.ParseUint(name, 10, 8)
	if err != nil || len(name) > 2 {
		return 0
	}
	k, _ := eventKey(byte(event))
	return k
}
