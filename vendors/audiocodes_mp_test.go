package vendors_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

func audiocodesMPSamples() samples {
	return samples{
		vendor: "audiocodes-mp", mac: "00908f5b1035", model: "MP-118", config: "MP11800908f5b1035.ini", ext: "ini", refuses: `,;'"`,
		read: readINI,
		keys: lineKeys{user: "TrunkGroup.#.FirstPhoneNumber", auth: "Authentication.#.UserId", password: "Authentication.#.UserPassword"},
		sipAgents: []identSample{
			{"Audiocodes-Sip-Gateway-MP-118 FXS/v.6.60A.228.007", vendors.Ident{Vendor: "audiocodes-mp", Model: "MP-118", Firmware: "6.60A.228.007"}},
			{"Audiocodes-Sip-Gateway-MP-114 FXS_FXO/v.5.40A.040.005", vendors.Ident{Vendor: "audiocodes-mp", Model: "MP-114", Firmware: "5.40A.040.005"}},
			{"Audiocodes-Sip-Gateway-Mediant 1000/v.6.60A.228.007", vendors.Ident{}},
		},
		names: []nameSample{
			{name: "MP11800908f5b1035.ini", kind: vendors.Config, mac: "00908f5b1035", model: "MP-118"},
			{name: "mp11200908F5B1035.ini", kind: vendors.Config, mac: "00908f5b1035", model: "MP-112"},
			{name: "00908f5b1035.ini", kind: vendors.Config, mac: "00908f5b1035"},
			{name: "MP118.ini", kind: vendors.Absent, model: "MP-118"},
		},
		holding: map[string]string{
			"ProxyIp.0.IpAddress": "10.20.0.1:5060", "TrunkGroup.0.FirstPhoneNumber": "hold-fake", "Authentication.0.UserPassword": "fake-hold-password",
			"TargetOfChannel.0.Destination": "*89", "TargetOfChannel.0.Type": "2", "HotLineToneDuration": "5", "AutoUpdateFrequency": "5",
			"DigitMapping": "110|112|911|x.T", "DHCPEnable": "1",
		},
		full: map[string]string{
			"IniFileURL": "http://10.20.0.1/cfg/00908f5b1035.ini", "AUPDDigestUsername": "fake-login", "AUPDDigestPassword": "fake-login-password",
			"TrunkGroup.0.FirstPhoneNumber": "4930123456710", "TrunkGroup.1.FirstBChannel": "2", "Authentication.0.UserId": "auth-710",
			"Authentication.0.UserPassword": "fake-line-password-1", "Authentication.1.UserId": "4930123456711", "ProxyIp.0.IpAddress": "sip.example.net:5060",
			"ProxyName": "sip.example.net", "SIPTransportType": "0", "NTPServerUTCOffset": "3600", "DayLightSavingTimeStart": "03:SUN/05:02:00",
			"DayLightSavingTimeEnd": "10:SUN/05:03:00", "CodersGroup0.0.Name": "g711Alaw64k", "RFC2833PayloadType": "101", "EnableSyslog": "0",
		},
		overrides: map[string]string{"EnableCallerID": "1"},
		replaces:  map[string]string{"ProxyName": "other.example.net", "TimeBetweenDigits": "4"},
		badNames:  []string{"a b", "A.b", "A.x.B", "A.0000.B", "A.0.", "A.0.B.C", "A-B", "1A"},
	}
}

// What the lines of an ini file look like.
var (
	iniSingle = regexp.MustCompile(`^(\w+) = (\d+|'([^']*)')$`)
	iniOpen   = regexp.MustCompile(`^\[ (\w+) \]$`)
	iniRowOf  = regexp.MustCompile(`^(\w+) (\d+) = (.*);$`)
)

// readINI reads single parameters, and cells of tables as Table.row.Column.
func readINI(body []byte) (map[string]string, error) {
	got := reading{}
	table, columns := "", []string(nil)
	for line := range strings.Lines(string(body)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.ContainsFunc(line, unicode.IsControl) || !utf8.ValidString(line) || strings.HasPrefix(line, ";") {
			return nil, fmt.Errorf("control character or comment in %q", line)
		}
		switch {
		case table == "":
			if g := iniOpen.FindStringSubmatch(line); g != nil {
				table, columns = g[1], nil
				continue
			}
			g := iniSingle.FindStringSubmatch(line)
			if g == nil {
				return nil, fmt.Errorf("no parameter: %q", line)
			}
			if err := got.add(g[1], strings.Trim(g[2], "'")); err != nil {
				return nil, err
			}
		case line == `[ \`+table+` ]`:
			table = ""
		case columns == nil:
			rest, ok := strings.CutPrefix(line, "FORMAT "+table+"_Index = ")
			if !ok || !strings.HasSuffix(rest, ";") {
				return nil, fmt.Errorf("no columns: %q", line)
			}
			columns = strings.Split(strings.TrimSuffix(rest, ";"), ", ")
		default:
			if err := readINIRow(got, table, columns, line); err != nil {
				return nil, err
			}
		}
	}
	if table != "" {
		return nil, errors.New("ends inside a table")
	}
	return got, nil
}

func readINIRow(got reading, table string, columns []string, line string) error {
	g := iniRowOf.FindStringSubmatch(line)
	if g == nil || g[1] != table || strings.ContainsAny(g[3], `;'"`) {
		return fmt.Errorf("no row of %s: %q", table, line)
	}
	cells := strings.Split(g[3], ",")
	if len(cells) != len(columns) {
		return fmt.Errorf("%d cells in %q, want %d", len(cells), line, len(columns))
	}
	for i, cell := range cells {
		column, ok := strings.CutPrefix(columns[i], table+"_")
		if !ok {
			return fmt.Errorf("column %q of %s", columns[i], table)
		}
		if err := got.add(table+"."+g[2]+"."+column, strings.TrimSpace(cell)); err != nil {
			return err
		}
	}
	return nil
}

// TestINIRows: an operator's cell goes with its row, or there is no file.
func TestINIRows(t *testing.T) {
	in := input(t, "audiocodes-mp", vendors.Full)
	in.Device.Overrides = map[string]string{"Authentication.0.UserId": "other"}
	if got := values(t, in)["Authentication.0.UserId"]; got != "other" {
		t.Errorf("got %q, want other", got)
	}
	for _, name := range []string{"Authentication.0.Module", "Authentication.5.UserId"} {
		in.Device.Overrides = map[string]string{name: "1"}
		if body, err := vendors.All().Render(in); err == nil {
			t.Errorf("a row of other columns was written for %s:\n%s", name, body)
		}
	}
	in.Device.Overrides = map[string]string{"Extra.0.A": "1", "Extra.0.B": "2"}
	if got := values(t, in); got["Extra.0.A"] != "1" || got["Extra.0.B"] != "2" {
		t.Errorf("got %q and %q, want a table of the operator's", got["Extra.0.A"], got["Extra.0.B"])
	}
}

// TestMediaPackRefuses: what would end a cell is no config.
func TestMediaPackRefuses(t *testing.T) {
	for _, password := range []string{"a,b", "a;b", "a'b", `a"b`, " a", "a\nb"} {
		in := input(t, "audiocodes-mp", vendors.Full)
		in.Device.Lines = lineOf(func(l *phone.Line) { l.Password = phone.NewSecret(password) })
		if body, err := vendors.All().Render(in); err == nil {
			t.Errorf("password %q was written:\n%s", password, body)
		}
	}
}
