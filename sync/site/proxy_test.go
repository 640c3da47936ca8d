package site_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/httpd"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

// tunnels is a proxy that makes every tunnel it is asked for.
func tunnels(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		http.Error(w, "only CONNECT", http.StatusMethodNotAllowed)
		return
	}
	there, err := net.Dial("tcp", r.Host)
	if err != nil {
		http.Error(w, "not there", http.StatusBadGateway)
		return
	}
	defer func() { _ = there.Close() }()
	here, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = here.Close() }()
	_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { _, _ = io.Copy(there, here) }()
	_, _ = io.Copy(here, there)
}

// asTrusting names the environment of the test below in a process of its own,
// whose system trusts the proxy's certificate.
const asTrusting = "LINESIDE_TEST_PROXY"

// TestProxyOfItsOwnCertificate: a proxy that speaks TLS shows its own
// certificate, which the system trusts, and behind it the platform shows the one
// the join token names.
func TestProxyOfItsOwnCertificate(t *testing.T) {
	if at := os.Getenv(asTrusting); at != "" {
		parts := strings.Split(at, " ")
		proxy, _ := url.Parse(parts[0])
		pin, _ := os.ReadFile(parts[2])
		u, _ := url.Parse(parts[1])
		resp, err := site.HTTPClient(wire.PinnedTLS(pin, u.Hostname()), proxy).Get(parts[1])
		if err != nil {
			t.Fatalf("through the proxy: %v", err)
		}
		_ = resp.Body.Close()
		return
	}
	proxy := httptest.NewTLSServer(http.HandlerFunc(tunnels))
	defer proxy.Close()
	dir := t.TempDir()
	ca, err := httpd.LoadCA(dir)
	if err != nil {
		t.Fatal(err)
	}
	platform := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	shows, err := ca.TLS(httpd.Names{Hosts: []string{"localhost"}, Addrs: []netip.Addr{netip.MustParseAddr("127.0.0.1")}})
	if err != nil {
		t.Fatal(err)
	}
	platform.Listener = tls.NewListener(platform.Listener, shows) // StartTLS would add a certificate of its own
	platform.Start()
	defer platform.Close()
	block, _ := pem.Decode(ca.PEM())
	pin := fingerprint(t, block.Bytes)
	for name, text := range map[string][]byte{"pin": pin, "roots.pem": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: proxy.Certificate().Raw})} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProxyOfItsOwnCertificate$")
	child.Env = append(os.Environ(), "SSL_CERT_FILE="+filepath.Join(dir, "roots.pem"), asTrusting+"="+proxy.URL+" "+strings.Replace(platform.URL, "http:", "https:", 1)+" "+filepath.Join(dir, "pin"))
	if out, err := child.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestJoinInWords: what kept a join from its end, and what becomes of the token,
// is told for what it was.
func TestJoinInWords(t *testing.T) {
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) }))
	defer refuses.Close()
	wants := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusProxyAuthRequired) }))
	defer wants.Close()
	secure := httptest.NewTLSServer(http.HandlerFunc(tunnels))
	defer secure.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	says := func(status int, body string) string {
		s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	pin := fingerprint(t, secure.Certificate().Raw)
	for name, c := range map[string]struct{ at, proxy, why, then string }{
		"a name nobody knows":        {"https://platform.invalid", "", "platform.invalid does not resolve", "same token"},
		"the proxy's name":           {"https://platform.invalid", "http://proxy.invalid:3128", "the proxy's name proxy.invalid does not resolve", "central.proxy"},
		"the proxy is not there":     {"https://127.0.0.1:1", gone.URL, "refused", "central.proxy"},
		"the proxy says no":          {"https://127.0.0.1:1", refuses.URL, "403 Forbidden", "central.proxy"},
		"the proxy wants a password": {"https://127.0.0.1:1", wants.URL, "user name and password", "correct central.proxy"},
		"the proxy's certificate":    {"https://127.0.0.1:1", secure.URL, "certificate of the proxy", "central.proxy"},
		"the platform refuses":       {says(403, `{"reason":"revoked","text":"the token was used on Monday"}`), "", "used on Monday", "have another made"},
		"the platform is busy":       {says(503, `{"reason":"busy","text":"come again"}`), "", "come again", "still good"},
		"nobody there":               {gone.URL, "", "refuses connections", "lineside doctor"},
	} {
		t.Run(name, func(t *testing.T) {
			var proxy *url.URL
			if c.proxy != "" {
				proxy, _ = url.Parse(c.proxy)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, err := site.Join(ctx, wire.Token{URL: strings.Replace(c.at, "http:", "https:", 1), Secret: "fake", Pin: pin}, proxy, "test")
			if err == nil || !strings.Contains(err.Error(), c.why) || !strings.Contains(site.AfterJoin(err), c.then) {
				t.Errorf("got %v → %s\nwant %q → %q", err, site.AfterJoin(err), c.why, c.then)
			}
		})
	}
}

// fingerprint is a certificate's, from its bytes.
func fingerprint(t *testing.T, raw []byte) []byte {
	t.Helper()
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return wire.Fingerprint(cert)
}
