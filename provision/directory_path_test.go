package provision_test

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// wholeTable is every vendor this build serves, and the plain one beside them.
func wholeTable(l *lab) vendors.Table {
	plain, _ := l.table().Of("plain")
	return vendors.NewTable(append(vendors.All().Makers(), plain)...)
}

// bookPath adds a phone of anna's and gives the path its full config names.
func bookPath(t testing.TB, l *lab, v phone.Vendor, m phone.MAC) string {
	t.Helper()
	_, err := l.Add(t.Context(), operator, phone.Device{MAC: m, Vendor: v, Owner: "anna", PlainTFTP: v == "cisco-sep"})
	if err != nil {
		t.Fatal(err)
	}
	pages, err := l.Preview(m, "", true)
	if err != nil {
		t.Fatal(err)
	}
	path := regexp.MustCompile(`http://10\.20\.0\.1/(dir/[\w/-]+)`).FindStringSubmatch(pages[len(pages)-1].Body)
	if path == nil {
		t.Fatalf("%s: no book in %s", v, pages[len(pages)-1].Body)
	}
	return path[1]
}

// TestBookByToken: phones that show no login have one in the path; it is void
// with the user's password, and is no login for anything else.
func TestBookByToken(t *testing.T) {
	l := newTown(t, auth.FactorPIN, wholeTable)
	l.people(t, anna(), phone.User{ID: "bert", Extension: "711", First: "Bert"})
	for i, v := range []phone.Vendor{"snom", "avaya", "mitel", "cisco-sep", "gigaset", "gigaset-n510", "gigaset-n720", "snom-dect", "gigaset-p"} {
		m := phone.MAC{0x02, 0, 0, 0, 1, byte(i)}
		path := bookPath(t, l, v, m)
		if a := l.fetch(t, path, "10.20.0.57"); a.Status != provision.Content || !strings.Contains(string(a.Body), "Anna Müller") || !strings.Contains(string(a.Body), "711") {
			t.Errorf("%s at %s: got status %d and %s, want the book", v, provision.Loggable(path), a.Status, a.Body)
		}
		if pages, err := l.Preview(m, "", false); err != nil || strings.Contains(pages[len(pages)-1].Body, path) {
			t.Errorf("%s: the token is in a preview that hides secrets (%v)", v, err)
		}
		if logged := provision.Loggable(path); strings.Contains(logged, "710-") {
			t.Errorf("%s: the token would be in a log: %s", v, logged)
		}
	}
	snom := bookPath(t, l, "snom", phone.MAC{0x02, 0, 0, 0, 2, 0})
	other := strings.Replace(snom, "710-", "711-", 1)
	want := provision.Answer{Status: provision.Challenge}
	for i, path := range []string{
		other, snom + "x", strings.Replace(snom, "snom", "yealink", 1), "dir/snom/t/", "dir/snom/t/710-", "dir/snom/t/-", "dir/snom/x", "dir/acme/t/710-x",
		"dir/snom/t/710-" + strings.Repeat("a", 100),
	} {
		if a := l.fetch(t, path, "10.20.1."+string(rune('1'+i))); !reflect.DeepEqual(a, want) {
			t.Errorf("%s: got %+v, want a bare challenge", path, a)
		}
	}
	if a := l.askOn(t, provision.TFTP, snom, "10.20.0.57"); a.Status == provision.Content {
		t.Error("the book crossed TFTP")
	}
	if _, err := l.EditUser(t.Context(), operator, "anna", 0, func(u *phone.User) error {
		u.WebPassword = phone.NewSecret("another1pass")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if a := l.fetch(t, snom, "10.20.0.57"); a.Status == provision.Content {
		t.Error("the token of the old password still opens the book")
	}
}

// TestBookByName: Grandstream phones put the book's file name behind the URL.
func TestBookByName(t *testing.T) {
	l := newTown(t, auth.FactorPIN, wholeTable)
	l.people(t, anna())
	for path, want := range map[string]provision.Status{
		"dir/grandstream/phonebook.xml": provision.Content, "dir/grandstream/other.xml": provision.Absent, "dir/yealink/phonebook.xml": provision.Absent,
	} {
		if a := l.fetch(t, path, "10.20.0.57", "710", "fakepass1"); a.Status != want {
			t.Errorf("%s: got status %d, want %d", path, a.Status, want)
		}
	}
}

// TestBookInParts: a phone that follows links, or asks by number, comes by every
// entry once, and none is given more than it can read.
func TestBookInParts(t *testing.T) {
	l := newTown(t, auth.FactorPIN, wholeTable)
	l.people(t, anna())
	for i := range 70 {
		name := string(rune('A'+i/26)) + string(rune('a'+i%26))
		l.people(t, phone.User{ID: "u" + strings.ToLower(name), Extension: "8" + string(rune('0'+i/10)) + string(rune('0'+i%10)), First: name})
	}
	path := bookPath(t, l, "mitel", phone.MAC{0x02, 0, 0, 0, 3, 0})
	link := regexp.MustCompile(` next="http://10\.20\.0\.1/([^"]+)"`)
	seen := 0
	for hops := 0; path != ""; hops++ {
		a := l.fetch(t, path, "10.20.0.57")
		n := strings.Count(string(a.Body), "<MenuItem>")
		if seen += n; n == 0 || n > 30 || hops > 3 {
			t.Fatalf("part %d has %d entries, want 1 to 30 in 3 parts", hops, n)
		}
		path = ""
		if next := link.FindSubmatch(a.Body); next != nil {
			path = string(next[1])
		}
	}
	if seen != 71 {
		t.Errorf("got %d entries over all parts, want 71", seen)
	}
	book := bookPath(t, l, "gigaset", phone.MAC{0x02, 0, 0, 0, 3, 1})
	for query, want := range map[string]string{
		"ln=*&hm=*&first=1&count=20":            `total="71" first="1" last="20"`,
		"ln=*&hm=*&first=61&count=20":           `total="71" first="61" last="71"`,
		"ln=Anna*&hm=*&first=1&count=20":        `total="1" first="1" last="1"`,
		"ln=*&hm=710&first=1&count=1":           `total="1" first="1" last="1"`,
		"ln=*&hm=999&first=1&count=1":           `notfound="hm" total="0"`,
		"ln=*&first=72&count=5":                 `notfound="hm" total="0"`,
		"ln=*&first=1&count=20&limit=10":        `total="71" first="1" last="1"`,
		"ln=*&hm=*&first=1&count=20&limit=1000": `total="71" first="1"`,
	} {
		a := l.fetch(t, book+"?"+query, "10.20.0.57")
		if !strings.Contains(string(a.Body), want) || strings.Contains(query, "limit=1000") && len(a.Body) > 1000 {
			t.Errorf("%s: got %d bytes %s, want %s", query, len(a.Body), a.Body, want)
		}
	}
}
