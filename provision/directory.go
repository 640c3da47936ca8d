package provision

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// dirFolder is the folder the phone book is asked for in: "dir/<vendor>".
const dirFolder = "dir/"

// maxSearch bounds what a phone may search for, in bytes.
const maxSearch = 64

// book is the site's phone book as made from the users once, for all.
type book struct {
	version string
	entries []vendors.Entry       // by name
	of      map[string]phone.User // by extension
}

// forget has the book made anew.
func (p *people) forget() {
	p.mu.Lock()
	p.book = nil
	p.mu.Unlock()
}

// phoneBook is the book as the users are now.
func (d *Desk) phoneBook() *book {
	d.people.mu.Lock()
	defer d.people.mu.Unlock()
	if d.people.book == nil {
		d.people.book = newBook(d.Users())
	}
	return d.people.book
}

func newBook(users []phone.User) *book {
	b := &book{of: make(map[string]phone.User, len(users))}
	h := sha256.New()
	for _, u := range users {
		b.of[u.Extension] = u
		b.entries = append(b.entries, vendors.Entry{Name: u.Name(), Extension: u.Extension})
		fmt.Fprintf(h, "%q%q", u.Name(), u.Extension)
	}
	slices.SortStableFunc(b.entries, func(x, y vendors.Entry) int {
		return cmp.Or(strings.Compare(strings.ToLower(x.Name), strings.ToLower(y.Name)), strings.Compare(x.Extension, y.Extension))
	})
	b.version = fmt.Sprintf("%x", h.Sum(nil)[:8])
	return b
}

// bookFor is where a device's phone finds the book and how it gets in: its
// owner's extension and password. It is nowhere for a phone without such an
// owner, or whose maker's phones read no book.
func (d *Desk) bookFor(m vendors.Maker, owner phone.User, boxURL string) vendors.BookSource {
	if owner.WebPassword.IsZero() || m.Book == nil {
		return vendors.BookSource{}
	}
	source := vendors.BookSource{
		Name: d.cfg.Site.Name, URL: hostOf(boxURL) + "/" + dirFolder + string(m.Vendor),
		Login: vendors.Login{User: owner.Extension, Password: owner.WebPassword},
	}
	if m.Book.Token {
		source.Token = bookToken(d.Policy().Key, source.Login)
	}
	return source
}

// hostOf is scheme and host of the box's URL: the book does not lie among the
// configs.
func hostOf(boxURL string) string {
	u, err := url.Parse(boxURL)
	if err != nil {
		return strings.TrimSuffix(boxURL, "/") // never: New has read it
	}
	return u.Scheme + "://" + u.Host
}

// directory answers for the phone book. Whoever does not show a user's own
// extension and password is challenged, whatever was asked for.
func (d *Desk) directory(_ context.Context, ask Ask, path string) (Answer, error) {
	_, isPhone := d.table.ByAgent(ask.Agent)
	denied := Answer{Status: Challenge, Phone: isPhone}
	ask, vendor := d.bookAsked(ask, path)
	shown, retry := d.weighUser(ask, vendor)
	if denied.Retry = retry; !shown {
		d.count(ask, caller{}, outcomeName(auth.Challenge))
		return denied, nil
	}
	maker, ok := d.table.Of(phone.Vendor(vendor))
	if !ok || maker.Book == nil {
		return Answer{Phone: isPhone}, nil
	}
	page, err := d.bookAnswer(maker, ask)
	if err != nil {
		return denied, err
	}
	d.count(ask, caller{file: vendors.File{Vendor: maker.Vendor}}, "directory")
	return Answer{Status: Content, Body: page.bytes, Type: maker.Book.ContentType, Tag: page.tag, Phone: isPhone}, nil
}

// serveSeed answers for the phone book by the name a maker's phones ask for among
// their configs, with the login of those: a device's own credential. Nobody else
// is given it, nor challenged for it: to them there is no such file, as before.
func (d *Desk) serveSeed(ask Ask, c caller) (Answer, bool, error) {
	a := ask.Attempt
	maker, ok := d.table.Of(c.file.Vendor)
	if !ok || maker.Book == nil || !strings.EqualFold(c.file.Name, maker.Book.File) || a == nil || a.Proves == nil || ask.Front == TFTP {
		return Answer{}, false, nil
	}
	o, ok := d.logins.origin(a.User)
	if !ok || !c.layer2.IsZero() && c.layer2 != o.mac {
		return Answer{}, false, nil
	}
	rec, err := d.store.Devices.Device(o.mac)
	if err != nil || rec.Device.Vendor != maker.Vendor || !proves(a, login(rec.Enrolment.Current)) && !proves(a, login(rec.Enrolment.Pending)) {
		return Answer{}, false, nil // an unknown device is nobody's fault
	}
	p, err := d.bookPage(maker, "")
	if err != nil {
		return Answer{Phone: c.isPhone}, true, err
	}
	d.count(ask, c, "directory")
	return Answer{Status: Content, Body: p.bytes, Type: maker.Book.ContentType, Tag: p.tag, Phone: c.isPhone}, true, nil
}

// bookPage writes the book as a maker's phones read it. The whole one is kept
// until somebody in it changes; the answer to a search is not.
func (d *Desk) bookPage(m vendors.Maker, search string) (*page, error) {
	b := d.phoneBook()
	key, version := pageKey{file: dirFolder, vendor: m.Vendor}, pageVersion{book: b.version}
	if search == "" {
		if p, ok := d.pages.get(key, version); ok {
			return p, nil
		}
	}
	body, err := m.Book.Write(d.cfg.Site.Name, b.find(search))
	if err != nil {
		return nil, fmt.Errorf("write the phone book of %s: %w", m.Vendor, err)
	}
	p := newPage(body)
	if search == "" {
		d.pages.put(key, version, p)
	}
	return p, nil
}

// find is the entries whose name or number has text in it.
func (b *book) find(text string) []vendors.Entry {
	if text == "" {
		return b.entries
	}
	text = strings.ToLower(text)
	var found []vendors.Entry
	for _, e := range b.entries {
		if strings.Contains(strings.ToLower(e.Name), text) || strings.HasPrefix(e.Extension, text) {
			found = append(found, e)
		}
	}
	return found
}

// searchWords are the parameters phones search a book by: "search" and "q" are
// what the configs of this box name, the others what firmware appends by itself.
var searchWords = []string{"search", "q", "name", "lastname", "number"}

// searchIn reads what is searched for out of a URL's query.
func searchIn(query string) string {
	values, err := url.ParseQuery(query)
	if err != nil {
		return ""
	}
	for _, word := range searchWords {
		if text := strings.Trim(strings.TrimSpace(values.Get(word)), "*"); text != "" && !strings.HasPrefix(text, "#") {
			return text[:min(len(text), maxSearch)]
		}
	}
	return ""
}
