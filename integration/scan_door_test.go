package integration

import (
	"bufio"
	"bytes"
	"crypto/md5" // what Digest hashes with
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"regexp"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// A scanDoor is a way to ask the box for a phone's config. A scan opens it once
// for each worker; what it opens is used by one goroutine.
type scanDoor struct {
	name string
	// guesses says that it shows a login nobody has.
	guesses bool
	open    func(worker int) (scanAsker, error)
}

// scanAsker asks for the config of one MAC after another.
type scanAsker interface {
	ask(mac phone.MAC) (reply, error)
	Close() error
}

// scanWait bounds the wait for one packet; scanTries how often one is sent.
const (
	scanWait  = 2 * time.Second
	scanTries = 5
)

// scanDoors are the box's doors as a scan goes through them: by HTTP without a
// login and with a wrong one, each worker over one connection, and by TFTP,
// where the limit is per address and each worker has one. challenged is a MAC
// that is asked for a login under any policy.
func scanDoors(b *box, challenged phone.MAC, from func(worker int) netip.Addr) []scanDoor {
	overHTTP := func(guess phone.MAC) func(int) (scanAsker, error) {
		return func(worker int) (scanAsker, error) {
			d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from(worker), 0)), Timeout: scanWait}
			host := netip.AddrPortFrom(b.self, uint16(b.ports.http)).String()
			c, err := d.Dial("tcp4", host)
			if err != nil {
				return nil, err
			}
			a := &httpAsker{Conn: c, in: bufio.NewReader(c), host: host, guess: guess}
			return a, a.earnPenalty(phone.MAC{0x02, 0, 0, 0, 0xff, byte(worker)})
		}
	}
	return []scanDoor{
		{"HTTP", false, overHTTP(phone.MAC{})},
		{"HTTP with a wrong login", true, overHTTP(challenged)},
		{"TFTP", false, func(worker int) (scanAsker, error) {
			return &tftpAsker{from: netip.AddrPortFrom(from(worker), 0), to: netip.AddrPortFrom(b.self, uint16(b.ports.tftp))}, nil
		}},
	}
}

// httpAsker asks over one connection that is kept.
type httpAsker struct {
	net.Conn
	in    *bufio.Reader
	host  string
	guess phone.MAC // where it gets its challenges; zero is no guesser
	// realm and nonce are of the first challenge; count is the nonce's.
	realm, nonce string
	count        int
}

// nonceUses is after how many logins an asker takes a new nonce: the box knows
// the latest only, and tells who shows an older one so.
const nonceUses = 4096

var challengeForm = regexp.MustCompile(`realm="([^"]*)", nonce="([^"]*)"`)

// earnPenalty has a guesser guess until it has a penalty: from then on each answer
// says how long that lasts, which depends on the sender alone. Each guesses at a
// MAC of its own: guesses of several weigh on the MAC instead.
func (a *httpAsker) earnPenalty(mac phone.MAC) error {
	for range 2 * auth.FreeTries {
		if a.guess.IsZero() {
			return nil
		}
		if _, err := a.ask(mac); err != nil {
			return err
		}
	}
	return nil
}

func (a *httpAsker) ask(mac phone.MAC) (reply, error) {
	uri := "/cfg/" + mac.Hex() + ".cfg"
	var login string
	if !a.guess.IsZero() {
		if a.count%nonceUses == 0 {
			if err := a.challenge("/cfg/" + a.guess.Hex() + ".cfg"); err != nil {
				return reply{}, err
			}
		}
		login = a.login(uri)
	}
	return a.get(uri, login)
}

// challenge asks once without a login, for its nonce.
func (a *httpAsker) challenge(uri string) error {
	r, err := a.get(uri, "")
	if err != nil {
		return err
	}
	m := challengeForm.FindStringSubmatch(r.header.Get("WWW-Authenticate"))
	if m == nil {
		return fmt.Errorf("%s: got no challenge in %v", uri, r.header)
	}
	a.realm, a.nonce, a.count = m[1], m[2], 0
	return nil
}

