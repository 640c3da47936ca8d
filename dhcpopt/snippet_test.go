package dhcpopt

import (
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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

// TestMikroTikMatchersDoNotMeet: where two matchers fit RouterOS takes any, so no
// class of a phone is in reach of two makers' at once.
func TestMikroTikMatchersDoNotMeet(t *testing.T) {
	text, err := Snippet(MikroTik, vendors.All(), snippetBox, nil)
	if err != nil {
		t.Fatal(err)
	}
	matcher := regexp.MustCompile(`(?m)^/ip dhcp-server matcher add .* value="(.*)" option-set=(\S+)$`)
	active := matcher.FindAllStringSubmatch(text, -1)
	if len(active) < 10 {
		t.Fatalf("%d matchers are in force, want most makers'", len(active))
	}
	for _, r := range vendors.All().ClassRules() {
		for _, m := range r.Is {
			class := m.Prefix + " " + m.Has
			fits := make(map[string]bool)
			for _, a := range active {
				if strings.Contains(class, a[1]) {
					fits[a[2]] = true
				}
			}
			if len(fits) > 1 {
				t.Errorf("%q fits the matchers of %v, want of one maker at most", class, slices.Sorted(maps.Keys(fits)))
			}
		}
	}
	alone, err := Snippet(MikroTik, vendors.All(), snippetBox, []phone.Vendor{"cisco-sep"})
	if err != nil || strings.Contains(alone, "# /ip") {
		t.Errorf("Cisco phones alone: got %v and\n%s, want every matcher in force", err, alone)
	}
}

// TestDnsmasqTellsMakersApart reads the snippet as dnsmasq does, which looks for a
// text anywhere in the class: each class has its own maker's tag, and no other's
// without that maker's "not".
func TestDnsmasqTellsMakersApart(t *testing.T) {
	text, err := Snippet(Dnsmasq, vendors.All(), snippetBox, nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^dhcp-vendorclass=set:(.*),"(.*)"$`).FindAllStringSubmatch(text, -1)
	for _, r := range vendors.All().ClassRules() {
		for _, m := range r.Is {
			class := m.Prefix + " " + m.Has
			tags := make(map[string]bool)
			for _, l := range lines {
				tags[l[1]] = tags[l[1]] || strings.Contains(class, l[2])
			}
			for _, other := range vendors.All().ClassRules() {
				tag := "lineside-" + string(other.Maker.Vendor)
				led, own := tags[tag] && !tags[tag+"-not"], other.Maker.Vendor == r.Maker.Vendor
				if led != own && plain([]byte(anywhere(m))) && strings.Contains(text, "tag:"+tag+",") {
					t.Errorf("%q of %s: led as %s is %v, want %v", class, r.Maker.Vendor, other.Maker.Vendor, led, own)
				}
			}
		}
	}
}

// TestOPNsenseTakesWhatDnsmasqTakes: it runs dnsmasq, and what is loaded into that
// in tests is what is pasted there.
func TestOPNsenseTakesWhatDnsmasqTakes(t *testing.T) {
	body := func(f Foreign) string {
		text, err := Snippet(f, vendors.All(), snippetBox, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, text, _ = strings.Cut(text, "\n\n")
		return text
	}
	if diff := cmp.Diff(body(Dnsmasq), body(OPNsense)); diff != "" {
		t.Errorf("OPNsense (-dnsmasq +opnsense):\n%s", diff)
	}
}
