package pages_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
)

var reception = phone.MAC{0x00, 0x15, 0x65, 0x4a, 0xa9, 0x37}

// oneDevice has the API know one device with a line.
func (s *site) oneDevice() admin.Device {
	d := admin.Device{
		MAC: reception, Vendor: "yealink", Model: "T46S", Label: `Empfang <b>"1"</b>`, Created: s.now.Add(-time.Hour), Rev: 7, Owner: "anna",
		Lines:     []admin.Line{{Registrar: "sip.example.net", User: "1001", HasPassword: true}, {Registrar: "sip.example.net", User: "1002"}},
		Overrides: map[string]string{"features.dnd_mode": phone.Redacted},
		Enrolment: admin.Enrolment{State: "needed", Step: "pin", Next: "enter its PIN"},
		Seen:      &phone.Seen{MAC: reception, At: s.now, Addr: netip.MustParseAddr("10.20.0.60"), Front: "http", Agent: "<script>alert(1)</script>"},
	}
	s.api.set("/api/v1/devices", admin.Page{Total: 1, States: map[string]int{"needed": 1}, Vendors: map[string]int{"yealink": 1, "snom": 0}, Devices: []admin.Device{d}})
	s.api.set("/api/v1/devices/"+reception.String(), d)
	s.api.set("/api/v1/devices/"+reception.String()+"/timeline", admin.Timeline{MAC: reception, Known: true})
	s.api.set("/api/v1/policy", admin.Policy{FirstContact: "pin"})
	return d
}

// TestDevicesAreText: whatever is written of a phone, or said by it, is text; and
// who may only look is offered nothing else.
func TestDevicesAreText(t *testing.T) {
	s := newSite(t)
	s.oneDevice()
	vic := s.visitor(t)
	vic.signIn("vic")
	for _, path := range []string{"/devices", "/devices/" + reception.String()} {
		status, _, body := vic.get(path)
		if status != http.StatusOK || strings.Contains(body, "<b>\"1\"") || strings.Contains(body, "<script>alert") || !strings.Contains(body, "Empfang &lt;b&gt;") {
			t.Errorf("%s: got %d, and the label as HTML or not at all", path, status)
		}
		for _, deed := range []string{"/bulk", "/reset", "/edit", "/config", "/pin", `value="yes">With PINs`} {
			if strings.Contains(body, deed+`"`) || strings.Contains(body, deed) && deed[0] != '/' {
				t.Errorf("%s: a viewer is offered %s", path, deed)
			}
		}
	}
	if status, _, _ := vic.post("/devices/"+reception.String()+"/reset", "sure", "yes"); status != http.StatusForbidden {
		t.Errorf("a viewer's reset: got %d, want 403", status)
	}
}

// sent is what the form for a device sends when nothing is changed.
func sent(t *testing.T, body string) map[string][]string {
	t.Helper()
	form := map[string][]string{"rev": {"7"}, "label": {`Empfang <b>"1"</b>`}, "vendor": {"yealink"}, "model": {"T46S"}, "owner": {"anna"},
		"overrides": {"features.dnd_mode = " + phone.Redacted}}
	for name, values := range map[string][2]string{"user": {"1001", "1002"}, "registrar": {"sip.example.net", "sip.example.net"}, "has_password": {"yes", ""},
		"port": {}, "transport": {}, "outbound_proxy": {}, "auth_id": {}, "display_name": {}, "label": {}, "password": {}} {
		form["line-"+name] = values[:]
	}
	_, rest, ok := strings.Cut(body, `name="was" value="`)
	was, _, _ := strings.Cut(rest, `"`)
	if !ok {
		t.Fatalf("the form does not say what it began with:\n%s", body)
	}
	form["was"] = []string{strings.NewReplacer("&#34;", `"`, "&lt;", "<", "&gt;", ">", "&amp;", "&", `\u003c`, "<", `\u003e`, ">").Replace(was)}
	return form
}

