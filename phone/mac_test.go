package phone_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lineside/lineside/phone"
)

func TestParseMAC(t *testing.T) {
	want := phone.MAC{0x1a, 0x2b, 0x3c, 0x4d, 0x5e, 0x6f}
	for _, s := range []string{"1a2b3c4d5e6f", "1A2B3C4D5E6F", "1a:2b:3c:4d:5e:6f", "1A-2B-3C-4D-5E-6F", "1a2b.3c4d.5e6f"} {
		if got, err := phone.ParseMAC(s); err != nil || got != want {
			t.Errorf("%q: got %s, %v; want %s", s, got, err, want)
		}
	}
	for _, s := range []string{
		"", "1a2b3c4d5e6", "1a2b3c4d5e6f0", "1a:2b:3c-4d:5e:6f", "1a2b:3c4d:5e6f", "1a2b-3c4d-5e6f", "g12b3c4d5e6f",
		"1a:2b:3c:4d:5e:6f:", "１a2b3c4d5e6f", "1a.2b.3c.4d.5e.6f", "000000000000", "ffffffffffff", "01005e000001",
		"1a2b.3c4d.5e6f\n", " 1a2b3c4d5e6f", strings.Repeat("a", 500),
	} {
		if got, err := phone.ParseMAC(s); !errors.Is(err, phone.ErrMAC) {
			t.Errorf("%.40q: got %s, %v; want ErrMAC", s, got, err)
		}
	}
}

// FuzzParseMAC checks that what is accepted is written back as it was read.
func FuzzParseMAC(f *testing.F) {
	for _, s := range []string{"1a2b3c4d5e6f", "1a:2b:3c:4d:5e:6f", "1A-2B-3C-4D-5E-6F", "1a2b.3c4d.5e6f", "ffffffffffff", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := phone.ParseMAC(s)
		if err != nil {
			if !m.IsZero() && !strings.Contains(err.Error(), m.String()) {
				t.Errorf("%q: refused, but gave %s", s, m)
			}
			return
		}
		for _, spelt := range []string{m.String(), m.Hex()} {
			if again, err := phone.ParseMAC(spelt); err != nil || again != m {
				t.Errorf("%q: %s reads back as %s, %v", s, spelt, again, err)
			}
		}
		strip := strings.NewReplacer(":", "", "-", "", ".", "")
		if got := strings.ToLower(strip.Replace(s)); got != m.Hex() {
			t.Errorf("%q: digits are %s, got %s", s, got, m.Hex())
		}
	})
}
