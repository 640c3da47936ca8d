package vendors_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/lineside/lineside/vendors"
)

// TestBookParts: each part holds its own entries, and says where the next are
// or which it holds; a link breaks nothing.
func TestBookParts(t *testing.T) {
	const next = `http://10.20.0.1/dir/x?first=3&a="b"`
	part := vendors.BookPart{Entries: []vendors.Entry{{Name: "Anna & Co", Extension: "710"}, {Name: "Bert", Extension: "711"}}, First: 1, Total: 5, Next: next}
	each(t, func(t *testing.T, m vendors.Maker, _ samples) {
		if m.Book == nil || m.Book.Parts == nil {
			t.Skip("its phones take a book whole")
		}
		body, err := m.Book.Parts.Write("Branch", part)
		if err != nil {
			t.Fatal(err)
		}
		root, err := parseXML(body)
		if err != nil {
			t.Fatal(err)
		}
		link, _ := root.attr("next")
		total, _ := root.attr("total")
		first, _ := root.attr("first")
		last, _ := root.attr("last")
		linked := link == next || strings.Contains(strings.Join(root.texts(), "\n"), next)
		counted := total+"/"+first+"/"+last == "5/1/2"
		if !linked && !counted {
			t.Errorf("it says neither where it goes on nor what it holds:\n%s", body)
		}
		part := part
		part.Next, part.First = "", 4
		if body, err = m.Book.Parts.Write("Branch", part); err != nil || strings.Contains(string(body), "first=3") {
			t.Errorf("the last part: got %v and\n%s", err, body)
		}
	})
}

// TestGigasetBook reads the answer of the online directory protocol as a handset
// does: by its fields.
func TestGigasetBook(t *testing.T) {
	m, _ := vendors.All().Of("gigaset")
	body, err := m.Book.Parts.Write("", vendors.BookPart{
		Entries: []vendors.Entry{{Name: "Anna", Extension: "710", Numbers: []string{"0171", "0172"}}}, First: 7, Total: 9,
	})
	if err != nil {
		t.Fatal(err)
	}
	root, err := parseXML(body)
	if err != nil || root.XMLName.Local != "list" || len(root.Under) != 1 {
		t.Fatalf("got %v and\n%s", err, body)
	}
	got := ""
	for _, f := range root.Under[0].Under {
		got += f.XMLName.Local + "=" + f.Text + " "
	}
	if want := "ln=Anna hm=710 mb=0171 "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for name, want := range map[string]string{"response": "get_list", "type": "pb", "total": "9", "first": "7", "last": "7"} {
		if got, _ := root.attr(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	body, err = m.Book.Parts.Write("", vendors.BookPart{})
	if root, _ = parseXML(body); err != nil || len(root.Under) != 0 {
		t.Errorf("nothing found: got %v and\n%s", err, body)
	}
	if got, _ := root.attr("total"); got != "0" {
		t.Errorf("nothing found: got a total of %q, want 0", got)
	}
}

func TestGigasetAsk(t *testing.T) {
	m, _ := vendors.All().Of("gigaset")
	for query, want := range map[string]vendors.BookQuery{
		"command=get_list&type=pb&fn=*&ln=*&hm=*&first=1&count=20":           {First: 1, Count: 20},
		"ln=M%C3%BC*&fn=*&first=21&count=10&limit=2048":                      {Name: "Mü", First: 21, Count: 10, Bytes: 2048},
		"fn=*&ln=*&hm=710&nr=*&mb=*&lang=9&first=1&count=1&mac=7C2F80D0C183": {Number: "710", First: 1, Count: 1},
		"fn=An*":                         {Name: "An", First: 1, Count: 20},
		"":                               {First: 1, Count: 20},
		"first=-1&count=x&limit=0":       {First: 1, Count: 20},
		"first=99999999999&count=100000": {First: 1, Count: 20},
	} {
		values, _ := url.ParseQuery(query)
		if got := m.Book.Parts.Ask(values); got != want {
			t.Errorf("%s: got %+v, want %+v", query, got, want)
		}
	}
}

// FuzzBookQuery: whatever a phone asks for, it is a part that exists: from 1, of
// no more than the most.
func FuzzBookQuery(f *testing.F) {
	for _, s := range []string{"first=1&count=20", "ln=*&fn=a", "first=-1", "count=999999", "limit=1", "%zz", "first=31"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		for _, m := range vendors.All().Makers() {
			if m.Book == nil || m.Book.Parts == nil {
				continue
			}
			q := m.Book.Parts.Ask(values)
			if q.First < 1 || q.Count < 0 || q.Count > vendors.BookPartMost || q.Bytes < 0 || strings.Contains(q.Name, "*") && strings.Trim(q.Name, "*") != q.Name {
				t.Errorf("%s: %s", m.Vendor, fmt.Sprintf("%q gives %+v", query, q))
			}
		}
	})
}
