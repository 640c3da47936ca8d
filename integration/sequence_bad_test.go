package integration

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// badTexts are what people write where a label goes. never says that no brand may
// be given it.
var badTexts = []struct {
	name, text string
	never      bool
}{
	{"quotes", `say "hi" it's me`, false},
	{"marks of XML", `R&D <b>room</b> ]]> -->`, false},
	{"marks of lines", `a = b; c: d # e, f`, false},
	{"emoji", "Büro ☎ 🚀 Nord", false},
	{"a line break", "Desk\naccount.1.password = stolen", true},
	{"a carriage return", "Desk\r\nSET X 1", true},
	{"a zero byte", "Desk\x00", true},
	{"300 characters", strings.Repeat("x", 300), true},
}

// TestBadTexts writes each of them into every text a phone shows, for every
// vendor. Either the config says it and nothing else beside, or the operator hears
// why not and the phone is given what it was given before.
func TestBadTexts(t *testing.T) {
	c := newClerk(t)
	for _, s := range samplePhones(t) {
		t.Run(string(s.vendor), func(t *testing.T) {
			dev := phone.Device{MAC: s.own, Vendor: s.vendor, Model: s.model, Lines: []phone.Line{{
				Registrar: setRegistrar, User: setUser, Password: phone.NewSecret(setPassword),
			}}}
			label(&dev, "Desk")
			c.enrol(t, dev)
			for _, bad := range badTexts {
				t.Run(bad.name, func(t *testing.T) { c.writeBad(t, dev, bad.text, bad.never) })
			}
			if err := c.Remove(t.Context(), c.by, dev.MAC); err != nil { // some samples share a MAC
				t.Fatal(err)
			}
		})
	}
}

// label puts a text wherever a phone shows one.
func label(dev *phone.Device, text string) {
	dev.Label, dev.Lines[0].Label, dev.Lines[0].DisplayName = text, text, text
}

func (c *clerk) writeBad(t *testing.T, dev phone.Device, text string, never bool) {
	before := c.config(t, dev)
	_, err := c.Edit(t.Context(), c.by, dev.MAC, 0, func(d *phone.Device) error { label(d, text); return nil })
	after := c.config(t, dev)
	switch {
	case err != nil && !errors.Is(err, provision.ErrInvalid):
		t.Fatalf("got %v, want an error of what was written", err)
	case err != nil:
		if !strings.Contains(err.Error(), "label") && !strings.Contains(err.Error(), "value of ") {
			t.Errorf("the error does not say where: %v", err)
		}
		if after != before {
			t.Error("refused, and the phone is given something else all the same")
		}
		return
	case never:
		t.Fatalf("%q was taken", text)
	}
	was, is := mustRead(t, before), mustRead(t, after)
	if got, want := names(is), names(was); !slices.Equal(got, want) {
		t.Errorf("%q changed the parameters:\n%q\nwant\n%q", text, got, want)
	}
	shown := func(text string) func(string) bool { return func(v string) bool { return v == text } }
	if p, had := was.first(shown("Desk")); had {
		if _, has := is.first(shown(text)); !has {
			t.Errorf("%s: %q is not in the config", p.name, text)
		}
	}
	if _, err := c.Edit(t.Context(), c.by, dev.MAC, 0, func(d *phone.Device) error { label(d, "Desk"); return nil }); err != nil {
		t.Fatal(err)
	}
}

func mustRead(t *testing.T, body string) sheet {
	t.Helper()
	s, err := readSheet(body)
	if err != nil {
		t.Fatalf("%v in\n%s", err, body)
	}
	return s
}

func names(s sheet) []string {
	list := make([]string, len(s))
	for i, p := range s {
		list[i] = p.name
	}
	return list
}

// TestBadDevices is what else an operator may get wrong: a clear error, and nothing
// is kept.
func TestBadDevices(t *testing.T) {
	c := newClerk(t)
	mac, other := phone.MAC{0x00, 0x15, 0x65, 1, 2, 3}, phone.MAC{0x00, 0x15, 0x65, 1, 2, 4}
	line := phone.Line{Registrar: setRegistrar, User: setUser, Password: phone.NewSecret(setPassword)}
	good := phone.Device{MAC: mac, Vendor: "yealink", Model: "T46G", Lines: []phone.Line{line}}
	c.enrol(t, good)
	before := c.config(t, good)
	add := func(d phone.Device) error { _, err := c.Add(t.Context(), c.by, d); return err }
	half, quoted := line, line
	half.User = ""
	quoted.Label = `say "hi"`
	for name, tc := range map[string]struct {
		err  error
		is   error
		says string
	}{
		"unknown vendor":  {add(phone.Device{MAC: other, Vendor: "acme"}), provision.ErrInvalid, "write one of " + vendors.All().Names()[0]},
		"no vendor":       {add(phone.Device{MAC: other}), provision.ErrInvalid, "vendor: missing"},
		"half a line":     {add(phone.Device{MAC: other, Vendor: "snom", Lines: []phone.Line{half}}), provision.ErrInvalid, "line 1: user: missing"},
		"no place for it": {add(phone.Device{MAC: other, Vendor: "avaya", Lines: []phone.Line{quoted}}), provision.ErrInvalid, "value of PRIMARY_LINE_EXTENSION"},
		"imported":        {importOf(t, c, phone.Device{MAC: other, Vendor: "avaya", Lines: []phone.Line{quoted}}), provision.ErrInvalid, "value of PRIMARY_LINE_EXTENSION"},
		"the MAC again":   {add(good), provision.ErrExists, mac.String()},
		"one MAC twice":   {importOf(t, c, good, good), provision.ErrInvalid, "listed twice"},
		"two, one is bad": {importOf(t, c, phone.Device{MAC: other, Vendor: "snom"}, phone.Device{MAC: phone.MAC{2}, Vendor: "acme"}), provision.ErrInvalid, "acme"},
	} {
		if !errors.Is(tc.err, tc.is) || !strings.Contains(tc.err.Error(), tc.says) {
			t.Errorf("%s: got %v, want %q", name, tc.err, tc.says)
		}
	}
	if _, err := c.Device(other); !errors.Is(err, phone.ErrUnknownDevice) {
		t.Errorf("something of a refused device was kept: got %v", err)
	}
	if after := c.config(t, good); after != before {
		t.Error("the phone that was there is given something else")
	}
}

func importOf(t *testing.T, c *clerk, devices ...phone.Device) error {
	t.Helper()
	_, _, err := c.Import(t.Context(), c.by, devices)
	return err
}

// TestNoLine: a device nobody has given a line yet is one of every vendor's, and
// its phone is given no account of anybody's.
func TestNoLine(t *testing.T) {
	c := newClerk(t)
	for _, s := range samplePhones(t) {
		dev := phone.Device{MAC: s.own, Vendor: s.vendor, Model: s.model}
		c.enrol(t, dev)
		got := mustRead(t, c.config(t, dev))
		if p, ok := got.first(isRegistrar); ok {
			t.Errorf("%s: %s is %q, and the device has no line", s.vendor, p.name, p.value)
		}
		if err := c.Remove(t.Context(), c.by, dev.MAC); err != nil {
			t.Fatal(err)
		}
	}
}
