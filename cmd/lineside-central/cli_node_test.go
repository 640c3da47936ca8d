package main

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNode: three words give settings, and a certificate of the platform's CA
// that is good for both ends of a route.
func TestNode(t *testing.T) {
	l := newLab(t)
	out := filepath.Join(t.TempDir(), "n1")
	l.cli(0, "node", "n1", "--host", "nats1.example", "--host", "192.0.2.1", "--route", "nats2.example:6222", "--out", out)
	conf, err := os.ReadFile(filepath.Join(out, fileNodeConf))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`server_name: "n1"`, "sync_interval: always", `"nats-route://nats2.example:6222"`, `cert_file: "/etc/nats/cert.pem"`, "verify: true"} {
		if !strings.Contains(string(conf), want) {
			t.Errorf("got %s, want %s in it", conf, want)
		}
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(out, fileNodeCert), filepath.Join(out, fileNodeKey))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	ca, err := os.ReadFile(filepath.Join(out, fileNodeCA))
	if err != nil || !roots.AppendCertsFromPEM(ca) || strings.Contains(string(ca), "PRIVATE KEY") {
		t.Fatalf("got %s, %v, want the CA's certificate and no key", ca, err)
	}
	for _, use := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
		for _, name := range []string{"nats1.example", "192.0.2.1"} {
			if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, KeyUsages: []x509.ExtKeyUsage{use}}); err != nil {
				t.Errorf("%s, use %d: %v", name, use, err)
			}
		}
	}
	if len(pair.Certificate) != 2 {
		t.Errorf("got a chain of %d, want the CA in it: boxes pin that", len(pair.Certificate))
	}
	again := filepath.Join(t.TempDir(), "n1")
	l.cli(0, "node", "n1", "--host", "nats1.example", "--route", "nats2.example:6222", "--out", again)
	if got, err := os.ReadFile(filepath.Join(again, fileNodeConf)); err != nil || string(got) != string(conf) {
		t.Errorf("a second time: got %s, %v, want the same settings", got, err)
	}
	l.start()
	if !strings.Contains(l.said.String(), "The admin's token") {
		t.Errorf("got %s, want the token shown at the first run", l.said.String())
	}
	for _, bad := range [][]string{{"n1"}, {"n1", "--host", "x"}, {"n1", "--out", out}, {"n1", "--host", "x", "--out", out, "--route", "x"}, {"n1", "--host", "x", "--out", out, "--meet", ""}} {
		l.cli(1, append([]string{"node"}, bad...)...)
	}
}
