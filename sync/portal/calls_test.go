package portal

import (
	"strings"
	"testing"

	"github.com/lineside/lineside/sync/central"
)

// TestCalls makes every kind of call once, so that its answer is held against
// the document, with what goes wrong besides.
func TestCalls(t *testing.T) {
	l := newLab(t)
	var a, b Invitation
	l.want(201, "POST", V1+"/sites", SiteInput{Name: "A"}, &a)
	l.want(201, "POST", V1+"/sites", SiteInput{Name: "B"}, &b)
	l.refused(422, "POST", V1+"/sites", SiteInput{Name: " "}, "name:")
	l.want(200, "PATCH", V1+"/sites/"+a.Site, SiteInput{Name: "Aachen"}, nil)
	l.want(201, "POST", V1+"/sites/"+a.Site+"/invite", nil, nil)
	l.refused(404, "POST", V1+"/sites/nowhere/invite", nil, "no such site")

	var made DeviceMade
	l.want(201, "POST", V1+"/devices", `{"mac":"00-15-65-00-00-01","site":"`+a.Site+`","vendor":"yealink","lines":[{"user":"201","registrar":"sip.example.net"}]}`, &made)
	if made.Secrets["pin"] == "" || made.Secrets["sip.0"] == "" {
		t.Errorf("got %v, want a PIN and a SIP password", made.Secrets)
	}
	const dev = V1 + "/devices/001565000001"
	l.refused(409, "POST", V1+"/devices", `{"mac":"001565000001","site":"`+b.Site+`","vendor":"yealink"}`, "already")
	l.refused(422, "POST", V1+"/devices", `{"vendor":"yealink"}`, "mac: missing")
	l.refused(400, "GET", V1+"/devices/xyz", nil, "MAC")
	made = DeviceMade{}
	l.want(200, "PATCH", dev, `{"label":"door","lines":[{"user":"201","registrar":"sip.example.net"}]}`, &made)
	if len(made.Secrets) != 0 || made.Device.Label != "door" {
		t.Errorf("got %+v, want the same account to keep its password", made)
	}
	l.refused(422, "PATCH", dev, `{"site":"`+b.Site+`"}`, "move")
	l.want(200, "POST", dev+"/move", MoveInput{Site: b.Site}, nil)
	l.want(200, "POST", dev+"/reset", nil, nil)
	l.want(200, "POST", dev+"/pin", nil, nil)
	l.want(200, "POST", dev+"/block", nil, nil)
	l.want(200, "POST", dev+"/unblock", nil, nil)
	l.want(201, "POST", dev+"/ticket", TicketInput{Hours: 336, Approval: true}, nil)
	l.want(200, "POST", dev+"/ticket/approve", nil, nil)
	l.want(204, "DELETE", dev+"/ticket", nil, nil)
	l.refused(422, "POST", dev+"/ticket", TicketInput{Hours: 337}, "hours:")
	l.want(200, "PUT", V1+"/otps/yealink", BrandInput{User: "setup", Password: "fake-password-of-all"}, nil)
	l.want(200, "GET", V1+"/otps", nil, nil)
	l.want(200, "POST", dev+"/allow-global-password-once", AllowOnceInput{Clear: true}, nil)
	l.want(204, "DELETE", V1+"/otps/yealink", nil, nil)

	l.want(201, "POST", V1+"/sites/"+b.Site+"/users/201", `{"first_name":"Anna","web_password":"fake1pass"}`, nil)
	l.refused(409, "POST", V1+"/sites/"+b.Site+"/users/201", `{}`, "already")
	l.want(200, "PATCH", V1+"/sites/"+b.Site+"/users/201", `{"last_name":"Bell"}`, nil)
	l.want(200, "GET", V1+"/users?search=bell", nil, nil)
	l.want(200, "PATCH", V1+"/policy", `{"otp_offline":"allow","window":"2h","local_changes":false}`, nil)
	l.refused(422, "PATCH", V1+"/policy", `{"window":"soon"}`, "window:")
	var rules Policy
	l.want(200, "GET", V1+"/sites/"+b.Site+"/policy", nil, &rules)
	if rules.OTPOffline != "allow" || rules.Window != "2h0m0s" || rules.LocalChanges || rules.Own {
		t.Errorf("got %+v, want the platform's rules", rules)
	}
	l.want(200, "PATCH", V1+"/sites/"+b.Site+"/policy", `{"block_after":7}`, nil)
	l.want(204, "DELETE", V1+"/sites/"+b.Site+"/policy", nil, nil)
	l.want(200, "GET", V1+"/sites/"+b.Site+"/events?since=24h&kind=pin&mac="+dev[len(V1+"/devices/"):], nil, nil)
	l.refused(400, "GET", V1+"/sites/"+b.Site+"/events?since=soon", nil, "moment")
	for _, path := range []string{"/status", "/sites?search=aach", "/sites/" + a.Site, "/devices?search=DOOR", "/devices/001565000001",
		"/export/sites", "/export/devices", "/export/users", "/backup", "/sites/" + b.Site + "/users/201"} {
		l.want(200, "GET", V1+path, nil, nil)
	}
	l.want(204, "DELETE", dev, nil, nil)
	l.want(204, "DELETE", V1+"/sites/"+b.Site, nil, nil)
	l.want(200, "POST", V1+"/sites/"+a.Site+"/revoke", nil, nil)
	var audit Audit
	l.want(200, "GET", V1+"/audit?limit=1000", nil, &audit)
	for _, d := range audit.Audit {
		if strings.Contains(d.Detail, "fake-password") || d.By != "admin.token" {
			t.Errorf("got %+v, want who did it and no secret", d)
		}
	}
}

