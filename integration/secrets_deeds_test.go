package integration

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/sync/wire"
)

// The devices of the vault: one for each way of proving itself, and one nobody
// set up.
const (
	byOTP   = "00:15:65:4a:a9:37"
	byPIN   = "00:15:65:4a:a9:38"
	byCSV   = "00:15:65:4a:a9:39"
	visitor = "00:15:65:4a:a9:40"
)

func (v *vault) device(mac, sip, password string) string {
	return fmt.Sprintf(`{"mac":%q,"vendor":"yealink","model":"T46G","admin_password":%q,"lines":[{"registrar":"sip.example.net","user":"1001","password":%q}]}`, mac, password, sip)
}

// setUpAll sets devices up in each way there is, and the one-time passwords.
func (v *vault) setUpAll() {
	v.t.Helper()
	const api = admin.API
	v.ask("POST "+api+"/devices", api+"/devices", v.device(byOTP, v.plant("SIP password", "1001"), v.plant("phone's admin password", "admin")))
	v.ask("POST "+api+"/devices", api+"/devices", v.device(byPIN, v.plant("second SIP password", "1001"), v.plant("second admin password", "admin")))
	v.ask("PATCH "+api+"/devices/{mac}", api+"/devices/"+byPIN, fmt.Sprintf(`{"label":"Hall","admin_password":%q}`, v.plant("changed admin password", "admin")))
	v.ask("POST "+api+"/devices/import", api+"/devices/import",
		"vendor,type,mac,label,registrar,user,password\nyealink,T46G,"+byCSV+",Desk,sip.example.net,1002,"+v.plant("imported SIP password", "1002")+"\n")
	v.ask("PUT "+api+"/otps/{vendor}", api+"/otps/yealink", fmt.Sprintf(`{"user":%q,"password":%q}`, otpUser, v.plant("OTP", otpUser)))
	v.reveal("generated OTP", "snom", "PUT "+api+"/otps/{vendor}", api+"/otps/snom", `{"generate":true}`, "password")
	v.ask("GET "+api+"/otps", api+"/otps", "")
	v.ask("DELETE "+api+"/otps/{vendor}", api+"/otps/snom", "")
	pins := []string{v.pin(byOTP), v.pin(byPIN), v.pin(byCSV)}
	var names []string
	for _, p := range v.secrets {
		for _, pin := range pins {
			if p.value == pin {
				names = append(names, p.name)
			}
		}
	}
	v.ask("GET "+api+"/devices/export", api+"/devices/export", "", names...)
	v.command("", names, "device", "export")
}

// value is the planted secret of that name.
func (v *vault) value(name string) string {
	v.t.Helper()
	for _, p := range v.secrets {
		if p.name == name {
			return p.value
		}
	}
	v.t.Fatalf("there is no %s", name)
	return ""
}

// get asks for a phone's config from one of this host's addresses.
func (v *vault) get(mac, what string, status int, login ...string) string {
	v.t.Helper()
	from := v.b.self.As4()
	from[2], from[3] = 200, mac[len(mac)-1]
	got, body, err := v.b.fetch(v.t.Context(), netip.AddrFrom4(from).String(), strings.ReplaceAll(mac, ":", "")+".cfg", "curl/8", login...)
	if err != nil || got != status {
		v.t.Errorf("%s: got %d, %v; want %d", what, got, err, status)
	}
	if status != 200 {
		v.hear(what, []byte(body))
	}
	return body
}

// delivered takes down the login a config carries.
func (v *vault) delivered(what, body string) []string {
	v.t.Helper()
	m := desks()[0].login.FindStringSubmatch(body)
	if m == nil {
		v.t.Fatalf("%s: no login in %.200q", what, body)
	}
	v.keep(what, m[1], m[2])
	return m[1:3]
}

