package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

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
		if err := operators.Decode(bytes.NewReader(data), &in, apiDocument); err != nil {
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
		if err := operators.Decode(bytes.NewReader(text), &again, apiDocument); err != nil {
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
