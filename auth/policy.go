package auth

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
)

// Factor is what a phone must show at first contact.
type Factor string

// First-contact factors. FactorBoth wants the OTP first, which earns no more
// than the holding config, and then the PIN. FactorNone asks for nothing beyond
// trust: only a trusted caller gets a config, and nothing else helps.
const (
	FactorPIN  Factor = "pin"
	FactorOTP  Factor = "otp"
	FactorBoth Factor = "otp+pin"
	FactorNone Factor = "none"
)

// WantsPIN reports that a right PIN is part of first contact.
func (f Factor) WantsPIN() bool { return f == FactorPIN || f == FactorBoth }

// WantsOTP reports that a one-time password is.
func (f Factor) WantsOTP() bool { return f == FactorOTP || f == FactorBoth }

// ParseFactor reads a factor as settings and operators write it.
func ParseFactor(s string) (Factor, error) {
	switch f := Factor(strings.ToLower(s)); f {
	case FactorPIN, FactorOTP, FactorBoth, FactorNone:
		return f, nil
	}
	return "", fmt.Errorf("first_contact: %.20q is not known; write \"pin\", \"otp\", \"otp+pin\" or \"none\"", s)
}

// Policy is the site's rules, one document: read whole, changed whole. The
// zero durations mean the defaults below.
type Policy struct {
	FirstContact Factor
	// Claimed lets a trusted caller through although nothing on layer 2 can be
	// compared: for networks where the phones are behind a router.
	Claimed bool
	Allow   []Allow
	// Window is how long a right PIN opens the site, and each fetch of a full
	// config keeps it open; zero is never. WindowUntil is until when it is open.
	Window      time.Duration
	WindowUntil time.Time
	// BlockAfter is at which lock-out a device is blocked, 1 to MaxBlockAfter;
	// 0 means LockOutsToBlock. Never is not offered: three tries every half hour
	// for good would find a PIN in the end.
	BlockAfter int
	// AutoApprove approves tickets that want approval as they are shown.
	AutoApprove bool
	// TicketLife is how long a ticket may be shown where nobody says, 0 means the
	// constant of that name.
	TicketLife time.Duration
	// PINOnScreen takes a PIN as the password of a login as well, typed on the
	// phone's own screen, of phones that ask for one there.
	PINOnScreen bool
	// Brands are the one-time passwords, by the brand's name. See OTP.
	Brands map[phone.Vendor]Brand
	// Platform is what the central platform said of the site.
	Platform SitePlatform
	// Key is a random value of this site from which holding secrets are
	// derived; it never leaves the box.
	Key phone.Secret
	// Rev is raised by each change. The store sets it.
	Rev uint64
}

// OTP is the one-time password that counts for the phones of one of a brand's
// vendors, zero for none. One kept under the vendor's own name is from before
// brands had one in common; it counts until the brand's is set or taken away.
func (p Policy) OTP(brand, v phone.Vendor) Brand {
	if own, ok := p.Brands[v]; ok {
		return own
	}
	return p.Brands[brand]
}

// Bounds of the rules. They are the design's numbers.
const (
	WrongPINs       = 3                // in a row until a lock-out
	LockOut         = 30 * time.Minute // how long no PIN is accepted
	LockOutsToBlock = 3                // default of Policy.BlockAfter
	MaxBlockAfter   = 100
	SuspendFor      = 30 * time.Minute
	RefetchWindow   = 10 * time.Minute // same identity, same OTP, after it was consumed
	PassFor         = 8 * time.Hour    // from a right PIN to the fetch
	SiteWindow      = 8 * time.Hour    // default of Policy.Window
	MinWindow       = 10 * time.Minute
	MaxWindow       = 7 * 24 * time.Hour // phones come back every four to six hours; longer is open for good
	WindowStep      = 5 * time.Minute    // an open window is not moved by less
	MaxAllow        = 256                // entries of the allow-list
)

// Allow is an entry of the permanent allow-list.
type Allow struct {
	Prefix netip.Prefix `json:"prefix"`
	Note   string       `json:"note,omitempty"`
	Since  time.Time    `json:"since"`
	// Until ends it, zero for never; Platform says that the central platform
	// entered it. Both since the platform's entries reach the box.
	Until    time.Time `json:"until,omitzero"`
	Platform bool      `json:"platform,omitempty"`
}

// ErrAllowTooWide is returned for an allow-list entry that would admit
// everybody.
var ErrAllowTooWide = errors.New("covers the whole address space")

