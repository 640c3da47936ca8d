package fleet

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// Config is one simulated phone. The zero value of a field means its default.
type Config struct {
	MAC    phone.MAC
	Vendor phone.Vendor
	// Model and Firmware as the maker writes them; default is a common one of
	// the vendor.
	Model, Firmware string
	// DHCP is the server asked. Zero asks none; URL is then needed.
	DHCP netip.AddrPort
	// Relay is the address the phone relays its DHCP messages from. It must be
	// this host's and in the server's subnet. Default: the one this host uses
	// towards DHCP; for a server on loopback the address after the server's.
	Relay netip.Addr
	// URL is a provisioning URL typed into the phone's menu. It goes before
	// what DHCP says.
	URL string
	// Login is a provisioning login already in flash.
	Login vendors.Login
	// Asks is how often a missing file is asked for; default is the vendor's
	// (Yealink 3, others 1).
	Asks int
	// Prompts is how often the person is asked in one pass, default 1.
	Prompts int
	// Attempts is how often a request is made that gets no answer or 503,
	// default 3; Pause lies between them, default 1 s, longer where the server
	// says so.
	Attempts int
	Pause    time.Duration
	// Timeout bounds one HTTP request or TFTP packet, default 5 s; Patience is
	// the first wait for a DHCP answer, doubled at each of 4 tries, default 4 s
	// (RFC 2131 section 4.1).
	Timeout, Patience time.Duration
	// Roots are the CAs trusted besides the vendor's habit; nil means the
	// system's.
	Roots *x509.CertPool
}

// Prompt is what a phone shows when it wants a login.
type Prompt struct {
	MAC    phone.MAC
	Vendor phone.Vendor
	File   string
	Realm  string
	Try    int // from 1, in this pass
}

// Person answers a Prompt as somebody in front of the phone would; false is
// "cancel". It must come back when ctx ends.
type Person func(ctx context.Context, at Prompt) (vendors.Login, bool)

// Event is one line of the running account: a plain sentence without secrets.
type Event struct {
	At     time.Time    `json:"at"`
	MAC    phone.MAC    `json:"mac"`
	Vendor phone.Vendor `json:"vendor"`
	Model  string       `json:"model"`
	Text   string       `json:"text"`
}

// Phone is one simulated phone with what it keeps in flash. It is used by one
// goroutine at a time.
type Phone struct {
	cfg     Config
	dialect dialect
	files   []string // asked for at power-on, in order
	person  Person
	tell    func(Event)

	lease  Lease
	told   string        // provisioning URL from DHCP
	stored string        // provisioning URL set by a config
	login  vendors.Login // in flash
}

// New makes a phone in its factory state. person may be nil: nobody is there.
// tell may be nil; it is called from the goroutine that uses the phone.
func New(cfg Config, table vendors.Table, person Person, tell func(Event)) (*Phone, error) {
	maker, known := table.Of(cfg.Vendor)
	d, spoken := dialects()[cfg.Vendor]
	if !known || !spoken {
		return nil, fmt.Errorf("phone %s: no simulation of vendor %.40q; use one of %s", cfg.MAC, cfg.Vendor, VendorNames())
	}
	if cfg.MAC.IsZero() {
		return nil, errors.New("phone: MAC missing")
	}
	if !cfg.DHCP.IsValid() && cfg.URL == "" {
		return nil, fmt.Errorf("phone %s: neither a DHCP server nor a URL is given", cfg.MAC)
	}
	cfg.setDefaults(d)
	if person == nil {
		person = func(context.Context, Prompt) (vendors.Login, bool) { return vendors.Login{}, false }
	}
	if tell == nil {
		tell = func(Event) {}
	}
	p := &Phone{cfg: cfg, dialect: d, person: person, tell: tell, login: cfg.Login}
	p.files = maker.Sequence(cfg.MAC, cfg.Model)
	if p.login.User == "" {
		p.login = maker.FirstTry
	}
	return p, nil
}

func (c *Config) setDefaults(d dialect) {
	if c.Model == "" {
		c.Model, c.Firmware = d.model, d.firmware
	}
	if c.Firmware == "" {
		c.Firmware = d.firmware
	}
	if c.Asks == 0 {
		c.Asks = max(1, d.asks)
	}
	if c.Prompts == 0 {
		c.Prompts = 1
	}
	if c.Attempts == 0 {
		c.Attempts = 3
	}
	if c.Pause == 0 {
		c.Pause = time.Second
	}
	if c.Timeout == 0 {
		c.Timeout = 5 * time.Second
	}
	if c.Patience == 0 {
		c.Patience = 4 * time.Second
	}
}

// Boot is power-on: an address by DHCP, then every file. The Result is filled
// as far as the phone came, also beside an error; Kind sorts the errors.
func (p *Phone) Boot(ctx context.Context) (Result, error) {
	start := time.Now()
	var took time.Duration
	if p.cfg.DHCP.IsValid() {
		if err := p.dhcp(ctx); err != nil {
			p.say("%v", err)
			return p.unfinished(start, err), err
		}
		took = time.Since(start)
	}
	res, err := p.pass(ctx, true)
	res.DHCP, res.Took = took, time.Since(start)
	return res, err
}

// Resync is what a phone does when it is told to fetch its config again: every
// file once more, with the login now in flash, without DHCP and without a
// person.
func (p *Phone) Resync(ctx context.Context) (Result, error) {
	start := time.Now()
	p.say("fetches its config again")
	res, err := p.pass(ctx, false)
	res.Took = time.Since(start)
	return res, err
}

// Lease is the address the phone was given; zero before the first Boot.
func (p *Phone) Lease() Lease { return p.lease }

// Login is the provisioning login now in flash.
func (p *Phone) Login() vendors.Login { return p.login }

// MAC is the phone's hardware address.
func (p *Phone) MAC() phone.MAC { return p.cfg.MAC }

// Model is the phone's model as its maker writes it.
func (p *Phone) Model() string { return p.cfg.Model }

func (p *Phone) result(start time.Time) Result {
	return Result{MAC: p.cfg.MAC, Vendor: p.cfg.Vendor, Model: p.cfg.Model, Addr: p.lease.Addr, Took: time.Since(start)}
}

func (p *Phone) unfinished(start time.Time, err error) Result {
	res := p.result(start)
	res.Outcome, res.Kind = Unfinished, Kind(err)
	return res
}

func (p *Phone) say(format string, args ...any) {
	p.tell(Event{
		At: time.Now(), MAC: p.cfg.MAC, Vendor: p.cfg.Vendor, Model: p.cfg.Model,
		Text: fmt.Sprintf(format, args...),
	})
}
