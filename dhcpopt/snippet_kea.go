package dhcpopt

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/lineside/lineside/vendors"
)

// keaClass is a client class of Kea, in the order its manual shows the keys.
type keaClass struct {
	Name    string      `json:"name"`
	Test    string      `json:"test"`
	Defs    []keaDef    `json:"option-def,omitempty"`
	Options []keaOption `json:"option-data,omitempty"`
}

// keaDef says that option 43 is bytes: by itself Kea takes it apart into
// sub-options, and drops what is none.
type keaDef struct {
	Name string `json:"name"`
	Code uint8  `json:"code"`
	Type string `json:"type"`
}

func keaDefs(list []vendors.Option) []keaDef {
	for _, o := range list {
		if o.Code == 43 {
			return []keaDef{{Name: "vendor-encapsulated-options", Code: 43, Type: "binary"}}
		}
	}
	return nil
}

// keaOption is given as bytes: Kea then asks for no definition.
type keaOption struct {
	Code   uint8  `json:"code"`
	Space  string `json:"space"`
	CSV    bool   `json:"csv-format"`
	Data   string `json:"data"`
	Always bool   `json:"always-send,omitempty"`
}

// writeKea writes the client classes: each vendor's, one for what any of them
// matches, one for what is no phone, and each vendor's hardware addresses for
// clients that match none. Kea evaluates them in this order.
func writeKea(b *strings.Builder, parts []part, others []vendors.ClassMatch) {
	const anyPhone, other = "lineside-phone", "lineside-other"
	var classes []keaClass
	var named []string
	for _, p := range parts {
		if len(p.Is) == 0 {
			continue
		}
		classes = append(classes, keaClass{Name: p.name, Test: keaTest(p), Defs: keaDefs(p.options), Options: keaOptions(p.options)})
		named = append(named, fmt.Sprintf("member('%s')", p.name))
	}
	if len(named) > 0 {
		classes = append(classes, keaClass{Name: anyPhone, Test: strings.Join(named, " or ")})
	}
	classes = append(classes, keaClass{Name: other, Test: keaAny(others)})
	for _, p := range parts {
		var macs []string
		for _, o := range p.OUIs {
			macs = append(macs, fmt.Sprintf("substring(pkt4.mac,0,3) == 0x%x", o[:]))
		}
		if len(macs) == 0 {
			continue
		}
		test := "not member('" + other + "') and (" + strings.Join(macs, " or ") + ")"
		if len(named) > 0 {
			test = "not member('" + anyPhone + "') and " + test
		}
		classes = append(classes, keaClass{Name: p.name + "-mac", Test: test, Defs: keaDefs(p.options), Options: keaOptions(p.options)})
	}
	b.WriteString("// Kea: put this into \"Dhcp4\" of kea-dhcp4.conf, then restart kea-dhcp4-server.\n\"client-classes\": ")
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(classes) // strings and numbers: it cannot fail
}

func keaTest(p part) string {
	test := keaAny(p.Is)
	if len(p.Not) > 0 {
		test = "(" + test + ") and not (" + keaAny(p.Not) + ")"
	}
	return test
}

func keaAny(list []vendors.ClassMatch) string {
	terms := make([]string, len(list))
	for i, m := range list {
		terms[i] = keaMatch(m)
	}
	return strings.Join(terms, " or ")
}

// keaMatch compares a beginning. Kea 2.2 has no "contains", so the word behind
// it is looked for at the end of the text, less the NUL some phones put there.
func keaMatch(m vendors.ClassMatch) string {
	var terms []string
	if m.Prefix != "" {
		terms = append(terms, fmt.Sprintf("substring(option[60].hex,0,%d) == 0x%x", len(m.Prefix), m.Prefix))
	}
	if n := len(m.Has); n > 0 {
		terms = append(terms, fmt.Sprintf("(substring(option[60].hex,-%d,%d) == 0x%x or substring(option[60].hex,-%d,%d) == 0x%x)", n, n, m.Has, n+1, n, m.Has))
	}
	if len(terms) == 1 {
		return terms[0]
	}
	return "(" + strings.Join(terms, " and ") + ")"
}

func keaOptions(list []vendors.Option) []keaOption {
	out := make([]keaOption, len(list))
	for i, o := range list {
		out[i] = keaOption{Code: o.Code, Space: "dhcp4", Data: fmt.Sprintf("%X", o.Value), Always: o.Always}
	}
	return out
}
