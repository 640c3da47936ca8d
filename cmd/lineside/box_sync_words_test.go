package main

import (
	"testing"
	"time"

	"github.com/lineside/lineside/sync/wire"
)

// TestWhitelistedInWords: an address that no phone's PIN makes whitelisted is
// not said to wait for one.
func TestWhitelistedInWords(t *testing.T) {
	later := time.Now().Add(time.Hour)
	const why = "10.0.0.1 is a private address, which many networks have"
	for name, tt := range map[string]struct {
		is   wire.Whitelisting
		want string
	}{
		"no address":        {wire.Whitelisting{}, ""},
		"for good":          {wire.Whitelisting{Address: "10.0.0.1", Permanent: true, Why: why}, "whitelisted for good"},
		"for a while":       {wire.Whitelisting{Address: "192.0.2.1", Until: later}, "whitelisted until " + later.UTC().Format("15:04")},
		"an operator's":     {wire.Whitelisting{Address: "10.0.0.1", Until: later, Why: why}, "whitelisted until " + later.UTC().Format("15:04")},
		"not yet":           {wire.Whitelisting{Address: "192.0.2.1"}, "not whitelisted; the next phone that shows its PIN makes it so"},
		"never":             {wire.Whitelisting{Address: "10.0.0.1", Why: why}, "not whitelisted: " + why},
		"never, and it was": {wire.Whitelisting{Address: "10.0.0.1", Why: why, Until: later.Add(-2 * time.Hour)}, "not whitelisted: " + why},
	} {
		if got := whitelisted(tt.is, time.UTC); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}
