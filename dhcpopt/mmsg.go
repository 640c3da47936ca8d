package dhcpopt

import (
	"encoding/binary"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mailbag is the room of one call that takes or gives many packets (recvmmsg(2),
// sendmmsg(2)), used over and over. Its calls never wait in the kernel, so they
// are made without telling Go's scheduler: told of a system call that lasts as
// long as 64 packets take, it gives the processor to another thread, has to give
// it back after, and wakes every few microseconds to look for more. With the calls
// of golang.org/x/net, which tell it, an exchange took a tenth more of the box's time.
type mailbag struct {
	conn syscall.RawConn
	call uintptr // the system call's number
	name string  // and name
	wait bool    // for the first packet
	step func(fd uintptr) bool

	mu    sync.Mutex
	n     int // packets wanted
	done  int // and had
	errno syscall.Errno

	heads [maxBatch]mailHead
	parts [maxBatch]unix.Iovec
	peers [maxBatch]mailPeer
}

// mailHead is struct mmsghdr.
type mailHead struct {
	unix.Msghdr
	n uint32 // bytes of the packet
}

// mailPeer is struct sockaddr_in.
type mailPeer struct {
	family uint16
	port   [2]byte
	addr   [4]byte
	_      [8]byte
}

// newMailbag makes the room for packets that arrive on conn.
func newMailbag(conn syscall.RawConn) *mailbag {
	return (&mailbag{conn: conn, call: unix.SYS_RECVMMSG, name: "recvmmsg", wait: true}).sewn()
}

// newOutbag makes the room for packets that leave on conn.
func newOutbag(conn syscall.RawConn) *mailbag {
	return (&mailbag{conn: conn, call: unix.SYS_SENDMMSG, name: "sendmmsg"}).sewn()
}

// sewn points each head to its part and its peer, once.
func (m *mailbag) sewn() *mailbag {
	m.step = m.try
	for i := range m.heads {
		h := &m.heads[i]
		h.Iov, h.Name = &m.parts[i], (*byte)(unsafe.Pointer(&m.peers[i]))
		h.SetIovlen(1)
	}
	return m
}

// put makes b the i-th packet's bytes, or the room for them.
func (m *mailbag) put(i int, b []byte) {
	m.parts[i].Base = unsafe.SliceData(b)
	m.parts[i].SetLen(len(b))
	m.heads[i].Namelen = uint32(unsafe.Sizeof(m.peers[i]))
}

// try makes the call; false is to be called again once there is something.
func (m *mailbag) try(fd uintptr) bool {
	for {
		n, _, errno := unix.RawSyscall6(m.call, fd, uintptr(unsafe.Pointer(&m.heads[0])), uintptr(m.n), unix.MSG_DONTWAIT, 0, 0)
		if errno == unix.EINTR {
			continue
		}
		if m.done, m.errno = int(n), errno; errno != 0 {
			m.done = 0
		}
		return errno != unix.EAGAIN || !m.wait
	}
}

// exchange makes the call for the first n packets.
func (m *mailbag) exchange(n int) (int, error) {
	m.n, m.done, m.errno = n, 0, 0
	var err error
	if m.wait {
		err = m.conn.Read(m.step)
	} else {
		err = m.conn.Write(m.step)
	}
	if err == nil && m.errno != 0 {
		err = os.NewSyscallError(m.name, m.errno)
	}
	return m.done, err
}

// read fills ps, whose data is the room for each, and gives how many came.
func (m *mailbag) read(ps []datagram) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ps = ps[:min(len(ps), maxBatch)]
	for i := range ps {
		m.put(i, ps[i].data)
	}
	n, err := m.exchange(len(ps))
	for i := range ps[:n] {
		ps[i].data, ps[i].from = ps[i].data[:m.heads[i].n], m.peers[i].addrPort()
	}
	return n, err
}

// write sends rs in order and gives how many left.
func (m *mailbag) write(rs []reply) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	rs = rs[:min(len(rs), maxBatch)]
	for i := range rs {
		m.put(i, rs[i].data)
		m.peers[i].set(rs[i].to)
	}
	n, err := m.exchange(len(rs))
	for i := range rs {
		m.parts[i].Base = nil // the answer is not to be kept for it
	}
	return n, err
}

func (p *mailPeer) set(to netip.AddrPort) {
	p.family, p.addr = unix.AF_INET, to.Addr().As4()
	binary.BigEndian.PutUint16(p.port[:], to.Port())
}

// addrPort is zero for what is no IPv4 address.
func (p *mailPeer) addrPort() netip.AddrPort {
	if p.family != unix.AF_INET {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(netip.AddrFrom4(p.addr), binary.BigEndian.Uint16(p.port[:]))
}
