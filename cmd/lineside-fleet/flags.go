package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"github.com/lineside/lineside/fleet"
	"github.com/lineside/lineside/phone"
)

// flags is the command line as written; plan gives it meaning.
type flags struct {
	phones  int
	vendors []string
	model   string
	first   string

	dhcp, relay, url, ca string
	spread               time.Duration
	patience             time.Duration
	parallel, asks       int
	resync, json         bool
	account              *bool
	expectText           string
	expect               fleet.Outcome
	otp                  []string
	logins               logins
}

// fleet are the flags that say which phones there are.
func (f *flags) fleet(s *pflag.FlagSet) {
	s.IntVarP(&f.phones, "phones", "n", 1, "how many phones")
	s.StringSliceVar(&f.vendors, "vendor", nil, "one of "+fleet.VendorNames()+", or several with commas; they take turns (default all; with one phone the first)")
	s.StringVar(&f.model, "model", "", "model, where there is one vendor only (default a common one)")
	s.StringVar(&f.first, "first", "f00000", "last three octets of the first phone's MAC; the others count on")
}

// run are the flags that say what they do.
func (f *flags) run(s *pflag.FlagSet) {
	s.StringVar(&f.dhcp, "dhcp", "", "DHCP server, HOST:PORT; without it no address is asked for and --url is needed")
	s.StringVar(&f.relay, "relay", "", "this host's address in the server's subnet (default what is used towards the server)")
	s.StringVar(&f.url, "url", "", "provisioning URL typed into the phones; goes before what DHCP says")
	s.StringVar(&f.ca, "ca", "", "file of CA certificates (PEM) the phones trust")
	s.StringArrayVar(&f.otp, "otp", nil, "login typed at a challenge, USER:PASSWORD or VENDOR=USER:PASSWORD, or @FILE with one a line; may be repeated")
	s.DurationVar(&f.spread, "spread", 0, "over how long power comes back, such as 20s (default all at once)")
	s.IntVar(&f.parallel, "parallel", 256, "how many phones work at the same time")
	s.IntVar(&f.asks, "asks", 0, "how often a missing file is asked for (default as the vendor does)")
	s.DurationVar(&f.patience, "patience", 0, "first wait for a DHCP answer, doubled three times (default 4s)")
	s.BoolVar(&f.resync, "resync", true, "fetch once more with the login the phone was given")
	s.StringVar(&f.expectText, "expect", string(fleet.Provisioned), "what every phone must come to: provisioned, or waiting (for a PIN)")
	s.BoolVar(&f.json, "json", false, "report as JSON")
	s.BoolFunc("account", "print what each phone does (default up to 10 phones, not with --json)", func(v string) error {
		on, err := strconv.ParseBool(v)
		f.account = &on
		return err
	})
}

// plan checks the flags and says everything that is wrong with them.
func (f *flags) plan() (fleet.Plan, error) {
	plan := fleet.Plan{Phones: f.phones, Spread: f.spread, Parallel: f.parallel, Resync: f.resync}
	plan.Base = fleet.Config{Model: f.model, URL: f.url, Asks: f.asks, Patience: f.patience}
	var errs []error
	if f.phones < 1 {
		errs = append(errs, fmt.Errorf("--phones %d: write 1 or more", f.phones))
	}
	list, err := f.vendorList()
	plan.Vendors, errs = list, append(errs, err)
	if f.model != "" && len(list) > 1 {
		errs = append(errs, errors.New("--model: needs --vendor with one vendor, because a model belongs to one"))
	}
	first, err := strconv.ParseUint(f.first, 16, 24)
	if err != nil {
		errs = append(errs, fmt.Errorf("--first %.20q: write six hex digits, such as f00000", f.first))
	}
	plan.First = uint32(first)
	errs = append(errs, f.addresses(&plan.Base), f.trust(&plan.Base))
	if f.logins, err = parseLogins(f.otp); err != nil {
		errs = append(errs, err)
	}
	f.expect = fleet.Outcome(f.expectText)
	if f.expectText != "" && f.expect != fleet.Provisioned && f.expect != fleet.Waiting {
		errs = append(errs, fmt.Errorf("--expect %.20q: write provisioned or waiting", f.expectText))
	}
	return plan, errors.Join(errs...)
}

func (f *flags) vendorList() ([]phone.Vendor, error) {
	if len(f.vendors) == 0 && f.phones == 1 {
		return fleet.Vendors()[:1], nil
	}
	if len(f.vendors) == 0 {
		return fleet.Vendors(), nil
	}
	var list []phone.Vendor
	var errs []error
	for _, name := range f.vendors {
		v, err := fleet.ParseVendor(name)
		if err != nil {
			errs = append(errs, fmt.Errorf("--vendor: %w", err))
			continue
		}
		list = append(list, v)
	}
	return list, errors.Join(errs...)
}

func (f *flags) addresses(c *fleet.Config) error {
	var errs []error
	if f.dhcp != "" {
		server, err := netip.ParseAddrPort(f.dhcp)
		if err != nil || !server.Addr().Is4() {
			errs = append(errs, fmt.Errorf("--dhcp %.40q: write an IPv4 address and port, such as 10.20.0.1:67", f.dhcp))
		}
		c.DHCP = server
	}
	if f.relay != "" {
		relay, err := netip.ParseAddr(f.relay)
		if err != nil || !relay.Is4() {
			errs = append(errs, fmt.Errorf("--relay %.40q: write an IPv4 address of this host", f.relay))
		}
		c.Relay = relay
	}
	return errors.Join(errs...)
}

func (f *flags) trust(c *fleet.Config) error {
	if f.ca == "" {
		return nil
	}
	pem, err := os.ReadFile(f.ca)
	if err != nil {
		return fmt.Errorf("--ca: %w", err)
	}
	c.Roots = x509.NewCertPool()
	if !c.Roots.AppendCertsFromPEM(pem) {
		return fmt.Errorf("--ca %s: holds no certificate in PEM form", f.ca)
	}
	return nil
}
