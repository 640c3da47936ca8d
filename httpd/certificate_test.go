package httpd

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/provision"
)

// factory is a phone's certificate with length certificates behind it and pad
// bytes of nonsense in it, self-signed: nobody is to look.
func factory(t testing.TB, length, pad int) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := tls.Certificate{PrivateKey: key}
	for i := range length {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(int64(i + 1)),
			Subject:      pkix.Name{CommonName: "0015654AA937", OrganizationalUnit: []string{string(bytes.Repeat([]byte("x"), pad))}},
			NotBefore:    time.Date(2008, 1, 1, 0, 0, 0, 0, time.UTC),
			NotAfter:     time.Date(2012, 1, 1, 0, 0, 0, 0, time.UTC),
			ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), crypto.Signer(key))
		if err != nil {
			t.Fatal(err)
		}
		cert.Certificate = append(cert.Certificate, der)
	}
	return cert
}

// always presents cert whatever CAs the box names, as phones do.
func always(cert *tls.Certificate) func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return cert, nil }
}

// openTLS is open over TLS, and the settings of a phone that trusts the box.
func openTLS(t testing.TB, cfg Config, desk Desk) (addr string, s *Server, client *tls.Config) {
	t.Helper()
	ca, _ := authority(t)
	conf, err := ca.TLS(Names{Hosts: []string{"box"}})
	if err != nil {
		t.Fatal(err)
	}
	addr, s = open(t, cfg, desk, conf)
	if conf.ClientAuth != tls.NoClientCert || conf.GetConfigForClient != nil {
		t.Error("the listener's settings were changed, and another listener has them too")
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	return addr, s, &tls.Config{RootCAs: roots, ServerName: "box"}
}

// fetch asks for a file on a connection of its own.
func fetch(t testing.TB, addr string, client *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	c, err := tls.Dial("tcp", addr, client)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte(get("/open.cfg", "Connection: close"))); err != nil {
		return tls.ConnectionState{}, err
	}
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(c); err != nil {
		return tls.ConnectionState{}, err
	}
	if !bytes.HasPrefix(answer.Bytes(), []byte("HTTP/1.1 200 ")) {
		t.Errorf("answer %.60q, want a 200", answer.Bytes())
	}
	return c.ConnectionState(), nil
}

// presented fails the test unless the desk was shown these certificates last.
func presented(t testing.TB, ask provision.Ask, want [][]byte) {
	t.Helper()
	if len(ask.Chain) != len(want) {
		t.Fatalf("the desk was shown %d certificates, want %d", len(ask.Chain), len(want))
	}
	for i, c := range ask.Chain {
		if !bytes.Equal(c.Raw, want[i]) {
			t.Errorf("certificate %d is another one", i)
		}
	}
}

func TestChainReachesTheDesk(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, tt := range []struct {
			name        string
			length, pad int
			want        int
		}{
			{"none", 0, 0, 0},
			{"leaf alone, expired and for servers", 1, 0, 1},
			{"as long as is looked at", maxChain, 0, maxChain},
			{"longer", maxChain + 1, 0, 0},
			{"larger", 1, maxCertBytes, 0},
		} {
			t.Run(tls.VersionName(version)+" "+tt.name, func(t *testing.T) {
				desk := &fakeDesk{}
				addr, _, client := openTLS(t, Config{}, desk)
				cert := factory(t, tt.length, tt.pad)
				client.MinVersion, client.MaxVersion = version, version
				client.GetClientCertificate = always(&cert)
				if _, err := fetch(t, addr, client); err != nil {
					t.Fatal(err)
				}
				presented(t, desk.last(t), cert.Certificate[:tt.want])
			})
		}
	}
}

