package httpd

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"
)

// from is fetch by a phone that has this address and is waited for.
func from(t testing.TB, addr, box string, client *tls.Config) error {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(addr)}}
	c, err := d.Dial("tcp", box)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	phone := tls.Client(c, client)
	if _, err := phone.Write([]byte(get("/open.cfg", "Connection: close"))); err != nil {
		return err
	}
	// In TLS 1.3 the phone hears of a refusal after its side is done. Reading to
	// the end waits until the box is done with the connection too.
	_, err = bytes.NewBuffer(nil).ReadFrom(phone)
	return err
}

func TestUnreadableCertificateIsAskedForOnce(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			now := time.Now()
			desk := &fakeDesk{}
			addr, s, client := openTLS(t, Config{Now: func() time.Time { return now }}, desk)
			cert := factory(t, 1, 0)
			cert.Certificate[0] = []byte("no certificate at all")
			client.MinVersion, client.MaxVersion = version, version
			client.GetClientCertificate = always(&cert)
			if err := from(t, "127.0.0.1", addr, client); err == nil {
				t.Fatal("a certificate that cannot be read was taken; then nothing here is needed")
			}
			until(t, func() bool { return s.spared.has(netip.MustParseAddr("127.0.0.1")) })
			if err := from(t, "127.0.0.1", addr, client); err != nil {
				t.Errorf("its next try: %v, want to be let in unasked", err)
			}
			presented(t, desk.last(t), nil)
			good := factory(t, 1, 0)
			client.GetClientCertificate = always(&good)
			if err := from(t, "127.0.0.2", addr, client); err != nil {
				t.Fatal(err)
			}
			presented(t, desk.last(t), good.Certificate)
		})
	}
}

// until waits for what another goroutine is about to do.
func until(t testing.TB, done func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !done(); {
		if time.Now().After(end) {
			t.Fatal("it never came to it")
		}
		runtime.Gosched()
	}
}

func TestCallersThatGoAwayAreAskedAgain(t *testing.T) {
	desk := &fakeDesk{}
	addr, s, client := openTLS(t, Config{}, desk)
	for name, conf := range map[string]*tls.Config{
		"does not trust the box": {ServerName: "box", RootCAs: x509.NewCertPool()},
		"gives up when asked": {InsecureSkipVerify: true, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return nil, net.ErrClosed
		}},
	} {
		if err := from(t, "127.0.0.1", addr, conf); err == nil {
			t.Fatalf("%s: it went on", name)
		}
		if s.spared.has(netip.MustParseAddr("127.0.0.1")) {
			t.Errorf("%s: its address is spared", name)
		}
	}
	cert := factory(t, 1, 0)
	client.GetClientCertificate = always(&cert)
	if _, err := fetch(t, addr, client); err != nil {
		t.Fatal(err)
	}
	presented(t, desk.last(t), cert.Certificate)
}

func TestSparedForgets(t *testing.T) {
	now := time.Now()
	s := &spared{now: func() time.Time { return now }, until: make(map[netip.Addr]time.Time)}
	first := netip.MustParseAddr("10.0.0.0")
	for a, i := first, 0; i < 3*maxSpared; a, i = a.Next(), i+1 {
		if s.add(a); !s.has(a) {
			t.Fatalf("%s is forgotten at once", a)
		}
	}
	if len(s.until) != maxSpared {
		t.Errorf("%d addresses are held, want %d", len(s.until), maxSpared)
	}
	now = now.Add(spareFor)
	for a := range s.until {
		if s.has(a) {
			t.Fatalf("%s is still spared a day later", a)
		}
	}
}

// FuzzClientCertificate: a first certificate of any bytes ends the handshake or is
// shown to the desk as it is; and never keeps its sender out for longer than one
// try.
func FuzzClientCertificate(f *testing.F) {
	good := factory(f, 1, 0)
	f.Add(good.Certificate[0])
	f.Add(bytes.Replace(good.Certificate[0], []byte("0015654AA937"), []byte("0015654AA93\x00"), 1))
	f.Add([]byte("no certificate at all"))
	f.Add([]byte{0x30, 0x80})
	desk := &fakeDesk{}
	addr, s, client := openTLS(f, Config{}, desk)
	f.Fuzz(func(t *testing.T, der []byte) {
		s.spared.mu.Lock()
		clear(s.spared.until)
		s.spared.mu.Unlock()
		phone := client.Clone()
		phone.GetClientCertificate = always(&tls.Certificate{Certificate: [][]byte{der}, PrivateKey: good.PrivateKey})
		before := desk.count()
		if err := from(t, "127.0.0.1", addr, phone); err == nil {
			if got := desk.last(t).Chain; desk.count() != before+1 || len(got) > 1 || len(got) == 1 && !bytes.Equal(got[0].Raw, der) {
				t.Fatalf("%d asks, chain of %d; want the certificate as it was sent or none", desk.count()-before, len(got))
			}
			return
		}
		until(t, func() bool { return s.spared.has(netip.MustParseAddr("127.0.0.1")) })
		if err := from(t, "127.0.0.1", addr, phone); err != nil {
			t.Fatalf("its next try: %v", err)
		}
	})
}
