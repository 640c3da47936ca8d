package phone

import (
	"net/netip"
	"time"
)

// LeaseState is where an address stands with the client that holds it.
type LeaseState string

// Lease states. An offered address is never stored: it is only a promise in
// memory until the client asks for it.
const (
	Bound    LeaseState = "bound"    // acknowledged to the client
	Released LeaseState = "released" // given back; kept so that the same phone gets it again
	Declined LeaseState = "declined" // the client found it in use; rests until Expires
)

// Lease is one DHCPv4 address of the pool and the client it was given to
// (RFC 2131 section 2.2).
type Lease struct {
	Addr netip.Addr `json:"address"`
	MAC  MAC        `json:"mac"`
	// ClientID is option 61 as sent, empty where the client sent none; it and
	// not the MAC names the client where present (RFC 2131 section 4.2).
	ClientID []byte     `json:"client_id,omitempty"`
	State    LeaseState `json:"state"`
	Start    time.Time  `json:"start"`
	Expires  time.Time  `json:"expires"`
	Host     string     `json:"host,omitempty"`   // option 12, made printable
	Class    string     `json:"class,omitempty"`  // option 60, made printable
	Vendor   Vendor     `json:"vendor,omitempty"` // as recognised; empty is no phone
	Model    string     `json:"model,omitempty"`
}

// Live reports that the address is held at now.
func (l Lease) Live(now time.Time) bool { return l.State == Bound && now.Before(l.Expires) }

// Seen is what the box last saw of a phone. It is for operators only and never
// decides anything, so it may be lost in a power cut.
type Seen struct {
	MAC      MAC        `json:"mac"`
	At       time.Time  `json:"at"`
	First    time.Time  `json:"first"`
	Addr     netip.Addr `json:"address"`
	Front    string     `json:"front"` // door it came by: dhcp, tftp, http, https
	Vendor   Vendor     `json:"vendor,omitempty"`
	Model    string     `json:"model,omitempty"`
	Firmware string     `json:"firmware,omitempty"`
	Serial   string     `json:"serial,omitempty"` // number, as the phone says it
	Agent    string     `json:"user_agent,omitempty"`
	Count    int        `json:"count"`
}
