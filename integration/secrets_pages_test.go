package integration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/lineside/lineside/admin"
)

// sheet is the PINs of all phones that wait for theirs.
func (v *vault) sheet() {
	v.t.Helper()
	const path = admin.API + "/pins"
	v.ask("GET "+path, path, "")
	heard := &v.heard[len(v.heard)-1]
	for _, p := range v.secrets {
		if strings.HasPrefix(p.name, "PIN no.") && p.in(heard.data) {
			heard.may = append(heard.may, p.name)
		}
	}
	if len(heard.may) == 0 {
		v.t.Error("the sheet of PINs has none that is known")
	}
}

// accounts are the operators' own, and what they need a browser for: a command
// line is nobody's account.
func (v *vault) accounts() {
	v.t.Helper()
	const api = admin.API
	for _, operation := range []string{"GET /me", "PATCH /me", "POST /me/password"} {
		method, path, _ := strings.Cut(operation, " ")
		body := map[string]string{"PATCH": `{"language":"de"}`, "POST": fmt.Sprintf(`{"old":"x","new":%q}`, v.plant("password of nobody's account", ""))}[method]
		v.send(method+" "+api+path, api+path, body, failed)
	}
	const one = api + "/accounts/{name}"
	at := api + "/accounts/ines"
	v.told("temporary password", "POST "+api+"/accounts", api+"/accounts", `{"name":"ines","role":"installer"}`)
	v.ask("GET "+one, at, "")
	v.ask("PATCH "+one, at, `{"email":"ines@example.net"}`)
	v.told("second temporary password", "POST "+one+"/reset-password", at+"/reset-password", "")
	v.send("POST "+one+"/unlock", at+"/unlock", "", anyhow)
	v.ask("DELETE "+one, at, "")
}

// many are the calls for several devices, and what concerns the whole box.
func (v *vault) many() {
	v.t.Helper()
	const api = admin.API
	v.told("user's temporary password", "POST "+api+"/users/{id}/reset-password", api+"/users/anna/reset-password", "")
	v.send("POST "+api+"/users/{id}/unlock", api+"/users/anna/unlock", "", anyhow)
	v.ask("POST "+api+"/devices/bulk", api+"/devices/bulk", `{"macs":["`+byCSV+`"],"action":"resync"}`)
	v.send("POST "+api+"/devices/{mac}/block", api+"/devices/"+byCSV+"/block", "", anyhow)
	v.told("ticket of many", "POST "+api+"/tickets", api+"/tickets", `{"devices":[{"mac":"`+byCSV+`"}],"hours":1}`)
	v.send("POST "+api+"/dhcp/advice", api+"/dhcp/advice", "", anyhow)
	v.ask("PATCH "+api+"/settings", api+"/settings", `{"log.level":"debug"}`)
	v.send("POST "+api+"/mail/test", api+"/mail/test", `{"to":"ines@example.net"}`, failed) // there is no mail server
	for _, operation := range []string{"POST /mail/{id}/retry", "DELETE /mail/{id}", "POST /restore/{id}/apply", "DELETE /restore/{id}"} {
		method, path, _ := strings.Cut(operation, " ")
		v.send(method+" "+api+path, api+strings.Replace(path, "{id}", "0", 1), "", failed)
	}
	v.send("POST "+api+"/restore", api+"/restore", "no backup", failed)
}

func failed(status int) bool { return status >= 400 }

func anyhow(status int) bool { return status < http.StatusInternalServerError }

// told is ask for an answer that hands a new password over, this once.
func (v *vault) told(name, operation, path, body string) {
	v.t.Helper()
	var all any
	if err := json.Unmarshal(v.ask(operation, path, body), &all); err != nil {
		v.t.Fatal(err)
	}
	v.keep(name, "", textUnder(all, "password"))
	v.heard[len(v.heard)-1].may = []string{name}
}

// textUnder is the first text under a key, however deep.
func textUnder(all any, key string) string {
	switch at := all.(type) {
	case map[string]any:
		if text, ok := at[key].(string); ok {
			return text
		}
		for _, below := range at {
			if text := textUnder(below, key); text != "" {
				return text
			}
		}
	case []any:
		for _, below := range at {
			if text := textUnder(below, key); text != "" {
				return text
			}
		}
	}
	return ""
}

// anew has the box start anew, and waits for it.
func (v *vault) anew() {
	v.t.Helper()
	const api = admin.API
	before := v.started()
	v.ask("POST "+api+"/restart", api+"/restart", "")
	v.b.until(v.t, "the box starts anew", func() bool {
		now := v.started()
		return now != "" && now != before
	})
}

// started is when the box did; empty while nobody answers.
func (v *vault) started() string {
	resp, err := v.socket.Get("http://lineside" + admin.API + "/status")
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	var st map[string]any
	if json.NewDecoder(resp.Body).Decode(&st) != nil {
		return ""
	}
	return textUnder(st, "started")
}
