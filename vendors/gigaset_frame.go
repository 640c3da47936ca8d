package vendors

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// gigasetFrame is the ProviderFrame of N510 and N720:
//
//	<MAC_ADDRESS value="7C2F80123456"/>
//	<S_PROV_USERNAME class="string" value='"text"'/>
//	<SYMB_ITEM class="symb_item" ID="k" value='"text"'/>
//
// Text stands between two quotes of its own, numbers do not. A device whose MAC
// is another applies nothing of the file. The document says that it is ISO 8859-1,
// and is: other characters are written as references.
type gigasetFrame struct {
	pairXML
	profile string // N510
	schema  string
}

// gigasetMAC names the parameter that says whose file it is.
const gigasetMAC = "MAC_ADDRESS"

func newGigasetFrame(profile, schema string) gigasetFrame {
	return gigasetFrame{pairXML{
		element: `SYMB_ITEM class="symb_item"`, name: "ID", value: "value", wrap: "&quot;",
		names: nameOf("._[]%"), escape: xmlASCII,
	}, profile, schema}
}

func (f gigasetFrame) holdsName(name string) bool {
	if strings.HasPrefix(name, "S_") {
		return wordName(name)
	}
	return f.pairXML.holdsName(name)
}

func (f gigasetFrame) write(s *scratch, ps params) ([]byte, error) {
	b := append(s.out[:0], "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<ProviderFrame xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:noNamespaceSchemaLocation=\""...)
	b = append(append(b, f.schema...), "\">\n<Provider>\n"...)
	for _, p := range ps {
		var err error
		switch {
		case p.key == gigasetMAC:
			if b, err = f.escape(append(b, "<MAC_ADDRESS value=\""...), p.value); err != nil {
				return nil, p.refuse(err)
			}
			b = append(append(append(b, "\"/>\n<PROFILE_NAME class=\"string\" value=\""...), f.profile...), "\"/>\n"...)
		case strings.HasPrefix(p.key, "S_"):
			if p.from != nil && !f.holdsName(p.key) {
				return nil, badName(p)
			}
			b = append(append(append(b, '<'), p.key...), " class=\"string\" value=\"&quot;"...)
			if b, err = f.escape(b, p.value); err != nil {
				return nil, p.refuse(err)
			}
			b = append(b, "&quot;\"/>\n"...)
		default:
			if b, err = f.pair(b, p); err != nil {
				return nil, err
			}
		}
	}
	return append(b, "</Provider>\n</ProviderFrame>\n"...), nil
}

// gigasetFrameBook names the phone book, which is searched on line; end is what the
// device's texts end in. 0x2a is the code of a provider of one's own.
func gigasetFrameBook(ps *params, in Input, end string) {
	if in.Stage != Full || in.Book.URL == "" {
		return
	}
	const dirs = "BS_XML_Netdirs."
	for _, list := range []string{"aucAvailableNetdirs", "aucActivatedNetdirs", "aucNetdirSelForDirectAccess", "aucNetdirSelForIntKey"} {
		ps.setNumber(dirs+list+end, "0x2a")
	}
	const provider = dirs + "astNetdirProvider[0]."
	ps.set(provider+"aucProviderName"+end, in.Book.Name)
	ps.set(provider+"aucWhitePagesDirName"+end, in.Book.Name)
	ps.set(provider+"aucServerURL"+end, in.Book.address())
	ps.setNumber(provider+"ucAuthPossibilities", "0x0")
	ps.setNumber(provider+"bitfldCap.bSearchPeopleCap", "0x1")
	ps.setNumber(provider+"bitfldCap.bReverseSearchCap", "0x1")
}

// xmlASCII is xmlUnquoted with everything beyond ASCII as references, for
// documents in another character set than ours.
func xmlASCII(b []byte, s string) ([]byte, error) {
	start := len(b)
	b, err := xmlUnquoted(b, s)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(b[start:], func(c byte) bool { return c >= 0x80 }) {
		return b, nil
	}
	text := string(b[start:])
	b = b[:start]
	for _, r := range text {
		if r < 0x80 {
			b = append(b, byte(r))
			continue
		}
		b = fmt.Appendf(b, "&#%d;", r)
	}
	return b, nil
}

// gigasetSettle writes what operators set without quotes where the device takes
// a number, which the name says: "uc", "ui" and "ul" are its types.
func gigasetSettle(ps *params) error {
	for i, p := range *ps {
		if p.from == nil {
			continue
		}
		last := p.key[strings.LastIndexByte(p.key, '.')+1:]
		typed := strings.HasPrefix(last, "uc") || strings.HasPrefix(last, "ui") || strings.HasPrefix(last, "ul")
		number := gigasetNumber(p.value)
		if typed && !number && p.value != Hidden {
			return fmt.Errorf("override %.60q: it takes a number such as 1 or 0x1f, or several apart by commas", p.key)
		}
		(*ps)[i].number = number && (typed || p.number)
	}
	return nil
}

// gigasetNumber reports "1", "0x1f" and lists of them.
func gigasetNumber(s string) bool {
	for n := range strings.SplitSeq(s, ",") {
		if _, err := strconv.ParseUint(n, 0, 32); err != nil {
			return false
		}
	}
	return true
}
