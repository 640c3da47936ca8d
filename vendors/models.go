package vendors

import (
	"slices"
	"strings"
)

// Form is what kind of thing a model is.
type Form uint8

// Forms.
const (
	Desk    Form = iota // has a handset and a screen
	Adapter             // analogue ports, no screen, several users
	DECT                // base or manager of cordless handsets
	Room                // conference phone
	Door                // intercom, paging or door station
)

// Model is one model of a vendor.
type Model struct {
	// Name is as phone.Device.Model has it and as the phone's User-Agent says,
	// without the vendor: "T46G", "D385", "VVX410".
	Name string
	// Lines is how many SIP accounts it takes, Keys how many keys can carry a
	// line; 0 is not known.
	Lines, Keys int
	// Screen is the main screen in pixels, "480x272", or "none"; empty is not
	// known.
	Screen string
	// Code is what stands for the model in the vendor's file names, as it
	// stands there or as a number the vendor's code pads; empty is none.
	Code string
	Form Form
}

// Models are the models known of one vendor, in the order of its list. Phones
// of other models are served all the same. The zero value has none.
type Models struct {
	list  []Model
	byKey map[string]int
}

// List is every model.
func (ms Models) List() []Model { return slices.Clone(ms.list) }

// Len is how many there are.
func (ms Models) Len() int { return len(ms.list) }

// Of finds a model by its name in any case, with or without the marks vendors
// put around it ("SIP-T46G", "VVX_410").
func (ms Models) Of(name string) (Model, bool) {
	var room [modelRoom]byte
	if i, ok := ms.byKey[string(appendModelKey(room[:0], name))]; ok {
		return ms.list[i], true
	}
	return Model{}, false
}

// Fits is how many lines the phone of a model takes: what its maker's list says of
// it, and no more than this box writes for any of them. 0 is not known.
func (m Maker) Fits(model string) int {
	known, _ := m.Models.Of(model)
	if known.Lines == 0 || m.MaxLines == 0 {
		return max(known.Lines, m.MaxLines)
	}
	return min(known.Lines, m.MaxLines)
}

// ofCode is the models that share a code.
func (ms Models) ofCode(code string) []Model {
	var list []Model
	for _, m := range ms.list {
		if m.Code == code {
			list = append(list, m)
		}
	}
	return list
}

// modelKey is what two spellings of one model have in common.
func modelKey(s string) string { return string(appendModelKey(nil, s)) }

// modelRoom is more than any model's key, for look-ups that cost nothing.
const modelRoom = 48

// appendModelKey appends the key: capitals, less a "SIP-" before and the marks
// between.
func appendModelKey(b []byte, s string) []byte {
	if len(s) >= 4 && strings.EqualFold(s[:4], "SIP-") {
		s = s[4:]
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z':
			b = append(b, c-'a'+'A')
		case c != '_' && c != ' ' && c != '-':
			b = append(b, c)
		}
	}
	return b
}

// row is models that share their facts, names apart by blanks.
type row struct {
	code        string
	lines, keys int
	screen      string
	form        Form
	names       string
}

// modelsOf makes the list of a vendor. Two rows that name one model are an
// error of the list; the tests look for it, and the first counts.
func modelsOf(rows ...row) Models {
	ms := Models{byKey: map[string]int{}}
	for _, r := range rows {
		for name := range strings.FieldsSeq(r.names) {
			if _, twice := ms.byKey[modelKey(name)]; !twice {
				ms.byKey[modelKey(name)] = len(ms.list)
			}
			ms.list = append(ms.list, Model{Name: name, Lines: r.lines, Keys: r.keys, Screen: r.screen, Code: r.code, Form: r.form})
		}
	}
	return ms
}
