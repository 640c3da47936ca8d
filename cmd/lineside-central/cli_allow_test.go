package main

import (
	"regexp"
	"strings"
	"testing"
)

// TestAllowVerbs: entered, found, listed, taken out, for all sites and one;
// mistakes enter nothing.
func TestAllowVerbs(t *testing.T) {
	l := newLab(t)
	l.start()
	a := l.site("A")
	l.cli(0, "allow", "add", "203.0.113.0/255.255.255.0", "--last", "48h", "--note", "fair")
	l.cli(0, "allow", "add", "10.1.0.0/16", "--site", a.Site, "--for", "edge")
	l.cli(1, "allow", "add", "10.2.0.0/16")
	l.cli(1, "allow", "add", "203.0.113.7/24")
	if got := l.cli(0, "allow", "list"); !regexp.MustCompile(`203\.0\.113\.0/24 +all +20\S+ \S+Z +\S.* fair`).MatchString(got) || strings.Contains(got, "10.2") {
		t.Errorf("got %s, want the one range of all sites", got)
	}
	if got := l.cli(0, "allow", "list", "--site", a.Site); !strings.Contains(got, "10.1.0.0/16") || strings.Contains(got, "203.0.113") {
		t.Errorf("got %s, want the site's range", got)
	}
	for address, want := range map[string]string{"203.0.113.9": "is whitelisted until 20", "10.1.2.3": "is whitelisted for good (entered)", "10.2.3.4": "is not whitelisted"} {
		if got := l.cli(0, "allow", "check", address); !strings.Contains(got, want) {
			t.Errorf("got %s, want %q", got, want)
		}
	}
	l.cli(0, "allow", "remove", "10.1.0.0/16", "--site", a.Site)
	l.cli(1, "allow", "remove", "10.1.0.0/16", "--site", a.Site)
	if got := l.cli(0, "allow", "check", "10.1.2.3"); !strings.Contains(got, "is not whitelisted") {
		t.Errorf("got %s, want it taken out", got)
	}
	before := l.cli(0, "allow", "list")
	l.cli(2, "allow", "add", "198.51.100.7", "--last=-1h")
	if got := l.cli(0, "allow", "list"); got != before {
		t.Errorf("got %s, want what was there before", got)
	}
}
