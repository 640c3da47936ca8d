package provision

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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
	// Addr6 gives its IPv6 address there as it is now, for phones that come by
	// IPv6; invalid, or where Addr6 is nil, they are told Addr. It must not block.
	Addr6 func() netip.Addr
	// SIPPort is the holding registrar's UDP port, default 5060.
	SIPPort int
	// CacheBytes bounds the cache of rendered configs, default 64 MiB.
	CacheBytes int
	// Visitors bounds how many unknown phones are remembered, default 256.
	Visitors int
	// Factory verifies factory client certificates; nil trusts none.
	Factory *vendors.Factory
	// CA is the box's CA certificate, PEM: served as CAFile.
	CA []byte
	// Templates is the folder of the operators' templates; nil is none. The box
	// writes there only into .good, what was last in force.
	Templates *os.Root
	// Files is the folder files for phones are kept in, Uploads the one for
	// what phones put on the box; nil is none. Nobody else writes there.
	Files, Uploads *os.Root
	// WrongPINs is how many wrong PINs an hour, over all phones, are no alarm,
	// default DefaultWrongPINs.
	WrongPINs int
	// VLAN is where phones are sent by DHCP; 0 is nowhere.
	VLAN int
	// Reservable says what keeps an address from being reserved for a device, as
	// far as the LAN's layout tells; nil lets any be.
	Reservable func(mac phone.MAC, a netip.Addr) error
	// DHCP says that the box gives out addresses: a phone without one of its has
	// it from another server.
	DHCP bool
}

// Stores is what the desk keeps its state in, and what it learns of layer 2
// from. One value may serve several.
type Stores struct {
	Devices   Devices
	Policies  Policies
	Sightings Sightings
	Recorder  Recorder
	Leases    Leases
	// Neighbours may be nil: then leases alone tell of layer 2.
	Neighbours Neighbours
	// Marker may be nil: then a PIN typed on a phone's screen is answered sooner
	// where it changes nothing.
	Marker Marker
	// Users may be nil: then there are none, and a device's owner is a note.
	Users Users
	// Hours may be nil: then what phones were given is counted anew after a start.
	Hours Hours
	// History is the audit log, read once at the start; nil remembers only the
	// logins in force, and no wrong PINs.
	History History
}

// Tools is what the desk works with besides its stores.
type Tools struct {
	Log     *slog.Logger
	Health  *health.Board
	Metrics *metrics.Set
	// Now stamps and decides; nil means time.Now.
	Now func() time.Time
}

// Desk is the front desk. It is safe for concurrent use.
type Desk struct {
	cfg        Config
	self       vendors.Box // what phones are told of the box
	table      vendors.Table
	zone       *time.Location // the site's
	store      Stores
	tools      Tools
	pages      *pages
	penalties  *penalties
	journal    *journal
	faces      *faces
	refusals   *refusals
	deliveries *deliveries
	resyncs    *resyncs
	reserved   reserved
	budget     *budget
	unhelped   unhelped
	mute       lostNumbers
	onHold     onHold
	link       link // to the central platform
	tellings   tellings
	thieves    latest // what layer 2 contradicted
	people     people
	templates  templates
	site       atomic.Pointer[siteNow] // read by siteNow
	siteNews   chan struct{}           // the platform changed it
	files      *shelf
	uploads    *drawer
	trails     *trails
	logins     *logins
	tally      *tally
	alarms     alarms
	holding    atomic.Bool // somebody is keeping the site window open
	ticketed   atomic.Bool // some device may have a live ticket
	led        sync.Map    // options that lead phones here: leadsTo → []vendors.Option
}

// New checks cfg and makes a desk; it does no I/O.
func New(cfg Config, table vendors.Table, store Stores, tools Tools) (*Desk, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	if store.Devices == nil || store.Policies == nil || store.Sightings == nil || store.Recorder == nil || store.Leases == nil {
		return nil, errors.New("provision: a store is missing")
	}
	if tools.Now == nil {
		tools.Now = time.Now
	}
	zone, err := time.LoadLocation(cfg.Site.Zone)
	if err != nil {
		return nil, fmt.Errorf("site.timezone: %w", err)
	}
	known, counts := newLogins(), newTally()
	store.Devices = watched{Devices: store.Devices, logins: known, tally: counts, now: tools.Now}
	d := &Desk{
		files:      newShelf(cfg.Files),
		uploads:    newDrawer(cfg.Uploads),
		trails:     newTrails(cfg.Visitors),
		logins:     known,
		tally:      counts,
		cfg:        cfg,
		table:      table,
		zone:       zone,
		store:      store,
		tools:      tools,
		pages:      newPages(cfg.CacheBytes),
		penalties:  newPenalties(),
		journal:    newJournal(),
		faces:      newFaces(cfg.Visitors),
		refusals:   newRefusals(),
		deliveries: newDeliveries(),
		resyncs:    newResyncs(),
		budget:     newBudget(cfg.WrongPINs),
		siteNews:   make(chan struct{}, 1),
	}
	d.self = d.box(cfg.Addr)
	return d, nil
}

