package provision

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// bookToken is what stands for a user's login in the path of the phone book: the
// extension, by which the user is found, and a proof of the password. It is void
// with the password.
func bookToken(key phone.Secret, l vendors.Login) phone.Secret {
	h := hmac.New(sha256.New, []byte(key.Reveal()))
	h.Write([]byte("book token\x00" + l.User + "\x00" + l.Password.Reveal()))
	return phone.NewSecret(l.User + "-" + readable(h.Sum(nil)[:20]))
}

// bookAsked reads the path of a request for the book, behind "dir/": the vendor,
// then a token or the name of the vendor's file, or nothing. A token becomes the
// attempt in the place of any other; one that the vendor's phones have no use
// for, and any other path, proves nothing.
func (d *Desk) bookAsked(ask Ask, path string) (Ask, string) {
	name, rest, more := strings.Cut(path, "/")
	if !more {
		return ask, name
	}
	m, ok := d.table.Of(phone.Vendor(name))
	if !ok || m.Book == nil {
		return ask, path // nobody's: the file there is none of
	}
	if strings.EqualFold(rest, m.Book.File) {
		return ask, name
	}
	token, marked := strings.CutPrefix("/"+rest, vendors.BookMark)
	user, _, ok := strings.Cut(token, "-")
	if !marked {
		return ask, path
	}
	ask.Attempt = nil
	if ok && m.Book.Token && len(token) <= maxToken {
		ask.Attempt = d.bookAttempt(user, token)
	}
	return ask, name
}

// bookAttempt is a token as a login.
func (d *Desk) bookAttempt(user, token string) *Attempt {
	key := d.Policy().Key
	h := hmac.New(sha256.New, []byte(key.Reveal()))
	h.Write([]byte("print of a book token\x00" + token))
	return &Attempt{
		User: user, Print: [16]byte(h.Sum(nil)), minted: true,
		Proves: func(password phone.Secret) bool {
			want := bookToken(key, vendors.Login{User: user, Password: password})
			return subtle.ConstantTimeCompare([]byte(want.Reveal()), []byte(token)) == 1
		},
	}
}

// bookAnswer is the book, or the part of it that is asked for.
func (d *Desk) bookAnswer(m vendors.Maker, ask Ask) (*page, error) {
	if m.Book.Parts == nil {
		return d.bookPage(m, searchIn(ask.Query))
	}
	values, err := url.ParseQuery(ask.Query)
	if err != nil {
		values = nil
	}
	return d.bookPart(m, ask.File, m.Book.Parts.Ask(values))
}

// bookPart writes a part, and a shorter one where the phone could not read it
// whole. One entry is written whatever its length.
func (d *Desk) bookPart(m vendors.Maker, file string, q vendors.BookQuery) (*page, error) {
	found := d.phoneBook().match(q)
	part := vendors.BookPart{First: q.First, Total: len(found)}
	if q.First <= len(found) {
		part.Entries = found[q.First-1:]
	}
	most := vendors.BookPartMost
	if q.Count > 0 {
		most = min(most, q.Count)
	}
	for n := min(most, len(part.Entries)); ; n-- {
		part := part
		part.Entries, part.Next = part.Entries[:n], ""
		if next := part.First + n; n > 0 && next <= part.Total {
			part.Next = hostOf(d.box(d.cfg.Addr).URL) + "/" + file + "?first=" + strconv.Itoa(next)
		}
		body, err := m.Book.Parts.Write(d.cfg.Site.Name, part)
		if err != nil {
			return nil, fmt.Errorf("write a part of the phone book of %s: %w", m.Vendor, err)
		}
		if q.Bytes == 0 || len(body) <= q.Bytes || n <= 1 {
			return newPage(body), nil
		}
	}
}

// match is the entries a query finds. A number is asked for whole: it is a
// caller's, whose name is wanted.
func (b *book) match(q vendors.BookQuery) []vendors.Entry {
	found := b.find(q.Name[:min(len(q.Name), maxSearch)])
	if q.Number == "" {
		return found
	}
	for _, e := range found {
		if e.Extension == q.Number {
			return []vendors.Entry{e}
		}
	}
	return nil
}
