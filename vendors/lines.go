package vendors

// keyValue is the family of syntaxes with one parameter on a line:
//
//	k = v     Yealink, Algo          SET k v    Avaya
//	k: v      Mitel, Cisco 7940      k v        Avaya 1100 and 1200
//	k="v"     Panasonic              k=v        AudioCodes
type keyValue struct {
	head, foot string // whole lines, ends included
	before     string // the name
	between    string // name and value
	end        string // of a line; "\n" where empty
	// empty stands for no value, where an empty one would mean "as it was".
	// An operator or a user who writes the word itself is refused by escape.
	empty  string
	names  func(string) bool
	escape escaper
	// maxLine bounds a line in bytes without its end; 0 is no bound.
	maxLine int
}

func (f keyValue) holdsName(name string) bool {
	if f.names == nil {
		return wordName(name)
	}
	return f.names(name)
}

func (f keyValue) write(s *scratch, ps params) ([]byte, error) {
	b := append(s.out[:0], f.head...)
	for _, p := range ps {
		var err error
		if b, err = f.line(b, p); err != nil {
			return nil, err
		}
	}
	return append(b, f.foot...), nil
}

// line writes one parameter.
func (f *keyValue) line(b []byte, p param) ([]byte, error) {
	if p.from != nil && !f.holdsName(p.key) {
		return nil, badName(p)
	}
	start := len(b)
	b = append(append(append(b, f.before...), p.key...), f.between...)
	if p.value == "" && f.empty != "" {
		b = append(b, f.empty...)
	} else {
		var err error
		if b, err = f.escape(b, p.value); err != nil {
			return nil, p.refuse(err)
		}
	}
	if f.maxLine > 0 && len(b)-start > f.maxLine {
		return nil, p.refuse(errLong)
	}
	if f.end == "" {
		return append(b, '\n'), nil
	}
	return append(b, f.end...), nil
}