// TestNothingIsOverlooked: what a call does not know is a mistake its sender hears
// of, and changes nothing.
func TestNothingIsOverlooked(t *testing.T) {
	l := newLab(t)
	var a Invitation
	l.want(201, "POST", V1+"/sites", SiteInput{Name: "A"}, &a)
	l.refused(400, "GET", V1+"/devices?sitte="+a.Site, nil, "sitte")
	l.refused(400, "GET", V1+"/devices?site=x&site=y", nil, "more than once")
	l.refused(400, "GET", V1+"/devices?site=%zz", nil, "cannot be read")
	l.refused(400, "GET", V1+"/status?x=1", nil, "does not know")
	l.refused(400, "DELETE", V1+"/sites/"+a.Site+"?force=yes", nil, "force")
	l.refused(400, "DELETE", V1+"/sites/"+a.Site, `{"really":false}`, "takes no body")
	l.refused(400, "POST", V1+"/sites/"+a.Site+"/invite", `{"hours":1}`, "takes no body")
	l.want(200, "GET", V1+"/sites/"+a.Site, nil, nil)
	for _, r := range routes() {
		path := strings.NewReplacer("{site}", a.Site, "{mac}", "001565000001", "{brand}", "yealink", "{extension}", "201", "{name}", "x").Replace(r.path)
		if r.in == nil || r.in == csvType || strings.Contains(path, "{") {
			continue
		}
		if w := l.send(r.method, path, nil); w.Code < 400 && r.least != Anyone {
			t.Errorf("%s %s with an empty body: got %d, want a refusal", r.method, path, w.Code)
		}
	}
}

// TestPages: each thing is on one page, whatever the size of pages.
func TestPages(t *testing.T) {
	l := newLab(t)
	var a Invitation
	l.want(201, "POST", V1+"/sites", SiteInput{Name: "A"}, &a)
	for _, mac := range []string{"001565000003", "001565000001", "001565000002"} {
		l.want(201, "POST", V1+"/devices", `{"mac":"`+mac+`","site":"`+a.Site+`","vendor":"snom"}`, nil)
	}
	var all []central.DeviceInfo
	for after := ""; ; {
		var page Devices
		l.want(200, "GET", V1+"/devices?limit=2&after="+after, nil, &page)
		all = append(all, page.Devices...)
		if after = page.Next; after == "" {
			break
		}
	}
	if len(all) != 3 || all[0].MAC.Hex() != "001565000001" || all[2].MAC.Hex() != "001565000003" {
		t.Errorf("got %+v, want the three in order", all)
	}
	l.refused(400, "GET", V1+"/devices?limit=0", nil, "limit")
}

// FuzzSheet: whatever the file, each of its rows is read or told of, and what
// was read has the columns of its header.
func FuzzSheet(f *testing.F) {
	f.Add([]byte("mac,site\n001565000001,a\n"))
	f.Add([]byte("\ufeffSite;Extension\r\na;'=1\r\n\"x\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, sh := range sheets() {
			rows, faults, err := sh.read(data)
			if err != nil && (rows != nil || faults != nil) {
				t.Errorf("%s: got rows beside %v", sh.name, err)
			}
			for _, r := range rows {
				if r.line < 2 || len(r.cells) == 0 {
					t.Errorf("%s: got row %+v", sh.name, r)
				}
			}
			for _, one := range faults {
				if one.Line < 1 || one.Why == "" {
					t.Errorf("%s: got fault %+v", sh.name, one)
				}
			}
		}
	})
}
