package operators

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestBearer(t *testing.T) {
	for name, tc := range map[string]struct {
		headers []string
		want    string
	}{
		"none": {nil, ""}, "two": {[]string{"Bearer a", "Bearer a"}, ""}, "other scheme": {[]string{"Basic a"}, ""},
		"right": {[]string{"Bearer abc"}, "abc"}, "in lower case": {[]string{"bearer  abc "}, "abc"},
		"no token": {[]string{"Bearer "}, ""}, "bare token": {[]string{"abc"}, ""},
	} {
		got, ok := Bearer(tc.headers)
		if ok != (tc.want != "") || ok && got != tc.want {
			t.Errorf("%s: got %q %v, want %q", name, got, ok, tc.want)
		}
	}
}

func TestTriesAreBounded(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	tr := newTries(2, time.Minute, 3)
	wrong := func(at time.Time, addr string) time.Duration { return tr.Wrong(at, netip.MustParseAddr(addr)).Wait }
	steps := []struct {
		after time.Duration
		addr  string
		wait  time.Duration
	}{
		{0, "10.0.0.1", 0}, {0, "10.0.0.1", 0}, {time.Second, "10.0.0.1", 59 * time.Second},
		{0, "10.0.0.2", 0},
		{0, "2001:db8::1", 0}, {0, "2001:db8::2", 0}, {0, "2001:db8::3", time.Minute}, // one /64
		{0, "10.0.0.3", 0}, {0, "10.0.0.4", 0}, {0, "10.0.0.5", time.Minute}, // no room: one count
		{2 * time.Minute, "10.0.0.5", 0}, // the old ones made room
		{2 * time.Minute, "10.0.0.1", 0}, {2 * time.Minute, "10.0.0.1", 0}, {2 * time.Minute, "10.0.0.1", time.Minute},
		{time.Minute - 3*time.Hour, "10.0.0.1", 0}, // the clock was set back
	}
	for i, s := range steps {
		if got := wrong(now.Add(s.after), s.addr); got != s.wait {
			t.Errorf("step %d, %s: got a wait of %v, want %v", i, s.addr, got, s.wait)
		}
		if len(tr.counts) > 4 {
			t.Fatalf("step %d: the table has %d entries, want 4 at most", i, len(tr.counts))
		}
	}
}

func TestGuardedCells(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "x": "x", "=1": "'=1", "+49": "'+49", "-1": "'-1", "@x": "'@x", "'=1": "''=1", "'x": "'x", "'": "'",
	} {
		if got := GuardCell(in); got != want || UnguardCell(got) != in {
			t.Errorf("%q: got %q and back %q, want %q", in, got, UnguardCell(got), want)
		}
	}
}

// FuzzCell: no cell an export writes is run as a formula, and an import gives
// back what there was.
func FuzzCell(f *testing.F) {
	f.Add("=1+1")
	f.Add("''@x")
	f.Fuzz(func(t *testing.T, cell string) {
		got := GuardCell(cell)
		if UnguardCell(got) != cell || got != "" && strings.IndexByte("=+-@", got[0]) >= 0 {
			t.Errorf("%q: got %q and back %q", cell, got, UnguardCell(got))
		}
	})
}

// FuzzDecode: what is not taken is said with what to do about it.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"name":"a"}`, `{"name":1}`, `{"nam":""}`, `{} {}`, `{"addr":"x"}`, ``, `[`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var in struct {
			Name string     `json:"name"`
			Addr netip.Addr `json:"addr"`
		}
		err := Decode(bytes.NewReader(data), &in, "/openapi.json")
		var e *Error
		if err != nil && (!errors.As(err, &e) || e.What == "" || e.Hint == "" || e.Status != 400) {
			t.Errorf("%q: got %v, want an error with a hint", data, err)
		}
	})
}
