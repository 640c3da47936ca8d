package phone

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Vendor is a brand of phones by its short lower-case name: "yealink", "snom",
// "poly". The empty vendor is not known.
type Vendor string

// ErrUnknownDevice is returned, wrapped with the MAC, for a device the box has
// no record of.
var ErrUnknownDevice = errors.New("unknown device")

// UnknownDevice is ErrUnknownDevice of one MAC. Its text is put together when
// somebody reads it: strangers ask for MACs nobody has, and an answer to them
// must not take longer than one for a device.
type UnknownDevice MAC

func (e UnknownDevice) Error() string { return MAC(e).String() + ": " + ErrUnknownDevice.Error() }

// Unwrap is ErrUnknownDevice.
func (UnknownDevice) Unwrap() error { return ErrUnknownDevice }

// Bounds of what an operator may enter for one device.
const (
	MaxLines     = 16  // SIP accounts of the largest desk phone served
	MaxText      = 64  // runes of a label, display name or model
	MaxHost      = 253 // bytes of a DNS name, RFC 1035 section 2.3.4
	MaxPassword  = 128 // bytes of a SIP password
	MaxOverrides = 64  // extra parameters of one device
	MaxOverride  = 512 // bytes of one extra parameter's value
	// MaxOverrideName is the bytes of an extra parameter's name; the longest of
	// ours, a command of a gateway with the modes around it, has about 90.
	MaxOverrideName = 160
)

// Device is one phone, ATA or base station as the operator set it up. What the
// box believes about its proof of identity is auth.Enrolment, beside it.
type Device struct {
	MAC    MAC    `json:"mac"`
	Vendor Vendor `json:"vendor"`
	// Model is the maker's name for it, "T46G", "D385", "VVX410"; empty is not
	// known, and the vendor's generic config is used.
	Model   string    `json:"model,omitempty"`
	Label   string    `json:"label,omitempty"`
	Owner   string    `json:"owner,omitempty"` // user ID
	Lines   []Line    `json:"lines,omitempty"`
	Created time.Time `json:"created"`
	// AdminPassword is the password of the phone's own menu and web page;
	// empty leaves the phone's as it is.
	AdminPassword Secret `json:"admin_password"`
	// Overrides are extra parameters in the vendor's own names, written last
	// into the full config.
	Overrides map[string]string `json:"overrides,omitempty"`
	// PlainTFTP says that an admin accepted this device's secrets crossing the
	// LAN by TFTP, for vendors that speak nothing else.
	PlainTFTP bool `json:"plain_tftp,omitempty"`
	// Addr is the address that DHCP keeps for it; zero is whichever is free.
	Addr netip.Addr `json:"address,omitzero"`
}

// Transport is how a phone speaks SIP to its registrar.
type Transport string

// The transports a line can name.
const (
	UDP Transport = "udp"
	TCP Transport = "tcp"
	TLS Transport = "tls"
)

// Line is a SIP account on the hosted platform, in the order of the phone's
// line keys.
type Line struct {
	Registrar string    `json:"registrar"`      // host name or address
	Port      int       `json:"port,omitempty"` // 0 is the transport's own
	Transport Transport `json:"transport,omitempty"`
	// OutboundProxy is host or host:port; empty sends straight to Registrar.
	OutboundProxy string `json:"outbound_proxy,omitempty"`
	User          string `json:"user"`
	AuthID        string `json:"auth_id,omitempty"` // empty is User
	Password      Secret `json:"password"`
	DisplayName   string `json:"display_name,omitempty"`
	Label         string `json:"label,omitempty"` // beside the line key; empty is User
}

// Clone copies d so that no slice or map is shared.
func (d Device) Clone() Device {
	d.Lines = slices.Clone(d.Lines)
	d.Overrides = maps.Clone(d.Overrides)
	return d
}

// Validate says everything that is wrong with d, each line naming the field
// and what to write. Whether the vendor is one this build serves is the
// vendors table's to say.
func (d Device) Validate() error {
	var errs []error
	if d.MAC.IsZero() {
		errs = append(errs, errors.New("mac: missing; write twelve hex digits from the phone's label"))
	}
	if d.Vendor == "" {
		errs = append(errs, errors.New("vendor: missing; write the maker's short name, one of those lineside vendors lists"))
	}
	errs = append(errs, checkText("model", d.Model), checkText("label", d.Label), checkText("owner", d.Owner))
	errs = append(errs, checkSecret("admin_password", d.AdminPassword))
	if d.Addr.IsValid() && (!d.Addr.Is4() || d.Addr.IsUnspecified() || d.Addr.IsMulticast()) {
		errs = append(errs, fmt.Errorf("address: %s is no IPv4 address a phone can have; write one such as 10.20.0.60", d.Addr))
	}
	if len(d.Lines) > MaxLines {
		errs = append(errs, fmt.Errorf("lines: %d are too many, a phone has at most %d", len(d.Lines), MaxLines))
	}
	for i, l := range d.Lines {
		if err := l.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("line %d: %w", i+1, err))
		}
	}
	errs = append(errs, d.checkOverrides())
	return errors.Join(errs...)
}

