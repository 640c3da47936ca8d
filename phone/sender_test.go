package phone_test

import (
	"net/netip"
	"testing"

	"github.com/lineside/lineside/phone"
)

func TestSender(t *testing.T) {
	for _, tt := range []struct{ addr, want string }{
		{"10.20.0.1", "10.20.0.1"},
		{"169.254.3.4", "169.254.3.4"},
		{"::ffff:10.20.0.1", "10.20.0.1"},
		{"2001:db8::1:2:3:4", "2001:db8::"},
		{"fe80::1:2:3:4%eth0", "fe80::%eth0"},
		{"fe80::5:6:7:8%eth0", "fe80::%eth0"},
		{"fe80::5:6:7:8%eth1", "fe80::%eth1"},
	} {
		if got := phone.Sender(netip.MustParseAddr(tt.addr)); got != netip.MustParseAddr(tt.want) {
			t.Errorf("%s: got %s, want %s", tt.addr, got, tt.want)
		}
	}
}
