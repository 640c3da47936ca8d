package integration

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// newWideLAN is newLAN with a pool so large that phones which come one upon
// another are no run on it.
func newWideLAN(t *testing.T, firstContact string) (*netlab.Lab, *box) {
	t.Helper()
	for _, tool := range []string{"udhcpc", "curl", "tftp"} {
		netlab.Tool(t, tool)
	}
	lab := netlab.New(t)
	host := lab.Host("box", "10.77.0.1/24")
	b := newBox(t, "10.77.0.1/24", host.Interface(), "10.77.0.2-10.77.0.254", firstContact, ports{http: 80, https: 443, tftp: 69, dhcp: 67})
	b.host = host
	b.start(t)
	return lab, b
}

// sample is a phone that asks as its vendor's sheet says.
type sample struct {
	desk
	maker vendors.Maker
	own   phone.MAC
	addr  netip.Addr
	files []vendors.File // its sequence
	rows  record
}

// samplePhones reads the phones package vendors tests itself with: one of each
// vendor, or the list is not whole.
func samplePhones(t *testing.T) []*sample {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "vendors", "testdata", "phones.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		Vendor                   phone.Vendor
		MAC, Model, Class, Agent string
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	known := map[phone.Vendor]*sample{}
	for _, p := range list {
		mac, err := phone.ParseMAC(p.MAC)
		if err != nil {
			t.Fatal(err)
		}
		known[p.Vendor] = &sample{own: mac, desk: desk{name: string(p.Vendor), mac: mac.String(), vendor: p.Vendor, model: p.Model, class: p.Class, agent: p.Agent}}
	}
	var phones []*sample
	for _, m := range vendors.All().Makers() {
		s := known[m.Vendor]
		if s == nil {
			t.Fatalf("no sample phone of %s", m.Vendor)
		}
		s.maker = m
		s.sequence(t)
		phones = append(phones, s)
	}
	return phones
}

// sequence understands the files of the phone's sheet.
func (s *sample) sequence(t *testing.T) {
	t.Helper()
	for _, name := range s.maker.Sequence(s.own, s.model) {
		f, ok := vendors.All().File(name, s.vendor)
		if !ok {
			t.Fatalf("%s asks for %s, which nobody understands", s.vendor, name)
		}
		if s.config == "" && f.Kind == vendors.Config {
			s.config = name
		}
		s.files = append(s.files, f)
	}
	if s.config == "" {
		t.Fatalf("no file of %s holds its config", s.vendor)
	}
}

// openOnly reports a phone that speaks TFTP and nothing else.
func (s *sample) openOnly() bool { return !s.maker.Fetch.Speaks(vendors.HTTP) }

// shows reports a phone a person's login can be shown with.
func (s *sample) shows() bool { return s.maker.Fetch.Auth != vendors.NoAuth || s.maker.Fetch.Asks }
