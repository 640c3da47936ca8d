package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// TestVendorsAreCounted: what the verb says is what the table has.
func TestVendorsAreCounted(t *testing.T) {
	code, out, errs := lineside(t, "vendors", "--json")
	var got brandList
	if err := json.Unmarshal([]byte(out), &got); code != 0 || errs != "" || err != nil {
		t.Fatalf("got exit %d, %q, %v", code, errs, err)
	}
	models, unverified := 0, 0
	for i, c := range vendors.All().Count() {
		b := got.Vendors[i]
		if b.Vendor != c.Vendor || b.Name != c.Name || len(b.Models) != c.Models || len(b.Unverified) != len(c.Unverified) {
			t.Errorf("%s: got %s with %d models and %d doubts, want %d and %d", c.Vendor, b.Vendor, len(b.Models), len(b.Unverified), c.Models, len(c.Unverified))
		}
		if b.Book == (b.NoBook != "") || b.Login == "" || len(b.Fetch) == 0 || b.Format == "" || b.Emergency == "" || b.Resync == "" {
			t.Errorf("%s: something is not said: %+v", c.Vendor, b)
		}
		models, unverified = models+c.Models, unverified+len(c.Unverified)
	}
	if n := len(vendors.All().Names()); got.Total.Vendors != n || got.Total.Models != models || got.Total.Unverified != unverified {
		t.Errorf("got %+v, want %d, %d, %d", got.Total, n, models, unverified)
	}
	_, text, _ := lineside(t, "vendors")
	if want := fmt.Sprintf("%d vendors, %d models, %d facts", got.Total.Vendors, models, unverified); !strings.Contains(text, want) {
		t.Errorf("got %s, want %q", text, want)
	}
	_, list, _ := lineside(t, "vendors", "--unverified")
	if n := strings.Count(list, "\n"); n != unverified {
		t.Errorf("--unverified: got %d lines, want %d", n, unverified)
	}
}

// TestReadmeNamesTheBrands: the README names every brand and has the numbers right.
func TestReadmeNamesTheBrands(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(text), "This version serves")
	list, _, _ = strings.Cut(list, "\n\n")
	brands := map[string]bool{}
	for _, m := range vendors.All().Makers() {
		name, _, _ := strings.Cut(m.Name, " ")
		brands[name] = true
		if !strings.Contains(list, name) {
			t.Errorf("%s is not in the README", name)
		}
	}
	want := fmt.Sprintf("%d kinds of phones, adapters\nand DECT bases of %d brands", len(vendors.All().Names()), len(brands))
	if !strings.Contains(list, want) {
		t.Errorf("got %q, want %q", list, want)
	}
}

func TestOneVendor(t *testing.T) {
	code, out, _ := lineside(t, "vendors", "Yealink")
	if code != 0 || !strings.Contains(out, "T46G ") || !strings.Contains(out, "NOTIFY check-sync") || strings.Contains(out, "D385") {
		t.Errorf("got exit %d and\n%s", code, out)
	}
	if code, _, errs := lineside(t, "vendors", "acme"); code != exitUsage || !strings.Contains(errs, "write one of yealink") {
		t.Errorf("an unknown one: got exit %d and %q", code, errs)
	}
}

