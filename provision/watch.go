package provision

import (
	"context"
	"net/netip"
	"time"

	"github.com/lineside/lineside/phone"
)

// Step is one line of the running account an operator watches: plain words,
// no secrets.
type Step struct {
	At     time.Time    `json:"at"`
	MAC    phone.MAC    `json:"mac,omitzero"`
	Front  Front        `json:"front"`
	Vendor phone.Vendor `json:"vendor,omitempty"`
	Addr   netip.Addr   `json:"address,omitzero"`
	Text   string       `json:"text"`
}

// Recent gives the last steps, oldest first: of one phone, or of all for the
// zero MAC. The box keeps a bounded number.
func (d *Desk) Recent(mac phone.MAC) []Step { panic("soon") }

// Watch sends steps as they happen, of one phone or of all, until ctx ends; then
// the channel is closed. A watcher that does not keep up loses steps.
func (d *Desk) Watch(ctx context.Context, mac phone.MAC) <-chan Step { panic("soon") }
