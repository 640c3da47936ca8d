package phone_test

import (
	"strings"
	"testing"

	"github.com/lineside/lineside/phone"
)

func good() phone.Device {
	return phone.Device{
		MAC: phone.MAC{0, 0x15, 0x65, 1, 2, 3}, Vendor: "yealink", Model: "T46G", Label: "Empfang <1> & \"Grüße\"",
		Lines:     []phone.Line{{Registrar: "sip.example.net", Port: 5061, Transport: phone.TLS, OutboundProxy: "[2001:db8::1]:5060", User: "1001", Password: phone.NewSecret("p&<>\"'")}},
		Overrides: map[string]string{"features.dnd_mode": "1"},
	}
}

func TestDeviceValidate(t *testing.T) {
	if err := good().Validate(); err != nil {
		t.Fatalf("a good device: got %v", err)
	}
	for field, spoil := range map[string]func(*phone.Device){
		"mac":                    func(d *phone.Device) { d.MAC = phone.MAC{} },
		"vendor":                 func(d *phone.Device) { d.Vendor = "" },
		"label":                  func(d *phone.Device) { d.Label = "a\nb" },
		"model":                  func(d *phone.Device) { d.Model = strings.Repeat("x", 300) },
		"lines":                  func(d *phone.Device) { d.Lines = make([]phone.Line, 99) },
		"line 1: registrar":      func(d *phone.Device) { d.Lines[0].Registrar = "sip example" },
		"line 1: port":           func(d *phone.Device) { d.Lines[0].Port = 70000 },
		"line 1: transport":      func(d *phone.Device) { d.Lines[0].Transport = "sctp" },
		"line 1: outbound_proxy": func(d *phone.Device) { d.Lines[0].OutboundProxy = "a:b:c" },
		"line 1: user":           func(d *phone.Device) { d.Lines[0].User = "10 01" },
		"line 1: auth_id":        func(d *phone.Device) { d.Lines[0].AuthID = "a\"b" },
		"line 1: password":       func(d *phone.Device) { d.Lines[0].Password = phone.NewSecret("a\r\nb") },
		"overrides":              func(d *phone.Device) { d.Overrides[" a"] = "1" },
		"overrides: value":       func(d *phone.Device) { d.Overrides["a"] = "1\u2028b" },
		"admin_password":         func(d *phone.Device) { d.AdminPassword = phone.NewSecret("a\x00b") },
	} {
		t.Run(field, func(t *testing.T) {
			d := good()
			spoil(&d)
			if err := d.Validate(); err == nil || !strings.Contains(err.Error(), field) {
				t.Errorf("got %v, want an error naming %s", err, field)
			}
		})
	}
}

func TestCloneSharesNothing(t *testing.T) {
	a := good()
	b := a.Clone()
	b.Lines[0].User, b.Overrides["x"] = "changed", "y"
	if a.Lines[0].User == "changed" || a.Overrides["x"] != "" {
		t.Error("a change of the clone shows in the original")
	}
}

func TestSiteValidate(t *testing.T) {
	site := phone.Site{Name: "Hamburg", Zone: "Europe/Berlin", Language: "de", Emergency: []string{"110", "112"}, SBC: "sbc.example.net:5060"}
	if err := site.Validate(); err != nil {
		t.Fatalf("a good site: got %v", err)
	}
	for field, spoil := range map[string]func(*phone.Site){
		"site.timezone":  func(s *phone.Site) { s.Zone = "Mars/Olympus" },
		"site.language":  func(s *phone.Site) { s.Language = "fr" },
		"site.emergency": func(s *phone.Site) { s.Emergency = []string{"help"} },
		"site.sbc":       func(s *phone.Site) { s.SBC = "a b" },
	} {
		s := site
		spoil(&s)
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: got %v, want an error naming it", field, err)
		}
	}
}

// TestOverrideNames: a name is any the makers use, on one line and without blanks
// at its ends.
func TestOverrideNames(t *testing.T) {
	for name, want := range map[string]bool{
		"features.dnd_mode": true, "sip line1 screen name": true, "3PCC_SERVER_MODE": true, "voip/line/0/id": true,
		"sipProfile/sipLines/line[button=1]/proxy": true, "port fxs 0 1/no shutdown": true, "administrator admin password {}": true,
		"dst [start|end] relative date": true, strings.Repeat("x", phone.MaxOverrideName): true,
		"": false, " a": false, "a ": false, "a\tb": false, "a\nb": false, "a\x7f": false, "ä": false, "a\u202eb": false,
		"a\xff": false, strings.Repeat("x", phone.MaxOverrideName+1): false,
	} {
		d := good()
		d.Overrides = map[string]string{name: "1"}
		if err := d.Validate(); (err == nil) != want {
			t.Errorf("%.40q: got %v, want it taken: %v", name, err, want)
		}
	}
}