// fill puts in the defaults and checks the rest.
func (c *Config) fill() error {
	if err := c.Site.Validate(); err != nil {
		return err
	}
	if c.HTTPPort == 0 {
		c.HTTPPort = 80
	}
	if c.SIPPort == 0 {
		c.SIPPort = 5060
	}
	if c.CacheBytes == 0 {
		c.CacheBytes = 64 << 20
	}
	if c.Visitors == 0 {
		c.Visitors = 256
	}
	if c.WrongPINs == 0 {
		c.WrongPINs = DefaultWrongPINs
	}
	if err := CheckWrongPINs(c.WrongPINs); err != nil {
		return fmt.Errorf("site.wrong_pins: %w", err)
	}
	if c.URL == "" {
		return nil
	}
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return fmt.Errorf("listen.url: %.80q is no address phones can fetch from; write one such as \"http://10.20.0.1/cfg/\"", c.URL)
	}
	if !strings.HasSuffix(c.URL, "/") {
		c.URL += "/"
	}
	return nil
}

// Welcome recognises a DHCP client and gives the options that lead it here.
func (d *Desk) Welcome(c Caller) Welcome {
	w := Welcome{Known: d.has(c.MAC)}
	id, ok := d.table.ByClient(c.Class, c.Host, c.MAC)
	if !ok {
		return w
	}
	if maker, ok := d.table.Of(id.Vendor); ok && maker.Options != nil {
		w.Ident, w.Options, w.SecondOffer = id, d.leads(maker, c.Self), maker.SecondOffer
	}
	return w
}

// Welcome6 recognises a client of DHCPv6 and says what leads it here. Nothing of
// it is kept: who can announce a network can give the box any address.
func (d *Desk) Welcome6(c Caller) (w Welcome6) {
	id, ok := d.table.ByClient(c.Class, c.Host, c.MAC)
	if !ok {
		return w
	}
	if lead, ok := d.table.Lead6(id.Vendor, d.box(c.Self)); ok {
		w.Ident, w.Lead = id, lead
	}
	return w
}

// leadsTo says whose options and of which of the box's addresses.
type leadsTo struct {
	vendor phone.Vendor
	self   netip.Addr
}

// leads gives a maker's options for a box at self. They hang on settings alone,
// so they are made once: a building that powers up asks thousands of times. The
// box has few addresses, so there are few.
func (d *Desk) leads(m vendors.Maker, self netip.Addr) []vendors.Option {
	at := leadsTo{m.Vendor, self}
	if known, ok := d.led.Load(at); ok {
		return known.([]vendors.Option)
	}
	options := slices.Clip(m.Leads(d.box(self)))
	d.led.Store(at, options)
	return options
}

// Vendors is the table of vendors this desk serves.
func (d *Desk) Vendors() vendors.Table { return d.table }

// Policy is the policy in force. It is shared and must not be changed.
func (d *Desk) Policy() auth.Policy { return d.store.Policies.Policy() }

// Device gives one record, or phone.ErrUnknownDevice, wrapped.
func (d *Desk) Device(mac phone.MAC) (auth.Record, error) { return d.store.Devices.Device(mac) }

// Devices gives every record in order of MAC.
func (d *Desk) Devices() ([]auth.Record, error) { return d.store.Devices.All() }

// Records gives the same, shared: they must not be changed.
func (d *Desk) Records() []*auth.Record { return d.store.Devices.Records() }

// Run keeps what was seen and refused, every few seconds and once more at the
// end, until ctx ends.
func (d *Desk) Run(ctx context.Context) error {
	const every = 5 * time.Second
	if err := d.recall(); err != nil {
		return err
	}
	d.recallHours()
	d.ticketed.Store(true)
	d.keepTickets(ctx)
	if err := d.recallLogins(ctx); err != nil {
		d.tools.Log.Warn("whose logins were whose, and what PINs were wrong lately, is not known from before", "err", err)
	}
	d.warnOfGuessing("counted from the audit log at the start")
	tick, look := time.NewTicker(every), time.NewTicker(lookEvery)
	defer tick.Stop()
	defer look.Stop()
	for {
		select {
		case <-tick.C:
			d.keepSeen(ctx)
			d.keepRefusals(ctx, false)
			d.keepDeliveries(ctx, false)
			d.keepTickets(ctx)
			d.keepTellings(ctx)
			d.keepHoursOnDisk(ctx, false)
			d.calm()
		case <-look.C:
			d.look()
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), every)
			defer cancel()
			d.keepSeen(last)
			d.keepRefusals(last, true)
			d.keepDeliveries(last, true)
			d.keepHoursOnDisk(last, true)
			return nil
		}
	}
}