// login is a Digest login (RFC 7616) with the brand OTP's user and a password
// nobody has.
func (a *httpAsker) login(uri string) string {
	a.count++
	hash := func(s string) string { sum := md5.Sum([]byte(s)); return hex.EncodeToString(sum[:]) }
	nc := fmt.Sprintf("%08x", a.count)
	response := hash(hash(otpUser+":"+a.realm+":guess") + ":" + a.nonce + ":" + nc + ":c:auth:" + hash("GET:"+uri))
	return fmt.Sprintf("Authorization: Digest username=%q, realm=%q, nonce=%q, uri=%q, algorithm=MD5, qop=auth, nc=%s, cnonce=\"c\", response=%q\r\n",
		otpUser, a.realm, a.nonce, uri, nc, response)
}

func (a *httpAsker) get(uri, login string) (reply, error) {
	if err := a.SetDeadline(time.Now().Add(scanTries * scanWait)); err != nil {
		return reply{}, err
	}
	if _, err := fmt.Fprintf(a, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", uri, a.host, login); err != nil {
		return reply{}, fmt.Errorf("ask for %s: %w", uri, err)
	}
	resp, err := http.ReadResponse(a.in, nil)
	if err != nil {
		return reply{}, fmt.Errorf("ask for %s: %w", uri, err)
	}
	return takeReply(resp)
}

// tftpAsker asks by RFC 1350, a new port each time.
type tftpAsker struct {
	from, to netip.AddrPort
	buf      [2048]byte
}

// Packets of RFC 1350 and, the last, RFC 2347.
const (
	tftpData  = 3
	tftpAck   = 4
	tftpError = 5
	tftpOack  = 6
)

// tftpBlock is the block size asked for (RFC 2348), as phones do.
const tftpBlock = 1428

func (a *tftpAsker) ask(mac phone.MAC) (reply, error) { return a.fetch(mac.Hex() + ".cfg") }

func (a *tftpAsker) fetch(file string) (reply, error) {
	c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(a.from))
	if err != nil {
		return reply{}, err
	}
	defer c.Close()
	out, to := fmt.Appendf(nil, "\x00\x01%s\x00octet\x00blksize\x00%d\x00", file, tftpBlock), a.to
	var r reply
	for block := uint16(0); ; block++ {
		p, peer, err := a.exchange(c, out, to, block)
		switch {
		case err != nil:
			return reply{}, fmt.Errorf("ask for %s: %w", file, err)
		case p[1] == tftpError:
			return reply{status: "ERROR", body: bytes.Clone(p[2:])}, nil
		case p[1] == tftpOack:
			r.status = fmt.Sprintf("OACK %q", p[2:])
		default:
			r.body = append(r.body, p[4:]...)
		}
		to = peer
		out = binary.BigEndian.AppendUint16([]byte{0, tftpAck}, block)
		if p[1] == tftpData && len(p) < 4+tftpBlock {
			_, err = c.WriteToUDPAddrPort(out, to)
			return r, err
		}
	}
}

// exchange sends a packet until what it asks for or an error comes: block 0 is
// what stands before the first, the options.
func (a *tftpAsker) exchange(c *net.UDPConn, out []byte, to netip.AddrPort, block uint16) ([]byte, netip.AddrPort, error) {
	for range scanTries {
		if _, err := c.WriteToUDPAddrPort(out, to); err != nil {
			return nil, to, err
		}
		if err := c.SetReadDeadline(time.Now().Add(scanWait)); err != nil {
			return nil, to, err
		}
		for {
			n, peer, err := c.ReadFromUDPAddrPort(a.buf[:])
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return nil, to, err
			}
			p := a.buf[:n]
			if n < 4 {
				continue
			}
			data := p[1] == tftpData && binary.BigEndian.Uint16(p[2:]) == block && block > 0
			if data || p[1] == tftpError || p[1] == tftpOack && block == 0 {
				return p, peer, nil
			}
		}
	}
	return nil, to, errors.New("no answer")
}

// Close has nothing to give back.
func (a *tftpAsker) Close() error { return nil }
