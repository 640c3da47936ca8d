package site_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

// TestDoorsAreSpread: the first door of a cluster is not the first door of every
// site, one site always has the same, and what is worse stays behind.
func TestDoorsAreSpread(t *testing.T) {
	offer := wire.Offer{NATS: []string{"tls://a.example:4222", "tls://b.example:4222", "tls://c.example:4222", "wss://a.example", "wss://b.example"}}
	first := func(id string) string {
		via, err := site.Identity{Site: id, URL: "https://a.example", Pin: make([]byte, 32), Offer: offer}.Transports(site.Reach{})
		if err != nil {
			t.Fatal(err)
		}
		return via.String()
	}
	times := map[string]int{}
	for n := range 300 {
		id := fmt.Sprintf("site%d", n)
		door := first(id)
		times[door]++
		if again := first(id); again != door {
			t.Errorf("site %s: got %s and %s, want one", id, door, again)
		}
	}
	for door, n := range times {
		if n < 60 || !strings.Contains(door, "tls://") {
			t.Errorf("%s is the first door of %d of 300 sites, want about 100, and of none over wss", door, n)
		}
	}
	if len(times) != 3 {
		t.Errorf("got %v, want each of three doors first somewhere", times)
	}
}
