package fleet

import (
	"fmt"
	"maps"
	"strings"

	"github.com/lineside/lineside/phone"
)

// dialect is what sets one vendor's phones apart.
type dialect struct {
	model, firmware string // of the sample phone
	// class is DHCP option 60, wants the parameter request list.
	class func(c Config) []byte
	wants []uint8
	// server reads the provisioning address from the options as this vendor
	// would, and says which option it took.
	server func(o options) (value, option string)
	// exact reports that a provisioning URL names the file itself.
	exact func(url string) bool
	// agent is the User-Agent; updater is the boot stage's own, nil where
	// there is no such stage.
	agent, updater func(c Config) string
	// asks is how often a missing file is asked for; 0 is once.
	asks int
	// fallback reports a file that is only asked for if the one before it was
	// missing.
	fallback func(name string) bool
	// parse reads a config file; read says what all of them together set.
	parse func(body []byte, model string) (content, error)
	read  func(v values) Settings
	// firstWins: of two files that set the same, the earlier counts.
	firstWins bool
	// anyCA: the server's certificate is not checked by default.
	anyCA bool
}

// values are parameters in the vendor's own names.
type values map[string]string

// first gives the value of the first name that is set.
func (v values) first(names ...string) string {
	for _, n := range names {
		if s := v[n]; s != "" {
			return s
		}
	}
	return ""
}

// content is what one file holds.
type content struct {
	set values
	// next are files it names; only says that they take the place of the rest
	// of the sequence.
	next []string
	only bool
}

// merge adds a file's parameters to those of the files before it.
func (d dialect) merge(all, file values) {
	if !d.firstWins {
		maps.Copy(all, file)
		return
	}
	for k, v := range file {
		if _, taken := all[k]; !taken {
			all[k] = v
		}
	}
}

// Vendors are those whose phones this package can play, the commoner first. A box
// serves many more.
func Vendors() []phone.Vendor { return []phone.Vendor{"yealink", "snom", "poly"} }

// VendorNames is Vendors in one line, as help and errors list them.
func VendorNames() string {
	names := make([]string, len(Vendors()))
	for i, v := range Vendors() {
		names[i] = string(v)
	}
	return strings.Join(names, ", ")
}

// ParseVendor checks that name, in any case, is a vendor whose phones can be
// played.
func ParseVendor(name string) (phone.Vendor, error) {
	v := phone.Vendor(strings.ToLower(strings.TrimSpace(name)))
	if _, ok := dialects()[v]; !ok {
		return "", fmt.Errorf("vendor %.40q has no simulation; use one of %s", name, VendorNames())
	}
	return v, nil
}

func dialects() map[phone.Vendor]dialect {
	return map[phone.Vendor]dialect{"yealink": yealink(), "snom": snom(), "poly": poly()}
}

// options are what a DHCP server sent.
type options map[uint8][]byte

// text is an option's value as a string, trailing NULs stripped.
func (o options) text(code uint8) string {
	return strings.TrimSpace(strings.TrimRight(string(o[code]), "\x00"))
}

// firstText is the first of the options that is not empty, and its name.
func (o options) firstText(codes ...uint8) (value, option string) {
	names := map[uint8]string{43: "option 43", 66: "option 66", 160: "option 160"}
	for _, c := range codes {
		if s := o.text(c); s != "" {
			return s, names[c]
		}
	}
	return "", ""
}
