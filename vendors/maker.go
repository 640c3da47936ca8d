package vendors

import (
	"crypto/x509/pkix"
	"net/netip"
	"regexp"
	"time"

	"github.com/lineside/lineside/phone"
)

// Ident is what one signal (option 60, User-Agent, file name) says about the
// phone that sent it. Fields the signal does not carry are zero. It is a claim:
// whether it is believed is the desk's to say.
type Ident struct {
	Vendor   phone.Vendor
	Model    string
	Firmware string
	MAC      phone.MAC
	// Serial is the serial number, of the makers whose phones say it.
	Serial string
	// Confidence is the kind of signal; the table's lookups fill it in.
	Confidence Confidence
}

// Kind says what a file is to the phone that asks for it.
type Kind int

// Kinds of file. Only Config ever holds a secret.
const (
	// Common is the same for every phone of the vendor or model.
	Common Kind = iota + 1
	// Boot is per phone and only names other files.
	Boot
	// Config is the per-phone file: holding or full config.
	Config
	// Absent is asked for by the vendor's phones in the ordinary course, and
	// this box never has it (licences, overrides, call lists). It is answered
	// "not found" whoever asks.
	Absent
)

// File is a file name a vendor's phone asks for, understood.
type File struct {
	Name   string // as the vendor spells it: the name asked, less its folder
	Kind   Kind
	Vendor phone.Vendor
	Model  string    // where the name carries one
	MAC    phone.MAC // zero for Common
}

// Login is a provisioning user name and password.
type Login struct {
	User     string
	Password phone.Secret
}

// Stage is how far a phone has come, and so which config it is given.
type Stage int

// Stages of a Config file.
const (
	// Holding is the least a phone needs to authenticate. It carries no secret
	// of the platform.
	Holding Stage = iota + 1
	// Full carries the device's lines and a provisioning login of its own.
	Full
)

// Box is what phones need to know of the box itself.
type Box struct {
	// URL is where phones fetch their files, with a trailing slash:
	// "http://10.20.0.1/cfg/".
	URL string
	// CAURL is where the box's CA certificate can be had, PEM.
	CAURL string
	// CA is the same certificate as PEM text, for phones that are given it
	// inside their config. Empty: they are given none.
	CA string
	// Addr is the box's address on the phones' LAN: the holding registrar.
	Addr netip.Addr
	// VLAN is where phones that start in this LAN are to go; 0 is nowhere.
	VLAN int
	// SIPPort is the UDP port of the holding registrar, 5060 as a rule.
	SIPPort int
}

// Hold is what a Holding config shows and registers with.
type Hold struct {
	Text     string // state in the words operators know, "Authentication needed"
	User     string // SIP user at the box's own registrar
	Password phone.Secret
	Hotline  string // number dialled on off-hook, "*89"
}

// Input is everything a config is rendered from. Rendering is a pure function
// of it.
type Input struct {
	File   File
	Stage  Stage
	Device phone.Device // for a visitor only MAC, Vendor and Model
	Site   phone.Site
	Box    Box
	// Login is the provisioning login the config sets: the device's own
	// credential at Full, the enrolment credential at Holding.
	Login Login
	Hold  Hold // at Holding only
	// Token is the path token of a phone that cannot show a login; its config
	// then names Box.URL + "t/" + Token + "/". Zero: the box's URL as it is.
	Token phone.Secret
	// Book is where the phone finds the site's phone book; zero is nowhere.
	Book BookSource
	// XSI signs the phone in to the platform's directory as its owner, at Full
	// only; zero takes the login of an owner it had off the phone.
	XSI Login
	// Firmware is what the phone is told to install, at Full only; zero leaves
	// it what it has.
	Firmware FirmwareSource
	// Layers are the operators' templates. They are part of a full config only:
	// a holding config is the box's alone, so that none can take the emergency
	// numbers or the login out of it.
	Layers Layers
	// Zone is Site.Zone, read. Where it is nil or another, each render reads the
	// zone database.
	Zone *time.Location
	// Year is the year whose daylight-saving rules are written.
	Year int
}

// fetchURL is where this phone fetches its files from now on.
func (in Input) fetchURL() string {
	if in.Token.IsZero() {
		return in.Box.URL
	}
	return in.Box.URL + "t/" + in.Token.Reveal() + "/"
}

// Option is one DHCP option for a vendor's phones, with its value on the wire.
type Option struct {
	Code  uint8
	Value []byte
	// Always sends it even where the client's parameter request list (option
	// 55) does not name it.
	Always bool
}

