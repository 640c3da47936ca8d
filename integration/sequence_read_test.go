package integration

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// parameter is one of a config as a phone reads it.
type parameter struct{ name, value string }

// sheet is a config taken apart.
type sheet []parameter

// readSheet takes a config of any brand apart. It knows syntaxes and no brand:
// XML by its elements and attributes, tables of an ini file, sessions of a
// command line, and lines of a name and a value. It shares nothing with what
// wrote the config, nor with the readers of package vendors.
func readSheet(body string) (sheet, error) {
	if !strings.HasPrefix(strings.TrimSpace(body), "<") {
		return readText(body)
	}
	d := xml.NewDecoder(strings.NewReader(body))
	d.CharsetReader = latin1
	var root node
	if err := d.Decode(&root); err != nil {
		return nil, fmt.Errorf("read XML: %w", err)
	}
	var all sheet
	root.walk("", "", &all)
	return all, nil
}

// latin1 reads ISO 8859-1, whose bytes are code points; encoding/xml knows UTF-8.
func latin1(charset string, in io.Reader) (io.Reader, error) {
	if !strings.EqualFold(charset, "ISO-8859-1") {
		return nil, fmt.Errorf("character set %q", charset)
	}
	all, err := io.ReadAll(in)
	runes := make([]rune, len(all))
	for i, b := range all {
		runes[i] = rune(b)
	}
	return strings.NewReader(string(runes)), err
}

// node is an element of XML.
type node struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Text    string     `xml:",chardata"`
	Under   []node     `xml:",any"`
}

func (n node) attr(names ...string) (string, bool) {
	for _, a := range n.Attrs {
		for _, name := range names {
			if strings.EqualFold(a.Name.Local, name) {
				return a.Value, true
			}
		}
	}
	return "", false
}

func (n node) child(name string) (string, bool) {
	for _, c := range n.Under {
		if c.XMLName.Local == name {
			return c.Text, true
		}
	}
	return "", false
}

// walk collects parameters. object is the name that those of a list have in
// front of theirs.
func (n node) walk(path, object string, all *sheet) {
	path = strings.TrimPrefix(path+"/"+n.XMLName.Local, "/")
	if idx, ok := n.attr("idx"); ok {
		path += "." + idx
	}
	name, named := n.attr("name", "ID")
	value, valued := n.attr("value")
	listed, isListed := n.child("N")
	switch v, isPair := n.child("V"); {
	case isListed && isPair:
		all.add(object+listed, v)
		return
	case isListed:
		object = listed
	case named && valued:
		all.add(name, value)
	case valued:
		all.add(path, value)
	case named && len(n.Under) == 0:
		all.add(name, n.Text)
	default:
		for _, a := range n.Attrs {
			all.add(a.Name.Local, a.Value)
		}
	}
	if len(n.Under) == 0 && !named && !valued {
		all.add(path, n.Text)
	}
	for _, c := range n.Under {
		if isListed && c.XMLName.Local == "N" {
			continue
		}
		c.walk(path, object, all)
	}
}

func (s *sheet) add(name, value string) {
	*s = append(*s, parameter{strings.TrimSpace(name), unquoted(value)})
}

// unquoted takes the quotes of a value's own off it.
func unquoted(s string) string {
	s = strings.TrimSpace(s)
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}

// readText reads what is not XML, line by line.
func readText(body string) (sheet, error) {
	var all sheet
	script := strings.HasPrefix(body, "cli version ")
	var columns []string // of the table of an ini file the line is in
	for line := range strings.Lines(body) {
		line = strings.TrimSpace(line)
		switch {
		case strings.ContainsFunc(line, unicode.IsControl):
			return nil, fmt.Errorf("control character in %q", line)
		case line == "", line[0] == '#':
		case script:
			all.addWords(line)
		case line[0] == '[':
			columns = nil
		case strings.HasPrefix(line, "FORMAT "):
			_, list, _ := strings.Cut(strings.TrimSuffix(line, ";"), "=")
			columns = strings.Split(list, ",")
		case columns != nil:
			row, list, _ := strings.Cut(strings.TrimSuffix(line, ";"), "=")
			cells := strings.Split(list, ",")
			if len(cells) != len(columns) {
				return nil, fmt.Errorf("%d cells in %q, want %d", len(cells), line, len(columns))
			}
			for i := range cells {
				all.add(strings.TrimSpace(row)+" "+strings.TrimSpace(columns[i]), cells[i])
			}
		default:
			all.addLine(line)
		}
	}
	return all, nil
}

