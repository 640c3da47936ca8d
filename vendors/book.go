package vendors

import (
	"fmt"
	"net/url"

	"github.com/lineside/lineside/phone"
)

// Entry is one person in the site's phone book.
type Entry struct {
	Name      string
	Extension string
	Numbers   []string // further numbers, mobile first
}

// BookSource is where a phone finds the phone book and how it gets in.
type BookSource struct {
	Name  string // what the phone's menu calls it
	URL   string
	Login Login
	// Token stands for Login in the path, for phones that show a book no login;
	// zero for all others.
	Token phone.Secret
}

// BookMark is the folder a Token stands behind: URL + "/t/" + Token.
const BookMark = "/t/"

// address is what a config names.
func (b BookSource) address() string {
	if b.URL == "" || b.Token.IsZero() {
		return b.URL
	}
	return b.URL + BookMark + b.Token.Reveal()
}

// FirmwareSource is where a phone finds the firmware an operator pinned for its
// model.
type FirmwareSource struct {
	URL  string // of the file itself, without a login: firmware is no secret
	File string // the file's own name, the last part of URL
	// Version is what the maker calls it; empty where the operator did not say.
	Version string
}

// Book is a vendor's form of a phone book.
type Book struct {
	// File is the name it is served under; phones that have a name of their own
	// for it ask for that one.
	File        string
	ContentType string
	// Write fails on text the form cannot hold.
	Write func(title string, entries []Entry) ([]byte, error)
	// Parts is how phones read it that take no whole book; nil: they take it
	// whole.
	Parts *BookParts
	// Token says that the phones show a book's server no login of the book's,
	// so that it is in the path.
	Token bool
}

// Why a vendor's phones read no book of the box's.
const (
	bookNoScreen = "nothing to read one on: adapters and gateways have no screen"
	bookLDAP     = "its phones search one by LDAP alone, which the box does not speak"
	bookUnknown  = "no source shows the parameters or the form of its phones' book"
)

// BookParts is how a book is read a part at a time.
type BookParts struct {
	// Ask reads out of a request's query what is asked for. The values are a
	// stranger's until its password is known; what it makes no sense of it leaves
	// out.
	Ask   func(query url.Values) BookQuery
	Write func(title string, part BookPart) ([]byte, error)
}

// BookQuery is what a phone asks of a book.
type BookQuery struct {
	Name   string // part of a name; empty is all
	Number string // the whole of a number; empty is all
	First  int    // the entry to begin with, from 1
	Count  int    // how many at most; 0 is as many as a part holds
	Bytes  int    // the most the phone reads; 0 is no bound
}

// BookPart is a part of the entries that were found.
type BookPart struct {
	Entries []Entry
	First   int    // the number of the first of them, from 1
	Total   int    // how many were found
	Next    string // URL of what follows; empty is nothing
}

// BookPartMost is the most entries any part holds.
const BookPartMost = 100

// dialled is every number of an entry, the extension first.
func (e Entry) dialled() []string {
	var list []string
	if e.Extension != "" {
		list = append(list, e.Extension)
	}
	return append(list, e.Numbers...)
}

// bookXML appends <tag>text</tag>.
func bookXML(b []byte, tag, text string) ([]byte, error) {
	b = append(append(append(b, '<'), tag...), '>')
	b, err := xmlText(b, text)
	if err != nil {
		return nil, fmt.Errorf("phone book, %s: %w", tag, err)
	}
	return append(append(append(b, "</"...), tag...), '>'), nil
}

// ipPhoneDirectory writes the form several makers share, each with a root
// element of its own: entries with a Name and Telephone elements.
func ipPhoneDirectory(root string) func(title string, entries []Entry) ([]byte, error) {
	return func(title string, entries []Entry) ([]byte, error) {
		b := append([]byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<"), root...)
		b, err := bookXML(append(b, ">\n"...), "Title", title)
		if err != nil {
			return nil, err
		}
		b = append(b, '\n')
		for _, e := range entries {
			if b, err = bookXML(append(b, "<DirectoryEntry>"...), "Name", e.Name); err != nil {
				return nil, err
			}
			for _, number := range e.dialled() {
				if b, err = bookXML(b, "Telephone", number); err != nil {
					return nil, err
				}
			}
			b = append(b, "</DirectoryEntry>\n"...)
		}
		return append(append(append(b, "</"...), root...), ">\n"...), nil
	}
}