// TestEditSendsWhatWasChanged, and nothing else: fields nobody touched are left to
// whoever else changes them.
func TestEditSendsWhatWasChanged(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(form map[string][]string)
		want   string
	}{
		"nothing":          {func(map[string][]string) {}, `{}`},
		"a label":          {func(f map[string][]string) { f["label"] = []string{"Hall"} }, `{"label":"Hall"}`},
		"an owner away":    {func(f map[string][]string) { f["owner"] = []string{""} }, `{"owner":""}`},
		"an override away": {func(f map[string][]string) { f["overrides"] = []string{""} }, `{"overrides":{"features.dnd_mode":null}}`},
		"an override":      {func(f map[string][]string) { f["overrides"] = []string{"features.dnd_mode = 1 = 2"} }, `{"overrides":{"features.dnd_mode":"1 = 2"}}`},
		"lines turned round": {func(f map[string][]string) {
			for name, values := range f {
				if strings.HasPrefix(name, "line-") {
					f[name] = []string{values[1], values[0]}
				}
			}
		}, `{"lines":[{"registrar":"sip.example.net","user":"1002"},{"registrar":"sip.example.net","user":"1001"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.oneDevice()
			ada := s.visitor(t)
			ada.signIn("ada")
			path := "/devices/" + reception.String() + "/edit"
			_, _, body := ada.get(path)
			form := sent(t, body)
			tt.change(form)
			form["csrf"] = []string{ada.csrf}
			ada.do(http.MethodPost, path, form)
			if got := s.api.last(http.MethodPatch); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestSomebodyElseWasFaster: what was written stays, what was not touched is as it
// is now, and a field both wrote says what the other did.
func TestSomebodyElseWasFaster(t *testing.T) {
	s := newSite(t)
	d := s.oneDevice()
	ada := s.visitor(t)
	ada.signIn("ada")
	path := "/devices/" + reception.String() + "/edit"
	_, _, body := ada.get(path)
	form := sent(t, body)
	form["csrf"], form["label"], form["line-user"] = []string{ada.csrf}, []string{"Mine"}, []string{"1009", "1002"}
	d.Label, d.Model, d.Rev = "Theirs", "T48S", 8
	s.api.set("/api/v1/devices/"+reception.String(), d)
	s.api.set("PATCH /api/v1/devices/"+reception.String(), &admin.Error{Status: http.StatusPreconditionFailed, What: "the device was changed",
		Changed: &operators.Change{By: "bob", Front: "page", At: s.now, Fields: []string{"label", "model"}}})
	status, _, body := ada.do(http.MethodPost, path, form)
	if status != http.StatusPreconditionFailed {
		t.Errorf("got %d, want 412", status)
	}
	for _, want := range []string{"bob has meanwhile changed: Label, Model.", `name="label" value="Mine"`, "Stored now: Theirs", `name="model" value="T48S"`, `value="1009"`, `name="rev" value="8"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the form is without %q", want)
		}
	}
}

// TestBulkOffersWhatItCan: a box for all that were found stands there while one
// call can be about them, and a refusal is told on the list they were chosen on.
func TestBulkOffersWhatItCan(t *testing.T) {
	s := newSite(t)
	d := s.oneDevice()
	ada := s.visitor(t)
	ada.signIn("ada")
	for total, offered := range map[int]bool{1: true, admin.MaxBulk: true, admin.MaxBulk + 1: false} {
		s.api.set("/api/v1/devices", admin.Page{Total: total, Devices: []admin.Device{d}})
		_, _, body := ada.get("/devices")
		if got := strings.Contains(body, `name="all"`); got != offered || strings.Contains(body, "narrow the list to 1000") == offered {
			t.Errorf("%d found: got all offered %v, want %v, else the bound", total, got, offered)
		}
	}
	s.api.set("POST /api/v1/devices/bulk", &admin.Error{Status: http.StatusUnprocessableEntity, What: "1001 devices are meant", Hint: "narrow the search"})
	status, _, body := ada.post("/devices/bulk", "deed", "reset", "all", "yes", "expect", "1000", "back", "/devices?q=hall&from=50")
	if status != http.StatusUnprocessableEntity || !strings.Contains(body, "1001 devices are meant.") || !strings.Contains(body, `name="q" value="hall"`) || !strings.Contains(body, d.MAC.String()) {
		t.Errorf("got %d\n%s\nwant the list it was asked on, and why nothing was done", status, body)
	}
	if got := s.api.query("/api/v1/devices"); !strings.Contains(got, "q=hall") || !strings.Contains(got, "offset=50") {
		t.Errorf("the list was asked for %q, want it as it was", got)
	}
}
