package pages

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestListKeepsItsPlaceInTheAddress(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/devices?q=a%26b&state=needed&sort=label&from=50&other=x", nil)
	l := (&visit{r: r}).list("state")
	l.Total, l.Shown = 160, 50
	for name, c := range map[string]struct{ got, want string }{
		"here":           {l.Here(), "/devices?from=50&q=a%26b&sort=label&state=needed"},
		"other filter":   {l.With("state", ""), "/devices?q=a%26b&sort=label"},
		"sorted back":    {l.SortBy("label"), "/devices?down=1&q=a%26b&sort=label&state=needed"},
		"sorted anew":    {l.SortBy("mac"), "/devices?q=a%26b&sort=mac&state=needed"},
		"page before":    {l.Earlier(), "/devices?q=a%26b&sort=label&state=needed"},
		"page after":     {l.Later(), "/devices?from=100&q=a%26b&sort=label&state=needed"},
		"order":          {l.Order("label") + " " + l.Order("mac"), "ascending none"},
		"what was asked": {l.Text + " " + l.Filter("state"), "a&b needed"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", name, c.got, c.want)
		}
	}
	if !l.Narrowed() || l.First() != 51 || l.Last() != 100 || len(l.Hidden()) != 2 {
		t.Errorf("got %d to %d, hidden %v, want 51 to 100 and two hidden", l.First(), l.Last(), l.Hidden())
	}
	l.Offset, l.Shown = 150, 10
	if l.Later() != "" {
		t.Errorf("got %q after the last page, want none", l.Later())
	}
}

func TestListTakesAnyQuery(t *testing.T) {
	for _, query := range []string{"from=-1", "from=99999999999999999999", "from=x", "q=" + strings.Repeat("ä", 5000), "%zz", "q=%00"} {
		r := httptest.NewRequest(http.MethodGet, "/devices", nil)
		r.URL.RawQuery = query
		l := (&visit{r: r}).list()
		if l.Offset != 0 || len([]rune(l.Text)) > 100 {
			t.Errorf("%.20s: got offset %d and %d runes, want 0 and 100 at most", query, l.Offset, len([]rune(l.Text)))
		}
	}
}

func TestColumns(t *testing.T) {
	c := newColumns("a day", []int{0, 10, 5}, []string{"1", "2", "3"})
	if c.Most != 10 || c.Total != 15 || c.First != "1" || c.Last != "3" || c.Columns[1].Top != "38.000" || c.Columns[2].Y != "21.000" {
		t.Errorf("got %+v", c)
	}
	if c := newColumns("nothing", nil, nil); len(c.Columns) != 0 {
		t.Errorf("got %+v, want no column", c)
	}
}

func TestRing(t *testing.T) {
	r := newRing("phones", []slice{{Count: 998}, {Count: 0}, {Count: 2}})
	if r.Total != 1000 || r.Slices[2].Size < "0.990" || r.Slices[0].Start != "100.000" || r.Slices[0].Size != "99.008" || r.Slices[0].Rest != "0.992" {
		t.Errorf("got %+v, want two of a thousand to be seen", r)
	}
	if r := newRing("phones", []slice{{}}); r.Total != 0 {
		t.Errorf("got %+v, want none", r)
	}
}

func TestLocal(t *testing.T) {
	for to, want := range map[string]string{
		"/devices?q=1": "/devices?q=1", "": "/", "https://evil.example/": "/", "//evil.example/": "/", "/\\evil.example": "/",
		"/\t/evil.example": "/", "javascript:alert(1)": "/", "/sign-out": "/", "devices": "/", "/%zz": "/", "http:/x": "/",
	} {
		if got := local(to); got != want {
			t.Errorf("%q: got %q, want %q", to, got, want)
		}
	}
}

// FuzzLocal: wherever a link leads after signing in, it is on this box.
func FuzzLocal(f *testing.F) {
	for _, s := range []string{"/a?b#c", "//x", "/\\x", "http://x", "/..//x", "/%2f/x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, to string) {
		got := local(to)
		if !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n\t") {
			t.Errorf("%q: got %q, want a path of this box", to, got)
		}
	})
}