func TestWaysInWords(t *testing.T) {
	for name, tc := range map[string]struct{ got, want string }{
		"digest":         {loginWay(vendors.Fetch{By: []vendors.Protocol{vendors.HTTP}, Auth: vendors.Digest | vendors.Basic, Asks: true}), "digest, asks on its screen"},
		"basic":          {loginWay(vendors.Fetch{By: []vendors.Protocol{vendors.HTTPS}, Auth: vendors.Basic}), "basic"},
		"token":          {loginWay(vendors.Fetch{By: []vendors.Protocol{vendors.HTTP, vendors.TFTP}}), "token in the path"},
		"TFTP":           {loginWay(vendors.Fetch{By: []vendors.Protocol{vendors.TFTP}}), "none, by TFTP"},
		"event":          {resyncWay(vendors.Resync{Event: "x", Reboots: true, Reboot: "y"}), "NOTIFY x (reboots)"},
		"reboot":         {resyncWay(vendors.Resync{Reboot: "y"}), "NOTIFY y (reboots)"},
		"nothing":        {resyncWay(vendors.Resync{}), "nothing"},
		"as typed":       {emergencyWay(vendors.Maker{Dials: vendors.AsTyped}), "numbers are dialled as typed; no config lists them"},
		"no keys":        {emergencyWay(vendors.Maker{Dials: vendors.NoKeys}), "nothing can be dialled at its devices"},
		"late hotline":   {emergencyWay(vendors.Maker{Shows: vendors.Shows{Hotline: true, HotlineDelay: true}}), "listed in every config: the hotline dials late enough to dial an emergency number first"},
		"sudden hotline": {emergencyWay(vendors.Maker{Shows: vendors.Shows{Hotline: true}}), "listed in every config: the hotline dials at once: an emergency call goes by it"},
		"on hold":        {strings.Join(holdWays(vendors.Shows{Text: true, MAC: true}), " "), "text MAC"},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: got %q, want %q", name, tc.got, tc.want)
		}
	}
}