// addWords reads a command: each word is the value of those before it.
func (s *sheet) addWords(line string) {
	words := strings.Fields(line)
	for i := 1; i < len(words); i++ {
		s.add(strings.Join(words[:i], " "), words[i])
	}
}

// addLine reads a name and a value, parted by "=" or by a colon and a blank,
// whichever comes first; a command's by a blank.
func (s *sheet) addLine(line string) {
	if set, ok := strings.CutPrefix(line, "SET "); ok {
		name, value, _ := strings.Cut(set, " ")
		s.add(name, value)
		return
	}
	end := -1
	for _, sep := range []string{"=", ": ", ":"} {
		if i := strings.Index(line, sep); i >= 0 && (end < 0 || i < end) && (sep != ":" || i == len(line)-1) {
			end = i
		}
	}
	if end < 0 {
		name, value, _ := strings.Cut(line, " ")
		s.add(name, value)
		return
	}
	s.add(line[:end], line[end+1:])
}

// named are the values of a parameter. A name in a list of ours may be the end of
// the path it has in the file.
func (s sheet) named(name string) (values []parameter) {
	for _, p := range s {
		if sameName(p.name, name) {
			values = append(values, p)
		}
	}
	return values
}

// sameName compares names. Where package vendors has a name for the mode a
// command stands in, the command's own counts; a ^ before a name is Mitel's way
// of saying it once more.
func sameName(got, want string) bool {
	got = strings.TrimPrefix(got, "^")
	if mode, command, ok := strings.Cut(want, "/"); ok && strings.Contains(mode, " ") {
		want = strings.TrimSuffix(command, " {}")
	}
	got, want = strings.ReplaceAll(got, ".", "/"), strings.ReplaceAll(want, ".", "/")
	return got == want || strings.HasSuffix(got, "/"+want)
}

// first is the first parameter of which is says so.
func (s sheet) first(is func(value string) bool) (parameter, bool) {
	for _, p := range s {
		if is(p.value) {
			return p, true
		}
	}
	return parameter{}, false
}

// profileRule is how a Cisco phone is told a login: before the URL.
var profileRule = regexp.MustCompile(`^\[--uid (\S+) --pwd (\S+)\]`)

// login is the login a config sets, by the parameters it is set with: as it is,
// in a URL, or in a rule.
func (s sheet) login(users, passwords []string) (user, password string) {
	for _, name := range users {
		for _, p := range s.named(name) {
			if g := profileRule.FindStringSubmatch(p.value); g != nil {
				return g[1], g[2]
			}
			if u, err := url.Parse(p.value); err == nil && u.User != nil {
				word, _ := u.User.Password()
				return u.User.Username(), word
			}
			if !strings.Contains(p.value, "://") {
				user = p.value
			}
		}
	}
	for _, name := range passwords {
		for _, p := range s.named(name) {
			password = p.value
		}
	}
	return user, password
}

// pathToken finds the token of a phone that shows its login in the path.
var pathToken = regexp.MustCompile(`(?:^|/)(t/[^/\s]+/?)`)

// token is the folder a config sends such a phone to, below the box's URL.
func (s sheet) token(urls []string) string {
	for _, name := range urls {
		for _, p := range s.named(name) {
			if g := pathToken.FindStringSubmatch(p.value); g != nil {
				return strings.TrimSuffix(g[1], "/") + "/"
			}
		}
	}
	return ""
}
