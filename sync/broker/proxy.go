package broker

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
)

// The PROXY protocol, version 2 (haproxy's proxy-protocol.txt, section 2.2): a
// mark of twelve bytes, version and command, family, length, then addresses.
const (
	proxyHead   = 16
	proxyLocal  = 0x20
	proxyProxy  = 0x21
	proxyTCP4   = 0x11
	proxyTCP6   = 0x21
	proxyLongst = 2048 // TLVs of a balancer: far above what any sends
)

func proxyMark() []byte { return []byte("\r\n\r\n\x00\r\nQUIT\n") }

var errNoProxy = errors.New("this is no PROXY protocol header of version 2")

// readProxy reads a header and nothing behind it. The address is zero for
// LOCAL: the balancer speaks for itself.
func readProxy(r io.Reader) (netip.Addr, error) {
	var head [proxyHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return netip.Addr{}, fmt.Errorf("read PROXY header: %w", err)
	}
	length := int(binary.BigEndian.Uint16(head[14:]))
	if !bytes.Equal(head[:12], proxyMark()) || length > proxyLongst {
		return netip.Addr{}, errNoProxy
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(r, body); err != nil {
		return netip.Addr{}, fmt.Errorf("read PROXY header: %w", err)
	}
	return proxySource(head[12], head[13], body)
}

func proxySource(command, family byte, body []byte) (netip.Addr, error) {
	switch {
	case command == proxyLocal:
		return netip.Addr{}, nil
	case command != proxyProxy:
		return netip.Addr{}, errNoProxy
	case family == proxyTCP4 && len(body) >= 12:
		return netip.AddrFrom4([4]byte(body[:4])), nil
	case family == proxyTCP6 && len(body) >= 36:
		return netip.AddrFrom16([16]byte(body[:16])).Unmap(), nil
	}
	return netip.Addr{}, fmt.Errorf("%w: neither TCP over IPv4 nor over IPv6", errNoProxy)
}
