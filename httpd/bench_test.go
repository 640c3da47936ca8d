package httpd

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"testing"

	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// BenchmarkDigest fetches a config over loopback with Digest on connections that
// are kept, a new nc each time.
func BenchmarkDigest(b *testing.B) {
	for _, alg := range []algorithm{algMD5, algSHA256} {
		b.Run(string(alg), func(b *testing.B) {
			addr, s := open(b, Config{}, &silentDesk{}, nil)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				c, err := net.Dial("tcp", addr)
				if err != nil {
					b.Error(err)
					return
				}
				defer c.Close()
				r := bufio.NewReader(c)
				ha1 := fmt.Sprintf("%x", alg.sum(nil, testUser, ":lineside:", testPassword))
				ha2 := fmt.Sprintf("%x", alg.sum(nil, "GET:/"+testFile))
				nonce := s.nonces.mint()
				for nc := 1; pb.Next(); nc++ {
					response := alg.sum(nil, ha1, ":", nonce, fmt.Sprintf(":%08x:c:auth:", nc), ha2)
					fmt.Fprintf(c, "GET /%s HTTP/1.1\r\nHost: box\r\nAuthorization: Digest username=%q, realm=\"lineside\", nonce=%q, uri=\"/%s\", "+
						"algorithm=%s, qop=auth, nc=%08x, cnonce=\"c\", response=\"%x\"\r\n\r\n", testFile, testUser, nonce, testFile, alg, nc, response)
					resp, err := http.ReadResponse(r, nil)
					if err != nil || resp.StatusCode != 200 {
						b.Errorf("got %v, %v; want 200", resp, err)
						return
					}
					_, _ = io.Copy(io.Discard, resp.Body)
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
		})
	}
}

// BenchmarkAttempt is the door's own part of a login: parse, check, prove.
func BenchmarkAttempt(b *testing.B) {
	s, err := New(Config{}, &silentDesk{}, quiet(), metrics.New())
	if err != nil {
		b.Fatal(err)
	}
	nc := regexp.MustCompile(`nc=00000001`)
	header := formula(algMD5, testUser, testPassword, s.nonces.mint())
	at := nc.FindStringIndex(header)
	r := request("")
	password := phone.NewSecret("not it")
	b.ReportAllocs()
	for i := 1; b.Loop(); i++ {
		r.Header["Authorization"][0] = fmt.Sprintf("%snc=%08x%s", header[:at[0]], i, header[at[1]:])
		a, _ := s.attempt(r, provision.HTTP)
		if a == nil || a.Proves(password) {
			b.Fatal("no attempt, or one that proves a wrong password")
		}
	}
}

// silentDesk is fakeDesk without its memory.
type silentDesk struct{}

func (silentDesk) Fetch(_ context.Context, ask provision.Ask) (provision.Answer, error) {
	if ask.Attempt != nil && ask.Attempt.Proves(phone.NewSecret(testPassword)) {
		return provision.Answer{Status: provision.Content, Body: []byte(testBody), Type: "text/plain", Tag: "abc"}, nil
	}
	return provision.Answer{Status: provision.Challenge}, nil
}
