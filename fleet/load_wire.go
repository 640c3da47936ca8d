package fleet

import (
	"encoding/binary"
	"errors"
	"net/netip"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"golang.org/x/sys/unix"

	"github.com/lineside/lineside/phone"
)

// Places in a message, RFC 2131 section 2.
const (
	fixedLength     = 240
	idAt            = 4
	yiaddrAt        = 16
	macAt           = 28
	relayServerPort = 67
)

// cookie stands before the options, RFC 2131 section 3.
var cookie = [4]byte{99, 130, 83, 99}

func putAddr(b []byte, a netip.Addr) {
	v := a.As4()
	copy(b, v[:])
}

func appendAddr(b []byte, a netip.Addr) []byte {
	v := a.As4()
	return append(b, v[:]...)
}

// loadAnswer is what a client needs of a server's message.
type loadAnswer struct {
	kind   dhcpv4.MessageType
	id     uint32
	mac    phone.MAC
	addr   netip.Addr // 0.0.0.0 in a NAK
	server netip.Addr
}

// parseLoadAnswer reads a server's message without making anything of the
// options but kind and server: the generator must cost less than what it
// measures.
func parseLoadAnswer(b []byte) (a loadAnswer, ok bool) {
	if len(b) < fixedLength || b[0] != 2 || b[2] != 6 || [4]byte(b[236:fixedLength]) != cookie {
		return a, false
	}
	a.id = binary.BigEndian.Uint32(b[idAt:])
	a.addr = netip.AddrFrom4([4]byte(b[yiaddrAt:]))
	a.mac = phone.MAC(b[macAt : macAt+6])
	for o := b[fixedLength:]; len(o) > 0 && o[0] != 255; {
		if o[0] == 0 {
			o = o[1:]
			continue
		}
		if len(o) < 2 || len(o) < 2+int(o[1]) {
			return a, false
		}
		switch value := o[2 : 2+int(o[1])]; {
		case o[0] == 53 && len(value) == 1:
			a.kind = dhcpv4.MessageType(value[0])
		case o[0] == 54 && len(value) == 4:
			a.server = netip.AddrFrom4([4]byte(value))
		}
		o = o[2+int(o[1]):]
	}
	usable := a.kind == dhcpv4.MessageTypeNak || !a.addr.IsUnspecified()
	return a, usable && a.kind != dhcpv4.MessageTypeNone && a.server.IsValid()
}

// loadSocket is the relay's socket without the runtime's poller in between:
// one system call a packet.
type loadSocket struct {
	fd  int
	buf []byte
}

// loadBuffer is asked of the kernel, in bytes, so that what is dropped is the
// server's doing.
const loadBuffer = 16 << 20

func openLoad(relay, server netip.AddrPort) (*loadSocket, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	s := &loadSocket{fd: fd, buf: make([]byte, maxDHCPPacket)}
	for _, size := range []int{unix.SO_RCVBUF, unix.SO_RCVBUFFORCE} {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, size, loadBuffer) // the second needs root
	}
	if err := unix.Bind(fd, sockaddr(relay)); err != nil {
		s.close()
		return nil, err
	}
	// Connected, it hears nobody but the server.
	if err := unix.Connect(fd, sockaddr(server)); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
}

func (s *loadSocket) close() { _ = unix.Close(s.fd) }

// send waits where the way out is full: that is this host's and no drop of the
// server's.
func (s *loadSocket) send(b []byte) error {
	for {
		_, err := unix.Write(s.fd, b)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.ENOBUFS):
			if err := s.poll(unix.POLLOUT); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

// receive gives the next message, nil where there is none. It is good until
// the next.
func (s *loadSocket) receive() ([]byte, error) {
	for {
		n, err := unix.Read(s.fd, s.buf)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			return nil, nil
		case err != nil:
			return nil, err
		default:
			return s.buf[:n], nil
		}
	}
}

func (s *loadSocket) wait() error { return s.poll(unix.POLLIN) }

// poll waits for a millisecond at most, which is how exact a rate is kept.
func (s *loadSocket) poll(events int16) error {
	_, err := unix.Poll([]unix.PollFd{{Fd: int32(s.fd), Events: events}}, 1)
	if errors.Is(err, unix.EINTR) {
		return nil
	}
	return err
}
