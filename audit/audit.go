// Package audit holds the typed record of everything that decided or changed
// who may have a config. It is not logging: an Event is a struct, written in
// the transaction it describes, append-only, and readable without this code.
//
// The store numbers and stamps events (Entry); this package only says what
// they are. No event carries a secret.
package audit

import (
	"encoding/json"
	"net/netip"
	"time"

	"github.com/lineside/lineside/phone"
)

// Event is one thing that happened. Kind is its constant name in the log.
type Event interface{ Kind() string }

// Entry is an event as the store keeps it.
type Entry struct {
	Seq  uint64          `json:"seq"` // from 1, without gaps
	At   time.Time       `json:"at"`
	Kind string          `json:"kind"`
	MAC  phone.MAC       `json:"mac,omitzero"` // zero for what concerns the whole site
	By   Actor           `json:"by"`
	What json.RawMessage `json:"what"` // the event's own fields
	Hash Hash            `json:"hash"` // ties it to all entries before, see Chain
}

// Actor is who caused an event: a phone seen from an address, or an operator.
type Actor struct {
	Front  string     `json:"front"`          // tftp, http, https, dhcp, cli, api
	Name   string     `json:"name,omitempty"` // operator's account
	Remote netip.Addr `json:"remote,omitzero"`
	// Identity is the layer-2 identity as the desk saw it: "mac:…" where a
	// lease or neighbour names one, else "ip:…".
	Identity string `json:"identity,omitempty"`
}

// Record is an event with whom it concerns, before the store numbers it.
type Record struct {
	MAC   phone.MAC
	By    Actor
	Event Event
}

// Concerns reports that the entry is about the device: by itself, or as one of
// those that a RefusedMore names.
func (e Entry) Concerns(mac phone.MAC) bool {
	if e.MAC == mac || e.Kind != (RefusedMore{}).Kind() {
		return e.MAC == mac
	}
	var what RefusedMore
	return json.Unmarshal(e.What, &what) == nil && what.Devices[mac] > 0
}
