package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
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
		got, ok := bearer(tc.headers)
		if ok != (tc.want != "") || ok && got != tc.want {
			t.Errorf("%s: got %q %v, want %q", name, got, ok, tc.want)
		}
	}
}

func TestTriesAreBounded(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	tr := newTries(2, time.Minute, 3)
	wrong := func(at time.Time, addr string) time.Duration { return tr.wrong(at, netip.MustParseAddr(addr)).wait }
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

func TestSpellNamesEveryFault(t *testing.T) {
	err := fmt.Errorf("device x is %w:\n%w", provision.ErrInvalid,
		errors.Join(errors.New("mac: missing"), fmt.Errorf("line 2: %w", errors.Join(errors.New("user: missing"), errors.New("port: 7")))))
	want := []string{"mac: missing", "line 2: user: missing", "line 2: port: 7"}
	if got := spell("", err); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	single := fmt.Errorf("OTP is %w: too short", provision.ErrInvalid)
	if got := spell("", single); !slices.Equal(got, []string{"OTP is not valid: too short"}) {
		t.Errorf("got %q", got)
	}
}

// FuzzDeviceInput: decoding never panics, errors always have their hint, and
// what was understood means the same after it is written and read again.
func FuzzDeviceInput(f *testing.F) {
	f.Add([]byte(`{"mac":"00:04:f2:01:02:03","vendor":"poly","label":null,"lines":[{"registrar":"r","user":"u","password":null}]}`))
	f.Add([]byte(`{"overrides":{"a":null,"b":"c"},"rev":7,"plain_tftp":true,"admin_password":"x"}`))
	f.Add([]byte(`{"lines":null,"overrides":null}`))
	f.Add([]byte(`{"lines":[{"colour":1}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var in DeviceInput
		if err := decode(bytes.NewReader(data), &in); err != nil {
			e, known := errorFor(err)
			if !known || e.Hint == "" || e.What == "" {
				t.Fatalf("an error without words: %v", err)
			}
			return
		}
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var again DeviceInput
		if err := decode(bytes.NewReader(text), &again); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		one := phone.Device{Label: "l", Lines: []phone.Line{{Registrar: "r", User: "u", Password: phone.NewSecret("p")}}}
		two := one.Clone()
		in.apply(&one)
		again.apply(&two)
		if diff := cmp.Diff(one, two, sameSecrets); diff != "" {
			t.Fatalf("written and read again (-first +second):\n%s", diff)
		}
	})
}
