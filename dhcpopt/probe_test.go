package dhcpopt

import (
	"testing"

	"github.com/lineside/lineside/phone"
)

// TestProbesAreOneClient: a server asked over and over keeps one address back.
func TestProbesAreOneClient(t *testing.T) {
	l := newLAN(t, testConfig("10.20.0.50-10.20.0.59"))
	mac := phone.MAC(probing(laptop1, "yealink").ClientHWAddr)
	first := l.one(probing(laptop1, "yealink"), offer)
	for range 20 {
		m := probing(laptop1, "yealink")
		if r := l.one(m, offer); address(r.YourIPAddr) != address(first.YourIPAddr) {
			t.Fatalf("%s is offered %s, before it was %s", m.ClientHWAddr, r.YourIPAddr, first.YourIPAddr)
		}
	}
	if mac[0]&3 != 2 || mac == laptop1 {
		t.Errorf("%s probes as %s, want a locally administered address of no machine", laptop1, mac)
	}
	if other := probing(laptop2, "yealink"); phone.MAC(other.ClientHWAddr) == mac {
		t.Errorf("two machines probe as one client, %s", mac)
	}
}
