package vendors

// pairXML has one element of a fixed name for each parameter, which carries the
// parameter's name as an attribute and its value as another or as text:
//
//	<param name="k" value="v"/>       Gigaset
//	<SYMB_ITEM ID="k" value='"v"'/>   Gigaset N510, N720
//	<item name="k">v</item>           Grandstream
type pairXML struct {
	head, foot string
	element    string
	name       string // attribute of the name
	value      string // attribute of the value; empty: the value is text
	// wrap is written around every value that is no number: the N510 takes
	// "text" in quotes of its own, and numbers without. escape must refuse it.
	wrap   string
	names  func(string) bool
	escape escaper
}

func (f pairXML) holdsName(name string) bool {
	if f.names == nil {
		return wordName(name)
	}
	return f.names(name)
}

func (f pairXML) write(s *scratch, ps params) ([]byte, error) {
	b := append(s.out[:0], f.head...)
	for _, p := range ps {
		var err error
		if b, err = f.pair(b, p); err != nil {
			return nil, err
		}
	}
	return append(b, f.foot...), nil
}

// pair appends one parameter's element.
func (f pairXML) pair(b []byte, p param) ([]byte, error) {
	if p.from != nil && !f.holdsName(p.key) {
		return nil, badName(p)
	}
	b = append(append(append(b, '<'), f.element...), ' ')
	b = append(append(append(append(b, f.name...), "=\""...), p.key...), '"')
	if f.value == "" {
		b = append(b, '>')
	} else {
		b = append(append(append(b, ' '), f.value...), "=\""...)
	}
	var err error
	wrap := f.wrap
	if p.number {
		wrap = ""
	}
	if b, err = f.escape(append(b, wrap...), p.value); err != nil {
		return nil, p.refuse(err)
	}
	b = append(b, wrap...)
	if f.value == "" {
		return append(append(append(b, "</"...), f.element...), ">\n"...), nil
	}
	return append(b, "\"/>\n"...), nil
}

// xmlUnquoted is xmlText for values that stand between quotes of their own.
func xmlUnquoted(b []byte, s string) ([]byte, error) {
	for _, c := range s {
		if c == '"' {
			return nil, errMark
		}
	}
	return xmlText(b, s)
}
