package vendors_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lineside/lineside/vendors"
)

// formatReaders are independent readers of the formats, by their name. Each
// gives exactly the parameters of the case or an error.
func formatReaders() map[string]func(body []byte, keys [3]string) (map[string]string, error) {
	lines := func(s lineSyntax) func([]byte, [3]string) (map[string]string, error) {
		if s.end == "" {
			s.end = "\n"
		}
		return func(body []byte, _ [3]string) (map[string]string, error) { return s.read(string(body)) }
	}
	plain := func(read func([]byte) (map[string]string, error)) func([]byte, [3]string) (map[string]string, error) {
		return func(body []byte, _ [3]string) (map[string]string, error) { return read(body) }
	}
	pairs := func(tag, name, value string, wrapped bool) func([]byte, [3]string) (map[string]string, error) {
		return plain(func(b []byte) (map[string]string, error) { return readPairs(b, tag, name, value, wrapped) })
	}
	noComment := func(s string) (string, error) {
		if strings.Contains(s, ";") {
			return "", errors.New("a comment")
		}
		return strings.TrimSpace(s), nil
	}
	return map[string]func([]byte, [3]string) (map[string]string, error){
		"k = v":            lines(lineSyntax{head: "#!version:1.0.0.1\n", between: " = ", empty: "%NULL%"}),
		"k=v":              lines(lineSyntax{between: "=", value: noComment}),
		"k: v":             lines(lineSyntax{between: ": "}),
		"k: v with quotes": plain(func(b []byte) (map[string]string, error) { return readMitel(string(b)) }),
		`k="v"`:            lines(lineSyntax{head: "# Head #\r\n", end: "\r\n", between: "=", value: unquote}),
		"SET k v":          lines(lineSyntax{before: "SET ", between: " ", value: unquoteSome}),
		"flat XML":         plain(func(b []byte) (map[string]string, error) { return readFlat(b) }),
		"P-values":         plain(func(b []byte) (map[string]string, error) { return readFlat(b, "config") }),
		"attribute XML":    plain(readAttributes), "pairs in attributes": pairs("param", "name", "value", false),
		"pairs with quotes": pairs("SYMB_ITEM", "ID", "value", true), "pairs as text": pairs("item", "name", "", false),
		"tree XML": plain(readTree), "tree with dots": plain(readFanvil), "objects": plain(readObjects), "ini tables": plain(readINI), "script": readCase, "script modes": readModes,
		"gigaset nvm":      plain(readNVMCase),
		"gigaset firmware": plain(func(b []byte) (map[string]string, error) { return readNVM(b, `<provisioning version="1.1">`) }),
		"gigaset frame":    plain(func(b []byte) (map[string]string, error) { return readFrame(b, "N510") }),
	}
}

// readFlat reads flat XML in the root, or in the one element of that name below.
func readFlat(body []byte, below ...string) (map[string]string, error) {
	at, err := parseXML(body)
	if err != nil {
		return nil, err
	}
	for _, name := range below {
		if len(at.Under) != 1 || at.Under[0].XMLName.Local != name {
			return nil, fmt.Errorf("no single %s", name)
		}
		at = at.Under[0]
	}
	return readElements(at, "idx")
}

// readCase finds the case's three commands again and no other.
func readCase(body []byte, keys [3]string) (map[string]string, error) {
	commands, err := readScript(string(body), "cli version 3.20\n", "context", "interface")
	if err != nil {
		return nil, err
	}
	if len(commands) != len(keys) {
		return nil, fmt.Errorf("%d commands, want %d: %q", len(commands), len(keys), commands)
	}
	want := [3][]string{{"context ip router", "interface eth0", "label", ""}, {"context ip router", "name", ""}, {"administrator", "", "password", "x"}}
	got := map[string]string{}
	for i, c := range commands {
		hole := slices.Index(want[i], "")
		if len(c) != len(want[i]) {
			return nil, fmt.Errorf("command %q", c)
		}
		got[keys[i]] = c[hole]
		c[hole] = ""
		if !slices.Equal(c, want[i]) {
			return nil, fmt.Errorf("command %q", c)
		}
	}
	return got, nil
}

// readModes finds a value that names a mode, and two that end a command.
func readModes(body []byte, keys [3]string) (map[string]string, error) {
	commands, err := readScript(string(body), "cli version 3.20\n", "context")
	if err != nil {
		return nil, err
	}
	if len(commands) != len(keys) || len(commands[0]) != 2 || commands[0][1] != "shutdown" {
		return nil, fmt.Errorf("commands %q", commands)
	}
	mode, ok := strings.CutPrefix(commands[0][0], "context ip ")
	if !ok || len(commands[1]) != 2 || commands[1][0] != "administrator" || len(commands[2]) != 2 || commands[2][0] != "name" {
		return nil, fmt.Errorf("commands %q", commands)
	}
	return map[string]string{keys[0]: mode, keys[1]: commands[1][1], keys[2]: commands[2][1]}, nil
}

// readNVMCase is readGigaset with the names parameters have, less the operation
// that ends every file.
func readNVMCase(body []byte) (map[string]string, error) {
	got, err := readGigaset(body)
	if err != nil {
		return nil, err
	}
	if _, ok := got["update_dm local"]; !ok {
		return nil, errors.New("the last operation is missing")
	}
	delete(got, "update_dm local")
	if status, ok := got["add_hs 00001"]; ok {
		got["add_hs.00001"] = status
		delete(got, "add_hs 00001")
	}
	return got, nil
}