// Maker is one vendor: facts as data, and pure functions that are safe for
// concurrent use. Nil or zero means that the vendor cannot.
type Maker struct {
	Vendor phone.Vendor
	// Brand is the name people know the maker by, which vendors with a config
	// language each have in common: "cisco". NewTable makes an empty one Vendor.
	Brand phone.Vendor
	Name  string // as the maker writes it, "Yealink"
	OUIs  [][3]byte
	// Borrowed are manufacturers' parts its phones are seen with as well, and
	// which by themselves mean the maker who has them among its OUIs.
	Borrowed [][3]byte
	Models   Models
	// MaxLines is how many lines this box can write for any of its phones; 0 is as
	// many as a device has. A model may take fewer.
	MaxLines int

	// Class reads DHCP option 60, trailing NULs already stripped.
	Class func(class []byte) (Ident, bool)
	// Host reports that a DHCP client with this hardware address names itself
	// (option 12) as the vendor's phones do by themselves.
	Host func(host string, mac phone.MAC) bool
	// Agent reads an HTTP User-Agent.
	Agent func(agent string) (Ident, bool)
	// SIPAgent reads a SIP User-Agent (RFC 3261 section 20.41).
	SIPAgent func(agent string) (Ident, bool)
	// File understands a file name (no folder).
	File func(name string) (File, bool)
	// Options are the DHCP options that lead this vendor's phones to box.
	Options func(box Box) []Option
	// VLAN are the options that send its phones into a VLAN, where that takes
	// others than Options; they start again in it, and need Options there too.
	VLAN func(id int) []Option
	// Classes say which texts of option 60 are this vendor's, for servers that
	// are told what to look for. Class reads the same, and more exactly.
	Classes []ClassMatch
	// SecondOffer says that its phones, given an address without a word of
	// their configs, read that word out of a second server's offer.
	SecondOffer bool
	// Sequence is the files a phone of this model asks for at power-on, in
	// order; the first Config file in it is the one that carries the secrets.
	Sequence func(mac phone.MAC, model string) []string
	// Bare says that its phones may ask for the folder itself, by which the file
	// of the phone is meant that the User-Agent names.
	Bare bool
	// PnPFile is what stands behind the box's URL in the answer to a phone's
	// multicast question, with the phone's own macros: the name of a file, for
	// phones that add none themselves. Empty: as DHCP says it.
	PnPFile string
	// Uploads are the files its phones put on their server.
	Uploads []Upload

	// Fetch is how its phones get at files; FirstTry the login factory-new ones
	// offer at the first challenge, which is never counted as a wrong one. Zero
	// where they offer none.
	Fetch    Fetch
	FirstTry Login
	// FirstTryMAC says that they offer their MAC as the user name instead, with a
	// password that stands on the label and nowhere else; so no password shown
	// under that name is a guess. They try it at every challenge, before the login
	// a config gave them.
	FirstTryMAC bool
	// CertMAC reads the MAC out of the subject of a factory client certificate,
	// from the field this maker puts it in and from no other. It says nothing of
	// who signed it: Factory.Verify does. nil: the maker's phones carry none.
	CertMAC func(subject pkix.Name) (phone.MAC, bool)
	// CA is how its phones are made to trust the box's own CA.
	CA CATrust

	// ContentType is the media type its configs are served as.
	ContentType string
	// Rehome names the parameters that send a phone to a server with a login.
	Rehome Rehome
	// Resync is how its phones are told to fetch again.
	Resync Resync
	// Shows is what a phone that is not enrolled can offer the person at it.
	Shows Shows
	// Dials is how emergency numbers go out; zero is by the config's list.
	Dials Dialling
	// Forgets says that a parameter a config leaves out falls back to the
	// maker's default instead of keeping its value.
	Forgets bool
	// Upgrade is how a config tells its phones which firmware to install.
	Upgrade Upgrade
	// Image reads which image the file of a firmware rule names, for phones that are
	// led by a text to the image beside it; nil: the file is the image.
	Image func(text []byte) (name string, ok bool)
	// Book writes the site's phone book as its phones read it, and NoBook says
	// why there is none: a vendor has the one or the other.
	Book   *Book
	NoBook string
	// XSI is where its phones take the login of the platform's directory; nil: no
	// parameter of theirs is known.
	XSI *XSI
	// Redirect is the sheet its maker's redirect service imports.
	Redirect *Redirect
	// Unverified lists the facts of this vendor no source has confirmed.
	Unverified []string

	// Render writes a file of a vendor that is no list of parameters. Makers of
	// this package leave it nil and set the four below.
	Render func(in Input) ([]byte, error)
	// raw writes the files that only name others; false for the rest.
	raw func(in Input) ([]byte, bool)
	// build lists the parameters of a Common or Config file.
	build func(ps *params, in Input) error
	// settle puts what operators added into the vendor's shape, where that
	// takes more than a name and a value.
	settle func(ps *params) error
	// format writes the parameters.
	format format
	// expands finds what its phones replace in a value; nil: nothing is known.
	expands *regexp.Regexp
}
