package vendors_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/lineside/lineside/phone"
)

// The readers below take a config apart again the way a phone does, and share
// nothing with what wrote it. A parameter that is there twice is an error.

func readConfig(v phone.Vendor, body []byte) (map[string]string, error) {
	switch v {
	case "yealink":
		return readYealink(string(body))
	case "snom":
		return readSnom(body)
	case "poly":
		return readPoly(body)
	}
	return nil, fmt.Errorf("no reader for %s", v)
}

func readYealink(body string) (map[string]string, error) {
	const head = "#!version:1.0.0.1\n"
	if !strings.HasPrefix(body, head) || !strings.HasSuffix(body, "\n") {
		return nil, errors.New("first line or last line end missing")
	}
	got := map[string]string{}
	for line := range strings.Lines(body[len(head):]) {
		line = strings.TrimSuffix(line, "\n")
		if strings.ContainsFunc(line, unicode.IsControl) {
			return nil, fmt.Errorf("control character in %q", line)
		}
		if strings.HasPrefix(line, "#") {
			return nil, fmt.Errorf("a comment: %q", line)
		}
		key, value, ok := strings.Cut(line, " = ")
		if !ok {
			return nil, fmt.Errorf("no parameter: %q", line)
		}
		if value == "%NULL%" {
			value = ""
		}
		if _, twice := got[key]; twice {
			return nil, fmt.Errorf("%s is there twice", key)
		}
		got[key] = value
	}
	return got, nil
}

func readSnom(body []byte) (map[string]string, error) {
	type setting struct {
		XMLName xml.Name
		Idx     string `xml:"idx,attr"`
		Text    string `xml:",chardata"`
		Inner   []struct {
			XMLName xml.Name
		} `xml:",any"`
	}
	var doc struct {
		XMLName xml.Name `xml:"settings"`
		Phone   []struct {
			Settings []setting `xml:",any"`
		} `xml:"phone-settings"`
		Certificates []struct {
			Certificate []struct {
				URL string `xml:"url,attr"`
			} `xml:"certificate"`
		} `xml:"certificates"`
		Others []struct {
			XMLName xml.Name
		} `xml:",any"`
	}
	d := xml.NewDecoder(strings.NewReader(string(body)))
	if err := d.Decode(&doc); err != nil {
		return nil, err
	}
	if rest, err := d.Token(); err == nil {
		if c, ok := rest.(xml.CharData); !ok || strings.TrimSpace(string(c)) != "" {
			return nil, fmt.Errorf("after the document: %v", rest)
		}
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(doc.Phone) != 1 || len(doc.Others) != 0 || len(doc.Certificates) > 1 {
		return nil, errors.New("sections other than the box writes")
	}
	got := map[string]string{}
	for _, s := range doc.Phone[0].Settings {
		name := s.XMLName.Local
		if s.Idx != "" {
			name += "." + s.Idx
		}
		if len(s.Inner) != 0 {
			return nil, fmt.Errorf("%s has elements in it", name)
		}
		if _, twice := got[name]; twice {
			return nil, fmt.Errorf("%s is there twice", name)
		}
		got[name] = s.Text
	}
	for _, c := range doc.Certificates {
		if len(c.Certificate) != 1 {
			return nil, fmt.Errorf("%d certificates", len(c.Certificate))
		}
		got["certificate"] = c.Certificate[0].URL
	}
	return got, nil
}

func readPoly(body []byte) (map[string]string, error) {
	d := xml.NewDecoder(strings.NewReader(string(body)))
	got, elements := map[string]string{}, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		switch e := token.(type) {
		case xml.StartElement:
			elements++
			for _, a := range e.Attr {
				if _, twice := got[a.Name.Local]; twice || a.Name.Space != "" {
					return nil, fmt.Errorf("%s is there twice or has a name space", a.Name.Local)
				}
				got[a.Name.Local] = a.Value
			}
		case xml.CharData:
			if strings.TrimSpace(string(e)) != "" {
				return nil, fmt.Errorf("text between elements: %q", e)
			}
		case xml.Comment, xml.Directive:
			return nil, errors.New("comment or directive")
		}
	}
	if elements != 2 {
		return nil, fmt.Errorf("%d elements, want 2", elements)
	}
	return got, nil
}
