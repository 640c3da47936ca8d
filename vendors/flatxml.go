package vendors

import "strconv"

// flatXML has one element for each parameter, named after it, with its value as
// text: snom's settings, Cisco's flat profile, P-values.
type flatXML struct {
	head, foot string
	attrs      string // of every element, with a blank before
	index      string // attribute of param.idx; empty where names carry it
	names      func(string) bool
	escape     escaper
}

func (f flatXML) holdsName(name string) bool {
	if f.names == nil {
		return wordName(name)
	}
	return f.names(name)
}

func (f flatXML) write(s *scratch, ps params) ([]byte, error) {
	b := append(s.out[:0], f.head...)
	for _, p := range ps {
		if p.from != nil && !f.holdsName(p.key) {
			return nil, badName(p)
		}
		b = append(append(b, '<'), p.key...)
		if p.idx != 0 && f.index != "" {
			b = append(append(append(b, ' '), f.index...), "=\""...)
			b = append(strconv.AppendInt(b, int64(p.idx), 10), '"')
		}
		b = append(append(b, f.attrs...), '>')
		var err error
		if b, err = f.escape(b, p.value); err != nil {
			return nil, p.refuse(err)
		}
		b = append(append(append(b, "</"...), p.key...), ">\n"...)
	}
	return append(b, f.foot...), nil
}
