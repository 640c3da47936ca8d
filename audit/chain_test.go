package audit_test

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
)

func entry() audit.Entry {
	return audit.Entry{
		Seq: 7, At: time.Date(2026, 3, 1, 8, 0, 0, 5, time.UTC), Kind: "reset", MAC: phone.MAC{0, 4, 0x13, 1, 2, 3},
		By:   audit.Actor{Front: "cli", Name: "erika", Remote: netip.MustParseAddr("10.0.0.9"), Identity: "ip:10.0.0.9"},
		What: json.RawMessage(`{"epoch":2}`),
	}
}

// TestChainLayout holds the layout fast: the hash was computed from what Chain's
// comment says, by another program.
func TestChainLayout(t *testing.T) {
	const want = "9957f19da21a86f01a2577740ebbf92837cafc75a37c90ad8d7da7afe49c2ceb"
	if got := entry().Chain(audit.Hash{1, 2, 3}).String(); got != want {
		t.Errorf("got %s, want %s: logs in the field could not be verified any more", got, want)
	}
}

// TestEveryFieldCounts also moves text from one field into the next, which must
// not give the same hash.
func TestEveryFieldCounts(t *testing.T) {
	seen := map[audit.Hash]string{entry().Chain(audit.Hash{}): "unchanged", entry().Chain(audit.Hash{1}): "prev"}
	for name, change := range map[string]func(*audit.Entry){
		"seq":             func(e *audit.Entry) { e.Seq++ },
		"at":              func(e *audit.Entry) { e.At = e.At.Add(1) },
		"kind":            func(e *audit.Entry) { e.Kind = "rese" },
		"mac":             func(e *audit.Entry) { e.MAC[5]++ },
		"front":           func(e *audit.Entry) { e.By.Front = "api" },
		"name":            func(e *audit.Entry) { e.By.Name = "" },
		"remote":          func(e *audit.Entry) { e.By.Remote = netip.Addr{} },
		"identity":        func(e *audit.Entry) { e.By.Identity += "0" },
		"what":            func(e *audit.Entry) { e.What = json.RawMessage(`{"epoch":3}`) },
		"kind into front": func(e *audit.Entry) { e.Kind, e.By.Front = "rese", "tcli" },
		"front into name": func(e *audit.Entry) { e.By.Front, e.By.Name = "", "clierika" },
	} {
		e := entry()
		change(&e)
		h := e.Chain(audit.Hash{})
		if other, ok := seen[h]; ok {
			t.Errorf("%s gives the same hash as %s", name, other)
		}
		seen[h] = name
	}
	e := entry()
	e.Hash, e.At = audit.Hash{9}, e.At.In(time.FixedZone("", 3600))
	if e.Chain(audit.Hash{}) != entry().Chain(audit.Hash{}) {
		t.Error("the hash kept, or the zone the time is told in, counts")
	}
}

func FuzzHash(f *testing.F) {
	for _, text := range []string{"", "00", strings.Repeat("0a", 32), strings.Repeat("G", 64), strings.Repeat("a", 65)} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var h audit.Hash
		if h.UnmarshalText(text) != nil {
			return
		}
		if got := h.String(); got != strings.ToLower(string(text)) && !(h.IsZero() && len(text) == 0) {
			t.Errorf("%q came back as %s", text, got)
		}
	})
}
