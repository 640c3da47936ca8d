package vendors

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
)

// gigasetP serves the desk phones P7xx and P8xx, which snom builds and which
// speak snom's language with a few words of their own. Most of their addresses
// are in snom's range; by those they are snom phones, and snom's files suit them.
func gigasetP() Maker {
	m := snom()
	return Maker{
		Vendor:      gigasetPVendor,
		Brand:       gigasetVendor,
		Name:        "Gigaset P7xx and P8xx",
		OUIs:        [][3]byte{{0x00, 0xac, 0xdc}},
		Borrowed:    m.OUIs,
		Models:      gigasetPModels,
		File:        gigasetPFile,
		Options:     gigasetPOptions,
		Sequence:    func(mac phone.MAC, _ string) []string { return []string{mac.Hex() + ".xml"} },
		Fetch:       Fetch{By: []Protocol{HTTPS, HTTP}, Auth: Digest | Basic},
		CA:          CAByURL,
		ContentType: m.ContentType,
		Rehome:      Rehome{URL: []string{"setting_server"}, User: []string{"setting_server"}, Password: []string{"setting_server"}},
		Resync:      m.Resync,
		Shows:       m.Shows,
		Book:        &Book{File: "gigaset-p-book.xml", ContentType: m.Book.ContentType, Write: m.Book.Write, Token: true},
		Redirect:    gigasetRedirect(func(phone.MAC) string { return "{mac}.xml" }),
		build:       gigasetPBuild,
		settle:      m.settle,
		expands:     snomMacros,
		format:      m.format,
		Unverified: []string{
			"columns of the redirect service's sheet, and that it takes these phones",
			"option 60 and the User-Agents: it is recognised by its file names and by addresses",
			"addresses that begin with 00:ac:dc; only e3 and e4 behind it are known",
			"snom's dst, utc_offset, auto_dial with a delay and <certificate> do here what they do there",
			"prov_polling_mode rel counts prov_polling_period from the last fetch, in seconds",
			"accounts and keys of each model",
			"the directory key opens a URL, as on snom phones; the guides name LDAP",
		},
	}
}

// gigasetPForm is "GigasetP82x.htm", "GigasetP82x-<mac>.htm" and
// "GigasetP82x-firmware.htm", as asked for where the URL ends in a slash.
var gigasetPForm = regexp.MustCompile(`^gigaset(p[78][0-9x]{2})(-firmware|-[0-9a-f]{12})?\.htm$`)

func gigasetPFile(name string) (File, bool) {
	lower := strings.ToLower(name)
	f := File{Name: name, Vendor: gigasetPVendor}
	if mac, rest, ok := leadingMAC(lower); ok && rest == ".xml" {
		f.Kind, f.MAC = Config, mac
		return f, true
	}
	g := gigasetPForm.FindStringSubmatch(lower)
	if g == nil {
		return File{}, false
	}
	f.Model = strings.ToUpper(g[1])
	switch g[2] {
	case "":
		f.Kind = Common
	case "-firmware":
		f.Kind = Absent
	default:
		mac, _, ok := leadingMAC(g[2][1:])
		if !ok {
			return File{}, false
		}
		f.Kind, f.MAC = Config, mac
	}
	return f, true
}

// gigasetPOptions names the phone's own file by its macro, so that it asks for
// no other.
func gigasetPOptions(box Box) []Option {
	if !strings.Contains(box.URL, "://") {
		return nil
	}
	return gigasetURL(strings.TrimSuffix(box.URL, "/") + "/{mac}.xml")
}

// gigasetPBuild is snom's config with the login inside the URL, since the
// parameters that hold it there are the web page's here, and with the polling
// these phones have.
func gigasetPBuild(ps *params, in Input) error {
	if err := snomBuild(ps, in); err != nil {
		return err
	}
	server := in.fetchURL() + "{mac}.xml"
	if in.File.Kind == Config {
		server = urlWithLogin(in.fetchURL(), in.Login) + "{mac}.xml"
		ps.set("prov_polling_enabled", onOff(true))
		ps.set("prov_polling_mode", "rel")
		ps.set("prov_polling_period", strconv.Itoa(int(resyncEvery(in)/time.Second)))
	}
	for i, p := range *ps {
		if p.key == "setting_server" {
			(*ps)[i].value = server
		}
	}
	return nil
}
