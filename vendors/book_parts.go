package vendors

import (
	"net/url"
	"strconv"
	"strings"
)

// partsBook is a book that is read a part at a time; the whole of it is one part.
func partsBook(file string, token bool, ask func(url.Values) BookQuery, write func(string, BookPart) ([]byte, error)) *Book {
	return &Book{
		File: file, ContentType: "text/xml; charset=utf-8", Token: token,
		Write: func(title string, entries []Entry) ([]byte, error) {
			return write(title, BookPart{Entries: entries, First: 1, Total: len(entries)})
		},
		Parts: &BookParts{Ask: ask, Write: write},
	}
}

// partsFrom is the query of phones that follow links: each names where it goes
// on.
func partsFrom(count int) func(url.Values) BookQuery {
	return func(query url.Values) BookQuery {
		return BookQuery{First: bookNumber(query, "first", 1, 1<<20), Count: count}
	}
}

// bookNumber reads a number between 1 and most; anything else is otherwise.
func bookNumber(query url.Values, name string, otherwise, most int) int {
	n, err := strconv.Atoi(query.Get(name))
	if err != nil || n < 1 || n > most {
		return otherwise
	}
	return n
}

// gigasetAsk reads Gigaset's online directory protocol: every field there is
// stands in the query, with * for those that are not asked for (Gigaset wiki,
// "Online directory"). Names are asked for with a * behind what was keyed in,
// numbers of a caller whole.
func gigasetAsk(query url.Values) BookQuery {
	q := BookQuery{
		First: bookNumber(query, "first", 1, 1<<20),
		Count: bookNumber(query, "count", 20, BookPartMost),
		Bytes: bookNumber(query, "limit", 0, 1<<20),
	}
	for _, field := range []string{"ln", "fn", "nn"} {
		if text := strings.Trim(query.Get(field), "* "); text != "" && q.Name == "" {
			q.Name = text
		}
	}
	for _, field := range []string{"hm", "mb", "sip"} {
		if text := strings.Trim(query.Get(field), "* "); text != "" && q.Number == "" {
			q.Number = text
		}
	}
	return q
}

// gigasetList writes the answer of that protocol. What each number is for is in
// its element: hm the extension, mb what comes behind.
func gigasetList(_ string, part BookPart) ([]byte, error) {
	b := []byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<list response=\"get_list\" type=\"pb\"")
	if len(part.Entries) == 0 {
		return append(b, " notfound=\"hm\" total=\"0\"/>\n"...), nil
	}
	last := part.First + len(part.Entries) - 1
	for _, a := range []struct {
		name  string
		value int
	}{{"total", part.Total}, {"first", part.First}, {"last", last}} {
		b = append(append(b, ' '), a.name...)
		b = append(strconv.AppendInt(append(b, "=\""...), int64(a.value), 10), '"')
	}
	b = append(b, ">\n"...)
	for i, e := range part.Entries {
		b = append(strconv.AppendInt(append(b, "<entry id=\""...), int64(part.First+i), 10), "\">"...)
		var err error
		if b, err = bookXML(b, "ln", e.Name); err != nil {
			return nil, err
		}
		for n, number := range e.dialled() {
			tag := "mb"
			if n == 0 {
				tag = "hm"
			}
			if b, err = bookXML(b, tag, number); err != nil {
				return nil, err
			}
			if n == 1 {
				break // a second mb would take the place of the first
			}
		}
		b = append(b, "</entry>\n"...)
	}
	return append(b, "</list>\n"...), nil
}

// mitelPart is how many items an object of the XML interface holds.
const mitelPart = 30

// mitelDirectory is an object of the phones' XML interface (Aastra XML
// development guide, AastraIPPhoneDirectory). Each number is an item of its own.
func mitelDirectory(title string, part BookPart) ([]byte, error) {
	b := []byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<AastraIPPhoneDirectory")
	var err error
	if part.Next != "" {
		if b, err = xmlText(append(b, " next=\""...), part.Next); err != nil {
			return nil, err
		}
		b = append(b, '"')
	}
	if b, err = bookXML(append(b, ">\n"...), "Title", title); err != nil {
		return nil, err
	}
	b = append(b, '\n')
	for _, e := range part.Entries {
		for _, number := range e.dialled() {
			if b, err = bookXML(append(b, "<MenuItem>"...), "Prompt", e.Name); err != nil {
				return nil, err
			}
			if b, err = bookXML(b, "URI", number); err != nil {
				return nil, err
			}
			b = append(b, "</MenuItem>\n"...)
		}
	}
	return append(b, "</AastraIPPhoneDirectory>\n"...), nil
}

// ciscoSEPPart is how many entries a CiscoIPPhoneDirectory holds on these phones.
const ciscoSEPPart = 32

// ciscoSEPDirectory is the object of Cisco's phone services, with keys to dial,
// to go on and to leave (IP Phone Services Application Development Notes,
// CiscoIPPhoneDirectory). Each number is an entry of its own.
func ciscoSEPDirectory(title string, part BookPart) ([]byte, error) {
	b, err := bookXML([]byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CiscoIPPhoneDirectory>\n"), "Title", title)
	if err != nil {
		return nil, err
	}
	b = append(b, "\n<Prompt></Prompt>\n"...)
	for _, e := range part.Entries {
		for _, number := range e.dialled() {
			if b, err = bookXML(append(b, "<DirectoryEntry>"...), "Name", e.Name); err != nil {
				return nil, err
			}
			if b, err = bookXML(b, "Telephone", number); err != nil {
				return nil, err
			}
			b = append(b, "</DirectoryEntry>\n"...)
		}
	}
	keys := []struct{ name, url string }{{"Dial", "SoftKey:Dial"}, {"Exit", "SoftKey:Exit"}}
	if part.Next != "" {
		keys = append(keys, struct{ name, url string }{"Next", part.Next})
	}
	for i, k := range keys {
		if b, err = bookXML(append(b, "<SoftKeyItem>"...), "Name", k.name); err != nil {
			return nil, err
		}
		if b, err = bookXML(b, "URL", k.url); err != nil {
			return nil, err
		}
		b = append(strconv.AppendInt(append(b, "<Position>"...), int64(i+1), 10), "</Position></SoftKeyItem>\n"...)
	}
	return append(b, "</CiscoIPPhoneDirectory>\n"...), nil
}
