package vendors

import "fmt"

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
}

// FirmwareSource is where a phone finds the firmware an operator pinned for its
// model.
type FirmwareSource struct {
	URL  string // of the file itself, without a login: firmware is no secret
	File string // the file's own name, the last part of URL
}

// Book is a vendor's form of a phone book.
type Book struct {
	// File is the name it is served under; phones that have a name of their own
	// for it ask for that one.
	File        string
	ContentType string
	// Write fails on text the form cannot hold.
	Write func(title string, entries []Entry) ([]byte, error)
}

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
