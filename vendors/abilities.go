package vendors

import (
	"strings"
)

// Protocol is one a phone fetches files by.
type Protocol string

// The protocols the box has a door for.
const (
	HTTP  Protocol = "http"
	HTTPS Protocol = "https"
	TFTP  Protocol = "tftp"
)

// Auth is a set of the HTTP authentications a phone answers a challenge with.
type Auth uint8

// Authentications. A phone that has none is sent to a path with a token in it
// (Input.Token), which stands for its login.
const (
	Digest Auth = 1 << iota // RFC 7616, as a rule with MD5
	Basic                   // RFC 7617
	NoAuth Auth = 0
)

// Has reports whether all of b is in a.
func (a Auth) Has(b Auth) bool { return a&b == b }

// Fetch is how a vendor's phones get at their files.
type Fetch struct {
	By   []Protocol // those it takes, the best for the box first
	Auth Auth
	// Asks says that a challenged phone asks the person in front of it for user
	// name and password, on its own screen or behind a key there.
	Asks bool
}

// Speaks reports whether p is among the vendor's protocols.
func (f Fetch) Speaks(p Protocol) bool {
	for _, have := range f.By {
		if have == p {
			return true
		}
	}
	return false
}

// CATrust is how phones are made to trust a CA that no browser knows.
type CATrust uint8

// Ways to give a phone the box's CA.
const (
	NoCA       CATrust = iota // it cannot be given one
	CAByURL                   // its config names Box.CAURL
	CAInConfig                // its config holds Box.CA
)

// Rehome names the parameters by which a config sets where a phone fetches from
// and the login it shows there. Where one parameter holds it all, it stands in
// all three lists.
type Rehome struct {
	URL, User, Password []string
}

// Resync is how a vendor's phones are told to fetch their config again, by SIP:
// they take it from the registrar they are registered with, so from the box while
// they are on hold. One that challenges is shown the line's own login. All of them
// come back by themselves as well, after the time their config says, unless Once
// is set.
type Resync struct {
	// Event is the SIP Event header that makes a phone fetch again, without a
	// reboot where it can; empty where no NOTIFY does.
	Event string
	// Reboots says that Event reboots the phone all the same.
	Reboots bool
	// Reboot is the Event that surely reboots it, which also fetches.
	Reboot string
	// Body is the NOTIFY's body for the Call-ID of the phone's own REGISTER, and
	// BodyType its media type; nil is no body.
	Body     func(callID string) []byte
	BodyType string
	// Active says in the NOTIFY that a subscription to Event is active, which
	// some want of one they never asked for; others are told it is over.
	Active bool
	// Once says that a phone with a config never asks again before it reboots.
	Once bool
}

// Shows is what a phone on hold can offer. What it cannot, an installer has to
// be told another way.
type Shows struct {
	Text         bool // the state's text, on the idle screen or beside a key
	Hotline      bool // a number dialled when the handset is lifted
	HotlineDelay bool // and not before somebody had time to dial 112
	HotlineKey   bool // a key on the idle screen that dials it
	MAC          bool // its MAC on the idle screen or behind a key there
	// NoMAC says why it cannot show that: it has the one or the other.
	NoMAC string
}

// Why a vendor's phones show no MAC on hold.
const (
	macNoScreen = "nothing to show it on: it has no screen"
	macHandset  = "handsets show one short name, which the state's text fills; the MAC of the base stands on its label"
	macName     = "the one text its idle screen takes from a config has no room beside the state's"
)

// Dialling is what a config has to say so that an emergency number goes out.
type Dialling uint8

// Ways of dialling.
const (
	// ByList: the config lists the site's emergency numbers.
	ByList Dialling = iota
	// AsTyped: its handsets send whatever is keyed in, and no parameter for such
	// a list is known.
	AsTyped
	// NoKeys: nobody can dial a number at its devices.
	NoKeys
)

// Upload is a file phones put on their server. {mac} in its name stands for the
// phone's twelve hex digits.
type Upload struct {
	Name string
	What string // "log", "contacts", "calls", "settings"
}

// matches compares letters in either case; a phone that spells its uploads
// otherwise is no reason to lose one.
func (u Upload) matches(name string) (f File, ok bool) {
	before, after, perPhone := strings.Cut(strings.ToLower(u.Name), "{mac}")
	lower := strings.ToLower(name)
	if !perPhone {
		return File{Name: name, Kind: Absent}, lower == before
	}
	rest, ok := strings.CutPrefix(lower, before)
	if !ok {
		return File{}, false
	}
	mac, rest, ok := leadingMAC(rest)
	if !ok || rest != after {
		return File{}, false
	}
	return File{Name: name, Kind: Absent, MAC: mac}, true
}
