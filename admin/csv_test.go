package admin

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
)

// sameSecrets compares what is inside; an empty secret is the same as another,
// which Secret.Equal denies on purpose.
var sameSecrets = cmp.Options{
	cmp.Comparer(func(a, b phone.Secret) bool { return a.Reveal() == b.Reveal() }),
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
}

var csvNow = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func csvRecord() auth.Record {
	return auth.Record{
		Device: phone.Device{
			MAC: phone.MAC{0, 4, 0xf2, 1, 2, 3}, Vendor: "poly", Model: "VVX410", Label: "=HYPERLINK(\"x\")", Owner: "bob",
			Lines: []phone.Line{
				{Registrar: "sip.example.net", User: "+4930", AuthID: "a", DisplayName: "Müller; Büro, \"2\"", Password: phone.NewSecret("hidden-one")},
				{Registrar: "sip.example.net", User: "second", Password: phone.NewSecret("hidden-two")},
			},
			Overrides: map[string]string{"x": "y"}, Created: csvNow, Addr: netip.MustParseAddr("10.20.0.60"),
		},
		Enrolment: auth.Enrolment{State: auth.Needed, PIN: phone.NewSecret("123456")},
	}
}

func TestExportIsGuardedAndComesBack(t *testing.T) {
	rec := csvRecord()
	var file bytes.Buffer
	pins, err := writeCSV(&file, csvNow, "Branch", []auth.Record{rec}, true)
	if err != nil || pins != 1 {
		t.Fatalf("got %d PINs, %v; want 1", pins, err)
	}
	want := "vendor,type,mac,created,site,state,pin,label,owner,registrar,user,auth_id,display_name,address\r\n" +
		"poly,VVX410,00:04:f2:01:02:03,2026-03-01T09:00:00Z,Branch,needed,123456,\"'=HYPERLINK(\"\"x\"\")\",bob,sip.example.net,'+4930,a,\"Müller; Büro, \"\"2\"\"\",10.20.0.60\r\n"
	if diff := cmp.Diff(want, file.String()); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}
	rows, err := understand(file.Bytes())
	if err != nil || len(rows) != 1 {
		t.Fatalf("read back: %d rows, %v", len(rows), err)
	}
	if diff := cmp.Diff(rec.Device, rows[0].lay(rec.Device), sameSecrets); diff != "" {
		t.Errorf("device after its own export (-want +got):\n%s", diff)
	}
}

func TestExportHasNoPINOfAnAuthenticatedPhone(t *testing.T) {
	rec := csvRecord()
	rec.Enrolment.State = auth.Successful
	var file bytes.Buffer
	pins, err := writeCSV(&file, csvNow, "Branch", []auth.Record{rec}, true)
	if err != nil || pins != 0 || strings.Contains(file.String(), "123456") {
		t.Errorf("got %d PINs, %v:\n%s", pins, err, file.String())
	}
}

// understand reads a file, and takes a fault for an error.
func understand(data []byte) ([]row, error) {
	rows, bad, err := readCSV(data)
	if err == nil {
		err = bad.err()
	}
	return rows, err
}

