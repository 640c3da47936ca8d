package vendors_test

import (
	"iter"
	"maps"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

func mapsValues(m map[string]string) iter.Seq[string] { return maps.Values(m) }

func TestOverrideReplaces(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, s samples) {
		in := input(t, m.Vendor, vendors.Full)
		in.Device.Overrides = s.replaces
		got := values(t, in)
		for k, want := range s.replaces {
			if got[k] != want {
				t.Errorf("%s is %q, want %q", k, got[k], want)
			}
		}
		for _, name := range s.badNames {
			in.Device.Overrides = map[string]string{name: "1"}
			if _, err := vendors.All().Render(in); err == nil {
				t.Errorf("override %s was taken", name)
			}
		}
	})
	in := input(t, "poly", vendors.Full)
	in.Device.Overrides = map[string]string{"device.net.vlanId": "20"}
	if got := values(t, in)["device.net.vlanId.set"]; got != "1" {
		t.Errorf("override of device.net.vlanId: its .set is %q, want 1", got)
	}
}

func TestResyncSpreads(t *testing.T) {
	seen := map[int]bool{}
	for i := range 64 {
		in := input(t, "yealink", vendors.Full)
		in.File.MAC[5], in.Device.MAC[5] = byte(i), byte(i)
		minutes, err := strconv.Atoi(values(t, in)["static.auto_provision.repeat.minutes"])
		if err != nil || minutes < 240 || minutes >= 360 {
			t.Fatalf("got %d minutes (%v), want four to six hours", minutes, err)
		}
		seen[minutes] = true
	}
	if len(seen) < 20 {
		t.Errorf("64 phones share %d moments", len(seen))
	}
}

func TestRenderRefuses(t *testing.T) {
	tests := []struct {
		name   string
		vendor phone.Vendor
		stage  vendors.Stage
		spoil  func(*vendors.Input)
	}{
		{"config of another phone", "yealink", vendors.Full, func(in *vendors.Input) { in.Device.MAC[5]++ }},
		{"no device", "snom", vendors.Holding, func(in *vendors.Input) { in.Device = phone.Device{} }},
		{"no stage", "poly", 0, func(*vendors.Input) {}},
		{"absent file", "yealink", vendors.Full, func(in *vendors.Input) { in.File.Kind = vendors.Absent }},
		{"boot file of snom", "snom", vendors.Full, func(in *vendors.Input) { in.File.Kind = vendors.Boot }},
		{"vendor not served", "snom", vendors.Full, func(in *vendors.Input) { in.File.Vendor = "acme" }},
		{"invalid line", "poly", vendors.Full, func(in *vendors.Input) { in.Device.Lines = []phone.Line{{User: "a b"}} }},
		{"no zone", "snom", vendors.Full, func(in *vendors.Input) { in.Site.Zone = "Nowhere/Land" }},
		{"no address of the box", "yealink", vendors.Holding, func(in *vendors.Input) { in.Box.Addr = netip.Addr{} }},
		{"URL without a scheme", "poly", vendors.Full, func(in *vendors.Input) { in.Box.URL = "10.20.0.1/cfg/" }},
		{"line break in the state's text", "yealink", vendors.Holding, func(in *vendors.Input) { in.Hold.Text = "a\naccount.1.enable = 0" }},
		{"line break in the login", "snom", vendors.Holding, func(in *vendors.Input) { in.Login.User = "a\rb" }},
		{"word that clears", "yealink", vendors.Full, func(in *vendors.Input) {
			in.Device.Lines = []phone.Line{{Registrar: "a.example", User: "1", Password: phone.NewSecret("%null%")}}
		}},
		{"password with a blank at its end", "yealink", vendors.Full, func(in *vendors.Input) {
			in.Device.Lines = []phone.Line{{Registrar: "a.example", User: "1", Password: phone.NewSecret("secret ")}}
		}},
		{"admin password with a blank at its end", "yealink", vendors.Full, func(in *vendors.Input) { in.Device.AdminPassword = phone.NewSecret("secret ") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := input(t, tt.vendor, tt.stage)
			tt.spoil(&in)
			body, err := vendors.All().Render(in)
			if err == nil || body != nil {
				t.Fatalf("got %d bytes and error %v, want a refusal", len(body), err)
			}
			if strings.Contains(err.Error(), "secret ") {
				t.Errorf("the error tells a password: %v", err)
			}
		})
	}
}
