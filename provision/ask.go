package provision

import (
	"crypto/x509"
	"io"
	"net/netip"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// Front names a door, in logs, metrics and the audit log.
type Front string

// The doors.
const (
	TFTP  Front = "tftp"
	HTTP  Front = "http"
	HTTPS Front = "https"
	DHCP  Front = "dhcp"
)

// Ask is one caller's question: this caller, seen this way, wants this file.
// All of it is as the door received it; nothing in it is believed yet.
type Ask struct {
	Front  Front
	Remote netip.AddrPort
	// File is what the caller asked for: percent-decoded, without a leading
	// slash and without "cfg/". A folder in it is kept; empty is the folder itself.
	File string
	// Query is what stood behind the question mark of an HTTP request, empty
	// where nothing did. Only the phone book reads it.
	Query string
	// Agent is the HTTP User-Agent, empty on TFTP.
	Agent string
	// Attempt is the login presented, nil where none was.
	Attempt *Attempt
	// Chain is the client certificate chain presented on HTTPS, leaf first, as
	// parsed and not yet verified; the caller has proved that it has the leaf's
	// key. Empty where none was presented.
	Chain []*x509.Certificate
}

// Attempt is a login a caller presented. The door has already checked all that
// needs no secret (nonce, nc, uri); whether the password is right only the desk
// can find out, by trying the ones it knows.
type Attempt struct {
	User string
	// Proves reports that password is the one presented. It must compare in
	// constant time.
	Proves func(password phone.Secret) bool
	// Print is a keyed fingerprint of the password where the scheme reveals it
	// (Basic); zero with Digest. The same wrong password again has the same
	// print.
	Print [16]byte

	// token is a path token, in the place of user and password; the desk sets it.
	token phone.Secret
	// minted says that it is a token of the phone book: 160 bits of the box's own
	// making, which nobody guesses.
	minted bool
}

// Status is what kind of answer a door is to give.
type Status int

// Statuses. Absent is for names no phone ever gets anything for, whoever asks;
// Challenge is the one answer to everything that is refused or not yet proved:
// HTTP says 401, TFTP says "file not found".
const (
	Absent Status = iota
	Challenge
	Content
	// Kept is for a file the caller put on the box.
	Kept
)

// Answer is what the caller gets. The zero Answer is Absent.
type Answer struct {
	Status Status
	// Body is shared with the cache and must not be changed.
	Body []byte
	// File is the content in the place of Body where it is too much to hold in
	// memory. The door reads it and closes it.
	File io.ReadSeekCloser
	// Type is the media type of the content.
	Type string
	// Tag is a strong entity tag without quotes; two bodies share one only if
	// they are the same bytes.
	Tag string
	// Retry is how long nothing this caller shows is looked at but a device's
	// own credential, because it guessed wrong too often; zero is no such time.
	// It depends on the caller alone.
	Retry time.Duration
	// Phone says that the caller introduced itself as a desk phone of a served
	// vendor; old ones want the MD5 challenge first.
	Phone bool
}

// Caller is a DHCP client as its packet describes it.
type Caller struct {
	MAC       phone.MAC
	Class     []byte // option 60, or the text of 16 or 15 in DHCPv6, as sent
	Host      string // option 12
	Interface string
	// Self is the box's address on the caller's network, written into URLs
	// where settings name none.
	Self netip.Addr
}

// Welcome is what a DHCP client is told of the box.
type Welcome struct {
	// Ident is who the client seems to be; an empty Vendor is no phone, and
	// Options is then empty too. They are shared and must not be changed.
	Ident   vendors.Ident
	Options []vendors.Option
	// Known says that the box has a record of the device with this MAC.
	Known bool
	// SecondOffer says that the maker's phones read a second server's offer for
	// where their configs are.
	SecondOffer bool
}

// Welcome6 is what a client of DHCPv6 is told of the box; an empty Vendor is no
// phone, or one of a maker whose phones are not led by it.
type Welcome6 struct {
	Ident vendors.Ident
	Lead  vendors.Lead6
}

// Sighting is something a door saw that operators want to know of and that
// decides nothing: "lease 10.20.0.57 bound", "asked option 160". Text is a
// plain sentence without secrets.
type Sighting struct {
	MAC   phone.MAC
	Front Front
	Addr  netip.Addr
	Ident vendors.Ident
	Agent string
	// Kind and Lead are what findings are drawn from; an empty Kind is
	// KindSeen.
	Kind Kind
	Lead Lead
	Text string
}
