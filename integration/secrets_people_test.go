package integration

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/lineside/lineside/admin"
)

// people are the users with their passwords, the files for phones, the templates
// and what phones put on the box.
func (v *vault) people() {
	v.t.Helper()
	const api = admin.API
	var b [12]byte
	_, _ = rand.Read(b[:])
	web := v.keep("web-access password", "710", "Planted"+hex.EncodeToString(b[:6])+"1")
	pin := v.keep("portal PIN", "", fmt.Sprintf("%010d", 1_000_000_000+uint64(b[6])<<24+uint64(b[7])<<16+uint64(b[8])<<8+uint64(b[9])))
	v.ask("POST "+api+"/users", api+"/users", fmt.Sprintf(`{"id":"anna","extension":"710","last_name":"Müller","web_password":%q,"portal_pin":%q}`, web, pin))
	v.ask("POST "+api+"/users/import", api+"/users/import", "id,extension\nanna,710\nbert,711\n")
	v.ask("PATCH "+api+"/users/{id}", api+"/users/anna", `{"email":"anna@example.net"}`)
	v.ask("GET "+api+"/users/{id}", api+"/users/anna", "")
	v.ask("GET "+api+"/users", api+"/users", "")
	v.ask("GET "+api+"/users/export", api+"/users/export", "")
	v.ask("DELETE "+api+"/users/{id}", api+"/users/bert", "")

	v.ask("PATCH "+api+"/devices/{mac}", api+"/devices/"+byOTP, `{"owner":"anna"}`)
	const render = "GET " + api + "/devices/{mac}/render"
	v.ask(render, api+"/devices/"+byOTP+"/render", "")
	v.files()
	v.send("POST "+api+"/update", api+"/update", "no release", failed)
	v.send("POST "+api+"/update/apply", api+"/update/apply", "", failed)
	v.templates(render)
	v.command("", nil, "user", "list")
	v.command("", nil, "file", "list", "--json")
	v.command("", nil, "device", "render", byOTP, "--diff")
}

func (v *vault) files() {
	v.t.Helper()
	const api = admin.API
	file := filepath.Join(v.t.TempDir(), "T46G.rom")
	if err := os.WriteFile(file, []byte("firmware"), 0o600); err != nil {
		v.t.Fatal(err)
	}
	v.command("", nil, "file", "add", "yealink", file)
	v.ask("POST "+api+"/files/check", api+"/files/check", `{"vendor":"yealink","name":"T46S.rom","bytes":8}`)
	v.asked["PUT "+api+"/files/{vendor}/{name}"] = true // by the command, which streams it
	v.ask("GET "+api+"/files", api+"/files", "")
	v.ask("PUT "+api+"/firmware/{vendor}/{model}", api+"/firmware/yealink/T46G", `{"file":"T46G.rom"}`)
	v.ask("PUT "+api+"/firmware/{vendor}/{model}", api+"/firmware/yealink/T46G", `{"file":""}`)
	v.ask("DELETE "+api+"/files/{vendor}/{name}", api+"/files/yealink/T46G.rom", "")
	v.ask("GET "+api+"/devices/{mac}/uploads", api+"/devices/"+byOTP+"/uploads", "")
	v.asked["GET "+api+"/devices/{mac}/uploads/{name}"] = true // whatever a phone wrote; cmd/lineside walks it
	v.ask("GET "+api+"/sheets/{sheet}", api+"/sheets/yealink-rps", "")
}

// templates writes a secret out in a template: that file, and a config rendered
// with reveal, are all that may hold it.
func (v *vault) templates(render string) {
	v.t.Helper()
	const api = admin.API
	secret := v.plant("secret of a template", "")
	path := filepath.Join(v.b.dir, "state", "templates", "yealink.conf")
	text := "lang.gui = Klingon\nxsi.password = " + secret + "\nwallpaper_upload.url = http://u:" + strings.TrimSuffix(secret, "!") + "!@host/\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		v.t.Fatal(err)
	}
	v.ask("GET "+api+"/templates", api+"/templates", "")
	v.ask("POST "+api+"/templates/reload", api+"/templates/reload", "")
	v.ask(render, api+"/devices/"+byOTP+"/render", "")
	if err := os.Remove(path); err != nil {
		v.t.Fatal(err)
	}
	v.ask("POST "+api+"/templates/reload", api+"/templates/reload", "")
}
