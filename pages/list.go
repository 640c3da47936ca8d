package pages

import (
	"net/url"
	"strconv"
)

// perPage is how many rows a list shows at once.
const perPage = 50

// list is what a page with a table is asked for: in the address, so that it can
// be kept, sent and gone back to.
type list struct {
	Path   string
	Text   string // what is searched for
	Sort   string
	Down   bool // the other way round
	Offset int
	Limit  int
	Total  int
	Shown  int
	other  url.Values // filters of the page's own
}

// list reads the query. filters are the names of the page's own ones.
func (v *visit) list(filters ...string) *list {
	return listOf(v.r.URL.Path, v.r.URL.Query(), filters...)
}

// listOf reads a list from an address, or from a form that has brought one along.
func listOf(path string, q url.Values, filters ...string) *list {
	l := &list{Path: path, Text: cut(q.Get("q"), 100), Sort: cut(q.Get("sort"), 40), Down: q.Get("down") == "1", Limit: perPage, other: url.Values{}}
	if n, err := strconv.Atoi(q.Get("from")); err == nil && n > 0 && n < 10_000_000 {
		l.Offset = n
	}
	for _, name := range filters {
		if value := cut(q.Get(name), 100); value != "" {
			l.other.Set(name, value)
		}
	}
	return l
}

// cut bounds a text by runes.
func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// Filter is the value of one of the page's filters.
func (l *list) Filter(name string) string { return l.other.Get(name) }

// Narrowed says that not everything is asked for.
func (l *list) Narrowed() bool { return l.Text != "" || len(l.other) > 0 }

// query is the address of the same list, but for what the pairs say.
func (l *list) query(pairs ...string) string {
	q := url.Values{}
	for name, values := range l.other {
		q[name] = values
	}
	set := func(name, value string) {
		q.Del(name)
		if value != "" {
			q.Set(name, value)
		}
	}
	set("q", l.Text)
	set("sort", l.Sort)
	if l.Down {
		set("down", "1")
	}
	if l.Offset > 0 {
		set("from", strconv.Itoa(l.Offset))
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		set(pairs[i], pairs[i+1])
	}
	if len(q) == 0 {
		return l.Path
	}
	return l.Path + "?" + q.Encode()
}

// Here is the address of the list as it is, With with another value of a filter,
// from its beginning.
func (l *list) Here() string                   { return l.query() }
func (l *list) With(name, value string) string { return l.query(name, value, "from", "") }

// SortBy is the list sorted by a column, the other way round where it is already.
func (l *list) SortBy(column string) string {
	down := ""
	if l.Sort == column && !l.Down {
		down = "1"
	}
	return l.query("sort", column, "down", down, "from", "")
}

// Order is what a column's header says of itself (aria-sort).
func (l *list) Order(column string) string {
	switch {
	case l.Sort != column:
		return "none"
	case l.Down:
		return "descending"
	}
	return "ascending"
}

// Beyond is the address of the last page, where this one is behind it: what was
// there is gone meanwhile. Empty for none.
func (l *list) Beyond() string {
	if l.Offset == 0 || l.Shown > 0 || l.Total == 0 || l.Limit == 0 {
		return ""
	}
	last := (l.Total - 1) / l.Limit * l.Limit
	if last >= l.Offset {
		return "" // what is there was not given: going there again brings nothing
	}
	from := ""
	if last > 0 {
		from = strconv.Itoa(last)
	}
	return l.query("from", from)
}

// First and Last number the rows shown; Earlier and Later are the addresses of
// the pages beside this one, empty for none.
func (l *list) First() int { return min(l.Offset+1, l.Total) }
func (l *list) Last() int  { return min(l.Offset+l.Shown, l.Total) }

func (l *list) Earlier() string {
	if l.Offset == 0 {
		return ""
	}
	from := ""
	if n := l.Offset - l.Limit; n > 0 {
		from = strconv.Itoa(n)
	}
	return l.query("from", from)
}

func (l *list) Later() string {
	if l.Offset+l.Shown >= l.Total || l.Shown == 0 {
		return ""
	}
	return l.query("from", strconv.Itoa(l.Offset+l.Shown))
}

// Hidden are the filters a search keeps: name and value.
func (l *list) Hidden() [][2]string {
	var all [][2]string
	for name := range l.other {
		all = append(all, [2]string{name, l.other.Get(name)})
	}
	if l.Sort != "" {
		all = append(all, [2]string{"sort", l.Sort})
	}
	if l.Down {
		all = append(all, [2]string{"down", "1"})
	}
	return all
}
