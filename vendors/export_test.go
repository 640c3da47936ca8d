package vendors

import "slices"

// FormatCase is one syntax as tests try it, with names for three parameters and
// a way to write their values with and without the escaper.
type FormatCase struct {
	Name  string
	Keys  [3]string
	Write func(values [3]string, escaped bool) ([]byte, error)
}

// asIs is what an escaper is not.
func asIs(b []byte, s string) ([]byte, error) { return append(b, s...), nil }

// FormatCases lists every format with every variant a vendor of the trade needs.
func FormatCases() []FormatCase {
	word := [3]string{"alpha", "beta.2", "gamma"}
	lines := func(name string, keys [3]string, f keyValue) FormatCase {
		return formatCase(name, keys, func(e escaper) format { f.escape = e; return f }, f.escape)
	}
	cases := []FormatCase{
		lines("k = v", word, yealinkFormat),
		lines("k=v", [3]string{"voip/line/0/id", "voip/line/1/id", "system/type"}, keyValue{between: "=", names: nameOf("._-/"), escape: oneLine(";")}),
		lines("k: v", [3]string{"sip line1 user name", "sip line1 password", "time zone name"}, keyValue{between: ": ", names: nameOf("._- "), escape: oneLine("")}),
		formatCase("k: v with quotes", [3]string{"sip line1 user name", "sip line1 password", "dst [start|end] relative date"}, func(e escaper) format {
			f := mitelFormat
			f.escape = e
			return f
		}, mitelValue),
		lines(`k="v"`, [3]string{"SIP_URI_1", "SIP_PASS_1", "NTP_ADDR"}, keyValue{head: "# Head #\r\n", between: "=", end: "\r\n", escape: quoted}),
		lines("SET k v", word, keyValue{before: "SET ", between: " ", escape: quotedIfNeeded}),
		formatCase("flat XML", [3]string{"alpha", "beta.2", "gamma"}, func(e escaper) format {
			return flatXML{head: "<flat-profile>\n", foot: "</flat-profile>\n", attrs: ` ua="na"`, escape: e}
		}, xmlText),
		formatCase("P-values", [3]string{"P47", "P35", "P270"}, func(e escaper) format { f := pValues("gs_provision"); f.escape = e; return f }, xmlText),
		formatCase("attribute XML", word, func(e escaper) format { f := polyFormat; f.escape = e; return f }, polyValue),
		formatCase("pairs in attributes", word, func(e escaper) format {
			return pairXML{head: "<nvm>\n", foot: "</nvm>\n", element: "param", name: "name", value: "value", escape: e}
		}, xmlText),
		formatCase("pairs with quotes", word, func(e escaper) format {
			return pairXML{head: "<nvm>\n", foot: "</nvm>\n", element: "SYMB_ITEM", name: "ID", value: "value", wrap: "&quot;", escape: e}
		}, xmlUnquoted),
		formatCase("pairs as text", word, func(e escaper) format {
			return pairXML{head: "<nvm>\n", foot: "</nvm>\n", element: "item", name: "name", escape: e}
		}, xmlText),
		formatCase("tree XML", [3]string{"device/line[button=1]/name", "device/line[button=2]/name", "device/line[button=1]/proxy"}, func(e escaper) format {
			return treeXML{head: "<root>\n", foot: "</root>\n", escape: e}
		}, xmlText),
		formatCase("tree with dots", [3]string{"sip.line.1.DisplayName", "sip.line.2.DisplayName", "ap.opt.DHCPOption"}, func(e escaper) format {
			return treeXML{head: "<root>\n", foot: "</root>\n", escape: e, dots: true}
		}, xmlText),
		formatCase("ini tables", [3]string{"Alpha", "Port.0.Left", "Port.0.Right"}, func(e escaper) format { return iniTables{escape: e} }, audiocodesMPFormat.escape),
		formatCase("objects", [3]string{"Voice.1.Line.1.User", "Voice.1.Line.1.Password", "Voice.2.URI"}, func(e escaper) format { return objectXML{escape: e} }, xmlText),
		formatCase("script", [3]string{"context ip router/interface eth0/label {}", "context ip router/name {}", "administrator {} password x"}, func(e escaper) format {
			return script{head: "cli version 3.20\n", escape: e}
		}, scriptWord),
		formatCase("script modes", [3]string{"context ip {}/shutdown", "administrator {}", "name {}"}, func(e escaper) format {
			return script{head: "cli version 3.20\n", escape: e}
		}, pattonWord),
		formatCase("gigaset nvm", [3]string{"add_hs.00001", "alpha", "beta.2"}, func(e escaper) format {
			return gigasetFormat{pairXML: pairXML{element: "param", name: "name", value: "value", escape: e}, root: `<provisioning version="1.1" productID="e2">`, last: "<oper name=\"update_dm\" value=\"local\"/>\n"}
		}, xmlText),
		formatCase("gigaset firmware", [3]string{"firmware.version", "firmware.url", "alpha"}, func(e escaper) format {
			return gigasetFormat{pairXML: pairXML{element: "param", name: "name", value: "value", escape: e}, root: `<provisioning version="1.1">`}
		}, xmlText),
		formatCase("gigaset frame", [3]string{"MAC_ADDRESS", "S_PROV_USERNAME", "BS_IP_Data1.aucX[0]"}, func(e escaper) format {
			f := newGigasetFrame("N510", "N510.xsd")
			f.escape = e
			return f
		}, xmlASCII),
	}
	return slices.Clip(cases)
}

func formatCase(name string, keys [3]string, with func(escaper) format, right escaper) FormatCase {
	return FormatCase{Name: name, Keys: keys, Write: func(values [3]string, escaped bool) ([]byte, error) {
		e := right
		if !escaped {
			e = asIs
		}
		var ps params
		set := ps.set
		if _, ok := with(e).(script); ok {
			set = func(key, value string) { ps.command(key, value) }
		}
		for i, k := range keys {
			set(k, values[i])
		}
		return with(e).write(&scratch{}, ps)
	}}
}

// NumberPair writes one number in the syntax that quotes text.
func NumberPair(name, value string) (string, error) {
	var ps params
	ps.setNumber(name, value)
	b, err := pairXML{element: "SYMB_ITEM", name: "ID", value: "value", wrap: "&quot;", escape: xmlUnquoted}.write(&scratch{}, ps)
	return string(b), err
}

// HoldsName asks the format of a case of vendor v.
func (m Maker) HoldsName(name string) bool { return m.format.holdsName(name) }

// TreeHolds and ScriptHolds ask formats no vendor may have yet.
func TreeHolds(name string) bool   { return treeXML{}.holdsName(name) }
func ScriptHolds(name string) bool { return script{}.holdsName(name) }
