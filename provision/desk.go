package provision

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// Config is what the desk needs to know of this box. The zero value of a field
// means its default.
type Config struct {
	// Site is the branch as settings describe it.
	Site phone.Site
	// URL is what phones are told, with a scheme and a trailing slash; empty
	// means http:// and the box's own address on the caller's network, with
	// HTTPPort.
	URL string
	// HTTPPort is the port of the HTTP door, default 80.
	HTTPPort int
	// Addr is the box's address on the phones' LAN, where the caller's network
	// does not tell.
	Addr netip.Addr
	// SIPPort is the holding registrar's UDP port, default 5060.
	SIPPort int
	// CacheBytes bounds the cache of rendered configs, default 64 MiB.
	CacheBytes int
	// Visitors bounds how many unknown phones are remembered, default 256.
	Visitors int
	// CA is the box's CA certificate, PEM: served as "lineside-ca.pem".
	CA []byte
}

// Stores is what the desk keeps its state in. One value may serve all five.
type Stores struct {
	Devices   Devices
	Policies  Policies
	Sightings Sightings
	Recorder  Recorder
	Leases    Leases
}

// Tools is what the desk works with besides its stores.
type Tools struct {
	Log     *slog.Logger
	Health  *health.Board
	Metrics *metrics.Set
	// Now stamps and decides; nil means time.Now.
	Now func() time.Time
}

// ErrExists is returned for adding a device the box already has.
var ErrExists = errors.New("device exists already")

// Desk is the front desk. It is safe for concurrent use.
type Desk struct {
	cfg   Config
	table vendors.Table
	store Stores
	tools Tools
}

// New checks cfg and makes a desk; it does no I/O.
func New(cfg Config, table vendors.Table, store Stores, tools Tools) (*Desk, error) {
	return &Desk{cfg: cfg, table: table, store: store, tools: tools}, nil
}

// Fetch answers one request for a file. On an error the door refuses.
func (d *Desk) Fetch(ctx context.Context, ask Ask) (Answer, error) { panic("soon") }

// Welcome recognises a DHCP client and gives the options that lead it here.
func (d *Desk) Welcome(c Caller) Welcome { panic("soon") }

// Sighted notes something a door saw.
func (d *Desk) Sighted(s Sighting) { panic("soon") }

// Run keeps what was seen, until ctx ends.
func (d *Desk) Run(ctx context.Context) error { panic("soon") }

// Site is the branch this desk serves.
func (d *Desk) Site() phone.Site { return d.cfg.Site }

// Vendors is the table of vendors this desk serves.
func (d *Desk) Vendors() vendors.Table { return d.table }

// Policy is the policy in force. It is shared and must not be changed.
func (d *Desk) Policy() auth.Policy { return d.store.Policies.Policy() }

// Device gives one record, or phone.ErrUnknownDevice, wrapped.
func (d *Desk) Device(mac phone.MAC) (auth.Record, error) { return d.store.Devices.Device(mac) }

// Devices gives every record in order of MAC.
func (d *Desk) Devices() ([]auth.Record, error) { return d.store.Devices.All() }
