package dhcpopt

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/lineside/lineside/internal/golden"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

var snippetBox = vendors.Box{URL: "http://10.20.0.1/cfg/", Addr: netip.MustParseAddr("10.20.0.1"), SIPPort: 5060, VLAN: 20}

// TestSnippets shows what is pasted for three vendors: URLs, bytes, and texts
// that are told from each other by what they are not.
func TestSnippets(t *testing.T) {
	for _, f := range Foreigns() {
		t.Run(string(f), func(t *testing.T) {
			text, err := Snippet(f, vendors.All(), snippetBox, []phone.Vendor{"yealink", "snom", "cisco-mpp", "cisco-sep"})
			if err != nil {
				t.Fatal(err)
			}
			golden.Check(t, "testdata/snippet-"+string(f)+".txt", []byte(text))
		})
	}
}

// TestSnippetsOfAll wants every vendor in every snippet, and no line a stranger
// to the settings could have written.
func TestSnippetsOfAll(t *testing.T) {
	for _, f := range Foreigns() {
		text, err := Snippet(f, vendors.All(), snippetBox, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range vendors.All().ClassRules() {
			if f == MikroTik && len(r.Is) == 0 || len(r.Is)+len(r.OUIs) == 0 {
				continue
			}
			if !strings.Contains(text, r.Maker.Name) && !strings.Contains(text, "lineside-"+string(r.Maker.Vendor)) {
				t.Errorf("%s: %s is missing", f, r.Maker.Name)
			}
		}
	}
	if _, err := Snippet("bind", vendors.All(), snippetBox, nil); err == nil {
		t.Error("a server nobody knows: got no error")
	}
	if _, err := Snippet(Kea, vendors.All(), vendors.Box{}, []phone.Vendor{"yealink"}); err == nil {
		t.Error("a box without an address: got no error")
	}
}
