package admin_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
)

const devices = "/api/v1/devices"

func TestCalls(t *testing.T) {
	a, b, c := macA.String(), macB.String(), macC.String()
	line := `{"registrar":"sip.example.net","user":"1"}`
	for name, tc := range map[string]struct {
		method, path, body string
		header             []string
		status             int
		want               string // in the answer
	}{
		"unknown device":             {"GET", devices + "/" + c, "", nil, 404, "lineside device add"},
		"no MAC":                     {"GET", devices + "/reception", "", nil, 400, "twelve hex digits"},
		"MAC in another spelling":    {"GET", devices + "/" + macA.Hex(), "", nil, 200, `"mac":"` + a + `"`},
		"unknown path":               {"GET", "/api/v1/telephones", "", nil, 404, "openapi.json"},
		"unknown method":             {"PUT", devices, "{}", nil, 405, "GET, POST"},
		"add with a mixed MAC":       {"POST", devices, `{"mac":"000413-0A0B0C"}`, nil, 400, "not a MAC"},
		"add by OUI":                 {"POST", devices, `{"mac":"0004.130a.0b0c","lines":[` + line + `]}`, nil, 201, `"vendor":"snom"`},
		"add twice":                  {"POST", devices, `{"mac":"` + a + `","vendor":"yealink"}`, nil, 409, "lineside device edit"},
		"add without a MAC":          {"POST", devices, `{"vendor":"snom"}`, nil, 422, "mac: missing"},
		"add unknown vendor":         {"POST", devices, `{"mac":"` + c + `","vendor":"acme"}`, nil, 422, "yealink, snom, poly"},
		"add with many faults":       {"POST", devices, `{"mac":"` + c + `","lines":[{"registrar":"a b","user":""}]}`, nil, 422, `"line 1: user: missing"`},
		"add with a rev":             {"POST", devices, `{"mac":"` + c + `","rev":1}`, nil, 400, "leave rev out"},
		"unknown field":              {"POST", devices, `{"mac":"` + c + `","colour":"red"}`, nil, 400, `no field \"colour\"`},
		"unknown field in a line":    {"POST", devices, `{"lines":[{"passwort":"x"}]}`, nil, 400, `no field \"passwort\"`},
		"wrong kind":                 {"POST", devices, `{"label":7}`, nil, 400, "must be a string"},
		"no JSON":                    {"POST", devices, `{"label"`, nil, 400, "ends in the middle"},
		"two values":                 {"POST", devices, `{}{}`, nil, 400, "goes on"},
		"long body":                  {"POST", devices, `{"label":"` + strings.Repeat("x", 70<<10) + `"}`, nil, 413, "65536"},
		"change the label":           {"PATCH", devices + "/" + a, `{"label":"Hall"}`, nil, 200, `"label":"Hall"`},
		"null clears":                {"PATCH", devices + "/" + a, `{"owner":null,"rev":4}`, nil, 200, `"rev":5`},
		"stale by header":            {"PATCH", devices + "/" + a, `{"label":"Hall"}`, []string{"If-Match", `"3"`}, 412, "fetch the device again"},
		"stale by field":             {"PATCH", devices + "/" + a, `{"label":"Hall","rev":3}`, nil, 412, "fetch the device again"},
		"two revisions":              {"PATCH", devices + "/" + a, `{"rev":3}`, []string{"If-Match", `"4"`}, 400, "two different"},
		"weak tag":                   {"PATCH", devices + "/" + a, `{}`, []string{"If-Match", `W/"4"`}, 400, "no revision"},
		"any revision":               {"PATCH", devices + "/" + a, `{"label":"Hall"}`, []string{"If-Match", `*`}, 200, "Hall"},
		"change the MAC":             {"PATCH", devices + "/" + a, `{"mac":"` + c + `"}`, nil, 422, "cannot be changed"},
		"change an unknown one":      {"PATCH", devices + "/" + c, `{}`, nil, 404, "unknown device"},
		"control character":          {"PATCH", devices + "/" + a, `{"label":"a\nb"}`, nil, 422, "label: "},
		"remove":                     {"DELETE", devices + "/" + a, "", nil, 204, ""},
		"remove an unknown one":      {"DELETE", devices + "/" + c, "", nil, 404, "unknown device"},
		"right PIN":                  {"POST", devices + "/" + b + "/pin", `{"pin":"` + plainPIN + `"}`, nil, 200, `"accepted":true`},
		"wrong PIN":                  {"POST", devices + "/" + b + "/pin", `{"pin":"000000"}`, nil, 200, `"tries_left":2`},
		"address":                    {"PATCH", devices + "/" + a, `{"address":"10.20.0.60"}`, nil, 200, `"address":"10.20.0.60"`},
		"address away":               {"PATCH", devices + "/" + a, `{"address":null}`, nil, 200, `"rev":5`},
		"address that is none":       {"PATCH", devices + "/" + a, `{"address":"ten"}`, nil, 400, "write it like 10.20.0.60"},
		"no PIN":                     {"POST", devices + "/" + b + "/pin", `{"pin":"12345"}`, nil, 422, "costs no try"},
		"PIN as a number":            {"POST", devices + "/" + b + "/pin", `{"pin":123456}`, nil, 400, "must be a string"},
		"show PIN":                   {"GET", devices + "/" + b + "/pin", "", nil, 200, plainPIN},
		"show PIN of an enrolled":    {"GET", devices + "/" + a + "/pin", "", nil, 409, "lineside device reset"},
		"suspend":                    {"POST", devices + "/" + a + "/suspend", "", nil, 200, `"suspended_until":"2026-03-01T09:30:00Z"`},
		"reset":                      {"POST", devices + "/" + a + "/reset", "", nil, 200, `"epoch":1`},
		"block":                      {"POST", devices + "/" + b + "/block", "", nil, 200, `"state":"blocked"`},
		"block an enrolled":          {"POST", devices + "/" + a + "/block", "", nil, 409, "lineside device reset"},
		"unblock":                    {"POST", devices + "/" + a + "/unblock", "", nil, 200, `"state":"needed"`},
		"allow OTP":                  {"POST", devices + "/" + a + "/allow-otp", "", nil, 200, `"login":"dev-a"`},
		"allow OTP and clear":        {"POST", devices + "/" + a + "/allow-otp", `{"clear":true}`, nil, 200, `"otp_used":false`},
		"suspend an unknown one":     {"POST", devices + "/" + c + "/suspend", "", nil, 404, "unknown device"},
		"render":                     {"GET", devices + "/" + a + "/render?file=y.cfg", "", nil, 200, phone.Redacted},
		"render and reveal":          {"GET", devices + "/" + a + "/render?reveal=true", "", nil, 200, plainLine},
		"render, no flag":            {"GET", devices + "/" + a + "/render?reveal=maybe", "", nil, 400, "neither true nor false"},
		"OTP":                        {"PUT", "/api/v1/otps/snom", `{"user":"u","password":"abcdefgh1"}`, nil, 200, `"has_password":true`},
		"OTP too short":              {"PUT", "/api/v1/otps/snom", `{"password":"abc"}`, nil, 422, "too short"},
		"OTP of nobody":              {"PUT", "/api/v1/otps/acme", `{"generate":true}`, nil, 404, "lineside otp list"},
		"OTP both ways":              {"PUT", "/api/v1/otps/snom", `{"password":"abcdefgh1","generate":true}`, nil, 422, "not both"},
		"OTP neither way":            {"PUT", "/api/v1/otps/snom", `{}`, nil, 422, "not both"},
		"OTP away":                   {"DELETE", "/api/v1/otps/poly", "", nil, 204, ""},
		"policy":                     {"PATCH", "/api/v1/policy", `{"first_contact":"otp"}`, nil, 200, `"first_contact":"otp"`},
		"policy unknown":             {"PATCH", "/api/v1/policy", `{"first_contact":"magic"}`, nil, 422, "pin"},
		"visitors":                   {"GET", "/api/v1/visitors", "", nil, 200, "lineside visitors claim " + c},
		"claim":                      {"POST", "/api/v1/visitors/" + c + "/claim", `{"label":"Attic"}`, nil, 201, `"model":"D385","label":"Attic"`},
		"claim as it is":             {"POST", "/api/v1/visitors/" + c + "/claim", "", nil, 201, `"vendor":"snom"`},
		"claim another":              {"POST", "/api/v1/visitors/" + b + "/claim", "", nil, 404, "lineside device add"},
		"claim with another MAC":     {"POST", "/api/v1/visitors/" + c + "/claim", `{"mac":"` + b + `"}`, nil, 400, "leave them out"},
		"allow":                      {"POST", "/api/v1/allow", `{"network":"10.20.0.7/255.255.255.0","note":"hall"}`, nil, 201, `"network":"10.20.0.0/24"`},
		"allow everybody":            {"POST", "/api/v1/allow", `{"network":"0.0.0.0/0"}`, nil, 422, "10.20.0.0/24"},
		"allow nonsense":             {"POST", "/api/v1/allow", `{"network":"hall"}`, nil, 422, "10.20.0.7"},
		"disallow what is not there": {"DELETE", "/api/v1/allow/10.9.0.0/16", "", nil, 404, "lineside allow list"},
		"disallow, slash escaped":    {"DELETE", "/api/v1/allow/10.9.0.0%2F16", "", nil, 404, "lineside allow list"},
		"leases in order":            {"GET", "/api/v1/dhcp/leases", "", nil, 200, `{"leases":[{"address":"10.20.0.9","mac":"` + a + `","client_id":"01ab","state":"bound","live":true`},
		"leases of one":              {"GET", "/api/v1/dhcp/leases?mac=" + c, "", nil, 200, `{"leases":[],"total":0`},
		"audit":                      {"GET", "/api/v1/audit?since=2&limit=2", "", nil, 200, `"next":4`},
		"audit, its end":             {"GET", "/api/v1/audit?limit=2", "", nil, 200, `{"entries":[{"seq":4,`},
		"audit, from the beginning":  {"GET", "/api/v1/audit?since=0&limit=2", "", nil, 200, `{"entries":[{"seq":1,`},
		"audit, no number":           {"GET", "/api/v1/audit?since=-1", "", nil, 400, "not a number of an entry, and no time either"},
		"audit, from a time":         {"GET", "/api/v1/audit?since=2026-03-01T07:00:00Z", "", nil, 200, `{"entries":[{"seq":4,`},
		"audit, nothing since":       {"GET", "/api/v1/audit?since=2030-01-01T00:00:00.5%2B02:00", "", nil, 200, `{"entries":[],"next":5}`},
		"audit, verified":            {"GET", "/api/v1/audit/verify", "", nil, 200, `"ok":false,"broken_at":5,"why":"it does not follow","anchor":{"seq":3,"hash":"ab00`},
		"audit, too many":            {"GET", "/api/v1/audit?limit=100000", "", nil, 400, "1000"},
		"status":                     {"GET", "/api/v1/status", "", nil, 200, `"uptime_seconds":3600`},
		"health":                     {"GET", "/api/v1/health", "", nil, 200, `{"ok":true,"conditions":[]}`},
		"page":                       {"GET", "/", "", nil, 200, "Branch &lt;7&gt;"},
		"metrics":                    {"GET", "/metrics", "", nil, 200, "go_goroutines"},
		"goroutines":                 {"GET", "/api/v1/goroutines", "", nil, 200, "goroutine profile: total"},
		"redirect stays inside":      {"GET", "/api//v1/status", "", nil, 307, "/api/v1/status"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t, nil)
			got := b.call(t, tc.method, tc.path, tc.body, tc.header...)
			if got.status != tc.status || !strings.Contains(got.body, tc.want) {
				t.Errorf("got %d %s\nwant %d with %s", got.status, got.body, tc.status, tc.want)
			}
		})
	}
}