// checkFormat is the property: a file reads back as the three values and as
// nothing else. A value that is refused is no violation.
func checkFormat(c vendors.FormatCase, values [3]string, escaped bool) error {
	body, err := c.Write(values, escaped)
	if err != nil {
		return nil
	}
	got, err := formatReaders()[c.Name](body, c.Keys)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, body)
	}
	if len(got) != len(c.Keys) {
		return fmt.Errorf("%d parameters, want %d\n%s", len(got), len(c.Keys), body)
	}
	for i, k := range c.Keys {
		if v, ok := got[k]; !ok || v != values[i] {
			return fmt.Errorf("%s reads %q (there: %v), want %q\n%s", k, v, ok, values[i], body)
		}
	}
	return nil
}

// breakers are values that mean something in one of the syntaxes.
var breakers = []string{
	"", "plain", "two words", " a", "a ", "a\nalpha = 1", "a\r\nb: c", "a\rb", "a\x00b", "\u2028x", "\u0085x", "\ufffe", "\xff",
	"]]>", "</alpha>", `" x="y`, `"`, `'`, `a" b`, "%NULL%", "%empty%", "#", "# c", "a # c", ";x", "&amp;", "&", "<", "<!-- -->", "\\", "\\\"", "a\\",
	"$(system.mac)", "?", "exit", "0x12", "$x", "`id`", "a=b", "a: b", "SET a b", "{mac}", "漢字 ü",
}

// TestFormats: whatever a value is, no format lets it become more than a value.
func TestFormats(t *testing.T) {
	for _, c := range vendors.FormatCases() {
		t.Run(c.Name, func(t *testing.T) {
			if err := checkFormat(c, [3]string{"one", "two", "three"}, true); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Write([3]string{"one", "two", "three"}, true); err != nil {
				t.Fatalf("harmless values: %v", err)
			}
			for _, v := range breakers {
				for i := range c.Keys {
					values := [3]string{"one", "two", "three"}
					values[i] = v
					if err := checkFormat(c, values, true); err != nil {
						t.Errorf("%q: %v", v, err)
					}
				}
			}
			rapid.Check(t, func(rt *rapid.T) {
				values := [3]string{anyText().Draw(rt, "first"), anyText().Draw(rt, "second"), anyText().Draw(rt, "third")}
				if err := checkFormat(c, values, true); err != nil {
					rt.Fatal(err)
				}
			})
		})
	}
}

// TestFormatsNeedTheirEscaper takes each format's escaper out and has the same
// property find it. Were it to hold all the same, it would be no test.
func TestFormatsNeedTheirEscaper(t *testing.T) {
	for _, c := range vendors.FormatCases() {
		found := 0
		for _, v := range breakers {
			if checkFormat(c, [3]string{"one", v, "three"}, false) != nil {
				found++
			}
		}
		if found < 3 {
			t.Errorf("%s without its escaper: %d values broke out, want 3 or more", c.Name, found)
		}
	}
}

// TestFormatsTakeOrdinaryText: an escaper that refuses everything would pass
// the property.
func TestFormatsTakeOrdinaryText(t *testing.T) {
	for _, c := range vendors.FormatCases() {
		for _, v := range []string{"Anna Müller", "p4ss.w0rd!", "sip.example.net:5061", "http://10.20.0.1/cfg/"} {
			if _, err := c.Write([3]string{v, v, v}, true); err != nil {
				t.Errorf("%s: %q: %v", c.Name, v, err)
			}
		}
	}
}

// TestNumbersGoUnquoted: "0x12" a user typed is text; one of ours is a number.
func TestNumbersGoUnquoted(t *testing.T) {
	const want = "<SYMB_ITEM ID=\"a\" value=\"0x12\"/>\n"
	if got, err := vendors.NumberPair("a", "0x12"); err != nil || got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
}

func FuzzFormats(f *testing.F) {
	cases := vendors.FormatCases()
	for i := range cases {
		for _, v := range breakers {
			f.Add(uint8(i), v, "x")
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, a, b string) {
		c := cases[int(which)%len(cases)]
		if err := checkFormat(c, [3]string{a, b, a + b}, true); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	})
}

// TestNames: what operators call a parameter cannot break out either.
func TestNames(t *testing.T) {
	tests := map[string]struct {
		holds func(string) bool
		good  []string
		bad   []string
	}{
		"tree":   {vendors.TreeHolds, []string{"a", "a/b", "a/line[button=1]/x", "a/l[b=1][c=d.2]/x"}, []string{"", "/a", "a/", "a//b", "1a", "a[b]", "a[b=c", "a[b=c]]", `a[b="c"]`, "a b", "a[b=c d]", "a<b", "a/../b"}},
		"script": {vendors.ScriptHolds, []string{"ntp", "context ip router/interface eth0/ipaddress {}", "user {} password {}"}, []string{"", "a//b", " a", "a ", "a;b", "a\nb", "a\"b", "a?b", "$(x)", "{}"}},
		"yealink": {func(s string) bool { m, _ := vendors.All().Of("yealink"); return m.HoldsName(s) },
			[]string{"account.1.label", "features.dnd-mode"}, []string{"", "1a", "a b", "a=b", "a\nb", "#a", "a:"}},
	}
	for name, tt := range tests {
		for _, s := range tt.good {
			if !tt.holds(s) {
				t.Errorf("%s: %q is refused", name, s)
			}
		}
		for _, s := range tt.bad {
			if tt.holds(s) {
				t.Errorf("%s: %q is taken", name, s)
			}
		}
	}
}