func TestDoubts(t *testing.T) {
	line := []admin.Line{{Registrar: "sip.example.net", User: "1"}}
	mac := phone.MAC{0x00, 0x15, 0x65, 1, 2, 3}
	for name, tc := range map[string]struct {
		device admin.Device
		want   string
	}{
		"all is known":       {admin.Device{MAC: mac, Vendor: "yealink", Model: "SIP-T46G", Lines: line}, ""},
		"no model":           {admin.Device{MAC: mac, Vendor: "yealink", Lines: line}, ""},
		"unknown model":      {admin.Device{MAC: mac, Vendor: "yealink", Model: "T999", Lines: line}, "generic config"},
		"no line":            {admin.Device{MAC: mac, Vendor: "yealink"}, "has no line"},
		"a model of another": {admin.Device{MAC: phone.MAC{0x00, 0x0b, 0x82, 1, 2, 3}, Vendor: "grandstream", Model: "HT801", Lines: line}, "--vendor grandstream-ht"},
		"one of several":     {admin.Device{MAC: mac, Vendor: "yealink", Model: "T46", Lines: line}, "T46G or T46S or T46U"},
		"lines that fit":     {admin.Device{MAC: mac, Vendor: "yealink", Model: "T19P_E2", Lines: line}, ""},
		"one line too many":  {admin.Device{MAC: mac, Vendor: "yealink", Model: "T19P_E2", Lines: slices.Repeat(line, 2)}, "line 2 is not in the phone's config: the Yealink T19P_E2 takes 1 line"},
		"three too many":     {admin.Device{MAC: mac, Vendor: "yealink", Model: "T19P_E2", Lines: slices.Repeat(line, 4)}, "lines 2 to 4 are"},
		"more than any":      {admin.Device{MAC: mac, Vendor: "avaya", Lines: slices.Repeat(line, 2)}, "the Avaya phone takes 1 line"},
		"a vendor's past":    {admin.Device{MAC: mac, Vendor: "acme", Model: "X", Lines: line}, ""},
	} {
		got := ""
		for _, d := range doubts(vendors.All(), tc.device) {
			got += d.text + " → " + d.next
		}
		if (tc.want == "") != (got == "") || !strings.Contains(got, tc.want) || got != "" && !strings.Contains(got, "lineside device edit "+tc.device.MAC.String()+" --") {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
	}
}

// TestDoubtsAreTold beside the answer, and by check of the running box.
func TestDoubtsAreTold(t *testing.T) {
	o := newOperator(t)
	const mac = "00:15:65:4a:a9:37"
	out := o.does("", 0, `"T999" is no model known of Yealink`, "device", "add", mac, "--model", "T999", "--json")
	if !json.Valid([]byte(out)) || strings.Contains(out, "generic") {
		t.Errorf("the answer is not JSON alone: %s", out)
	}
	notes := strings.Join(doubtNotes(t.Context(), o.socket), "\n")
	if !strings.Contains(notes, "T999") || !strings.Contains(notes, "has no line") {
		t.Errorf("check: got %q, want both doubts", notes)
	}
	if got := o.does("", 0, "T46G", "device", "edit", mac, "--model", "T46G", "--line", "alice@sip.example.net"); strings.Contains(got, "generic") {
		t.Errorf("corrected: got %s", got)
	}
	if notes := doubtNotes(t.Context(), o.socket); len(notes) != 0 {
		t.Errorf("corrected: got %q, want none", notes)
	}
}

// TestACheckForeseesLostNumbers: a number that settings are about to add is lost by
// a device whose dial plan somebody fixed, and check says so before the restart.
func TestACheckForeseesLostNumbers(t *testing.T) {
	o := newOperator(t)
	const mac, number = "00:15:65:4a:a9:37", "phone_setting.emergency.number"
	s := settings{Listen: listenSettings{Socket: o.socket}}
	s.Site.Emergency = []string{"112"}
	o.does("", 0, "yealink", "device", "add", mac, "--model", "T46G", "--line", "alice@sip.example.net", "--override", number+"=110,112,911")
	if got := checkLost(t.Context(), s); len(got) != 0 {
		t.Errorf("as things are: got %v, want nothing", got)
	}
	s.Site.Emergency = append(s.Site.Emergency, "999")
	got := checkLost(t.Context(), s)
	if len(got) != 1 || got[0].Key != "site.emergency" || !strings.Contains(got[0].Text, mac) || !strings.Contains(got[0].Text, number) || !strings.Contains(got[0].Text, "999") {
		t.Errorf("one more: got %v, want the device, the parameter and the number", got)
	}
}

// TestLinesThatDoNotFitAreTold wherever a device comes to have them, and kept.
func TestLinesThatDoNotFitAreTold(t *testing.T) {
	o := newOperator(t)
	const mac, told = "00:15:65:4a:a9:37", "line 2 is not in the phone's config"
	two := []string{"--line", "alice@sip.example.net", "--line", "bob@sip.example.net"}
	if got := o.does("", 0, "line 2 +bob", append([]string{"device", "add", mac, "--model", "T46G"}, two...)...); strings.Contains(got, "not in") {
		t.Errorf("two lines of sixteen: got %s", got)
	}
	o.does("mac,vendor,type\n"+mac+",yealink,T19P_E2\n", 0, "1 changed[^→]*"+told+"[^→]*→ lineside device edit "+mac, "device", "import", "-")
	o.does("", 0, `line 1 +alice@sip.example.net \(no password\)\nline 2 +bob@.*\(not in its config: the phone takes 1\)`, "device", "show", mac)
	if notes := strings.Join(doubtNotes(t.Context(), o.socket), "\n"); !strings.Contains(notes, told) {
		t.Errorf("check: got %q, want %q in it", notes, told)
	}
	o.does("", 0, told, append([]string{"device", "edit", mac}, two...)...)
	if got := o.does("", 0, "line 2 +bob", "device", "edit", mac, "--model", "T46G"); strings.Contains(got, "not in") {
		t.Errorf("the right model: got %s", got)
	}
}

// TestNoBookIsTold: who gives a device an owner, or an owner a password, hears
// that its phone reads no phone book.
func TestNoBookIsTold(t *testing.T) {
	o := newOperator(t)
	const adapter, desk = "00:0b:82:00:00:01", "00:15:65:4a:a9:37"
	o.does("", 0, "anna", "user", "add", "anna", "--extension", "710")
	o.does("", 0, "anna.s on record.*no phone book: .*no screen", "device", "add", adapter, "--model", "HT801", "--owner", "anna")
	o.does("", 0, "no phone book", "user", "edit", "anna", "--first", "Anna")
	if out := o.does("", 0, "T46G", "device", "add", desk, "--model", "T46G", "--owner", "anna"); strings.Contains(out, "no phone book") {
		t.Errorf("a Yealink phone: got %s", out)
	}
	if out := o.does("", 0, "HT801", "device", "edit", adapter, "--label", "Fax"); strings.Contains(out, "no phone book") {
		t.Errorf("no owner named: got %s", out)
	}
	o.does("", 0, "phone book none: nothing to read one on", "vendors", "grandstream-ht")
}

// TestModelDecidesTheVendor: a phone is filed under the maker of its model, and a
// wrong maker is refused with the right one to type.
func TestModelDecidesTheVendor(t *testing.T) {
	o := newOperator(t)
	const ht, base, desk = "00:0b:82:00:00:01", "00:04:13:00:00:01", "d0:ec:35:00:00:01"
	o.does("", 0, "grandstream-ht HT801", "device", "add", ht, "--model", "HT801")
	o.does("", 1, "--vendor grandstream-ht", "device", "edit", ht, "--vendor", "grandstream")
	o.does("", 1, "--vendor snom-dect", "device", "add", base, "--vendor", "snom", "--model", "M900")
	o.does("", exitUsage, "cisco-mpp, cisco-spa, cisco-ata, cisco-sep", "device", "add", desk, "--vendor", "cisco", "--model", "8851")
	o.does("", 0, "cisco-mpp CP-8851", "device", "add", desk, "--model", "8851")
	o.does("mac,vendor,type\n"+base+",snom,M900\n", 1, "line 2.*--vendor snom-dect", "device", "import", "-")
	o.does("mac,type\n"+base+",M900\n", 0, "1 added", "device", "import", "-")
	o.does("", 0, "snom-dect +M900", "device", "list")

	o.does("", 0, "grandstream: user grandstream, password", "otp", "set", "grandstream-ht", "--generate")
	o.does("", 0, "cisco: user cisco, password", "otp", "set", "cisco", "--generate")
	if out := o.does("", 0, "grandstream +grandstream +set", "otp", "list"); strings.Contains(out, "grandstream-") {
		t.Errorf("got %s, want brands alone", out)
	}
	o.does("", 0, "000B82000001", "device", "export", "--for", "grandstream-gdms")
	o.does("", 0, "000413000001", "device", "export", "--for", "snom-sraps")
}

// TestOwnerOfAPhoneWithoutABook: it is told what an owner does not do for it, and
// of a phone with one nothing.
func TestOwnerOfAPhoneWithoutABook(t *testing.T) {
	for _, m := range vendors.All().Makers() {
		var errs strings.Builder
		p := &program{err: &errs}
		p.warnBookless(admin.Device{MAC: phone.MAC{1}, Vendor: m.Vendor, Owner: "anna"})
		if told := strings.Contains(errs.String(), "anna's on record"); told == (m.Book != nil) {
			t.Errorf("%s, book %v: got %q", m.Vendor, m.Book != nil, errs.String())
		}
	}
}

// TestARuleSaysWhetherItsFileIsNamed: a file that is not what the rule was made for
// is told to no phone, and the list does not say it were.
func TestARuleSaysWhetherItsFileIsNamed(t *testing.T) {
	rule := provision.FirmwareRule{Vendor: "yealink", Model: "T46G", File: "T46G.rom"}
	file := func(state string) provision.LocalFile {
		return provision.LocalFile{Vendor: "yealink", Name: "T46G.rom", State: state}
	}
	for name, tt := range map[string]struct {
		files []provision.LocalFile
		want  string
	}{
		"as it was":             {[]provision.LocalFile{file("served")}, "is named in their configs"},
		"changed":               {[]provision.LocalFile{file("not what was added")}, "is not named: T46G.rom is not what was added"},
		"not looked at":         {[]provision.LocalFile{file("unchecked")}, "is not named yet"},
		"gone from the list":    {nil, "is not named: T46G.rom is not here"},
		"another maker's alone": {[]provision.LocalFile{{Vendor: "snom", Name: "T46G.rom", State: "served"}}, "is not named: T46G.rom is not here"},
	} {
		if got := ruleWay(rule, tt.files); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: got %q, want it to begin with %q", name, got, tt.want)
		}
	}
	rule.Image = "T46G.bin"
	if got := ruleWay(rule, []provision.LocalFile{file("served")}); !strings.HasPrefix(got, "is not named: T46G.bin") {
		t.Errorf("without its image: got %q", got)
	}
}
