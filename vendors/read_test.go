package vendors_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The readers below take a config apart again the way a phone does, and share
// nothing with what wrote it. A parameter that is there twice is an error.

// reading collects parameters.
type reading map[string]string

func (r reading) add(name, value string) error {
	if _, twice := r[name]; twice {
		return fmt.Errorf("%s is there twice", name)
	}
	r[name] = value
	return nil
}

// lineSyntax is how a reader of lines sees them.
type lineSyntax struct {
	head, end, before, between string
	empty                      string // reads as no value
	value                      func(string) (string, error)
}

func (s lineSyntax) read(body string) (map[string]string, error) {
	rest, ok := strings.CutPrefix(body, s.head)
	if !ok {
		return nil, errors.New("the first line is another")
	}
	got := reading{}
	for rest != "" {
		line, more, ended := strings.Cut(rest, s.end)
		if !ended {
			return nil, errors.New("the last line has no end")
		}
		rest = more
		if strings.ContainsFunc(line, unicode.IsControl) || !utf8.ValidString(line) {
			return nil, fmt.Errorf("control character in %q", line)
		}
		line, ok := strings.CutPrefix(line, s.before)
		if !ok || strings.HasPrefix(line, "#") {
			return nil, fmt.Errorf("a comment: %q", line)
		}
		key, value, ok := strings.Cut(line, s.between)
		if !ok {
			return nil, fmt.Errorf("no parameter: %q", line)
		}
		if value == s.empty && s.empty != "" {
			value = ""
		}
		if s.value != nil {
			var err error
			if value, err = s.value(value); err != nil {
				return nil, err
			}
		} else {
			value = strings.TrimSpace(value)
		}
		if err := got.add(key, value); err != nil {
			return nil, err
		}
	}
	return got, nil
}

// unquote reads a value between double quotes that cannot hold one.
func unquote(s string) (string, error) {
	if len(s) < 2 || s[0] != '"' || strings.IndexByte(s[1:], '"') != len(s)-2 {
		return "", fmt.Errorf("not between two quotes: %q", s)
	}
	return s[1 : len(s)-1], nil
}

// unquoteSome reads one word, or several between quotes.
func unquoteSome(s string) (string, error) {
	if strings.HasPrefix(s, `"`) {
		return unquote(s)
	}
	if s == "" || strings.ContainsAny(s, "\" \t") {
		return "", fmt.Errorf("not one word: %q", s)
	}
	return s, nil
}

// element is a whole XML document, or a part of it.
type element struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Text    string     `xml:",chardata"`
	Under   []element  `xml:",any"`
}

// parseXML wants one root, nothing after it, and no comment or directive
// anywhere.
func parseXML(body []byte) (element, error) {
	var root element
	if err := xml.Unmarshal(body, &root); err != nil {
		return element{}, err
	}
	d := xml.NewDecoder(strings.NewReader(string(body)))
	roots, depth := 0, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return element{}, err
		}
		switch e := token.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			depth++
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 0 && strings.TrimSpace(string(e)) != "" {
				return element{}, fmt.Errorf("text outside the document: %q", e)
			}
		case xml.Comment, xml.Directive:
			return element{}, errors.New("comment or directive")
		}
	}
	if roots != 1 {
		return element{}, fmt.Errorf("%d documents, want 1", roots)
	}
	return root, nil
}

func (e element) attr(name string) (string, bool) {
	for _, a := range e.Attrs {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value, true
		}
	}
	return "", false
}

// step is the element as a path names it, with its attributes.
func (e element) step() string {
	s := e.XMLName.Local
	for _, a := range e.Attrs {
		s += "[" + a.Name.Local + "=" + a.Value + "]"
	}
	return s
}

// checkBranch refuses text beside elements.
func (e element) checkBranch() error {
	if strings.TrimSpace(e.Text) != "" {
		return fmt.Errorf("text between elements of %s: %q", e.XMLName.Local, e.Text)
	}
	return nil
}

// readElements reads flat XML: the children of e, one parameter each. With
// index, that attribute belongs to the name.
func readElements(e element, index string) (map[string]string, error) {
	got := reading{}
	for _, c := range e.Under {
		name := c.XMLName.Local
		if idx, ok := c.attr(index); ok {
			name += "." + idx
		}
		if len(c.Under) != 0 {
			return nil, fmt.Errorf("%s has elements in it", name)
		}
		if err := got.add(name, c.Text); err != nil {
			return nil, err
		}
	}
	return got, e.checkBranch()
}

// readAttributes reads a root with one element full of attributes.
func readAttributes(body []byte) (map[string]string, error) {
	root, err := parseXML(body)
	if err != nil {
		return nil, err
	}
	if len(root.Under) != 1 || len(root.Under[0].Under) != 0 || len(root.Attrs) != 0 {
		return nil, errors.New("elements other than the one with the parameters")
	}
	got := reading{}
	for _, a := range root.Under[0].Attrs {
		if a.Name.Space != "" {
			return nil, fmt.Errorf("%s has a name space", a.Name.Local)
		}
		if err := got.add(a.Name.Local, a.Value); err != nil {
			return nil, err
		}
	}
	return got, errors.Join(root.checkBranch(), root.Under[0].checkBranch())
}

