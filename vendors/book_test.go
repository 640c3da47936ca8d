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

// TestBookIsStated: a vendor has a book or says why it has none.
func TestBookIsStated(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, _ samples) {
		if (m.Book == nil) == (m.NoBook == "") {
			t.Errorf("book %v and reason %q, want the one or the other", m.Book != nil, m.NoBook)
		}
	})
}

// bookByName are the vendors whose phones ask for the book among their configs,
// with the login of those.
var bookByName = []phone.Vendor{"poly", "spectralink"}

// TestBookInConfig: the config of a phone whose vendor reads books says where,
// and has the login of the book or the token in its place; others say nothing.
func TestBookInConfig(t *testing.T) {
	const user, password, token = "7100", "bookpass1", "fake-book-token"
	each(t, func(t *testing.T, m vendors.Maker, _ samples) {
		in := input(t, m.Vendor, vendors.Full)
		if m.Vendor == "linksys" { // its sample is an adapter
			in.Device.Model = "SPA942"
		}
		without := string(render(t, in))
		in.Book = vendors.BookSource{Name: "Branch", URL: "http://10.20.0.99/dir/book", Login: vendors.Login{User: user, Password: phone.NewSecret(password)}}
		if m.Book != nil && m.Book.Token {
			in.Book.Token = phone.NewSecret(token)
		}
		got := string(render(t, in))
		if m.Book == nil || slices.Contains(bookByName, m.Vendor) {
			if got != without {
				t.Errorf("the config is another with a book:\n%s", got)
			}
			return
		}
		wants := []string{"10.20.0.99/dir/book", user, password}
		if m.Book.Token {
			wants = []string{"http://10.20.0.99/dir/book/t/" + token}
			if strings.Contains(got, password) {
				t.Error("the password is in the config beside the token")
			}
		}
		for _, want := range wants {
			if strings.Contains(without, want) || !strings.Contains(got, want) {
				t.Errorf("%q is not in the config, or was there before", want)
			}
		}
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