// phonesAndStrangers is enrolment in each way, and failing at it.
func (v *vault) phonesAndStrangers() {
	v.t.Helper()
	const api = admin.API
	v.get(byOTP, "nothing", 401)
	v.get(byOTP, "a guess", 401, otpUser, v.plant("guessed password", otpUser))
	own := v.delivered("own login", v.get(byOTP, "the OTP", 200, otpUser, v.value("OTP")))
	v.get(byOTP, "own login", 200, own...)
	v.get(byOTP, "the OTP again", 401, otpUser, v.value("OTP"))
	v.get(visitor, "visitor", 401)
	v.ask("PATCH "+api+"/policy", api+"/policy", `{"first_contact":"pin"}`)
	held := v.get(byPIN, "holding config", 200)
	login := v.delivered("login of the holding config", held)
	for line := range strings.Lines(held) {
		if account, ok := strings.CutPrefix(line, "account.1.password = "); ok {
			v.keep("holding account", strings.ReplaceAll(byPIN, ":", ""), strings.TrimSpace(account))
		}
	}
	pin, from := v.pin(byPIN), v.b.self.As4()
	from[2], from[3] = 200, byPIN[len(byPIN)-1]
	enter := func(pin string) {
		v.ask("POST "+api+"/devices/{mac}/pin", api+"/devices/"+byPIN+"/pin", fmt.Sprintf(`{"pin":%q,"from":%q}`, pin, netip.AddrFrom4(from)))
	}
	enter(otherPIN(pin))
	enter(pin)
	second := v.delivered("second own login", v.get(byPIN, "the PIN", 200, login...))
	v.get(byPIN, "second own login", 200, second...)
	v.get(visitor, "visitor on hold", 200)
}

// operate is everything else an operator can do.
func (v *vault) operate() {
	v.t.Helper()
	const api = admin.API
	for _, path := range []string{"/", "/metrics"} {
		v.ask("GET "+path, path, "")
	}
	v.ask("GET "+api+"/goroutines", api+"/goroutines", "")
	const render = "GET " + api + "/devices/{mac}/render"
	v.ask(render, api+"/devices/"+byCSV+"/render", "")
	v.ask(render, api+"/devices/"+byOTP+"/render", "")
	v.ask(render, api+"/devices/"+byOTP+"/render?reveal=true", "", "SIP password", "phone's admin password", "own login")
	v.sheet()
	v.accounts()
	v.readAll()
	v.ask("POST "+api+"/visitors/{mac}/claim", api+"/visitors/"+visitor+"/claim",
		fmt.Sprintf(`{"lines":[{"registrar":"sip.example.net","user":"1003","password":%q}]}`, v.plant("claimed SIP password", "1003")))
	v.ask("POST "+api+"/allow", api+"/allow", `{"network":"192.0.2.7","note":"test"}`)
	v.ask("DELETE "+api+"/allow/{prefix}", api+"/allow/192.0.2.7/32", "")
	v.tickets()
	if v.offers("POST " + api + "/tokens") {
		v.reveal("token", "", "POST "+api+"/tokens", api+"/tokens", `{"name":"test","role":"viewer"}`, "token")
		v.ask("DELETE "+api+"/tokens/{name}", api+"/tokens/test", "")
	}
	v.get(byCSV, "on hold, for a wrong PIN", 200)
	v.ask("POST "+api+"/devices/{mac}/pin", api+"/devices/"+byCSV+"/pin", fmt.Sprintf(`{"pin":%q,"from":"192.0.2.9"}`, otherPIN(v.pin(byCSV))))
	for _, verb := range []string{"suspend", "allow-otp", "unblock", "reset"} {
		v.ask("POST "+api+"/devices/{mac}/"+verb, api+"/devices/"+byCSV+"/"+verb, "")
	}
	if v.offers("POST " + api + "/resync") {
		v.ask("POST "+api+"/resync", api+"/resync", `{"macs":["`+byOTP+`"]}`)
	}
	v.refused("POST "+api+"/emergency/acknowledge", api+"/emergency/acknowledge", `{"through":1}`, http.StatusConflict) // no call failed
	v.pin(byCSV)                                                                                                        // the new one
	v.ask("DELETE "+api+"/devices/{mac}", api+"/devices/"+visitor, "")
	v.platform()
}

// platform joins one that is not there, and leaves one it never joined: what the
// refusals say is heard, and nobody has been told the token.
func (v *vault) platform() {
	v.t.Helper()
	const api = admin.API
	token := wire.Token{URL: "https://127.0.0.1:9", Secret: v.plant("secret of a join token", ""), Pin: make([]byte, 32)}
	refused := func(status int) bool { return status >= 400 }
	v.send("POST "+api+"/platform/join", api+"/platform/join", fmt.Sprintf(`{"token":%q}`, v.keep("join token", "", token.Reveal())), refused)
	v.send("POST "+api+"/platform/leave", api+"/platform/leave", "", refused)
}

// readAll asks for all there is to read, of the site and of each device, that
// was not asked for before.
func (v *vault) readAll() {
	v.t.Helper()
	for operation := range v.offered() {
		path, reads := strings.CutPrefix(operation, "GET ")
		if !reads || v.asked[operation] {
			continue
		}
		for _, mac := range []string{byOTP, byPIN, byCSV} {
			if at := strings.Replace(path, "{mac}", mac, 1); !strings.Contains(at, "{") {
				v.ask(operation, at, "")
			}
		}
	}
}

