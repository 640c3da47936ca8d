package integration

import (
	"bytes"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/internal/netlab"
)

// recorder keeps the last DHCP answers that reach a host, as they came off the
// wire: clients show only what they understand.
type recorder struct {
	mu   sync.Mutex
	acks map[string]*dhcpv4.DHCPv4 // by hardware address, and by that and the server
	all  []heard
}

// heard is one answer, as bytes and as what they say.
type heard struct {
	raw []byte
	m   *dhcpv4.DHCPv4
}

func listenIn(t *testing.T, h *netlab.Host) *recorder {
	t.Helper()
	r := &recorder{acks: make(map[string]*dhcpv4.DHCPv4)}
	var conn net.PacketConn
	if err := h.Do(func() (err error) { conn, err = dhcpopt.ListenFrames(h.Interface()); return err }); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 4096)
		for {
			n, _, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			r.take(bytes.Clone(buf[:n]))
		}
	}()
	t.Cleanup(func() { _ = conn.SetReadDeadline(time.Unix(1, 0)); <-done; _ = conn.Close() })
	return r
}

func (r *recorder) take(frame []byte) {
	const headers = 14 + 20 + 8 // no server here sends IP options
	if len(frame) < headers {
		return
	}
	m, err := dhcpv4.FromBytes(frame[headers:])
	if err != nil || m.OpCode != dhcpv4.OpcodeBootReply {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, heard{frame[headers:], m})
	if m.MessageType() == dhcpv4.MessageTypeAck {
		mac := m.ClientHWAddr.String()
		r.acks[mac], r.acks[mac+m.ServerIdentifier().String()] = m, m
	}
}

// of waits for an ACK of a hardware address: the client may be done sooner than
// the recorder.
func (r *recorder) of(t *testing.T, mac string) *dhcpv4.DHCPv4 {
	t.Helper()
	return r.by(t, mac, "")
}

// by is of for the ACK of one server, where server is not empty.
func (r *recorder) by(t *testing.T, mac, server string) *dhcpv4.DHCPv4 {
	t.Helper()
	deadline := time.NewTimer(clientTime)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		r.mu.Lock()
		m := r.acks[mac+server]
		r.mu.Unlock()
		if m != nil {
			return m
		}
		select {
		case <-deadline.C:
			t.Fatalf("no ACK for %s was seen", mac)
		case <-tick.C:
		}
	}
}

func (r *recorder) forget(mac string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key := range r.acks {
		if strings.HasPrefix(key, mac) {
			delete(r.acks, key)
		}
	}
}

// from lists the answers of one kind and server.
func (r *recorder) from(server string, kind dhcpv4.MessageType) (list []heard) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, h := range r.all {
		if h.m.MessageType() == kind && h.m.ServerIdentifier().String() == server {
			list = append(list, h)
		}
	}
	return list
}

// last is the newest answer of a kind to a hardware address that gives it an
// address, or none.
func (r *recorder) last(mac string, kind dhcpv4.MessageType) (last heard) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, h := range r.all {
		if h.m.MessageType() == kind && h.m.ClientHWAddr.String() == mac && !h.m.YourIPAddr.IsUnspecified() {
			last = h
		}
	}
	return last
}