func TestChainSurvivesResumption(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			desk := &fakeDesk{}
			addr, _, client := openTLS(t, Config{}, desk)
			cert := factory(t, 2, 0)
			// crypto/tls resumes no session of an expired certificate.
			template := &x509.Certificate{SerialNumber: big.NewInt(9), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
			der, err := x509.CreateCertificate(rand.Reader, template, template, cert.PrivateKey.(crypto.Signer).Public(), cert.PrivateKey)
			if err != nil {
				t.Fatal(err)
			}
			cert.Certificate[0] = der
			client.MinVersion, client.MaxVersion = version, version
			client.ClientSessionCache = tls.NewLRUClientSessionCache(2)
			client.GetClientCertificate = always(&cert)
			if first, err := fetch(t, addr, client); err != nil || first.DidResume {
				t.Fatalf("first: resumed %v, %v", first.DidResume, err)
			}
			if second, err := fetch(t, addr, client); err != nil || !second.DidResume {
				t.Fatalf("second: resumed %v, %v; want a session resumed", second.DidResume, err)
			}
			presented(t, desk.last(t), cert.Certificate)

			client.ClientSessionCache = nil
			client.GetClientCertificate = nil
			if _, err := fetch(t, addr, client); err != nil {
				t.Fatal(err)
			}
			presented(t, desk.last(t), nil)
		})
	}
}

func TestWhoIsAskedForACertificate(t *testing.T) {
	ca, _ := authority(t)
	for _, tt := range []struct {
		name  string
		cfg   Config
		asked bool
		names int
	}{
		{"everybody, no CA named", Config{}, true, 0},
		{"everybody, CAs named", Config{ClientCAs: []*x509.Certificate{ca.cert}}, true, 1},
		{"nobody", Config{NoClientCertificates: true, ClientCAs: []*x509.Certificate{ca.cert}}, false, 0},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(tt.name+" "+tls.VersionName(version), func(t *testing.T) {
				desk := &fakeDesk{}
				addr, _, client := openTLS(t, tt.cfg, desk)
				client.MinVersion, client.MaxVersion = version, version
				asked, names := false, [][]byte(nil)
				cert := factory(t, 1, 0)
				client.GetClientCertificate = func(r *tls.CertificateRequestInfo) (*tls.Certificate, error) {
					asked, names = true, r.AcceptableCAs
					return &cert, nil
				}
				if _, err := fetch(t, addr, client); err != nil {
					t.Fatal(err)
				}
				if asked != tt.asked || len(names) != tt.names {
					t.Errorf("asked %v with %d names, want %v with %d", asked, len(names), tt.asked, tt.names)
				}
				if len(names) == 1 && !bytes.Equal(names[0], ca.cert.RawSubject) {
					t.Error("the name is not the CA's")
				}
				if got := len(desk.last(t).Chain); (got == 1) != tt.asked {
					t.Errorf("the desk was shown %d certificates", got)
				}
			})
		}
	}
}

func TestCurlPresentsItsCertificate(t *testing.T) {
	curl, err := exec.LookPath("curl")
	need(t, "curl", err)
	desk := &fakeDesk{}
	addr, s, _ := openTLS(t, Config{}, desk)
	cert := factory(t, 2, 0)
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	for _, der := range cert.Certificate {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	file := filepath.Join(t.TempDir(), "phone.pem")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{"TLS 1.2": {"--tls-max", "1.2", "--cert", file}, "TLS 1.3": {"--cert", file}, "without": nil} {
		args = append(args, "-sSk", "-o", "/dev/null", "-w", "%{http_code}", "https://"+addr+"/open.cfg")
		out, err := exec.Command(curl, args...).CombinedOutput()
		if err != nil || string(out) != "200" {
			t.Fatalf("%s: curl said %s, %v; want 200", name, out, err)
		}
		want := cert.Certificate
		if name == "without" {
			want = nil
		}
		presented(t, desk.last(t), want)
	}
	if s.spared.has(netip.MustParseAddr("127.0.0.1")) {
		t.Error("curl is not asked any more")
	}
}

func TestNewBoundsCANames(t *testing.T) {
	ca := &x509.Certificate{RawSubject: make([]byte, maxCANames/4)}
	for n, want := range map[int]bool{4: true, 5: false} {
		var cas []*x509.Certificate
		for range n {
			cas = append(cas, ca)
		}
		if _, err := New(Config{ClientCAs: cas}, &fakeDesk{}, quiet(), metrics.New()); (err == nil) != want {
			t.Errorf("%d names: %v, want success: %v", n, err, want)
		}
	}
}