func TestReadCSV(t *testing.T) {
	for name, file := range map[string]string{
		"plain":                "mac,vendor,label\n0004f2010203,poly,Hall\n",
		"byte order mark":      "\ufeffmac,vendor,label\n0004f2010203,poly,Hall\n",
		"CRLF":                 "mac,vendor,label\r\n0004f2010203,poly,Hall\r\n",
		"semicolons":           "mac;vendor;label\n0004f2010203;poly;Hall\n",
		"tabs":                 "mac\tvendor\tlabel\n0004f2010203\tpoly\tHall\n",
		"another order":        "Label , VENDOR,Mac\nHall, poly ,00-04-F2-01-02-03\n",
		"quotes":               "\"mac\",\"vendor\",\"label\"\n\"0004.f201.0203\",\"poly\",\"Hall\"\n",
		"empty lines and cell": "mac,vendor,label,\n\n,,,\n0004f2010203,poly,Hall,\n , ,\n",
		"no end of line":       "mac,vendor,label\n0004f2010203,poly,Hall",
	} {
		t.Run(name, func(t *testing.T) {
			rows, err := understand([]byte(file))
			if err != nil || len(rows) != 1 {
				t.Fatalf("got %v, %v, want one row", rows, err)
			}
			want := phone.Device{MAC: phone.MAC{0, 4, 0xf2, 1, 2, 3}, Vendor: "poly", Label: "Hall"}
			if diff := cmp.Diff(want, rows[0].lay(phone.Device{}), sameSecrets); diff != "" {
				t.Errorf("device (-want +got):\n%s", diff)
			}
		})
	}
}

// TestQuotedCellsKeepSeparators: whatever divides the cells of a file, one in
// quotes may hold it.
func TestQuotedCellsKeepSeparators(t *testing.T) {
	const label = "Front; \"back\",\tside"
	for _, sep := range []string{",", ";", "\t"} {
		file := strings.Join([]string{"mac", "vendor", "label"}, sep) + "\n" +
			strings.Join([]string{"0004f2010203", "poly", `"Front; ""back"",` + "\t" + `side"`}, sep) + "\n"
		rows, err := understand([]byte(file))
		if err != nil || len(rows) != 1 {
			t.Errorf("%q: got %v, %v, want one row", sep, rows, err)
		} else if got := rows[0].lay(phone.Device{}).Label; got != label {
			t.Errorf("%q: got label %q, want %q", sep, got, label)
		}
	}
}

func TestReadCSVRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ file, want string }{
		"nothing":              {"", "no header row"},
		"no mac column":        {"vendor,label\npoly,x\n", "no column mac"},
		"unknown column":       {"mac,colour\n0004f2010203,red\n", `no column "colour"`},
		"column twice":         {"mac,label,Label\n", "column label is there twice"},
		"bad MAC":              {"mac\n0004f2010203\nzz\n", "line 3: mac: "},
		"group address":        {"mac\n01:00:5e:00:00:01\n", "line 2: mac: "},
		"one MAC twice":        {"mac\n0004f2010203\n\n00:04:f2:01:02:03\n", "line 4: 00:04:f2:01:02:03 is in line 2 already"},
		"too many cells":       {"mac,label\n0004f2010203,Hall, left\n", "line 2: has 3 cells, the header 2"},
		"cell without a name":  {"mac,\n0004f2010203,x\n", "line 2: cell 2 has no name"},
		"quote in the wrong":   {"mac,label\n0004f2010203,\"Hall\n", "quote in the wrong place"},
		"Latin-1":              {"mac,label\n0004f2010203,M\xfcller\n", "not in UTF-8"},
		"UTF-16":               {"\xff\xfem\x00a\x00c\x00", "not in UTF-8"},
		"several, all of them": {"mac\nx\ny\nz\n", "line 4: mac: "},
		"too many rows":        {"mac\n" + manyRows(maxRows+1), "more than 20000 rows"},
	} {
		t.Run(name, func(t *testing.T) {
			rows, err := understand([]byte(tc.file))
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(e.What+"\n"+strings.Join(e.Fields, "\n"), tc.want) {
				t.Fatalf("got %d rows, %v, want %q", len(rows), err, tc.want)
			}
			if e.Hint == "" {
				t.Error("the refusal does not say what to do")
			}
		})
	}
}

func manyRows(n int) string {
	var b strings.Builder
	for i := range n {
		m := phone.MAC{0, 4, 0xf2, byte(i >> 16), byte(i >> 8), byte(i)}
		b.WriteString(m.String() + "\n")
	}
	return b.String()
}

