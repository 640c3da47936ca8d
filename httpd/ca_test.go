package httpd

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority makes a CA and a client that trusts nothing else.
func authority(t testing.TB) (*CA, *http.Client) {
	t.Helper()
	ca, err := LoadCA(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca.PEM()) {
		t.Fatal("PEM gives no certificate")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(transport.CloseIdleConnections)
	return ca, &http.Client{Transport: transport}
}

func TestCAIsKept(t *testing.T) {
	dir := t.TempDir()
	first, err := LoadCA(dir)
	if err != nil {
		t.Fatal(err)
	}
	second, err := LoadCA(dir)
	if err != nil {
		t.Fatal(err)
	}
	if string(first.PEM()) != string(second.PEM()) || !first.key.Equal(second.key) {
		t.Error("the CA read back is another one")
	}
	if strings.Contains(string(first.PEM()), "PRIVATE") {
		t.Error("PEM holds the key")
	}
	st, err := os.Stat(filepath.Join(dir, caFile))
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", st.Mode(), err)
	}
	left, _ := filepath.Glob(filepath.Join(dir, ".ca-*"))
	if len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestLoadCARefuses(t *testing.T) {
	whole := func(t *testing.T) (dir string, raw []byte) {
		dir = t.TempDir()
		if _, err := LoadCA(dir); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(filepath.Join(dir, caFile))
		if err != nil {
			t.Fatal(err)
		}
		return dir, raw
	}
	_, other := whole(t)
	for _, tt := range []struct {
		name, hint string
		mode       os.FileMode
		edit       func(raw []byte) []byte
	}{
		{"readable by others", "chmod 600", 0o644, func(raw []byte) []byte { return raw }},
		{"cut short", "backup", 0o600, func(raw []byte) []byte { return raw[:len(raw)/2] }},
		{"empty", "backup", 0o600, func([]byte) []byte { return nil }},
		{"the key of another", "belong together", 0o600, func(raw []byte) []byte {
			_, key := pem.Decode(other)
			_, own := pem.Decode(raw)
			return append(raw[:len(raw)-len(own)], key...)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir, raw := whole(t)
			path := filepath.Join(dir, caFile)
			if err := os.WriteFile(path, tt.edit(raw), tt.mode); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, tt.mode); err != nil {
				t.Fatal(err)
			}
			_, err := LoadCA(dir)
			if err == nil || !strings.Contains(err.Error(), tt.hint) {
				t.Errorf("LoadCA = %v, want an error that says %q", err, tt.hint)
			}
		})
	}
}

func TestCADates(t *testing.T) {
	for name, tt := range map[string]struct{ now, end time.Time }{
		"clock never set": {time.Unix(0, 0), time.Date(2046, 1, 1, 0, 0, 0, 0, time.UTC)},
		"clock right":     {time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2047, 3, 1, 0, 0, 0, 0, time.UTC)},
		"far ahead":       {time.Date(2035, 3, 1, 0, 0, 0, 0, time.UTC), latest},
	} {
		ca, err := makeCA(filepath.Join(t.TempDir(), caFile), tt.now)
		if err != nil {
			t.Fatal(err)
		}
		if !ca.cert.NotAfter.Equal(tt.end) || !ca.cert.NotBefore.Equal(caBegins) {
			t.Errorf("%s: valid %s to %s, want until %s", name, ca.cert.NotBefore, ca.cert.NotAfter, tt.end)
		}
	}
}

func TestLeafIsVerified(t *testing.T) {
	ca, client := authority(t)
	conf, err := ca.TLS(Names{Hosts: []string{"lineside.local"}, Addrs: []netip.Addr{netip.MustParseAddr("10.20.0.1")}})
	if err != nil {
		t.Fatal(err)
	}
	// The address phones come to, 127.0.0.1, is in no setting.
	addr, _ := open(t, Config{}, &fakeDesk{}, conf)
	resp, err := client.Get("https://" + addr + "/open.cfg")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	leaf := resp.TLS.PeerCertificates[0]
	for _, name := range []string{"lineside.local", "10.20.0.1", "127.0.0.1"} {
		if err := leaf.VerifyHostname(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if resp.ProtoMajor != 1 || resp.TLS.Version < tls.VersionTLS12 {
		t.Errorf("HTTP/%d over TLS %x, want HTTP/1 over 1.2 or later", resp.ProtoMajor, resp.TLS.Version)
	}
}

func TestLeafIsRenewed(t *testing.T) {
	ca, _ := authority(t)
	now := time.Unix(0, 0) // the clock of a box that has just been switched on
	l, err := newLeaves(ca, Names{Hosts: []string{"box"}}, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	hello := &tls.ClientHelloInfo{Conn: here, ServerName: "of.my.choice"}
	end := func() time.Time {
		t.Helper()
		cert, err := l.forHello(hello)
		if err != nil {
			t.Fatal(err)
		}
		if cert.Leaf.VerifyHostname("of.my.choice") == nil {
			t.Error("the certificate holds a name the caller chose")
		}
		return cert.Leaf.NotAfter
	}
	unset := end()
	if want := earliest.AddDate(leafYears, 0, 0); !unset.Equal(want) {
		t.Errorf("clock not set: ends %s, want %s", unset, want)
	}
	now = earliest.AddDate(0, 6, 0)
	if got := end(); !got.Equal(unset) {
		t.Errorf("after half a year: ends %s, want the old one", got)
	}
	now = earliest.AddDate(5, 0, 0)
	renewed := end()
	if want := now.AddDate(leafYears, 0, 0); !renewed.Equal(want) {
		t.Errorf("clock set: ends %s, want %s", renewed, want)
	}
	now = ca.cert.NotAfter.AddDate(0, -1, 0)
	if got := end(); !got.Equal(ca.cert.NotAfter) {
		t.Errorf("near the CA's end: ends %s, want %s", got, ca.cert.NotAfter)
	}
	before, _ := l.forHello(hello)
	if after, _ := l.forHello(hello); before != after {
		t.Error("near the CA's end each connection gets a new certificate, want one kept")
	}
}

func TestProfiles(t *testing.T) {
	ca, _ := authority(t)
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	for _, tt := range []struct {
		name   string
		legacy bool
		client *tls.Config
		want   bool
	}{
		{"modern with 1.3", false, &tls.Config{}, true},
		{"modern with 1.2", false, &tls.Config{MaxVersion: tls.VersionTLS12}, true},
		{"modern refuses 1.0", false, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, false},
		{"legacy with 1.0", true, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, true},
		{"legacy with RSA key exchange", true, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS12,
			CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}}, true},
		{"legacy with 1.3", true, &tls.Config{}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conf, err := ca.TLS(Names{Hosts: []string{"box"}, Legacy: tt.legacy})
			if err != nil {
				t.Fatal(err)
			}
			addr, _ := open(t, Config{}, &fakeDesk{}, conf)
			tt.client.RootCAs, tt.client.ServerName = pool, "box"
			c, err := tls.Dial("tcp", addr, tt.client)
			if (err == nil) != tt.want {
				t.Fatalf("handshake: %v, want success: %v", err, tt.want)
			}
			if err == nil {
				_ = c.Close()
			}
		})
	}
	if _, err := ca.TLS(Names{}); err == nil {
		t.Error("TLS without a name = nil, want an error")
	}
}
