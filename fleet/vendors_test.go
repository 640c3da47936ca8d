package fleet_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/fleet"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// rendered serves what the vendors table writes for one device, to whoever
// asks.
type rendered struct {
	table vendors.Table
	input vendors.Input
}

func (r rendered) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	in := r.input
	var ok bool
	if in.File, ok = r.table.File(path.Base(req.URL.Path), in.Device.Vendor); !ok || in.File.Kind == vendors.Absent {
		http.NotFound(w, req)
		return
	}
	body, err := r.table.Render(in)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(body)
}

// TestReadsRendered: a phone takes from the configs this project writes what
// was put into them, by a parser that shares nothing with the templates.
func TestReadsRendered(t *testing.T) {
	devices := []phone.Device{
		{MAC: phone.MAC{0x00, 0x15, 0x65, 0x4a, 0xa9, 0x37}, Vendor: "yealink", Model: "T46G"},
		{MAC: phone.MAC{0x00, 0x04, 0x13, 0x92, 0x2d, 0x24}, Vendor: "snom", Model: "D785"},
		{MAC: phone.MAC{0x64, 0x16, 0x7f, 0x9f, 0x4c, 0x90}, Vendor: "poly", Model: "VVX410"},
	}
	for _, d := range devices {
		d.Lines = []phone.Line{{
			Registrar: "sip.example.net", Transport: phone.TLS, User: "4711", AuthID: "auth-4711",
			Password: phone.NewSecret(`p<&"s>5`), DisplayName: "Ada & Co", Label: "Desk 12",
		}}
		for stage, want := range map[vendors.Stage]fleet.Outcome{
			vendors.Holding: fleet.Waiting, vendors.Full: fleet.Provisioned,
		} {
			t.Run(string(d.Vendor)+" "+string(want), func(t *testing.T) { readRendered(t, d, stage, want) })
		}
	}
}

func readRendered(t *testing.T, d phone.Device, stage vendors.Stage, want fleet.Outcome) {
	table := vendors.All()
	r := &rendered{table: table}
	srv := httptest.NewServer(r)
	t.Cleanup(srv.Close)
	r.input = vendors.Input{
		Stage: stage, Device: d, Year: 2026,
		Site:  phone.Site{Name: "Branch", Zone: "Europe/Berlin", Language: "de", Emergency: []string{"110", "112"}},
		Box:   vendors.Box{URL: srv.URL + "/cfg/", Addr: netip.MustParseAddr("127.0.0.1"), SIPPort: 5060},
		Login: vendors.Login{User: "own-user", Password: phone.NewSecret("own-secret")},
		Hold:  vendors.Hold{Text: "Authentication needed", User: "hold-user", Password: phone.NewSecret("hold-secret"), Hotline: "*89"},
	}
	c := fleet.Config{MAC: d.MAC, Vendor: d.Vendor, Model: d.Model, URL: srv.URL + "/cfg/", Asks: 1}
	res, err := newPhone(t, c, nil, func(e fleet.Event) { t.Log(e.Text) }).Boot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if res.Outcome != want {
		t.Errorf("got %s, want %s", res.Outcome, want)
	}
	if res.Settings.User != "own-user" || res.Settings.Password.Reveal() != "own-secret" {
		t.Errorf("got login %s, want own-user with its password", res.Settings.User)
	}
	account := fleet.Account{
		Registrar: "sip.example.net", User: "4711", AuthID: "auth-4711",
		Password: phone.NewSecret(`p<&"s>5`), DisplayName: "Ada & Co", Label: "Desk 12",
	}
	if stage == vendors.Holding {
		hotline := "*89"
		if d.Vendor == "poly" {
			hotline = "" // theirs would dial at once and take emergency calls away
		}
		if res.Settings.Hotline != hotline || !strings.HasPrefix(res.Settings.Display, "Authentication needed") {
			t.Errorf("got hotline %q, display %q; want %q and the state's text", res.Settings.Hotline, res.Settings.Display, hotline)
		}
		return
	}
	if d.Vendor != "snom" {
		account.Port = "5061" // snom's would stand beside the host, and 5061 goes without saying
	}
	if diff := cmp.Diff([]fleet.Account{account}, res.Settings.Accounts, cmp.Comparer(sameSecret)); diff != "" {
		t.Errorf("accounts (-want +got):\n%s", diff)
	}
}