// ParseAllow reads a.b.c.d, a.b.c.d/yy and a.b.c.d/m.m.m.m.
func ParseAllow(s string) (netip.Prefix, error) {
	addr, mask, hasMask := strings.Cut(strings.TrimSpace(s), "/")
	a, err := netip.ParseAddr(addr)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("allow: %.60q is no address; write one such as 10.20.0.7 or 10.20.0.0/24", s)
	}
	a = a.Unmap().WithZone("")
	if !hasMask {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(a.String() + "/" + mask)
	if err != nil {
		bits, ok := dottedMask(mask)
		if !ok || !a.Is4() {
			return netip.Prefix{}, fmt.Errorf("allow: %.20q is no mask; write /24 or /255.255.255.0", mask)
		}
		p = netip.PrefixFrom(a, bits)
	}
	if p.Bits() == 0 {
		return netip.Prefix{}, fmt.Errorf("allow: %s %w; name the phones' network, such as 10.20.0.0/24", p, ErrAllowTooWide)
	}
	return p.Masked(), nil
}

// dottedMask turns 255.255.255.0 into 24; holes are refused.
func dottedMask(s string) (bits int, ok bool) {
	m, err := netip.ParseAddr(s)
	if err != nil || !m.Is4() {
		return 0, false
	}
	b := m.As4()
	v := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	for v&0x80000000 != 0 {
		bits++
		v <<= 1
	}
	return bits, v == 0
}

// Allows reports that addr is in the allow-list at now.
func (p Policy) Allows(now time.Time, addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	for _, a := range p.Allow {
		if a.Prefix.Contains(addr) && (a.Until.IsZero() || now.Before(a.Until)) {
			return true
		}
	}
	return false
}

// Open gives the policy with the site window opened at now, or kept open, and
// whether that changes anything worth a write.
func (p Policy) Open(now time.Time) (Policy, bool) {
	until := now.Add(p.Window)
	if p.Window <= 0 || until.Sub(p.WindowUntil) < WindowStep {
		return p, false
	}
	p.WindowUntil = until
	return p, true
}

// BlocksAfter is at which lock-out a device is blocked.
func (p Policy) BlocksAfter() int {
	if p.BlockAfter == 0 {
		return LockOutsToBlock
	}
	return p.BlockAfter
}

// TicketLasts is how long a ticket may be shown where nobody says.
func (p Policy) TicketLasts() time.Duration { return cmp.Or(p.TicketLife, TicketLife) }

// CheckBlockAfter says what is wrong with n as a number of lock-outs.
func CheckBlockAfter(n int) error {
	if n < 1 || n > MaxBlockAfter {
		return fmt.Errorf("%d is out of range; write 1 to %d lock-outs", n, MaxBlockAfter)
	}
	return nil
}

// ParseWindow reads a length of the site window as settings and operators
// write it: "8h", or "off" or "0" for none.
func ParseWindow(s string) (time.Duration, error) {
	if s == windowOff || s == "0" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("%.40q is no length of time; write one such as \"8h\" or \"30m\", or \"off\"", s)
	}
	return d, CheckWindow(d)
}

// windowOff is how a window of no length is written.
const windowOff = "off"

// CheckWindow says what is wrong with d as the length of a site window.
func CheckWindow(d time.Duration) error {
	if d != 0 && (d < MinWindow || d > MaxWindow) {
		return fmt.Errorf("%s is out of range; write 10m to 168h, or \"off\"", d)
	}
	return nil
}

// WindowText is the length of the site window as ParseWindow reads it.
func (p Policy) WindowText() string {
	if p.Window <= 0 {
		return windowOff
	}
	return p.Window.String()
}

// WithWindow gives the policy with a site window of length d. One that is open
// stays so, for d at most; one that is not does not open.
func (p Policy) WithWindow(now time.Time, d time.Duration) Policy {
	until := p.WindowUntil
	if !p.IsOpen(now) || d <= 0 {
		until = time.Time{}
	} else if most := now.Add(d); until.After(most) {
		until = most
	}
	p.Window, p.WindowUntil = d, until
	return p
}

// IsOpen reports that the site window is open at now. A clock that went back
// opens nothing for longer than the window's own length.
func (p Policy) IsOpen(now time.Time) bool {
	return now.Before(p.WindowUntil) && p.WindowUntil.Sub(now) <= p.Window
}

// Clone copies p so that no slice or map is shared.
func (p Policy) Clone() Policy {
	p.Allow = slices.Clone(p.Allow)
	p.Brands = maps.Clone(p.Brands)
	p.Platform.Emergency = slices.Clone(p.Platform.Emergency)
	return p
}
