package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lineside/lineside/accounts"
	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/httpd"
	"github.com/lineside/lineside/mail"
	"github.com/lineside/lineside/mdns"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/neigh"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/store"
	"github.com/lineside/lineside/vendors"
)

// box is the daemon: every part made and every socket open, not yet running.
type box struct {
	settings  settings
	where     lan
	log       *slog.Logger
	health    *health.Board
	metrics   *metrics.Set
	store     *store.Store
	leases    leases
	witness   *dhcpopt.Witness // nil: the box is no relay
	away      atomic.Bool      // the phones' LAN has lost the box's address
	templates fs.FS            // the operator's, as they lie there
	desk      *provision.Desk
	accounts  *accounts.Desk
	table     vendors.Table
	cas       vendors.CAs // of the makers whose factory certificates count
	started   time.Time
	listeners []admin.Listener
	sockets   []interface{ Close() error }
	operator  net.Listener       // the operator's socket
	opened    []opened           // the other doors, in their order
	handed    *inheritance       // sockets that systemd has; nil: none
	took      []*passed          // those of them that are doors
	beats     beats              // of the loops of its own
	unused    []admin.Listener   // those that are none
	sip       sipSockets         // of the SIP service, beside its doors
	six       six                // what the box has of IPv6
	announcer *mdns.Announcer    // nil: the LAN is not told
	port      *dhcpPort          // nil: the box has no part in DHCP
	force     inForceSettings    // what a reload may have changed of settings
	asked     chan chan struct{} // reloads asked for by the API, each closed when done
	changing  sync.Mutex         // one change of settings at a time
	watch     *dhcpopt.Watch     // nil: the LAN is not watched
	lanAsked  lanAsked
	staged    staging
	again     func() // ends the box to start anew; nil: nobody would
	link      *platformLink
	updates   *updates
	post      *mail.Post
	take      func(phone.Site) // tells the SIP service what the site is now
	base      []task
	doors     []task
}

