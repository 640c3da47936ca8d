package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/vendors"
)

// brand is one vendor as operators see it. All of it is read off the table the
// box itself works with, so it cannot say more than the box does.
type brand struct {
	Vendor    phone.Vendor       `json:"vendor"`
	Name      string             `json:"name"`
	Models    []brandModel       `json:"models"`
	Format    string             `json:"format"` // media type of its configs
	Fetch     []vendors.Protocol `json:"fetch"`  // the best first
	Login     string             `json:"login"`
	TypeLogin bool               `json:"type_login"` // somebody can type a login into the phone
	OwnCA     bool               `json:"own_ca"`     // it can be given the box's CA
	Resync    string             `json:"resync"`
	Polls     bool               `json:"polls"` // it also comes back by itself
	OnHold    []string           `json:"on_hold"`
	NoMAC     string             `json:"no_mac,omitempty"` // why it shows no MAC on hold
	Emergency string             `json:"emergency"`        // how such a number is dialled, on hold and later
	Firmware  string             `json:"firmware"`         // what becomes of a firmware rule's file
	Book      bool               `json:"book"`
	NoBook    string             `json:"no_book,omitempty"` // why it reads no phone book of the box's
	XSI       bool               `json:"xsi"`               // its configs carry the owner's login at the platform's directory
	Redirect  string             `json:"redirect,omitempty"`
	Uploads   []string           `json:"uploads,omitempty"`
	// Unverified are the facts no source has confirmed.
	Unverified []string `json:"unverified"`
}

type brandModel struct {
	Name   string `json:"name"`
	Lines  int    `json:"lines,omitempty"`
	Keys   int    `json:"keys,omitempty"`
	Screen string `json:"screen,omitempty"`
}

// brandList is what "lineside vendors --json" answers.
type brandList struct {
	Vendors []brand `json:"vendors"`
	Total   struct {
		Vendors    int `json:"vendors"`
		Models     int `json:"models"`
		NoScreen   int `json:"models_without_screen"` // whose screen nobody has entered
		NoLines    int `json:"models_without_lines"`
		NoKeys     int `json:"models_without_keys"`
		Unverified int `json:"unverified"`
	} `json:"total"`
}

func (p *program) vendorsCommand() *cobra.Command {
	var unverified bool
	cmd := &cobra.Command{
		Use: "vendors [VENDOR]", Short: "Say which brands and models this build serves, and what is not sure of them", Args: shell.AtMostOne,
		Long: "Lists the brands of phones this build serves: how many models it knows of each,\n" +
			"how they fetch their files, how they show who they are, what makes them fetch\n" +
			"again and what they can show on hold. A model that is not in the list is served\n" +
			"all the same, with its brand's generic config.",
		ValidArgsFunction: completeVendors,
		RunE: func(cmd *cobra.Command, args []string) error {
			table := vendors.All()
			if len(args) == 1 {
				v, err := table.Parse(args[0])
				if err != nil {
					return shell.Usagef(cmd, "%v", err)
				}
				m, _ := table.Of(v)
				table = vendors.NewTable(m)
			}
			return p.showVendors(brandsOf(table), len(args) == 1, unverified)
		},
	}
	cmd.Flags().BoolVar(&unverified, "unverified", false, "list the facts no source has confirmed")
	return cmd
}

func (p *program) showVendors(list brandList, one, unverified bool) error {
	switch {
	case p.json:
		return shell.WriteJSON(p.out, list)
	case unverified:
		return p.showUnverified(list)
	case one:
		return p.showBrand(list.Vendors[0])
	}
	t := shell.NewTable("VENDOR", "BRAND", "MODELS", "FILES", "BY", "LOGIN", "TOLD BY", "ON HOLD", "BOOK", "UNSURE")
	for _, b := range list.Vendors {
		t.Add(string(b.Vendor), b.Name, fmt.Sprint(len(b.Models)), b.form(), b.by(), b.Login, b.Resync, strings.Join(b.OnHold, ", "), yesNo(b.Book), fmt.Sprint(len(b.Unverified)))
	}
	t.Print(p.out)
	return p.say("%s, %s, %s; see the last with: lineside vendors --unverified\n%s without a known screen, %d without a known number of lines, %d of line keys; each is shown as -", count(list.Total.Vendors, "vendor", "vendors"),
		count(list.Total.Models, "model", "models"), count(list.Total.Unverified, "fact no source has confirmed", "facts no source has confirmed"), count(list.Total.NoScreen, "model", "models"), list.Total.NoLines, list.Total.NoKeys)
}

