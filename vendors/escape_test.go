package vendors_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// nasty are letters that mean something in one of the formats.
var nasty = []rune(`abzAZ 019äß漢<>&"'#=;:%$[](){}*\/!?,.-_@` + "`")

func text(limit int) *rapid.Generator[string] {
	return rapid.Map(rapid.StringOfN(rapid.RuneFrom(nasty), 0, limit, -1), strings.TrimSpace)
}

// anyText has line breaks, control characters and invalid UTF-8 as well.
func anyText() *rapid.Generator[string] {
	return rapid.OneOf(text(20), rapid.String(), rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 20), func(b []byte) string { return string(b) }),
		rapid.SampledFrom([]string{"a\nb = c", "a\r\nb", "a\x00", "\u2028x", "\ufffe", "]]>", "</user_name>", `" x="y`, "%NULL%", "#", "&amp;"}))
}

// word is one, so that little else than what is put behind it is refused. It has
// no digits: a password of four is a PIN as well to some devices.
func word() *rapid.Generator[string] {
	return rapid.StringOfN(rapid.RuneFrom([]rune("abcXYZ")), 1, 8, -1)
}

// token has what a SIP user name may have and a format may trip over.
func token() *rapid.Generator[string] {
	return rapid.StringOfN(rapid.RuneFrom([]rune("abAB09&'#=;:%$[]()*/!?,.-_@~+")), 1, 20, -1)
}

// without has an x in the place of characters that a format refuses anyway, so
// that enough is left to try its property on.
func without(marks string, g *rapid.Generator[string]) *rapid.Generator[string] {
	if marks == "" {
		return g
	}
	return rapid.Map(g, func(s string) string {
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune(marks, r) {
				return 'x'
			}
			return r
		}, s)
	})
}

// ways are the servers of a line. Each further line of a device has the next of
// them: a device has few shapes, and what its harmless twin holds is read once.
func ways() (all []phone.Line) {
	for _, proxy := range []string{"", "edge.example.net", "[2001:db8::1]:5062"} {
		for _, t := range []phone.Transport{"", phone.UDP, phone.TCP, phone.TLS} {
			all = append(all, phone.Line{Transport: t, OutboundProxy: proxy})
		}
	}
	return all
}

// drawn is a device of whatever an operator might have typed.
func drawn(t *rapid.T, s samples, value, name *rapid.Generator[string]) phone.Device {
	d := phone.Device{MAC: mustMAC(s.mac), Vendor: s.vendor, Model: s.model, Label: value.Draw(t, "label")}
	d.Owner = value.Draw(t, "owner")
	if rapid.IntRange(0, 3).Draw(t, "other model") == 0 {
		d.Model = value.Draw(t, "model")
	}
	d.AdminPassword = phone.NewSecret(value.Draw(t, "admin password"))
	ways := ways()
	way := rapid.IntRange(0, len(ways)-1).Draw(t, "way")
	for i := range rapid.IntRange(1, 3).Draw(t, "lines") {
		w := ways[(way+i)%len(ways)]
		d.Lines = append(d.Lines, phone.Line{
			Registrar: "sip.example.net", Transport: w.Transport, OutboundProxy: w.OutboundProxy,
			User: name.Draw(t, "user"), AuthID: name.Draw(t, "auth"), Password: phone.NewSecret(value.Draw(t, "password")),
			DisplayName: value.Draw(t, "name"), Label: value.Draw(t, "line label"),
		})
	}
	d.Overrides = map[string]string{}
	for _, k := range slices.Sorted(maps.Keys(s.replaces)) {
		d.Overrides[k] = value.Draw(t, "override")
	}
	return d
}

// TestNothingBreaksOut: whatever an operator typed, a config either holds
// exactly that, read by a parser that is not ours, and exactly the parameters a
// harmless device has, with no word in it that the phone would replace; or there
// is no config.
func TestNothingBreaksOut(t *testing.T) {
	for _, s := range allSamples() {
		v := s.vendor
		kinds := map[string][2]*rapid.Generator[string]{
			"printable": {without(s.refuses, text(20)), without(s.refuses, token())},
			"macros":    {sprinkled(macros[v], word()), sprinkled(macros[v], word())},
			"anything":  {anyText(), anyText()},
		}
		if marks := strings.Split(s.refuses, ""); len(marks) > 0 {
			kinds["refused marks"] = [2]*rapid.Generator[string]{sprinkled(marks, word()), sprinkled(marks, word())}
		}
		harmless := twins{}
		for name, kind := range kinds {
			t.Run(string(v)+"/"+name, func(t *testing.T) {
				in := input(t, v, vendors.Full)
				rendered := 0
				rapid.Check(t, func(rt *rapid.T) {
					in.Device = drawn(rt, s, kind[0], kind[1])
					in.XSI = vendors.Login{User: kind[1].Draw(rt, "xsi user"), Password: phone.NewSecret(kind[0].Draw(rt, "xsi password"))}
					in.Book = vendors.BookSource{Name: kind[0].Draw(rt, "book"), URL: "http://10.20.0.1/book", Login: vendors.Login{
						User: kind[1].Draw(rt, "book user"), Password: phone.NewSecret(kind[0].Draw(rt, "book password"))}}
					body, err := vendors.All().Render(in)
					if err != nil {
						return
					}
					rendered++
					checkHolds(rt, s, harmless, in, body)
				})
				if name != "anything" && rendered < 20 {
					t.Errorf("%d devices were rendered: the property was hardly tried", rendered)
				}
			})
		}
	}
}

