package fleet_test

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/icholy/digest"
	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/pin/tftp/v3"
)

// asked is one request as a server saw it.
type asked struct {
	Name, Agent, User string
	Status            int
	From              netip.Addr
}

// box is a server of files, some of them behind a login.
type box struct {
	mu      sync.Mutex
	files   map[string]string
	guarded map[string]bool   // names that want a login
	logins  map[string]string // user to password
	busy    int               // how many requests get 503 first
	stale   int               // how many right logins are told their nonce is old
	nonce   int
	log     []asked
}

func (b *box) serve(t *testing.T) *httptest.Server {
	srv := httptest.NewServer(b)
	t.Cleanup(srv.Close)
	return srv
}

func (b *box) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	name := strings.TrimPrefix(r.URL.Path, "/cfg/")
	user, status := b.answer(w, r, name)
	b.log = append(b.log, asked{name, r.UserAgent(), user, status, netip.MustParseAddrPort(r.RemoteAddr).Addr()})
	w.WriteHeader(status)
	if status == http.StatusOK {
		_, _ = io.WriteString(w, b.files[name])
	}
}

func (b *box) answer(w http.ResponseWriter, r *http.Request, name string) (user string, status int) {
	if b.busy > 0 {
		b.busy--
		w.Header().Set("Retry-After", "0")
		return "", http.StatusServiceUnavailable
	}
	if _, ok := b.files[name]; !ok {
		return "", http.StatusNotFound
	}
	if !b.guarded[name] {
		return "", http.StatusOK
	}
	user, right := b.login(r)
	if right && b.stale == 0 {
		return user, http.StatusOK
	}
	stale := ""
	if right {
		b.stale--
		stale = ", stale=true"
	}
	b.nonce++
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Digest realm="box", qop="auth", algorithm=MD5, nonce="n%d"%s`, b.nonce, stale))
	return user, http.StatusUnauthorized
}

// login checks RFC 7616 section 3.4 by hand, to depend on nothing the phone
// uses for it but the parser.
func (b *box) login(r *http.Request) (user string, right bool) {
	c, err := digest.ParseCredentials(r.Header.Get("Authorization"))
	if err != nil {
		return "", false
	}
	if c.URI != r.URL.RequestURI() || c.Nonce != fmt.Sprintf("n%d", b.nonce) {
		return c.Username, false
	}
	password, known := b.logins[c.Username]
	a1 := sum(c.Username + ":box:" + password)
	a2 := sum(r.Method + ":" + c.URI)
	want := sum(fmt.Sprintf("%s:%s:%08x:%s:auth:%s", a1, c.Nonce, c.Nc, c.Cnonce, a2))
	return c.Username, known && c.Response == want
}

func sum(s string) string {
	h := md5.Sum([]byte(s))
	return hex.EncodeToString(h[:])
}

// names lists what was asked for with a status, in order.
func (b *box) names(status int) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var names []string
	for _, a := range b.log {
		if a.Status == status {
			names = append(names, a.Name)
		}
	}
	return names
}

// dhcpd is a DHCP server of a few addresses in 127.99.0.0/24.
type dhcpd struct {
	options map[uint8][]byte
	nak     bool
	silent  bool

	mu      sync.Mutex
	leases  map[string]net.IP
	classes []string
	faults  []string
}

// serve answers on loopback until the test ends.
func (d *dhcpd) serve(t *testing.T) netip.AddrPort {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = conn.Close(); <-done })
	d.leases = map[string]net.IP{}
	go func() {
		defer close(done)
		d.loop(conn)
	}()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

func (d *dhcpd) loop(conn *net.UDPConn) {
	buf := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		msg, err := dhcpv4.FromBytes(buf[:n])
		if err != nil || d.silent {
			continue
		}
		// Noise first: somebody else's answer must not be taken.
		other, _ := d.reply(msg)
		other.TransactionID[0] ^= 0xff
		_, _ = conn.WriteToUDPAddrPort(other.ToBytes(), from)
		reply, err := d.reply(msg)
		if err == nil {
			_, _ = conn.WriteToUDPAddrPort(reply.ToBytes(), from)
		}
	}
}

func (d *dhcpd) reply(msg *dhcpv4.DHCPv4) (*dhcpv4.DHCPv4, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.check(msg)
	kind := dhcpv4.MessageTypeOffer
	if msg.MessageType() == dhcpv4.MessageTypeRequest {
		kind = dhcpv4.MessageTypeAck
		if d.nak {
			kind = dhcpv4.MessageTypeNak
		}
	}
	mac := msg.ClientHWAddr.String()
	if d.leases[mac] == nil {
		d.leases[mac] = net.IPv4(127, 99, byte(len(d.leases)/200), byte(len(d.leases)%200+50))
	}
	reply, err := dhcpv4.NewReplyFromRequest(msg,
		dhcpv4.WithMessageType(kind), dhcpv4.WithYourIP(d.leases[mac]), dhcpv4.WithLeaseTime(600),
		dhcpv4.WithOption(dhcpv4.OptServerIdentifier(net.IPv4(127, 0, 0, 1))))
	if err != nil {
		return nil, err
	}
	for code, value := range d.options {
		if msg.IsOptionRequested(dhcpv4.GenericOptionCode(code)) {
			reply.UpdateOption(dhcpv4.OptGeneric(dhcpv4.GenericOptionCode(code), value))
		}
	}
	return reply, nil
}

// expect fails t unless every message was relayed properly and came from class.
func (d *dhcpd) expect(t *testing.T, class string) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !strings.HasPrefix(d.classes[0], class) {
		t.Errorf("option 60 is %q, want %q", d.classes[0], class)
	}
	for _, fault := range d.faults {
		t.Error(fault)
	}
}

// check notes what a relayed message must have.
func (d *dhcpd) check(msg *dhcpv4.DHCPv4) {
	d.classes = append(d.classes, string(msg.Options.Get(dhcpv4.OptionClassIdentifier)))
	if got := msg.Options.Get(dhcpv4.OptionRelayAgentInformation); string(got) != "\x13\x00" {
		d.faults = append(d.faults, fmt.Sprintf("option 82 is %x, want the relay source port sub-option alone", got))
	}
	if msg.GatewayIPAddr.String() != "127.0.0.2" || msg.HopCount != 1 {
		d.faults = append(d.faults, fmt.Sprintf("giaddr %s, hops %d", msg.GatewayIPAddr, msg.HopCount))
	}
}

// tftpd serves files by TFTP.
func tftpd(t *testing.T, files map[string]string) netip.AddrPort {
	srv := tftp.NewServer(func(name string, to io.ReaderFrom) error {
		body, ok := files[name]
		if !ok {
			return fmt.Errorf("file not found")
		}
		_, err := to.ReadFrom(strings.NewReader(body))
		return err
	}, nil)
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(conn)
	}()
	t.Cleanup(func() { srv.Shutdown(); <-done })
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}
