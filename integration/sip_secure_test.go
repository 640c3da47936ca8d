package integration

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lineside/lineside/internal/netlab"
)

// TestAnEmergencyCallByTCPAndTLS: a whole call, with ringing, answer, ACK and BYE,
// where phone and SBC both speak by connections. sipp is both; Debian's speaks no
// TLS, so a relay puts it on and takes it off, and leaves the messages as they are.
func TestAnEmergencyCallByTCPAndTLS(t *testing.T) {
	for _, by := range []string{"tcp", "tls"} {
		t.Run(by, func(t *testing.T) {
			l := newSIPLab(t)
			l.settings(t, "[listen]\n", "[listen]\nsips = \":5061\"\n")
			l.settings(t, `sbcs = ["`+secondAt+`"]`, `sbcs = ["`+secondAt+`;transport=`+by+`"]`)
			l.settings(t, `sbc = "`+firstAt+`"`, `sbc = ""`)
			l.second.Start("sipp", "-sn", "uas", "-i", secondAt, "-p", "5060", "-t", "t1", "-nostdin", "-aa")
			var used []*atomic.Int32
			extra := []string{"-t", "t1"}
			if by == "tls" {
				cert := vouched(t, secondAt)
				used = append(used, relay(t, l.second, secondAt+":5061", secondAt+":5060", &tls.Config{Certificates: []tls.Certificate{cert}}, nil))
				used = append(used, relay(t, l.phone, l.at+":5062", boxAt+":5061", nil, &tls.Config{InsecureSkipVerify: true})) // phones ship without the box's CA
				extra = append(extra, "-rsa", l.at+":5062")
			}
			l.start(t)
			if out, err := l.dials(t, "sip:112@"+boxAt, "200", "", extra...); err != nil {
				t.Fatalf("%v\n%s", err, tail(out))
			}
			if e := l.audited(t, 0); e.Outcome != "answered" || e.SBC != secondAt+";transport="+by || len(e.Tried) > 0 {
				t.Errorf("audit: got %+v, want it answered by %s", e, by)
			}
			for i, n := range used {
				if n.Load() == 0 {
					t.Errorf("relay %d was passed by", i)
				}
			}
		})
	}
}

// vouched makes a certificate for an address, which the box's system trusts.
func vouched(t *testing.T, at string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.ParseIP(at)}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(48 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSL_CERT_FILE", file)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// relay passes on what comes to an address of a host, with TLS on either side
// where there is a config, and counts the connections.
func relay(t *testing.T, host *netlab.Host, at, to string, in, out *tls.Config) *atomic.Int32 {
	t.Helper()
	n := new(atomic.Int32)
	var l net.Listener
	if err := host.Do(func() (err error) { l, err = net.Listen("tcp4", at); return err }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			var far net.Conn
			if host.Do(func() (err error) { far, err = net.DialTimeout("tcp4", to, sipWait); return err }) != nil {
				_ = near.Close()
				continue
			}
			n.Add(1)
			if in != nil {
				near = tls.Server(near, in)
			}
			if out != nil {
				far = tls.Client(far, out)
			}
			go passes(near, far)
			go passes(far, near)
		}
	}()
	return n
}

// passes copies one direction and ends both with it.
func passes(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	_ = to.Close()
	_ = from.Close()
}