func TestFaultsAreBounded(t *testing.T) {
	_, err := understand([]byte("mac\n" + strings.Repeat("x\n", 1000)))
	var e *Error
	if !errors.As(err, &e) || len(e.Fields) != maxFault+1 || e.Fields[maxFault] != "and 900 more" {
		t.Errorf("got %v with %d fields", err, len(e.Fields))
	}
}

func TestLayKeepsWhatTheFileDoesNotSay(t *testing.T) {
	for name, tc := range map[string]struct {
		file string
		want func(*phone.Device)
	}{
		"mac alone changes nothing":         {"mac\n%", func(*phone.Device) {}},
		"empty line cells change nothing":   {"mac,registrar,user,password\n%,,,", func(*phone.Device) {}},
		"an empty label clears it":          {"mac,label\n%,", func(d *phone.Device) { d.Label = "" }},
		"an empty vendor stays":             {"mac,vendor\n%,", func(*phone.Device) {}},
		"a password is taken as it stands":  {"mac,password\n%,\" '=x \"", func(d *phone.Device) { d.Lines[0].Password = phone.NewSecret(" '=x ") }},
		"another user has no old password":  {"mac,user\n%,u2", func(d *phone.Device) { d.Lines[0].User, d.Lines[0].Password = "u2", phone.Secret{} }},
		"another registrar has none":        {"mac,registrar\n%,r2.example", func(d *phone.Device) { d.Lines[0].Registrar, d.Lines[0].Password = "r2.example", phone.Secret{} }},
		"another name keeps the password":   {"mac,display_name\n%,N", func(d *phone.Device) { d.Lines[0].DisplayName = "N" }},
		"state, PIN and created are not in": {"mac,state,pin,created,site\n%,blocked,999999,never,Mars", func(*phone.Device) {}},
	} {
		t.Run(name, func(t *testing.T) {
			old, want := csvRecord().Device, csvRecord().Device
			tc.want(&want)
			rows, err := understand([]byte(strings.ReplaceAll(tc.file, "%", old.MAC.String())))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, rows[0].lay(old), sameSecrets); diff != "" {
				t.Errorf("device (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzCSV: reading never panics; what can be read and is valid comes back the
// same from its own export, and no cell of an export is a formula.
func FuzzCSV(f *testing.F) {
	f.Add([]byte("mac,vendor,label\n0004f2010203,poly,=1+1\n"))
	f.Add([]byte("\ufeffuser;registrar;MAC;password\r\n+49;sip.example.net;00-04-F2-01-02-03;\"a;\"\"b\"\r\n"))
	f.Add([]byte("mac\tdisplay_name\n0004.f201.0203\t'''@x\n\n"))
	f.Add([]byte("mac,label\n0004f2010203,\"a\nb\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := understand(data)
		if err != nil {
			return
		}
		var all []auth.Record
		for _, r := range rows {
			dev := r.lay(phone.Device{Vendor: "snom"})
			if dev.Validate() == nil {
				all = append(all, auth.Record{Device: dev, Enrolment: auth.Enrolment{State: auth.Needed, PIN: phone.NewSecret("000000")}})
			}
		}
		var file bytes.Buffer
		if _, err := writeCSV(&file, csvNow, "Branch", all, true); err != nil {
			t.Fatal(err)
		}
		again, err := understand(file.Bytes())
		if err != nil || len(again) != len(all) {
			t.Fatalf("own export: %d rows, %v, want %d:\n%s", len(again), err, len(all), file.String())
		}
		for i, r := range again {
			if diff := cmp.Diff(all[i].Device, r.lay(all[i].Device), sameSecrets); diff != "" {
				t.Fatalf("own export (-want +got):\n%s", diff)
			}
			for name, cell := range cellsOf(csvNow, "Branch", all[i]) {
				if g := operators.GuardCell(cell); g != "" && strings.IndexByte("=+-@", g[0]) >= 0 {
					t.Fatalf("cell %s is a formula: %q", name, g)
				}
			}
		}
	})
}
