package vendors

import "github.com/lineside/lineside/phone"

// Redirect is the sheet by which a maker's redirect service learns where to
// send a factory-new phone.
type Redirect struct {
	Name    string // "yealink-rps", as operators type it; one for a whole brand
	Columns []string
	// Row has one cell for each column.
	Row func(d Redirected) []string
}

// Redirected is one phone of such a sheet. Login is what the phone shows at its
// first fetch, a brand's one-time password as a rule; zero: nothing.
type Redirected struct {
	MAC   phone.MAC
	Model string
	Label string
	URL   string
	Login Login
}
