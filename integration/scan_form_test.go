package integration

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// reply is all a door said to one question, as it came over the wire.
type reply struct {
	status string
	header http.Header // nil on doors without one
	body   []byte
}

// httpReply reads what curl printed of its answers, the last of several: of
// those it went on from it prints the headers alone.
func httpReply(raw []byte) (reply, error) {
	const next = "\r\n\r\nHTTP/1."
	if i := bytes.LastIndex(raw, []byte(next)); i >= 0 {
		raw = raw[i+len("\r\n\r\n"):]
	}
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), nil)
	if err != nil {
		return reply{}, fmt.Errorf("read answer: %w", err)
	}
	return takeReply(resp)
}

func takeReply(resp *http.Response) (reply, error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{}, fmt.Errorf("read answer: %w", err)
	}
	return reply{status: resp.Status, header: resp.Header, body: body}, nil
}

// derivedKeys are the settings of a holding config whose value is derived from
// the site's key and the MAC.
var derivedKeys = []string{"account.1.password", "auto_provision.server.password", "static.auto_provision.server.password"}

// isDerived reports that v looks like such a value: 100 bits in base32.
func isDerived(v string) bool {
	return len(v) == 20 && strings.Trim(v, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// isNonce reports that v looks like a nonce: 192 bits in base64.
func isNonce(v string) bool {
	return len(v) == 32 && strings.Trim(v, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

// formOf spells an answer with every part that may differ replaced by what it
// is: what is left must be the same bytes for all MACs. A part that is not what
// it should be is left as it is, and so makes a form of its own. Values derived
// from the site's key and the MAC are given back as well: no two MACs may share
// one.
func formOf(mac phone.MAC, r reply) (form string, derived []string) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", r.status)
	names := make([]string, 0, len(r.header))
	for name := range r.header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, v := range r.header[name] {
			fmt.Fprintf(&b, "%s: %s\n", name, headerForm(name, v, r.body))
		}
	}
	b.WriteByte('\n')
	body, derived := bodyForm(string(r.body))
	b.WriteString(strings.NewReplacer(mac.Hex(), "<mac>", strings.ToUpper(mac.Hex()), "<mac>").Replace(body)) // in capitals on the screen
	return b.String(), derived
}

// bodyForm replaces derived values.
func bodyForm(rest string) (form string, derived []string) {
	const is = ".password = "
	var b strings.Builder
	for {
		i := strings.Index(rest, is)
		if i < 0 {
			b.WriteString(rest)
			return b.String(), derived
		}
		start, end := strings.LastIndexByte(rest[:i], '\n')+1, i+len(is)
		key := rest[start : end-len(" = ")]
		v, _, _ := strings.Cut(rest[end:], "\n")
		b.WriteString(rest[:end])
		if isDerived(v) && slices.Contains(derivedKeys, key) {
			derived = append(derived, key+v)
			b.WriteString("<derived>")
		} else {
			b.WriteString(v)
		}
		rest = rest[end+len(v):]
	}
}

func headerForm(name, v string, body []byte) string {
	switch name {
	case "Date":
		if _, err := http.ParseTime(v); err == nil {
			return "<date>"
		}
	case "Etag":
		if sum := sha256.Sum256(body); v == `"`+hex.EncodeToString(sum[:12])+`"` {
			return "<tag of the body>"
		}
	case "Retry-After": // found.waits looks at how long
		if n, err := strconv.Atoi(v); err == nil && n > 0 && n <= int(auth.MaxPenalty.Seconds()) {
			return "<rest of the sender's penalty>"
		}
	case "Www-Authenticate":
		before, rest, _ := strings.Cut(v, `nonce="`)
		if nonce, after, ok := strings.Cut(rest, `"`); ok && isNonce(nonce) {
			return before + `nonce="<nonce>"` + after
		}
	}
	return v
}

// TestFormOf holds the comparison itself to account: what may differ makes no
// other form, everything else does.
func TestFormOf(t *testing.T) {
	mac := phone.MAC{0x00, 0x15, 0x65, 0xaa, 0, 1}
	other := phone.MAC{0x00, 0x15, 0x65, 0xaa, 0, 2}
	say := func(mac phone.MAC, date, nonce, password, text string) string {
		body := fmt.Sprintf("label = %s\naccount.1.user_name = %s\naccount.1.password = %s\n", text, mac.Hex(), password)
		sum := sha256.Sum256([]byte(body))
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nDate: %s\r\nEtag: \"%x\"\r\nWWW-Authenticate: Digest nonce=\"%s\", qop=\"auth\"\r\nContent-Length: %d\r\n\r\n%s",
			date, sum[:12], nonce, len(body), body)
	}
	const day, later = "Sun, 22 Nov 2026 08:00:00 GMT", "Sun, 22 Nov 2026 08:00:01 GMT"
	nonces := []string{strings.Repeat("a", 32), strings.Repeat("B", 32)}
	secrets := []string{strings.Repeat("a", 20), strings.Repeat("b", 20)}
	base := say(mac, day, nonces[0], secrets[0], "needed")
	for _, tt := range []struct {
		name, raw string
		mac       phone.MAC
		same      bool
	}{
		{"another MAC, time, nonce and secret", say(other, later, nonces[1], secrets[1], "needed"), other, true},
		{"after another answer", "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n" + base, mac, true},
		{"another text", say(mac, day, nonces[0], secrets[0], "failed"), mac, false},
		{"a shorter nonce", say(mac, day, nonces[0][:31], secrets[0], "needed"), mac, false},
		{"a secret that is none", say(mac, day, nonces[0], "hunter2", "needed"), mac, false},
		{"somebody else's MAC", say(other, day, nonces[0], secrets[0], "needed"), mac, false},
		{"a tag of other bytes", strings.Replace(base, "label = n", "label = N", 1), mac, false},
		{"a date that is none", say(mac, "today", nonces[0], secrets[0], "needed"), mac, false},
		{"one header more", strings.Replace(base, "Date:", "X-Known: 1\r\nDate:", 1), mac, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := httpReply([]byte(base))
			b, err2 := httpReply([]byte(tt.raw))
			if err := errors.Join(err, err2); err != nil {
				t.Fatal(err)
			}
			want, _ := formOf(mac, a)
			got, derived := formOf(tt.mac, b)
			if (got == want) != tt.same {
				t.Errorf("got form\n%s\nof which sameness is %t, want %t with\n%s", got, got == want, tt.same, want)
			}
			if tt.same && len(derived) != 1 {
				t.Errorf("got %d derived values, want the password", len(derived))
			}
		})
	}
}
