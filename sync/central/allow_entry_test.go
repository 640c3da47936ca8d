package central_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

// TestEntries: what operators enter, and what they may not.
func TestEntries(t *testing.T) {
	l := newClockLab(t)
	a := l.site("Berlin")
	prefix := func(s string) netip.Prefix { return netip.MustParsePrefix(s) }
	for _, c := range []struct {
		name string
		e    central.AllowEntry
		want string // part of the error, "" for none
	}{
		{"an address", central.AllowEntry{Prefix: prefix("203.0.113.7/32")}, ""},
		{"a range", central.AllowEntry{Prefix: prefix("2001:db8::/32"), Until: noon.Add(time.Hour), Note: "fair"}, ""},
		{"all of the Internet", central.AllowEntry{Prefix: prefix("0.0.0.0/0"), For: central.Everywhere}, "too wide"},
		{"all of IPv6", central.AllowEntry{Prefix: prefix("2000::/3"), For: central.Everywhere}, "too wide"},
		{"private", central.AllowEntry{Prefix: prefix("10.0.0.0/8")}, "say which is meant"},
		{"private, for the boxes", central.AllowEntry{Prefix: prefix("10.0.0.0/8"), For: central.Boxes}, ""},
		{"shared, at the edge", central.AllowEntry{Prefix: prefix("100.64.0.0/10"), For: central.Edge}, ""},
		{"over already", central.AllowEntry{Prefix: prefix("203.0.113.8/32"), Until: noon}, "has passed"},
		{"two lines of note", central.AllowEntry{Prefix: prefix("203.0.113.8/32"), Note: "a\nb"}, "one line"},
		{"host bits", central.AllowEntry{Prefix: prefix("203.0.113.8/24")}, "no range"},
		{"nothing", central.AllowEntry{}, "no range"},
		{"for nobody", central.AllowEntry{Prefix: prefix("203.0.113.8/32"), For: "x"}, "want"},
	} {
		_, err := l.p.As("ops").Enter(a, c.e)
		if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, central.ErrEntry) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	for address, want := range map[string]bool{"203.0.113.7": true, "2001:db8:9::1": true, "10.0.0.1": false, "100.64.1.1": true} {
		if got := l.allowed(address); got != want {
			t.Errorf("%s: got %v, want %v", address, got, want)
		}
	}
	if w := l.tell(a, "203.0.113.7", wire.KindVisitor, 0); !w.Permanent || !w.Until.IsZero() {
		t.Errorf("got %+v, want permanent", w)
	}
	if w := l.tell(a, "100.64.1.1", wire.KindPIN, 0); !w.Permanent || w.Why != "" {
		t.Errorf("a shared address an operator entered: got %+v, want permanent", w)
	}
	l.now = noon.Add(time.Hour)
	if l.allowed("2001:db8:9::1") {
		t.Error("an entry counts after its end, want not")
	}
	if err := l.p.As("ops").RemoveEntry(a, prefix("203.0.113.7/32")); err != nil || l.allowed("203.0.113.7") {
		t.Errorf("got %v, want it removed", err)
	}
	if err := l.p.As("ops").RemoveEntry(a, prefix("203.0.113.7/32")); !errors.Is(err, central.ErrNoEntry) {
		t.Errorf("got %v, want ErrNoEntry", err)
	}
	if _, err := l.p.As("ops").Enter("nosuchsite", central.AllowEntry{Prefix: prefix("203.0.113.7/32")}); !errors.Is(err, central.ErrUnknownSite) {
		t.Errorf("got %v, want ErrUnknownSite", err)
	}
	var err error
	for i := 0; err == nil && i < 1000; i++ {
		_, err = l.p.As("ops").Enter("", central.AllowEntry{Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 51, byte(i >> 8), byte(i)}), 32)})
	}
	if list, _ := l.p.Entries(""); !errors.Is(err, central.ErrEntry) || len(list) != 128 {
		t.Errorf("got %d entries, %v, want 128 and then an error", len(list), err)
	}
}

