package vendors

// attrXML has one element that carries every parameter as an attribute: Poly,
// whose phones do not look at element names.
type attrXML struct {
	head, foot string
	names      func(string) bool
	escape     escaper
}

func (f attrXML) holdsName(name string) bool {
	if f.names == nil {
		return wordName(name)
	}
	return f.names(name)
}

func (f attrXML) write(s *scratch, ps params) ([]byte, error) {
	b := append(s.out[:0], f.head...)
	for _, p := range ps {
		if p.from != nil && !f.holdsName(p.key) {
			return nil, badName(p)
		}
		b = append(append(append(b, "\n  "...), p.key...), "=\""...)
		var err error
		if b, err = f.escape(b, p.value); err != nil {
			return nil, p.refuse(err)
		}
		b = append(b, '"')
	}
	return append(b, f.foot...), nil
}
