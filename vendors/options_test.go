package vendors_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

func options(t *testing.T, v phone.Vendor, box vendors.Box) []vendors.Option {
	t.Helper()
	m, ok := vendors.All().Of(v)
	if !ok {
		t.Fatalf("no vendor %s", v)
	}
	return m.Options(box)
}

func TestOptions(t *testing.T) {
	box := vendors.Box{URL: "http://10.20.0.1:8080/cfg/", Addr: netip.MustParseAddr("10.20.0.1")}
	url := []byte("http://10.20.0.1:8080/cfg/")
	tftp := vendors.Option{Code: 150, Value: []byte{10, 20, 0, 1}}
	whole := []vendors.Option{{Code: 66, Value: url, Always: true}, {Code: 160, Value: url, Always: true}, tftp}
	want := map[phone.Vendor][]vendors.Option{
		"yealink": whole,
		"poly":    whole,
		"snom": {
			{Code: 66, Value: []byte("http://10.20.0.1:8080"), Always: true},
			{Code: 67, Value: []byte("cfg/"), Always: true},
			{Code: 43, Value: []byte("\x42\x16http://10.20.0.1:8080\x00\x43\x05cfg/\x00"), Always: true},
			tftp,
		},
	}
	for v, w := range want {
		if d := cmp.Diff(w, options(t, v, box)); d != "" {
			t.Errorf("%s (-want +got)\n%s", v, d)
		}
	}
}

// TestOptionsSnomExample has the bytes of the maker's own example of 43.
func TestOptionsSnomExample(t *testing.T) {
	for _, o := range options(t, "snom", vendors.Box{URL: "http://test/snom/settings.php"}) {
		if o.Code == 43 {
			want := "\x42\x0chttp://test\x00\x43\x12snom/settings.php\x00"
			if string(o.Value) != want {
				t.Errorf("got %q, want %q", o.Value, want)
			}
			return
		}
	}
	t.Error("no option 43")
}

// TestNoFolder: a URL without a folder leaves nothing for option 67.
func TestNoFolder(t *testing.T) {
	for _, o := range options(t, "snom", vendors.Box{URL: "http://10.20.0.1/"}) {
		if o.Code == 67 {
			t.Errorf("got option 67 %q, want none", o.Value)
		}
	}
}