// TestEntriesReachBoxes: a box is told what counts at boxes, of its own and of
// all, also one that joins later; what counts at the edge it is not told.
func TestEntriesReachBoxes(t *testing.T) {
	l := newClockLab(t)
	a, b := l.site("Berlin"), l.site("Munich")
	enter := func(site, prefix string, reach central.Reach) {
		t.Helper()
		if _, err := l.p.As("ops").Enter(site, central.AllowEntry{Prefix: netip.MustParsePrefix(prefix), For: reach}); err != nil {
			t.Fatal(err)
		}
	}
	enter("", "203.0.113.0/24", central.Everywhere)
	enter("", "203.0.114.0/24", central.Edge)
	enter(a, "10.1.0.0/16", central.Boxes)
	later, err := l.p.As("ops").AddSite("Cologne")
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.joinWith(later.Secret, "")
	if err != nil {
		t.Fatal(err)
	}
	told := func(site string) (list []string) {
		t.Helper()
		for _, d := range l.docs(site) {
			var body wire.Allow
			if d.Kind != wire.AllowDoc || d.Del {
				continue
			}
			if err := json.Unmarshal(d.Body, &body); err != nil {
				t.Fatal(err)
			}
			for _, e := range body.Entries {
				list = append(list, e.Prefix)
			}
		}
		return list
	}
	for site, want := range map[string]string{a: "[203.0.113.0/24 10.1.0.0/16]", b: "[203.0.113.0/24]", c: "[203.0.113.0/24]"} {
		if got := fmt.Sprint(told(site)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if err := l.p.As("ops").RemoveEntry("", netip.MustParsePrefix("203.0.113.0/24")); err != nil {
		t.Fatal(err)
	}
	for site, want := range map[string]string{a: "[10.1.0.0/16]", b: "[]", c: "[]"} {
		if got := fmt.Sprint(told(site)); got != want {
			t.Errorf("after it was taken out: got %s, want %s", got, want)
		}
	}
	if err := l.p.As("ops").RemoveEntry(a, netip.MustParsePrefix("10.1.0.0/16")); err != nil || len(told(a)) != 0 {
		t.Errorf("got %v, %v, want nothing left", told(a), err)
	}
}

// docs are all documents a site is told.
func (l *clockLab) docs(site string) (list []wire.Doc) {
	l.t.Helper()
	b, _ := json.Marshal(wire.Request{V: 1, ID: "x", Pull: &proto.Pull{}})
	out, err := l.p.Answer(site, "pull", b)
	if err != nil {
		l.t.Fatal(err)
	}
	r, err := wire.Open(l.keys.Signer.Verifier(), site, "x", out)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, signed := range r.Pull.Docs {
		d, err := wire.OpenDoc(l.keys.Signer.Verifier(), site, signed)
		if err != nil {
			l.t.Fatal(err)
		}
		list = append(list, d)
	}
	return list
}

// FuzzParsePrefix: what is read is a range by itself, and reads the same again.
func FuzzParsePrefix(f *testing.F) {
	for _, s := range []string{"203.0.113.7", "203.0.113.0/24", "203.0.113.0/255.255.255.0", "10.0.0.0/255.0.255.0", "2001:db8::/48", "::ffff:10.0.0.1", "fe80::1%eth0", "203.0.113.7/24", "1.2.3.4/", "1.2.3.4/::"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := central.ParsePrefix(s)
		if err != nil {
			if !errors.Is(err, central.ErrEntry) {
				t.Errorf("%q: got %v, want an error of the operator's", s, err)
			}
			return
		}
		if p != p.Masked() || !p.IsValid() || p.Addr().Zone() != "" || p.Addr().Is4In6() {
			t.Errorf("%q: got %v, want a range", s, p)
		}
		if again, err := central.ParsePrefix(p.String()); err != nil || again != p {
			t.Errorf("%v: read again as %v, %v", p, again, err)
		}
	})
}

// TestParsePrefix: as operators write it.
func TestParsePrefix(t *testing.T) {
	for s, want := range map[string]string{
		"203.0.113.7": "203.0.113.7/32", " 203.0.113.0/24 ": "203.0.113.0/24", "203.0.113.0/255.255.255.0": "203.0.113.0/24",
		"10.0.0.0/255.0.0.0": "10.0.0.0/8", "2001:db8::1": "2001:db8::1/128", "2001:db8::/48": "2001:db8::/48",
		"203.0.113.7/24": "", "203.0.113.0/255.0.255.0": "", "203.0.113.0/33": "", "::ffff:10.0.0.1": "", "fe80::1%eth0": "", "phones": "", "2001:db8::/255.255.0.0": "", "": "",
	} {
		p, err := central.ParsePrefix(s)
		if got := p.String(); (want == "") != (err != nil) || err == nil && got != want {
			t.Errorf("%q: got %s, %v, want %q", s, got, err, want)
		}
	}
}
