package integration

import (
	"net"
	"testing"
	"time"

	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/sipd"
)

// TestTheMulticastGroupIsJoinedAgain: an interface that is taken away and made
// anew has another number, and the membership went with the old one.
func TestTheMulticastGroupIsJoinedAgain(t *testing.T) {
	lab := netlab.New(t)
	host := lab.Host("box", "10.77.0.1/24")
	made := func() {
		host.Run(sipWait, "ip", "link", "add", "voice0", "type", "veth", "peer", "name", "voice1")
		host.Run(sipWait, "ip", "link", "set", "voice1", "up")
		host.Run(sipWait, "ip", "address", "add", "10.78.0.1/24", "dev", "voice0")
		host.Run(sipWait, "ip", "link", "set", "voice0", "up", "multicast", "on")
		host.Run(sipWait, "ip", "route", "replace", "224.0.0.0/4", "dev", "voice0")
	}
	made()
	var group, sender net.PacketConn
	if err := host.Do(func() (err error) {
		if group, err = sipd.ListenGroup(t.Context(), "voice0", 5060); err != nil {
			return err
		}
		sender, err = net.ListenPacket("udp4", "10.78.0.1:0")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = group.Close(); _ = sender.Close() }()
	hears := func() bool {
		_, _ = sender.WriteTo([]byte("x"), &net.UDPAddr{IP: net.ParseIP(sipd.GroupAddr), Port: 5060})
		_ = group.SetReadDeadline(time.Now().Add(time.Second))
		_, _, err := group.ReadFrom(make([]byte, 16))
		return err == nil
	}
	if !hears() {
		t.Fatal("nothing is heard before")
	}
	host.Run(sipWait, "ip", "link", "del", "voice0")
	made()
	if hears() {
		t.Skip("this kernel keeps the membership; nothing to renew")
	}
	again := false
	if err := host.Do(func() (err error) {
		again, err = group.(*sipd.Group).Renew()
		return err
	}); err != nil || !again {
		t.Fatalf("renew: got %v, %v, want it joined again", again, err)
	}
	if !hears() {
		t.Error("nothing is heard after it was joined again")
	}
}
