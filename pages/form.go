package pages

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// form is what a person wrote, and what is wrong with it. The zero form is one
// nobody has written in yet.
type form struct {
	values  map[string]string
	Wrong   map[string]string // by field
	Problem *problem          // what no field can be blamed for
}

// parse reads the request's form, once.
func (v *visit) parse() error {
	if v.r.Form != nil {
		return nil
	}
	err := v.parseForm()
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		return &admin.Error{Status: http.StatusRequestEntityTooLarge, What: v.say("problem.big"), Hint: v.say("problem.big.do")}
	case err != nil:
		return &admin.Error{Status: http.StatusBadRequest, What: v.say("problem.form"), Hint: v.say("problem.form.do")}
	}
	return nil
}

// form reads what was written in the fields named. Spaces around it are gone;
// secrets are read by secret.
func (v *visit) form(fields ...string) (*form, error) {
	if err := v.parse(); err != nil {
		return nil, err
	}
	f := &form{values: make(map[string]string, len(fields))}
	for _, name := range fields {
		f.values[name] = strings.TrimSpace(v.r.PostFormValue(name))
	}
	return f, nil
}

// filled is a form with what is there now, for people to change.
func filled(pairs ...string) *form {
	f := &form{values: make(map[string]string, len(pairs)/2)}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.values[pairs[i]] = pairs[i+1]
	}
	return f
}

// Get is what was written in a field.
func (f *form) Get(name string) string { return f.values[name] }

// secret is what was written in a field for a secret, as it is. It is never
// shown again.
func (v *visit) secret(name string) phone.Secret { return secret(v.r.PostFormValue(name)) }

func secret(s string) phone.Secret { return phone.NewSecret(s) }

// blame says what is wrong with a field.
func (f *form) blame(name, text string) {
	if f.Wrong == nil {
		f.Wrong = make(map[string]string)
	}
	if f.Wrong[name] == "" {
		f.Wrong[name] = text
	}
}

// OK reports that nothing is wrong so far.
func (f *form) OK() bool { return len(f.Wrong) == 0 && f.Problem == nil }

// refused puts an error of the API where it belongs: what names a field beside
// the field, everything else above the form.
func (v *visit) refused(f *form, err error) {
	p := v.problem(err)
	var rest []string
	for _, line := range p.Fields {
		name, text, ok := strings.Cut(line, ": ")
		if _, there := f.values[name]; ok && there {
			f.blame(name, sentence(text))
			continue
		}
		rest = append(rest, line)
	}
	if len(p.Fields) > 0 && len(rest) == 0 {
		return
	}
	p.Fields = rest
	f.Problem = p
}

// again shows a form again, with what was written and what is wrong. err is the
// API's, or nil where the page itself found it.
func (v *visit) again(page string, data any, f *form, err error) error {
	status := http.StatusUnprocessableEntity
	if err != nil {
		p := v.problem(err)
		if p.Status >= http.StatusInternalServerError {
			v.s.dep.Log.Error("a form could not be carried out", "file", v.r.URL.Path, "err", err)
		}
		if p.Status != http.StatusUnauthorized { // which has the script ask who it is
			status = p.Status
		}
		v.refused(f, err)
	}
	return v.render(status, page, data)
}

// field is one field of a form, as template "field" draws it.
type field struct {
	Kind, Name, Label, Value, Wrong string
	Hint, Auto, Group               string
	Need, Long, Plain, Checked      bool
	Options                         []option
	Length                          int
	id                              string // where the name's would be there twice
}

type option struct {
	Value, Text string
	Chosen      bool
}

// ID is what label and messages are bound to.
func (f field) ID() string { return cmp.Or(f.id, "f-"+f.Name) }

func newField(kind string, f *form, name, label string) field {
	x := field{Kind: kind, Name: name, Label: label, Length: 200}
	if f != nil {
		x.Value, x.Wrong = f.values[name], f.Wrong[name]
	}
	return x
}

// input is a field for text: {{template "field" (input .Data.Form "name" (t "x.name") | need)}}.
func input(f *form, name, label string) field { return newField("text", f, name, label) }

// password is a field for a secret; it is never filled in.
func password(f *form, name, label string) field {
	x := newField("password", f, name, label)
	x.Value = ""
	return x
}

func area(f *form, name, label string) field { return newField("area", f, name, label) }

func hidden(f *form, name string) field { return newField("hidden", f, name, "") }

func checkbox(f *form, name, label string) field {
	x := newField("checkbox", f, name, label)
	x.Checked = x.Value != ""
	return x
}

// choice is one of some values, each with its text.
func choice(f *form, name, label string, pairs ...string) field {
	x := newField("choice", f, name, label)
	for i := 0; i+1 < len(pairs); i += 2 {
		x.Options = append(x.Options, option{Value: pairs[i], Text: pairs[i+1], Chosen: pairs[i] == x.Value})
	}
	return x
}

// choices is a choice whose values and texts come from the handler.
func choices(f *form, name, label string, pairs []string) field {
	return choice(f, name, label, pairs...)
}

// What follows says more of a field, in a pipe.

func need(f field) field              { f.Need = true; return f }
func huge(f field) field              { f.Length = 8 << 20; return f }
func long(f field) field              { f.Length = 64 << 10; return f }
func plain(f field) field             { f.Plain = true; return f } // no corrections by a phone's keyboard
func auto(what string, f field) field { f.Auto = what; return f }
func hint(text string, f field) field { f.Hint = text; return f }

// kind is another type of input, such as "date".
func kind(what string, f field) field { f.Kind = what; return f }

// as gives the field an ID of its own, on a page with two of its name.
func as(id string, f field) field { f.id = id; return f }

// number reads a hidden field of ours; anything else is 0.
func number(text string) uint64 {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