// openBox makes the parts in the order they need each other. On an error what
// was opened is closed again.
func openBox(ctx context.Context, s settings, where lan, handed *inheritance, log *slog.Logger) (*box, error) {
	b := &box{
		settings: s, where: where, handed: handed, log: log, health: &health.Board{}, metrics: metrics.New(),
		table: vendors.All(), started: time.Now(), asked: make(chan chan struct{}), beats: beats{make(pulse), make(pulse), make(pulse)},
	}
	if err := b.open(ctx); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// open takes the ports before it makes anything: a start that cannot have them
// leaves no directory, no database and no keys behind. Nobody is answered before
// all of it stands.
func (b *box) open(ctx context.Context) error {
	if err := b.openSockets(ctx); err != nil {
		return err
	}
	if err := os.MkdirAll(b.settings.State, 0o700); err != nil {
		return fmt.Errorf("make the state directory: %w: nothing could be kept; correct state or start lineside by systemd", err)
	}
	b.forgetStaged()
	if err := b.openStore(); err != nil {
		return err
	}
	ca, err := httpd.LoadCA(b.settings.State)
	if err != nil {
		return err
	}
	certs, err := ca.TLS(httpd.Names{Hosts: []string{"lineside.local"}, Addrs: []netip.Addr{b.where.Self.Addr()}})
	if err != nil {
		return err
	}
	if err := b.openMail(); err != nil {
		return err
	}
	b.openLeases()
	if err := b.openDesk(ca.PEM()); err != nil {
		return err
	}
	b.openUpdates()
	operator, err := b.newAdmin()
	if err != nil {
		return err
	}
	return b.addDoors(operator, certs)
}

// openStore opens the database under the site key, and tells what it had to do
// for that.
func (b *box) openStore() error {
	database := filepath.Join(b.settings.State, "lineside.db")
	key, err := store.LoadKey(keyPath(b.settings.State, os.Getenv("CREDENTIALS_DIRECTORY")), database)
	if err != nil {
		return err
	}
	cfg := store.Config{
		FirstContact: b.settings.FirstContact, Claimed: b.settings.Trust.Claimed, Window: b.settings.Trust.Window,
		BlockAfter: b.settings.BlockAfter, AutoApprove: b.settings.Trust.AutoApprove, PINOnScreen: b.settings.PINOnScreen,
	}
	b.store, err = store.Open(database, key, cfg, store.Tools{Log: b.log, Health: b.health, Metrics: b.metrics})
	if err != nil {
		return err
	}
	b.tell(b.store.Report())
	b.tellKey(store.KeyPending(database))
	b.base = append(b.base, newServer("good copies", b.keepGood), newServer("disk", b.keepSpace).proved(b.beats.disk.prove),
		newServer("memory", b.keepMemory), newServer("store", idle).proved(b.proveStore))
	return nil
}

// tell puts what opening the database had to do before the operator: in the log,
// and on the board until the next start.
func (b *box) tell(r store.Report) {
	if r == (store.Report{}) {
		return
	}
	c := health.Condition{
		Code: "database-damaged", Title: "the database was damaged and set aside",
		Meaning: "phones that were set up are strangers now and get nothing",
		Do:      "restore a backup: lineside restore FILE; or set the phones up again: lineside device import FILE",
		Detail:  r.Detail,
	}
	if r.Restored {
		c.Code, c.Title = "database-restored", "the database is an older copy"
		c.Meaning = "what was changed since the copy is lost; phones that use a one-time password are refused"
		c.Do = "look through the devices, then let those that wait use it again: lineside device allow-otp MAC"
	}
	b.log.Warn(c.Title, "reason", r.Detail, "file", r.SetAside)
	b.health.Raise(time.Now(), c)
}

// tellKey puts before the operator that the site key is not where it should be.
func (b *box) tellKey(pending string) {
	if pending == "" {
		return
	}
	b.health.Raise(time.Now(), health.Condition{
		Code: "site-key-pending", Title: "the site key is not in its place",
		Meaning: "phones notice nothing; the new key lies beside the database, which it is to protect",
		Do:      placeKey(pending), Detail: pending,
	})
}

// keyPath is the site key's place: what systemd handed over, where it did, else
// a file of our own.
func keyPath(state, credentials string) string {
	if credentials != "" {
		if path := filepath.Join(credentials, "lineside.key"); exists(path) {
			return path
		}
	}
	return filepath.Join(state, "site.key")
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (b *box) openDesk(ca []byte) error {
	l := b.settings.Listen
	cfg := provision.Config{
		Site: b.settings.Site, URL: l.URL, Addr: b.where.Self.Addr(), SIPPort: l.SIPPort, CA: ca, WrongPINs: b.settings.WrongPINs, DHCP: b.settings.DHCP.Mode == dhcpopt.ModeServer, VLAN: b.settings.DHCP.VoiceVLAN,
	}
	cfg.Reservable = func(mac phone.MAC, a netip.Addr) error {
		return b.force.settings(b.settings).dhcpConfig(b.where).Reservable(mac, a)
	}
	if b.settings.Trust.FactoryCertificates {
		var wrong problems
		b.cas, wrong = b.settings.factoryCAs(b.table)
		for _, p := range wrong {
			b.log.Warn("a maker's CA certificate is not used", "file", p.File, "err", p.Text)
		}
		cfg.Factory = vendors.NewFactory(b.table, b.cas)
	}
	if b.six.named() {
		cfg.Addr6 = b.six.addresses.Self
	}
	if l.HTTP != "" {
		cfg.HTTPPort = portOf(l.HTTP)
	}
	if err := b.openFolders(&cfg); err != nil {
		return err
	}
	wire := neigh.New(b.log)
	b.base = append(b.base, newServer("neighbours", wire.Run))
	stores := provision.Stores{
		Devices: b.store, Policies: b.store, Sightings: b.store, Recorder: b.store, Leases: b.leases, Neighbours: wire, History: b.store, Users: b.store,
		Marker: b.store, Hours: b.store,
	}
	var err error
	b.desk, err = provision.New(cfg, b.table, stores, provision.Tools{Log: b.log, Health: b.health, Metrics: b.metrics, Now: b.now})
	if err != nil {
		return err
	}
	b.link = newPlatformLink(b)
	b.take = func(phone.Site) {} // until there is a SIP service
	b.base = append(b.base, newServer("desk", b.desk.Run), newServer("site", func(ctx context.Context) error { return b.desk.FollowSite(ctx, b.take) }))
	b.doors = append(b.doors, newServer("platform", b.link.run))
	b.readFolders()
	return nil
}

// now is the box's own time: what lasts or expires is counted by it, also where
// the wall clock is not set.
func (b *box) now() time.Time {
	now, _ := b.store.Now()
	return now
}

// clock is that time, and whether the wall clock is not behind it.
func (b *box) clock() (now time.Time, set bool) {
	now, behind := b.store.Now()
	return now, !behind
}

func (b *box) newAdmin() (*admin.Server, error) {
	token, err := admin.LoadToken(b.tokenPath())
	if err != nil {
		return nil, err
	}
	cfg := admin.Config{Token: token, Now: b.now, OnLink: b.onLink, Place: b.table.Place, BrandOf: b.table.Brand}
	for _, m := range b.table.Makers() {
		cfg.Vendors = append(cfg.Vendors, m.Vendor)
	}
	if err := b.openAccounts(); err != nil {
		return nil, err
	}
	var server *admin.Server
	web, err := b.newPages(func(who admin.Caller) *admin.Client { return server.For(who) })
	if err != nil {
		return nil, err
	}
	dep := admin.Deps{
		Accounts: b.accounts, Pages: web,
		Link: b.link, Settings: b.keeper(), Restore: b.restorer(), Advice: b, Mail: b.post, Update: b.updater(),
		Desk: b.desk, Audit: b.store, Recorder: b.store, Backup: b, Tokens: tokenStore{b.store}, Leases: b.leases,
		Health: b.health, Metrics: b.metrics, Log: b.log, Status: b.status, DHCP: b.pools,
	}
	server, err = admin.New(cfg, dep)
	return server, err
}

func (b *box) tokenPath() string { return filepath.Join(b.settings.State, "admin.token") }

// status is what only the program itself knows. What was changed since the
// first start is in the store, and wins.
func (b *box) status() admin.Status {
	st := admin.Status{Version: thisBuild().Version, Started: b.started, Page: b.page(), Listeners: slices.Concat(b.listeners, b.six.listeners(), b.unused)}
	force := b.force.settings(b.settings)
	set := false // anything, by anybody
	for _, s := range force.Origin {
		set = set || s.From == fromPage
		if v, ok := inForce(b.desk.Policy())[s.Key]; ok {
			s.From, s.Value, s.By, s.At = fromStore, v, "", time.Time{}
		}
		st.Settings = append(st.Settings, s)
	}
	if b.witness != nil && b.witness.Blind() {
		st.Leases = blindLeases
	}
	if force.NoFile && !set {
		st.Next = "nothing is set up yet, and DHCP is off; go on in a browser: " + cmp.Or(st.Page, "set listen.admin first")
	}
	return st
}

// page is where a browser finds the box; empty for nowhere.
func (b *box) page() string {
	for _, l := range b.listeners {
		if l.Name == "admin" {
			return "https://" + l.Address + "/"
		}
	}
	return ""
}

// inForce is what the policy in the store says of settings that count at the
// first start only.
func inForce(p auth.Policy) map[string]string {
	window := p.WindowText()
	if p.Window > 0 {
		window = humane(p.Window)
	}
	return map[string]string{
		"site.first_contact": string(p.FirstContact), "site.block_after": strconv.Itoa(p.BlocksAfter()),
		"site.pin_on_screen": strconv.FormatBool(p.PINOnScreen),
		"trust.claimed":      strconv.FormatBool(p.Claimed), "trust.window": window, "trust.auto_approve": strconv.FormatBool(p.AutoApprove),
	}
}

// run serves until ctx ends, then closes in order: doors, desk, store.
func (b *box) run(ctx context.Context, ready func()) error {
	err := supervise(ctx, b.base, b.doors, stopTimeout, ready)
	return errors.Join(err, b.close())
}

// close gives everything back. A socket its server closed already is no error.
func (b *box) close() error {
	for _, s := range b.sockets {
		_ = s.Close()
	}
	if b.store == nil {
		return nil
	}
	return b.store.Close()
}

// goodEvery is how often the last good copy of the database is renewed.
const goodEvery = 6 * time.Hour

// keepGood renews the copy that a damaged database is healed from: soon after
// the start, when it has proved good, and then every few hours.
func (b *box) keepGood(ctx context.Context) error {
	wait := time.NewTimer(10 * time.Minute)
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-wait.C:
		}
		if err := b.store.KeepGood(ctx); err != nil && ctx.Err() == nil {
			b.health.Raise(time.Now(), health.Condition{
				Code: "no-good-copy", Title: "no copy of the database could be kept",
				Meaning: "phones notice nothing; should the database be damaged, what changed since the last copy is lost",
				Do:      "see whether the disk is full: df " + b.settings.State, Detail: err.Error(),
			})
		} else {
			b.health.Clear("no-good-copy")
		}
		wait.Reset(goodEvery)
	}
}
