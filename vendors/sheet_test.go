package vendors_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/lineside/lineside/internal/golden"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// samplePhone is one phone as it shows itself, for tests of other packages that
// play it against a box. Class and Agent are texts of the field, or empty where
// no sample has one.
type samplePhone struct {
	Vendor phone.Vendor `json:"vendor"`
	MAC    string       `json:"mac"`
	Model  string       `json:"model"`
	Class  string       `json:"class,omitempty"` // DHCP option 60
	Agent  string       `json:"agent,omitempty"` // HTTP User-Agent
}

// TestSamplePhones keeps the file other packages read in step with the samples.
func TestSamplePhones(t *testing.T) {
	var list []samplePhone
	for _, s := range allSamples() {
		list = append(list, s.phone(t))
	}
	text, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, filepath.Join("testdata", "phones.json"), append(text, '\n'))
}

// phone puts a User-Agent, the MAC and model in it, and an option 60 together
// that one phone could have sent.
func (s samples) phone(t *testing.T) samplePhone {
	t.Helper()
	p := samplePhone{Vendor: s.vendor, MAC: s.mac, Model: s.model}
	p.Class = s.classOf(s.model)
	for _, a := range s.agents {
		if a.want.Vendor != s.vendor || p.Agent != "" && (p.Class != "" || s.classOf(a.want.Model) == "") {
			continue // the first, or the first that goes with an option 60
		}
		p.Agent = a.text
		if !a.want.MAC.IsZero() {
			p.MAC = a.want.MAC.Hex()
		}
		if a.want.Model != "" {
			p.Model = a.want.Model
		}
		p.Class = s.classOf(p.Model)
	}
	if id, ok := vendors.All().ByAgent(p.Agent); p.Agent != "" && (!ok || id.Vendor != s.vendor) {
		t.Errorf("%s: %q is recognised as %q", s.vendor, p.Agent, id.Vendor)
	}
	return p
}

// classOf is an option 60 of that model, or one that names none. Those that are
// no text have no place in the file.
func (s samples) classOf(model string) string {
	for _, c := range s.classes {
		if c.want.Vendor == s.vendor && (c.want.Model == model || c.want.Model == "") && !strings.ContainsFunc(c.text, notText) {
			return c.text
		}
	}
	return ""
}

func notText(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) }
