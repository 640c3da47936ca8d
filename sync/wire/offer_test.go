package wire_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/sync/wire"
)

// TestOffer: a box keeps only ways it could go.
func TestOffer(t *testing.T) {
	for _, c := range []struct {
		name  string
		offer wire.Offer
		bad   string
	}{
		{"all", wire.Offer{NATS: []string{"tls://platform.example:4222", "wss://platform.example:443"}, HTTPS: "https://platform.example:8443"}, ""},
		{"nothing", wire.Offer{}, ""},
		{"another scheme", wire.Offer{NATS: []string{"nats://platform.example:4222"}}, "want tls:// or wss://"},
		{"no TLS", wire.Offer{HTTPS: "http://platform.example"}, "want https://"},
		{"no host", wire.Offer{HTTPS: "https://:8443"}, "want https://"},
		{"a password", wire.Offer{HTTPS: "https://box:fake@platform.example"}, "want https://"},
		{"a query", wire.Offer{HTTPS: "https://platform.example?x=1"}, "want https://"},
		{"too long", wire.Offer{HTTPS: "https://" + strings.Repeat("x", 300)}, "want https://"},
		{"too many", wire.Offer{NATS: slices.Repeat([]string{"tls://a.example:1"}, 17)}, "at most 16"},
	} {
		err := c.offer.Check()
		if got := err != nil; got != (c.bad != "") || got && !strings.Contains(err.Error(), c.bad) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.bad)
		}
	}
}