// showUnverified lists every guess with its vendor.
func (p *program) showUnverified(list brandList) error {
	for _, b := range list.Vendors {
		for _, fact := range b.Unverified {
			if err := p.say("%s: %s", b.Vendor, fact); err != nil {
				return err
			}
		}
	}
	return nil
}

// showBrand is one vendor with its models.
func (p *program) showBrand(b brand) error {
	for _, f := range []struct{ name, value string }{
		{"brand", b.Name}, {"configs", b.Format}, {"fetched by", b.by()}, {"login", b.Login}, {"told by", b.Resync},
		{"on hold", strings.Join(b.OnHold, ", ")}, {"MAC", b.macWay()}, {"emergency", b.Emergency}, {"firmware", b.Firmware}, {"phone book", b.bookWay()}, {"XSI login", yesNo(b.XSI)},
		{"box's CA", yesNo(b.OwnCA)}, {"redirect", b.Redirect}, {"uploads", strings.Join(b.Uploads, ", ")},
		{"unsure", count(len(b.Unverified), "fact", "facts")},
	} {
		if err := p.say("%-10s %s", f.name, shell.Printable(f.value)); err != nil {
			return err
		}
	}
	t := shell.NewTable("MODEL", "LINES", "KEYS", "SCREEN")
	for _, m := range b.Models {
		t.Add(m.Name, known(m.Lines), known(m.Keys), m.Screen)
	}
	t.Print(p.out)
	return nil
}

// known is a number, or nothing where 0 means that nobody knows.
func known(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// form is the format in one word for people.
func (b brand) form() string {
	media, _, _ := strings.Cut(b.Format, ";")
	_, kind, _ := strings.Cut(media, "/")
	return strings.Replace(kind, "plain", "text", 1)
}

// bookWay is the phone book in words.
func (b brand) bookWay() string {
	if b.Book {
		return "yes"
	}
	return "none: " + b.NoBook
}

// macWay is in words whether the installer can read the MAC off a phone on hold.
func (b brand) macWay() string {
	if b.NoMAC == "" {
		return "on the screen"
	}
	return "not shown: " + b.NoMAC
}

func (b brand) by() string {
	words := make([]string, len(b.Fetch))
	for i, p := range b.Fetch {
		words[i] = string(p)
	}
	return strings.Join(words, " ")
}

// brandsOf puts the table's facts into operators' words.
func brandsOf(table vendors.Table) brandList {
	var list brandList
	for i, c := range table.Count() {
		b := brandOf(table.Makers()[i])
		list.Vendors = append(list.Vendors, b)
		list.Total.Models += c.Models
		for _, m := range b.Models {
			list.Total.NoScreen += unknown(m.Screen)
			list.Total.NoLines += unknown(m.Lines)
			list.Total.NoKeys += unknown(m.Keys)
		}
		list.Total.Unverified += len(c.Unverified)
	}
	list.Total.Vendors = len(list.Vendors)
	return list
}

// unknown is 1 where nobody has entered a fact.
func unknown[T comparable](fact T) int {
	var none T
	if fact == none {
		return 1
	}
	return 0
}

func brandOf(m vendors.Maker) brand {
	b := brand{
		Vendor: m.Vendor, Name: m.Name, Models: []brandModel{}, Format: m.ContentType, Fetch: m.Fetch.By, Login: loginWay(m.Fetch),
		TypeLogin: m.Fetch.Asks, OwnCA: m.CA != vendors.NoCA, Resync: resyncWay(m.Resync), Polls: !m.Resync.Once,
		OnHold: holdWays(m.Shows), NoMAC: m.Shows.NoMAC, Emergency: emergencyWay(m), Firmware: upgradeWay(m), Book: m.Book != nil, NoBook: m.NoBook, XSI: m.XSI != nil, Unverified: m.Unverified,
	}
	for _, model := range m.Models.List() {
		b.Models = append(b.Models, brandModel{Name: model.Name, Lines: model.Lines, Keys: model.Keys, Screen: model.Screen})
	}
	if m.Redirect != nil {
		b.Redirect = m.Redirect.Name
	}
	for _, u := range m.Uploads {
		b.Uploads = append(b.Uploads, u.What)
	}
	return b
}