func TestPasswordsSurviveAPatchOfLines(t *testing.T) {
	for name, tc := range map[string]struct{ line, want string }{
		"same account keeps it":      {`{"registrar":"sip.example.net","user":"1001","label":"new"}`, plainLine},
		"a new one replaces it":      {`{"registrar":"sip.example.net","user":"1001","password":"new"}`, "new"},
		"null clears it":             {`{"registrar":"sip.example.net","user":"1001","password":null}`, ""},
		"another user has none":      {`{"registrar":"sip.example.net","user":"1009"}`, ""},
		"another registrar has none": {`{"registrar":"evil.example.net","user":"1001"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t, nil)
			b.call(t, "PATCH", devices+"/"+macA.String(), `{"lines":[`+tc.line+`]}`)
			if got := b.records[macA].Device.Lines[0].Password.Reveal(); got != tc.want {
				t.Errorf("password: got %q, want %q", got, tc.want)
			}
		})
	}
}

// TestOverridesSurviveBeingSentBack sends what an answer showed: it names the
// overrides and changes none.
func TestOverridesSurviveBeingSentBack(t *testing.T) {
	b := newBox(t, nil)
	b.call(t, "PATCH", devices+"/"+macA.String(), `{"overrides":{"a.b":"`+phone.Redacted+`","c.d":"2"}}`)
	if got, want := fmt.Sprint(b.records[macA].Device.Overrides), "map[a.b:1 c.d:2]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestLeasesShowWhatIsKept(t *testing.T) {
	b := newBox(t, nil)
	for mac, addr := range map[phone.MAC]string{macA: "10.20.0.9", macB: "10.20.0.60"} {
		rec := b.records[mac]
		rec.Device.Addr = netip.MustParseAddr(addr)
		b.records[mac] = rec
	}
	list, err := b.client.Leases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, l := range list {
		if l.Reserved {
			got[l.Address.String()] = l.State
		}
	}
	if want := "map[10.20.0.60:reserved 10.20.0.9:bound]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestPatchMergesOverrides(t *testing.T) {
	b := newBox(t, nil)
	b.call(t, "PATCH", devices+"/"+macA.String(), `{"overrides":{"a.b":null,"c.d":"2"},"admin_password":null}`)
	dev := b.records[macA].Device
	if fmt.Sprint(dev.Overrides) != "map[c.d:2]" || !dev.AdminPassword.IsZero() || dev.Label != "Reception" {
		t.Errorf("got %v, admin password %v, label %q", dev.Overrides, dev.AdminPassword, dev.Label)
	}
}

func TestSearch(t *testing.T) {
	b := newBox(t, nil)
	for query, want := range map[string]string{
		"": "B A", "q=00-15-65": "A", "q=1565.4aa9": "A", "q=0004f2": "B", "q=RECEP": "A", "q=alice": "A", "q=vvx": "B",
		"q=1002": "B", "q=front+desk": "B A", "q=nobody": "", "state=successful": "A", "state=needed": "B", "state=enrolling": "B",
		"state=suspended": "", "vendor=poly": "B", "vendor=poly&q=reception": "", "limit=1": "B", "offset=1": "A", "offset=9": "",
	} {
		got := b.call(t, "GET", devices+"?"+query, "")
		var page admin.Page
		if err := json.Unmarshal([]byte(got.body), &page); err != nil {
			t.Fatalf("%s: %v %s", query, err, got.body)
		}
		var names []string
		for _, d := range page.Devices {
			names = append(names, map[phone.MAC]string{macA: "A", macB: "B"}[d.MAC])
		}
		if s := strings.Join(names, " "); s != want {
			t.Errorf("%s: got %q, want %q", query, s, want)
		}
		if strings.HasPrefix(query, "limit") && page.Total != 2 {
			t.Errorf("%s: got a total of %d, want 2", query, page.Total)
		}
	}
	for _, query := range []string{"state=happy", "vendor=acme", "limit=1001", "offset=x"} {
		if got := b.call(t, "GET", devices+"?"+query, ""); got.status != http.StatusBadRequest {
			t.Errorf("%s: got %d, want 400", query, got.status)
		}
	}
}

func TestNextSaysWhatToDo(t *testing.T) {
	soon := start.Add(20 * time.Minute)
	pending := auth.Credential{User: "u"}
	for name, tc := range map[string]struct {
		factor auth.Factor
		e      auth.Enrolment
		want   string
	}{
		"successful":      {auth.FactorPIN, auth.Enrolment{State: auth.Successful, Pending: pending}, "nothing to do"},
		"PIN needed":      {auth.FactorPIN, auth.Enrolment{State: auth.Needed}, "lineside pin enter"},
		"OTP needed":      {auth.FactorOTP, auth.Enrolment{State: auth.Needed}, "type the one-time password of poly"},
		"OTP used":        {auth.FactorOTP, auth.Enrolment{State: auth.Needed, OTP: auth.Arming{Used: true}}, "lineside device allow-otp"},
		"trust only":      {auth.FactorNone, auth.Enrolment{State: auth.Needed}, "lineside allow add"},
		"failed":          {auth.FactorPIN, auth.Enrolment{State: auth.Failed, Until: soon}, "wait until 09:20"},
		"lock-out over":   {auth.FactorPIN, auth.Enrolment{State: auth.Failed, Until: start}, "lineside pin enter"},
		"blocked":         {auth.FactorPIN, auth.Enrolment{State: auth.Blocked}, "lineside device reset"},
		"right PIN given": {auth.FactorPIN, auth.Enrolment{State: auth.Needed, Pass: auth.Pass{Until: soon}}, "its PIN was right"},
		"enrolling":       {auth.FactorPIN, auth.Enrolment{State: auth.Needed, Pending: pending}, "allow-otp"},
		"suspended":       {auth.FactorPIN, auth.Enrolment{State: auth.Blocked, Suspended: soon}, "no proof is asked"},

		"enrolling, a ticket is demanded": {auth.FactorOTP, auth.Enrolment{State: auth.Needed, Pending: pending, TicketOnly: true}, "then make it another ticket: lineside otp ticket " + macB.String()},
		"enrolling by a ticket":           {auth.FactorOTP, auth.Enrolment{State: auth.Needed, Pending: pending, Ticket: auth.Ticket{State: auth.TicketUsed}}, "then make it another ticket"},
		"OTP used, a ticket is demanded":  {auth.FactorOTP, auth.Enrolment{State: auth.Needed, OTP: auth.Arming{Used: true}, TicketOnly: true}, "make one: lineside otp ticket"},
		"its ticket was rejected":         {auth.FactorPIN, auth.Enrolment{State: auth.Needed, Ticket: auth.Ticket{State: auth.TicketRejected}}, "nothing to do where the phone is not yours"},
		"a spare key":                     {auth.FactorPIN, auth.Enrolment{State: auth.Successful, Ticket: auth.Ticket{State: auth.TicketGenerated, Until: soon}}, "until 09:20 this ticket is a spare key"},
		"right PIN, no longer asked":      {auth.FactorOTP, auth.Enrolment{State: auth.Needed, Pass: auth.Pass{Until: soon}}, "type the one-time password of poly"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t, nil)
			b.policy.FirstContact = tc.factor
			b.records[macB] = auth.Record{Rev: 1, Device: phone.Device{MAC: macB, Vendor: "poly"}, Enrolment: tc.e}
			got, err := b.client.Device(t.Context(), macB)
			if err != nil || !strings.Contains(got.Enrolment.Next, tc.want) {
				t.Errorf("got %q %v, want %q", got.Enrolment.Next, err, tc.want)
			}
			if tc.e.TicketOnly && strings.Contains(got.Enrolment.Next, "allow-otp") {
				t.Errorf("got %q, which is refused where a ticket is demanded", got.Enrolment.Next)
			}
		})
	}
}

func TestGeneratedOTPIsShownOnce(t *testing.T) {
	b := newBox(t, nil)
	set, err := b.client.SetOTP(t.Context(), "snom", admin.OTPInput{Generate: true})
	if err != nil || len(set.Password) != 12 || set.User != "snom" {
		t.Fatalf("got %+v %v, want twelve digits for user snom", set, err)
	}
	list, err := b.client.OTPs(t.Context())
	if err != nil || len(list) != 3 {
		t.Fatalf("got %v %v, want all three vendors", list, err)
	}
	for _, o := range list {
		if o.Password != "" || o.HasPassword == (o.Vendor == "yealink") {
			t.Errorf("got %+v", o)
		}
	}
}

func TestPlantedSecretsStayInside(t *testing.T) {
	shown := map[string]string{ // what these answers are for
		"GET " + devices + "/{mac}/pin": plainPIN, "GET " + devices + "/export": plainPIN,
		"GET /api/v1/pins": plainPIN,
	}
	for _, mac := range []phone.MAC{macA, macB} {
		for _, r := range admin.Routes() {
			b := newBox(t, nil)
			b.board.Raise(start, health.Condition{Code: "x", Title: "y"})
			path := strings.ReplaceAll(r[1], "{mac}", mac.String())
			for _, body := range []string{"", `{}`, `{"label":"x"}`, `{"pin":"111111"}`, `{"colour":"x"}`} {
				got := b.call(t, r[0], example(path), body)
				for _, secret := range []string{plainToken, plainLine, plainAdmin, plainOwn, plainBrand, plainKey, plainPIN} {
					if strings.Contains(got.body+fmt.Sprint(got.header), secret) && shown[r[0]+" "+r[1]] != secret {
						t.Errorf("%s %s shows %q: %s", r[0], path, secret, got.body)
					}
					if strings.Contains(b.log.String(), secret) {
						t.Errorf("%s %s logs %q", r[0], path, secret)
					}
				}
			}
		}
	}
}
