package dhcpopt

import (
	"slices"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// TestRelayBlamesNoServerForAnswersGoneElsewhere: whatever a laptop asks for, a
// server that is well is not called silent for what it does not say here.
func TestRelayBlamesNoServerForAnswersGoneElsewhere(t *testing.T) {
	for name, tt := range map[string]struct {
		m     *dhcpv4.DHCPv4
		blame bool
	}{
		"a relay address of its own":       {m: message(laptop1, discover, relay(ip("10.20.0.66")))},
		"another network wished for":       {m: message(laptop1, discover, opt(subnetCode, 192, 0, 2, 0))},
		"another network by option 82":     {m: message(laptop1, discover, opt(relayCode, 5, 4, 192, 0, 2, 0))},
		"settings asked for its address":   {m: message(laptop1, dhcpv4.MessageTypeInform, uses(ip("10.20.0.66")))},
		"an offer taken":                   {m: message(laptop1, request, wants(ip("10.20.0.66")), server(ip("10.20.0.2")))},
		"an address, as everybody asks it": {m: message(laptop1, discover), blame: true},
	} {
		t.Run(name, func(t *testing.T) {
			l := newRelayLAN(t, func(c *Config) { c.TrustRelayInfo = true })
			for range 2 * silentLeast {
				if len(l.ask(tt.m)) == 0 {
					t.Fatal("it was not carried")
				}
				l.now = l.now.Add(2 * time.Second)
			}
			if got := slices.Contains(board(l.health), codeSilent); got != tt.blame {
				t.Errorf("called silent: %t, want %t", got, tt.blame)
			}
		})
	}
}
