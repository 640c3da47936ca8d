package vendors

import (
	"fmt"
	"strings"
)

// gigasetFormat is a provisioning document: the firmware, then the nvm section
// with the parameters, and operations that make and delete handsets amid them.
type gigasetFormat struct {
	pairXML
	root string // start tag of the document
	last string // what ends the nvm section
}

func (f gigasetFormat) write(s *scratch, ps params) ([]byte, error) {
	b := append(s.out[:0], "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"...)
	b, err := f.firmware(append(append(b, f.root...), '\n'), ps)
	if err != nil {
		return nil, err
	}
	b = append(b, "<nvm>\n"...)
	for _, p := range ps {
		handset, added := strings.CutPrefix(p.key, gigasetAdd)
		switch {
		case p.key == gigasetVersion || p.key == gigasetLoad:
			continue
		case p.key == gigasetDelete:
			b = append(b, "<oper name=\"DeleteNotProvisionedHS\"/>\n"...)
		case added && len(handset) != 5 || added && strings.Trim(handset, "0123456789") != "":
			return nil, badName(p)
		case added:
			b = append(append(append(b, "<oper name=\"add_hs\" value=\""...), handset...), "\"><param name=\"hs.RegStatus\" value=\""...)
			if b, err = f.escape(b, p.value); err != nil {
				return nil, p.refuse(err)
			}
			b = append(b, "\"/></oper>\n"...)
		default:
			if b, err = f.pair(b, p); err != nil {
				return nil, err
			}
		}
	}
	return append(append(b, f.last...), "</nvm>\n</provisioning>\n"...), nil
}

// firmware writes <firmware><file version="…" url="…"/></firmware>, of which the
// one half is nothing without the other.
func (f gigasetFormat) firmware(b []byte, ps params) ([]byte, error) {
	var version, file *param
	for i := range ps {
		switch ps[i].key {
		case gigasetVersion:
			version = &ps[i]
		case gigasetLoad:
			file = &ps[i]
		}
	}
	switch {
	case version == nil && file == nil:
		return b, nil
	case version == nil || file == nil:
		return nil, fmt.Errorf("%s and %s belong together: give both, or neither", gigasetVersion, gigasetLoad)
	}
	b, err := f.escape(append(b, "<firmware>\n<file version=\""...), version.value)
	if err != nil {
		return nil, version.refuse(err)
	}
	if b, err = f.escape(append(b, "\" url=\""...), file.value); err != nil {
		return nil, file.refuse(err)
	}
	return append(b, "\"/>\n</firmware>\n"...), nil
}
