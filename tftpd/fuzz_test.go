package tftpd

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// FuzzRequest: a request that is accepted has a plain name that stood in it, and
// written anew it is the same request, in a packet the library's buffers hold.
func FuzzRequest(f *testing.F) {
	for _, b := range [][]byte{
		rrq("open.cfg", "octet"),
		rrq("/cfg/805ec0000001.cfg", "NetASCII", "blksize", "1428", "tsize", "0", "timeout", "2"),
		rrq("cfg/cfg//x", "octet"),
		rrq("../x", "octet"),
		rrq("a\\b", "mail"),
		[]byte("\x00\x02x\x00octet\x00"),
		[]byte("\x00\x01x\x00octet\x00blksize\x00"),
		append(rrq("x", "octet"), make([]byte, 64)...),
	} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		req, err := parseRequest(b)
		if err != nil {
			if req != (request{}) {
				t.Fatalf("%q: %+v with an error", b, req)
			}
			return
		}
		if req.name == "" || req.name[0] == '/' || strings.Contains(req.name, "..") || len(req.name) > maxName ||
			strings.ContainsFunc(req.name, func(r rune) bool { return r < ' ' || r > '~' || r == '\\' }) {
			t.Fatalf("%q gives the name %q", b, req.name)
		}
		if !strings.Contains(string(b), req.name+"\x00") {
			t.Fatalf("%q gives the name %q, which does not stand in it", b, req.name)
		}
		if req.blksize != 0 && (req.blksize < 512 || req.blksize > 65464) {
			t.Fatalf("%q gives blksize %d", b, req.blksize)
		}
		again, err := parseRequest(canonical(req))
		if err != nil || again != req {
			t.Fatalf("%+v written anew is %+v, %v", req, again, err)
		}
		if n := len(req.packet()); n > maxRequest {
			t.Fatalf("%+v written anew has %d bytes", req, n)
		}
	})
}

// canonical is packet with a folder before the name that parsing takes off, for
// the name itself may begin with "cfg/".
func canonical(r request) []byte {
	p := r.packet()
	return append([]byte("\x00\x01cfg/"), p[2:]...)
}

// FuzzLetThrough: the library sees of a phone's packets only one error at most,
// and one acknowledgement, the one it waits for.
func FuzzLetThrough(f *testing.F) {
	f.Add(uint16(1), []byte{0, 4, 0, 1, 0, 4, 0, 1})
	f.Add(uint16(0xffff), []byte{0, 5, 0, 0, 0, 4, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, block uint16, b []byte) {
		now := time.Now()
		tr := &transfer{until: now.Add(time.Minute)}
		tr.sending(append(binary.BigEndian.AppendUint16([]byte{0, 3}, block), "abc"...), 512)
		acks, errs := 0, 0
		for ; len(b) >= 4; b = b[4:] {
			if !tr.letThrough(b[:4], now) {
				continue
			}
			switch op := binary.BigEndian.Uint16(b); {
			case op == opError:
				errs++
			case op == opAck && binary.BigEndian.Uint16(b[2:]) == block && errs == 0:
				acks++
			default:
				t.Fatalf("let through %x while block %d was awaited", b[:4], block)
			}
		}
		if acks > 1 || errs > 1 {
			t.Fatalf("let through %d acknowledgements and %d errors", acks, errs)
		}
	})
}

func TestArrival(t *testing.T) {
	a, b := netip.MustParseAddr("10.20.0.1"), netip.MustParseAddr("10.20.0.255")
	six, many := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("ff02::1")
	for _, tt := range []struct {
		name  string
		oob   []byte
		local netip.Addr
		one   bool
	}{
		{"nothing said", nil, netip.Addr{}, true},
		{"garbage", []byte("abc"), netip.Addr{}, true},
		{"IPv4", unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: a.As4(), Addr: a.As4()}), a, true},
		{"IPv4, not noted", unix.PktInfo4(&unix.Inet4Pktinfo{Addr: a.As4()}), netip.Addr{}, true},
		{"IPv4 broadcast", unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: a.As4(), Addr: b.As4()}), a, false},
		{"IPv6", unix.PktInfo6(&unix.Inet6Pktinfo{Addr: six.As16()}), six, true},
		{"IPv6 multicast", unix.PktInfo6(&unix.Inet6Pktinfo{Addr: many.As16()}), many, false},
	} {
		if local, one := arrival(tt.oob); local != tt.local || one != tt.one {
			t.Errorf("%s: arrival = %s, %v; want %s, %v", tt.name, local, one, tt.local, tt.one)
		}
	}
}
