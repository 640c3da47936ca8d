package broker

import (
	"bytes"
	"io"
	"net/netip"
	"testing"
)

// FuzzReadProxy: nothing behind the header is read, and an address is taken
// from a whole header only.
func FuzzReadProxy(f *testing.F) {
	mark := string(proxyMark())
	for _, seed := range []string{
		mark + "\x21\x11\x00\x0c\xcb\x00\x71\x07\xc0\x00\x02\x01\x12\x67\x01\xbb" + "GET",
		mark + "\x20\x00\x00\x00rest", mark + "\x21\x11\x00\x02ab", mark + "\x21\x31\x00\x01a", mark + "\x22\x11\x00\x00",
		mark + "\x21\x21\xff\xff", "PROXY TCP4 203.0.113.7 192.0.2.1 1 2\r\n", "",
		mark + "\x21\x21\x00\x24" + string(make([]byte, 36)) + "rest",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		a, err := readProxy(r)
		if err != nil {
			if a.IsValid() {
				t.Errorf("got %v with error %v, want no address", a, err)
			}
			return
		}
		rest, _ := io.ReadAll(r)
		length := int(b[14])<<8 | int(b[15])
		if want := b[16+length:]; !bytes.Equal(rest, want) {
			t.Errorf("left %q behind the header, want %q", rest, want)
		}
		if a.IsValid() && !bytes.HasPrefix(b[16:], a.AsSlice()) && !bytes.HasPrefix(b[16:], mapped(a)) {
			t.Errorf("got %v, want what stands in %x", a, b)
		}
	})
}

func mapped(a netip.Addr) []byte { b := a.As16(); return b[:] }
