package httpd

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// FuzzAuthorization: no header panics, or is an attempt without a nonce of ours
// (Digest) or without TLS (Basic). A Digest login made here by the RFC's formula
// is an attempt of that user once, not twice, and proves the password it was made
// from and no other.
func FuzzAuthorization(f *testing.F) {
	f.Add(`Digest username="a", realm="lineside", nonce="n", uri="/x", nc=00000001, qop=auth, cnonce="c", response="00000000000000000000000000000000"`, "a", "secret", "other")
	f.Add(`Digest username="a\"b", realm=lineside, nonce=n, uri=/x, nc="00000001", qop="auth", cnonce="c", algorithm="SHA-256"`, `a"b`, "p:q", "p")
	f.Add(`Basic cGhvbmU6cGFzcw==`, "phone", "pass", "")
	f.Add(`Digest ,,,=`, "", "", "")
	f.Add("Digest x=\"\\", "u", "lineside:p", "p")
	f.Fuzz(func(t *testing.T, header, user, password, other string) {
		s, err := New(Config{Nonces: 8}, &fakeDesk{}, quiet(), metrics.New())
		if err != nil {
			t.Fatal(err)
		}
		for _, front := range []provision.Front{provision.HTTP, provision.HTTPS} {
			if a, _ := s.attempt(request(header), front); a != nil {
				if strings.HasPrefix(strings.ToLower(header), "digest") {
					t.Fatalf("%q was accepted without a nonce of ours", header)
				}
				if front == provision.HTTP {
					t.Fatalf("%q was accepted on plain HTTP", header)
				}
				if a.Proves(phone.NewSecret(password)) && a.Proves(phone.NewSecret(other)) && password != other {
					t.Fatalf("%q proves both %q and %q", header, password, other)
				}
			}
		}
		if !isUser(user) || !utf8.ValidString(user) || password == "" {
			return
		}
		for _, alg := range []algorithm{algMD5, algSHA256} {
			made := formula(alg, user, password, s.nonces.mint())
			a, stale := s.attempt(request(made), provision.HTTP)
			switch {
			case a == nil || stale || a.User != user:
				t.Fatalf("%q gives %v, stale %v; want an attempt of %q", made, a, stale, user)
			case !a.Proves(phone.NewSecret(password)):
				t.Fatalf("%q does not prove %q", made, password)
			case other != password && a.Proves(phone.NewSecret(other)):
				t.Fatalf("%q, made from %q, proves %q", made, password, other)
			case a.Proves(phone.Secret{}):
				t.Fatalf("%q proves the empty password", made)
			}
			if again, stale := s.attempt(request(made), provision.HTTP); again != nil || !stale {
				t.Fatalf("%q again gives %v, stale %v; want none, stale", made, again, stale)
			}
		}
	})
}

func request(authorization string) *http.Request {
	return &http.Request{Method: "GET", RequestURI: "/x", Header: http.Header{"Authorization": {authorization}}}
}

// formula writes a login by RFC 7616 section 3.4.1, as plainly as it can be.
func formula(alg algorithm, user, password, nonce string) string {
	h := func(s string) string {
		if alg == algMD5 {
			sum := md5.Sum([]byte(s))
			return hex.EncodeToString(sum[:])
		}
		sum := sha256.Sum256([]byte(s))
		return hex.EncodeToString(sum[:])
	}
	response := h(h(user+":lineside:"+password) + ":" + nonce + ":00000001:c:auth:" + h("GET:/x"))
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(user)
	return `Digest username="` + quoted + `", realm="lineside", nonce="` + nonce + `", uri="/x", algorithm=` + string(alg) +
		`, nc=00000001, cnonce="c", qop=auth, response="` + response + `"`
}

// FuzzPath: a name that is accepted is short, is text, and holds nothing that
// could lead out of a folder; and asking for it by its plain name gives it again.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"/", "/cfg/x.cfg", "//cfg//x.cfg", "/cfg/../x", "/a\x00b", "/a\\b", "/cfg/t/tok/x.cfg", "/\xff", "/cfg/cfg/x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		name, ok := fileOf(path)
		if !ok {
			return
		}
		if name == "" || len(name) > maxName || !utf8.ValidString(name) || name[0] == '/' ||
			strings.Contains(name, "..") || strings.ContainsAny(name, "\x00\\") {
			t.Fatalf("fileOf(%q) = %q", path, name)
		}
		if !strings.HasSuffix(path, name) {
			t.Fatalf("fileOf(%q) = %q, which was not asked for", path, name)
		}
		if again, ok := fileOf("/cfg/" + name); !ok || again != name {
			t.Fatalf("fileOf(/cfg/%s) = %q, %v", name, again, ok)
		}
	})
}
