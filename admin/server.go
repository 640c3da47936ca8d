package admin

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
)

// Config is how the API behaves. The zero value of a field means its default.
type Config struct {
	// Token is what callers of the HTTPS listener must show; ServeTLS refuses
	// to run without one. See LoadToken.
	Token phone.Secret
	// Vendors are the brands a device may be set up as, by short name.
	Vendors []phone.Vendor
	// BrandOf is the brand a vendor belongs to, under which its one-time password
	// goes; nil means that every vendor is a brand.
	BrandOf func(phone.Vendor) phone.Vendor
	// Place finds a device's vendor by MAC and model where none is named, and
	// spells its model; an error names the vendor whose model it is. nil means
	// that the operator always names the vendor, and the right one.
	Place func(mac phone.MAC, v phone.Vendor, model string) (phone.Vendor, string, error)
	// MaxConns bounds the connections of each listener, default 64.
	MaxConns int
	// MaxPerAddr bounds those of one address on the HTTPS listener, default 16.
	MaxPerAddr int
	// OnLink reports that an IPv6 address is one of the box's own links, where each
	// host has its own; elsewhere a /64 counts as one. nil is for link-local ones.
	OnLink func(netip.Addr) bool
	// MaxWatchers bounds running watch streams, default 16.
	MaxWatchers int
	// Heartbeat is how often an idle watch stream sends an empty line, default
	// 15 s.
	Heartbeat time.Duration
	// Drain is how long requests in flight may take once the context has
	// ended, default 5 s.
	Drain time.Duration
	// Now stamps answers; nil means time.Now.
	Now func() time.Time
}

// Deps is what the API works with.
type Deps struct {
	Desk     Desk
	Audit    AuditLog
	Recorder Recorder
	Backup   BackupWriter
	// Tokens is nil where there is but the one token of Config.
	Tokens TokenStore
	// Accounts is nil where nobody can sign in.
	Accounts Accounts
	// Leases is nil where the box gives out no addresses.
	Leases LeaseLister
	// DHCP is the box's part in it and the pools it gives addresses from; nil is
	// none.
	DHCP func() DHCP
	// Link is nil where no platform can be joined.
	Link Linker
	// Mail is nil where nothing is mailed.
	Mail Mailer
	// Settings is nil where none can be changed.
	Settings SettingsKeeper
	// Restore is nil where no backup can be put back while the box runs.
	Restore Restorer
	// Update is nil where releases are none of the box's business.
	Update Updater
	// Advice is nil where nothing is known of the LAN's DHCP.
	Advice  DHCPAdviser
	Health  *health.Board
	Metrics *metrics.Set
	Log     *slog.Logger
	// Status gives the facts only the program itself knows.
	Status func() Status
	// Pages is what the HTTPS listener serves beside /api/ and /metrics; nil is a
	// page of text that says how to go on. It asks by Server.For.
	Pages http.Handler
}

// Server answers the API. It is safe for concurrent use, and may serve a unix
// socket and an HTTPS listener at the same time.
type Server struct {
	cfg      Config
	dep      Deps
	token    [sha256.Size]byte
	tries    *operators.Tries
	regulars *regulars
	limits   *limits
	watchers chan struct{}
	backup   chan struct{} // holds one token: backups are taken one at a time
	verify   chan struct{} // the same for reading the whole audit log
	page     page
	inside   *http.ServeMux // the routes, for calls of the pages
	ended    chan struct{}  // closed when the HTTPS listener ends: streams of pages watch it
	end      func()
}

// New checks that nothing is missing and makes a server; it does no I/O.
func New(cfg Config, dep Deps) (*Server, error) {
	switch {
	case dep.Desk == nil, dep.Audit == nil, dep.Recorder == nil, dep.Backup == nil:
		return nil, errors.New("admin: desk, audit log, recorder and backup are needed")
	case dep.Health == nil, dep.Metrics == nil, dep.Log == nil, dep.Status == nil:
		return nil, errors.New("admin: health board, metrics, logger and status are needed")
	case len(cfg.Vendors) == 0:
		return nil, errors.New("admin: no vendor is served")
	}
	cfg.setDefaults()
	p, err := newPage()
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(dep.Desk.Site().Zone)
	if err != nil {
		return nil, fmt.Errorf("site.timezone: %w", err)
	}
	now := cfg.Now
	cfg.Now = func() time.Time { return now().In(zone) } // sentences say the time as the site's clocks show it
	dep.Log = dep.Log.With("component", "admin")
	if dep.Mail == nil {
		dep.Mail = noMail{}
	}
	if dep.Tokens == nil {
		dep.Tokens = noTokens{}
	}
	s := &Server{
		cfg: cfg, dep: dep, page: p,
		token:    sha256.Sum256([]byte(cfg.Token.Reveal())),
		tries:    operators.NewTries(),
		regulars: newRegulars(cfg.Now),
		limits:   newLimits(),
		watchers: make(chan struct{}, cfg.MaxWatchers),
		backup:   make(chan struct{}, 1),
		verify:   make(chan struct{}, 1),
		ended:    make(chan struct{}),
	}
	s.end = sync.OnceFunc(func() { close(s.ended) })
	s.inside = s.mux(s.ended)
	return s, nil
}

func (c *Config) setDefaults() {
	setDefault(&c.MaxConns, 64)
	setDefault(&c.MaxPerAddr, 16)
	setDefault(&c.MaxWatchers, 16)
	setDefault(&c.Heartbeat, 15*time.Second)
	setDefault(&c.Drain, 5*time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.OnLink == nil {
		c.OnLink = netip.Addr.IsLinkLocalUnicast
	}
	if c.BrandOf == nil {
		c.BrandOf = func(v phone.Vendor) phone.Vendor { return v }
	}
	if c.Place == nil {
		c.Place = func(_ phone.MAC, v phone.Vendor, model string) (phone.Vendor, string, error) { return v, model, nil }
	}
}

func setDefault[T int | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}