// tickets are personal one-time passwords.
func (v *vault) tickets() {
	v.t.Helper()
	const path = admin.API + "/devices/{mac}/ticket"
	at := strings.Replace(path, "{mac}", byCSV, 1)
	if !v.offers("POST " + path) {
		return
	}
	v.ask("PUT "+path+"/demand", at+"/demand", `{"demanded":true}`)
	for i, verdict := range []string{"/approve", "/reject"} {
		name := fmt.Sprintf("ticket no. %d", i)
		answer := v.ask("POST "+path, at, `{"hours":1,"approval":true}`)
		v.keep(name, field(v.t, answer, "user"), field(v.t, answer, "password"))
		v.heard[len(v.heard)-1].may = []string{name}
		v.get(byCSV, "a ticket", 200, field(v.t, answer, "user"), field(v.t, answer, "password"))
		v.ask("POST "+path+verdict, at+verdict, map[string]string{"/approve": "", "/reject": `{"reason":"unknown phone"}`}[verdict])
	}
	v.reveal("ticket no. 2", "", "POST "+path, at, `{"hours":1}`, "password")
	v.ask("DELETE "+path, at, "")
	v.ask("PUT "+path+"/demand", at+"/demand", `{"demanded":false}`)
}

// commands runs the operator's commands; what they take secrets by is never the
// command line.
func (v *vault) commands() {
	v.t.Helper()
	backup := filepath.Join(v.t.TempDir(), "copy.db")
	v.command(v.plant("OTP set by command", "install"), nil, "otp", "set", "yealink", "--password-file", "-")
	v.command("", nil, "backup", backup)
	data, err := os.ReadFile(backup)
	if err != nil {
		v.t.Fatal(err)
	}
	v.hear("the backup", data)
	for _, line := range []string{
		"status", "device list", "device show " + byOTP, "device render " + byOTP, "device render " + byCSV, "otp list",
		"visitors list", "allow list", "leases", "policy show", "audit", "audit --verify",
	} {
		v.command("", nil, strings.Fields(line)...)
		v.command("", nil, append(strings.Fields(line), "--json")...)
	}
}

// overTLS shows logins where they cross as they are: Basic at the phones' door,
// the token at the operators'.
func (v *vault) overTLS() {
	v.t.Helper()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, Timeout: clientTime}
	defer client.CloseIdleConnections()
	call := func(what, url string, status int, sign func(*http.Request)) {
		v.t.Helper()
		req, err := http.NewRequestWithContext(v.t.Context(), "GET", url, nil)
		if err != nil {
			v.t.Fatal(err)
		}
		sign(req)
		resp, err := client.Do(req)
		if err != nil {
			v.t.Fatal(err)
		}
		defer resp.Body.Close()
		all, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != status {
			v.t.Errorf("%s: got %s, %v; want %d", what, resp.Status, err, status)
		}
		v.hear(what, all)
	}
	door := fmt.Sprintf("https://%s/cfg/%s.cfg", netip.AddrPortFrom(v.b.self, uint16(v.b.ports.https)), strings.ReplaceAll(byOTP, ":", ""))
	guess, wrong := v.plant("guess by Basic", otpUser), v.plant("wrong token", "")
	call("a guess by Basic", door, 401, func(r *http.Request) { r.SetBasicAuth(otpUser, guess) })
	status := "https://" + v.b.adminAddr() + admin.API + "/status"
	call("a wrong token", status, 401, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+wrong) })
	call("the token", status, 200, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+v.value("admin token")) })
}

// offered are the operations of the API, as it says itself.
func (v *vault) offered() map[string]bool {
	v.t.Helper()
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(v.ask("GET "+admin.API+"/openapi.json", admin.API+"/openapi.json", ""), &doc); err != nil {
		v.t.Fatal(err)
	}
	out := make(map[string]bool)
	for path, methods := range doc.Paths {
		for method := range methods {
			if method != "parameters" {
				out[strings.ToUpper(method)+" "+path] = true
			}
		}
	}
	return out
}

func (v *vault) offers(operation string) bool { return v.offered()[operation] }

// covers checks that no operation of the API was left out.
func (v *vault) covers() {
	v.t.Helper()
	for operation := range v.offered() {
		if !v.asked[operation] {
			v.t.Errorf("%s was not asked: put it among the deeds of this file", operation)
		}
	}
}