// readPairs reads elements that carry name and value; an empty attribute is the
// element's text. wrapped values have quotes of their own.
func readPairs(body []byte, tag, nameAttr, valueAttr string, wrapped bool) (map[string]string, error) {
	root, err := parseXML(body)
	if err != nil {
		return nil, err
	}
	got := reading{}
	for _, c := range root.Under {
		name, ok := c.attr(nameAttr)
		value := c.Text
		if valueAttr != "" {
			value, _ = c.attr(valueAttr)
		}
		want := 1
		if valueAttr != "" {
			want = 2
		}
		if !ok || c.XMLName.Local != tag || len(c.Under) != 0 || len(c.Attrs) != want {
			return nil, fmt.Errorf("an element of another shape: %+v", c)
		}
		if wrapped {
			if value, err = unquote(value); err != nil {
				return nil, err
			}
		}
		if err := got.add(name, value); err != nil {
			return nil, err
		}
	}
	return got, root.checkBranch()
}

// readTree reads leaves by their paths below the root.
func readTree(body []byte) (map[string]string, error) {
	root, err := parseXML(body)
	if err != nil {
		return nil, err
	}
	got := reading{}
	var walk func(path string, e element) error
	walk = func(path string, e element) error {
		if len(e.Under) == 0 {
			return got.add(path, e.Text)
		}
		steps := map[string]bool{}
		for _, c := range e.Under {
			step := c.step()
			if steps[step] {
				return fmt.Errorf("%s/%s is there twice", path, step)
			}
			steps[step] = true
			if err := walk(strings.TrimPrefix(path+"/"+step, "/"), c); err != nil {
				return err
			}
		}
		return e.checkBranch()
	}
	return got, walk("", root)
}

// readObjects reads the OBi parameter list.
func readObjects(body []byte) (map[string]string, error) {
	type parameter struct {
		N, V  []string
		Other []element `xml:",any"`
	}
	var doc struct {
		XMLName xml.Name `xml:"ParameterList"`
		O       []struct {
			N     []string
			P     []parameter
			Other []element `xml:",any"`
		}
		Other []element `xml:",any"`
	}
	if _, err := parseXML(body); err != nil {
		return nil, err
	}
	if err := xml.Unmarshal(body, &doc); err != nil {
		return nil, err
	}
	got := reading{}
	for _, o := range doc.O {
		if len(o.N) != 1 || len(o.Other) != 0 || len(doc.Other) != 0 {
			return nil, fmt.Errorf("an object of another shape: %+v", o)
		}
		for _, p := range o.P {
			if len(p.N) != 1 || len(p.V) != 1 || len(p.Other) != 0 {
				return nil, fmt.Errorf("a parameter of another shape: %+v", p)
			}
			if err := got.add(o.N[0]+p.N[0], p.V[0]); err != nil {
				return nil, err
			}
		}
	}
	return got, nil
}

// words takes a command line apart as a shell does: blanks part words, double
// quotes keep them together.
func words(line string) (list []string, err error) {
	for line = strings.TrimLeft(line, " "); line != ""; line = strings.TrimLeft(line, " ") {
		if line[0] == '"' {
			word, rest, closed := strings.Cut(line[1:], `"`)
			if !closed || rest != "" && rest[0] != ' ' {
				return nil, fmt.Errorf("quotes in %q", line)
			}
			list, line = append(list, word), rest
			continue
		}
		word, rest, _ := strings.Cut(line, " ")
		if strings.ContainsAny(word, "\"\\?") || strings.Contains(word, "$(") {
			return nil, fmt.Errorf("%q means something to the shell", word)
		}
		list, line = append(list, word), rest
	}
	return list, nil
}

// readScript replays a session and gives each command's words below its modes.
// modes are the first words of commands that enter one.
func readScript(body, head string, modes ...string) (commands [][]string, err error) {
	rest, ok := strings.CutPrefix(body, head)
	if !ok || !strings.HasSuffix(body, "\n") {
		return nil, errors.New("the first line is another, or the last has no end")
	}
	var at []string
	for line := range strings.Lines(rest) {
		line = strings.TrimSuffix(line, "\n")
		if strings.ContainsFunc(line, unicode.IsControl) || !utf8.ValidString(line) {
			return nil, fmt.Errorf("control character in %q", line)
		}
		list, err := words(line)
		if err != nil {
			return nil, err
		}
		switch {
		case len(list) == 0:
			return nil, errors.New("an empty line")
		case list[0] == "exit":
			if len(at) == 0 {
				return nil, errors.New("leaves the session")
			}
			at = at[:len(at)-1]
		case strings.Contains(" "+strings.Join(modes, " ")+" ", " "+list[0]+" "):
			at = append(at, strings.Join(list, " "))
		default:
			commands = append(commands, append(append([]string{}, at...), list...))
		}
	}
	if len(at) != 0 {
		return nil, fmt.Errorf("ends inside %q", at)
	}
	return commands, nil
}