// twins are what configs of harmless devices hold, by their bytes.
type twins map[string]map[string]string

func (known twins) read(s samples, body []byte) (map[string]string, error) {
	if got, ok := known[string(body)]; ok {
		return got, nil
	}
	got, err := s.read(body)
	if err == nil {
		known[string(body)] = got
	}
	return got, err
}

func checkHolds(t *rapid.T, s samples, known twins, in vendors.Input, body []byte) {
	texts := entered(&in.Device)
	texts["xsi user"] = in.XSI.User
	for what, text := range texts {
		if expands(s.vendor, text) {
			t.Fatalf("%s %q was written: the phone would put something of its own there", what, text)
		}
	}
	got, err := s.read(body)
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	for i, l := range in.Device.Lines {
		if n := fits(in); n > 0 && i >= n {
			break
		}
		l.DisplayName, l.Label = strings.TrimSpace(l.DisplayName), strings.TrimSpace(l.Label)
		name := l.DisplayName
		if name == "" {
			name = l.Shown()
		}
		for key, want := range map[string]string{s.keys.user: l.User, s.keys.auth: l.Auth(), s.keys.password: l.Password.Reveal(), s.keys.name: name, s.keys.label: l.Shown()} {
			key = strings.NewReplacer("@", strconv.Itoa(i+1), "#", strconv.Itoa(i)).Replace(key)
			if replaced, ok := in.Device.Overrides[key]; ok {
				want = replaced
			}
			if key != "" && got[key] != want {
				t.Fatalf("%s is %q, want %q", key, got[key], want)
			}
		}
	}
	harmless := in
	harmless.Device = in.Device.Clone()
	harmless.Device.Owner = "x"
	harmless.Device.Label = "x"
	for _, l := range []*vendors.Login{&harmless.XSI, &harmless.Book.Login} {
		if l.User != "" {
			l.User = "x"
		}
		if !l.Password.IsZero() {
			l.Password = phone.NewSecret("x")
		}
	}
	if harmless.Book.Name != "" {
		harmless.Book.Name = "x"
	}
	if !harmless.Device.AdminPassword.IsZero() {
		harmless.Device.AdminPassword = phone.NewSecret("x")
	}
	for i := range harmless.Device.Lines {
		l := &harmless.Device.Lines[i]
		l.User, l.AuthID, l.Password, l.DisplayName, l.Label = "x", "x", phone.NewSecret("x"), "x", "x"
	}
	for k, want := range in.Device.Overrides {
		if got[k] != want {
			t.Fatalf("override %s is %q, want %q", k, got[k], want)
		}
		harmless.Device.Overrides[k] = "x"
	}
	plain, err := vendors.All().Render(harmless)
	if err != nil {
		t.Fatal(err)
	}
	want, err := known.read(s, plain)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("got %d parameters, a harmless device has %d\n%s", len(got), len(want), body)
	}
	for k := range got {
		if _, ok := want[k]; !ok {
			t.Fatalf("parameter %s came from a value\n%s", k, body)
		}
	}
}

// TestHoldingNeverDependsOnTheDevice tries the rule with any device at all.
func TestHoldingNeverDependsOnTheDevice(t *testing.T) {
	for _, s := range allSamples() {
		v := s.vendor
		in := input(t, v, vendors.Holding)
		in.Device = phone.Device{MAC: in.Device.MAC, Vendor: v}
		want := string(render(t, in))
		rapid.Check(t, func(rt *rapid.T) {
			in := in
			in.Device = drawn(rt, s, anyText(), anyText())
			in.Device.Model = anyText().Draw(rt, "model")
			body, err := vendors.All().Render(in)
			if err != nil || string(body) != want {
				rt.Fatalf("error %v, got\n%s", err, body)
			}
		})
	}
}
