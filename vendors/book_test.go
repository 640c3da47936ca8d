package vendors_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// texts lists every text of a document, in order.
func (e element) texts() (list []string) {
	if s := strings.TrimSpace(e.Text); s != "" {
		list = append(list, s)
	}
	for _, c := range e.Under {
		list = append(list, c.texts()...)
	}
	return list
}

// TestBook: names and numbers come out as they went in, and names break nothing.
func TestBook(t *testing.T) {
	entries := []vendors.Entry{
		{Name: `<Anna> & "Müller"`, Extension: "710", Numbers: []string{"+4930123456710"}},
		{Name: "]]><x/>", Extension: "711"},
		{Name: "No number"},
	}
	each(t, func(t *testing.T, m vendors.Maker, _ samples) {
		if m.Book == nil {
			t.Skip("its phones read no book from a server")
		}
		body, err := m.Book.Write("Branch <Nord>", entries)
		if err != nil {
			t.Fatal(err)
		}
		got := string(body)
		if strings.Contains(m.Book.ContentType, "xml") {
			root, err := parseXML(body)
			if err != nil {
				t.Fatal(err)
			}
			got = strings.Join(root.texts(), "\n")
		}
		for _, want := range []string{`<Anna> & "Müller"`, "]]><x/>", "710", "711", "+4930123456710"} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is not in the book:\n%s", want, body)
			}
		}
		if _, err := m.Book.Write("t", []vendors.Entry{{Name: "a\nb\x00", Extension: "1"}}); err == nil {
			t.Error("a name with control characters was written")
		}
		if m.Book.File == "" || m.Book.ContentType == "" {
			t.Error("the book has no name or type")
		}
	})
}

// TestBookInConfig: the config of a phone whose vendor reads books says where.
func TestBookInConfig(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, _ samples) {
		in := input(t, m.Vendor, vendors.Full)
		in.Book = vendors.BookSource{Name: "Branch", URL: "http://10.20.0.1/book", Login: vendors.Login{User: "u", Password: phone.NewSecret("p")}}
		render(t, in)
	})
}

func TestRedirect(t *testing.T) {
	phoneOf := vendors.Redirected{Model: "M", Label: "L", URL: "https://box.example/cfg/", Login: vendors.Login{User: "otp", Password: phone.NewSecret("fake-otp")}}
	brands := map[string]phone.Vendor{}
	each(t, func(t *testing.T, m vendors.Maker, s samples) {
		if m.Redirect == nil {
			t.Skip("it has no redirect service")
		}
		phoneOf.MAC = mac(t, s.mac)
		row := m.Redirect.Row(phoneOf)
		if len(row) != len(m.Redirect.Columns) {
			t.Fatalf("%d cells of %d columns", len(row), len(m.Redirect.Columns))
		}
		brand := vendors.All().Brand(m.Vendor)
		if b, used := brands[m.Redirect.Name]; used && b != brand {
			t.Errorf("sheet %s is of %s and of %s, want one brand", m.Redirect.Name, b, brand)
		}
		brands[m.Redirect.Name] = brand
		for _, other := range vendors.All().OfBrand(brand) {
			if r := other.Redirect; r == nil || r.Name != m.Redirect.Name || !slices.Equal(r.Columns, m.Redirect.Columns) {
				t.Errorf("%s has the sheet %+v, want its brand's, %s", other.Vendor, r, m.Redirect.Name)
			}
		}
		all := strings.ToLower(strings.Join(row, " "))
		for _, want := range []string{s.mac, phoneOf.URL} {
			if !strings.Contains(strings.NewReplacer(":", "", "-", "").Replace(all), strings.NewReplacer(":", "", "-", "").Replace(want)) {
				t.Errorf("%q is not in %q", want, row)
			}
		}
	})
}

func TestCount(t *testing.T) {
	for _, c := range vendors.All().Count() {
		if c.Models == 0 || len(c.Unverified) == 0 || c.Name == "" {
			t.Errorf("%+v", c)
		}
	}
}
