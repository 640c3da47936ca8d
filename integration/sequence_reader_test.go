package integration

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadSheet(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		want sheet
	}{
		"lines":      {"#!v\na.b = c = d\nE=\"f g\"\n", sheet{{"a.b", "c = d"}, {"E", "f g"}}},
		"colons":     {"# x\nhttp path: a=b\nempty:\n", sheet{{"http path", "a=b"}, {"empty", ""}}},
		"commands":   {"SET A \"b = c\"\nGET d.txt\n", sheet{{"A", "b = c"}, {"GET", "d.txt"}}},
		"session":    {"cli version 3.20\nport 1 on\n", sheet{{"cli", "version"}, {"cli version", "3.20"}, {"port", "1"}, {"port 1", "on"}}},
		"ini table":  {"a = 'b'\n[ T ]\nFORMAT T_Index = T_A, T_B;\nT 0 = 1, x;\n[ \\T ]\nc = d\n", sheet{{"a", "b"}, {"T 0 T_A", "1"}, {"T 0 T_B", "x"}, {"c", "d"}}},
		"elements":   {`<r><a idx="1">x &amp; y</a><b><c>z</c></b></r>`, sheet{{"idx", "1"}, {"r/a.1", "x & y"}, {"r/b/c", "z"}}},
		"attributes": {`<r><x a.b="&lt;"/></r>`, sheet{{"a.b", "<"}, {"r/x", ""}}},
		"pairs":      {`<r><p name="n" value="v"/><S value="&quot;w&quot;"/></r>`, sheet{{"n", "v"}, {"r/S", "w"}}},
		"objects":    {`<L><O><N>a.</N><P><N>b</N><V>c</V></P></O></L>`, sheet{{"a.b", "c"}}},
		"latin 1":    {"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><r><p name=\"n\" value=\"M\xfc\"/></r>", sheet{{"n", "Mü"}}},
	} {
		got, err := readSheet(tc.body)
		if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(parameter{})); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", name, err, diff)
		}
	}
	for _, bad := range []string{"<r><a></r>", "<r", "a = b\x00\n", "[ T ]\nFORMAT T_Index = A, B;\nT 0 = 1;\n"} {
		if got, err := readSheet(bad); err == nil {
			t.Errorf("%q was read as %v", bad, got)
		}
	}
}

func TestLoginInSheet(t *testing.T) {
	for value, want := range map[string]string{
		"[--uid u --pwd p]http://10.0.0.1/": "u p", "http://u:p@10.0.0.1/x": "u p", "u": "u p",
	} {
		s := sheet{{"a/User", value}, {"Pass", "p"}}
		if user, password := s.login([]string{"User"}, []string{"Pass"}); user+" "+password != want {
			t.Errorf("%s: got %s %s, want %s", value, user, password, want)
		}
	}
	if got := (sheet{{"http path", "cfg/t/abc"}}).token([]string{"http path"}); got != "t/abc/" {
		t.Errorf("token: got %q, want t/abc/", got)
	}
}