func (d Device) checkOverrides() error {
	var errs []error
	if len(d.Overrides) > MaxOverrides {
		errs = append(errs, fmt.Errorf("overrides: %d are too many, at most %d", len(d.Overrides), MaxOverrides))
	}
	for _, k := range slices.Sorted(maps.Keys(d.Overrides)) {
		if !parameterName(k) {
			errs = append(errs, fmt.Errorf("overrides: %.60q is no parameter name; use the vendor's own, such as features.dnd_mode", k))
		}
		if v := d.Overrides[k]; len(v) > MaxOverride || !printable(v) {
			errs = append(errs, fmt.Errorf("overrides: value of %s must be printable text of at most %d bytes on one line", k, MaxOverride))
		}
	}
	return errors.Join(errs...)
}

// Validate says everything that is wrong with l.
func (l Line) Validate() error {
	errs := []error{
		checkHost("registrar", l.Registrar, true),
		checkToken("user", l.User, true),
		checkToken("auth_id", l.AuthID, false),
		checkSecret("password", l.Password),
		checkText("display_name", l.DisplayName),
		checkText("label", l.Label),
	}
	if l.Port < 0 || l.Port > 65535 {
		errs = append(errs, fmt.Errorf("port: %d is out of range; write 1 to 65535, or leave it out", l.Port))
	}
	switch l.Transport {
	case "", UDP, TCP, TLS:
	default:
		errs = append(errs, fmt.Errorf("transport: %.20q is not known; write udp, tcp or tls", l.Transport))
	}
	if l.OutboundProxy != "" {
		host, port, err := splitHostPort(l.OutboundProxy)
		if err != nil || port < 0 {
			errs = append(errs, fmt.Errorf("outbound_proxy: %.80q is not host or host:port", l.OutboundProxy))
		} else {
			errs = append(errs, checkHost("outbound_proxy", host, true))
		}
	}
	return errors.Join(errs...)
}

// Proxy is the outbound proxy's host and port; the port is 0 where none was
// given, the host empty where there is no proxy.
func (l Line) Proxy() (host string, port int) {
	if l.OutboundProxy == "" {
		return "", 0
	}
	host, port, err := splitHostPort(l.OutboundProxy)
	if err != nil {
		return "", 0
	}
	return host, port
}

// Auth is the name the line authenticates with.
func (l Line) Auth() string {
	if l.AuthID != "" {
		return l.AuthID
	}
	return l.User
}

// Shown is the text beside the line key.
func (l Line) Shown() string {
	if l.Label != "" {
		return l.Label
	}
	return l.User
}

func checkText(field, s string) error {
	switch {
	case !printable(s):
		return fmt.Errorf("%s: has a line break or control character; write it on one line", field)
	case utf8.RuneCountInString(s) > MaxText:
		return fmt.Errorf("%s: is %d characters long, at most %d", field, utf8.RuneCountInString(s), MaxText)
	}
	return nil
}

func checkSecret(field string, s Secret) error {
	if len(s.plain) > MaxPassword || !printable(s.plain) {
		return fmt.Errorf("%s: must be printable text of at most %d bytes on one line", field, MaxPassword)
	}
	return nil
}

// checkToken holds a SIP user part: no spaces and none of the characters that
// would need escaping in a SIP URI (RFC 3261 section 25.1).
func checkToken(field, s string, required bool) error {
	if s == "" {
		if required {
			return fmt.Errorf("%s: missing", field)
		}
		return nil
	}
	ok := len(s) <= MaxPassword
	for _, r := range s {
		ok = ok && r < 0x7f && r > ' ' && !strings.ContainsRune("<>\"`{}|\\^", r)
	}
	if !ok {
		return fmt.Errorf("%s: %.40q has characters a SIP user name cannot have", field, s)
	}
	return nil
}

func checkHost(field, s string, required bool) error {
	if s == "" && !required {
		return nil
	}
	ok := s != "" && len(s) <= MaxHost
	for _, r := range s {
		ok = ok && (r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '.' || r == '-' || r == ':' || r == '_')
	}
	if !ok {
		return fmt.Errorf("%s: %.80q is no host name or address; write one such as sip.example.net", field, s)
	}
	return nil
}

// parameterName bounds a name coarsely: one line of ASCII without blanks at its
// ends. Makers' names have blanks, slashes, brackets and braces in them and begin
// with digits at times; which of them a config has a place for is its format's to
// say.
func parameterName(s string) bool {
	if s == "" || len(s) > MaxOverrideName || s[0] == ' ' || s[len(s)-1] == ' ' {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// printable reports that s is valid UTF-8 on one line without control
// characters or Unicode line separators, any of which could start a new line
// in a config.
func printable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError {
			return false
		}
	}
	return true
}
