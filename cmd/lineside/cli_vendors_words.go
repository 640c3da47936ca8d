package main

import (
	"fmt"
	"slices"

	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// loginWay is how its phones show who they are.
func loginWay(f vendors.Fetch) string {
	http := f.Speaks(vendors.HTTP) || f.Speaks(vendors.HTTPS)
	way := ""
	switch {
	case f.Auth.Has(vendors.Digest):
		way = "digest"
	case f.Auth.Has(vendors.Basic):
		way = "basic"
	case http:
		way = "token in the path"
	default:
		return "none, by TFTP"
	}
	if f.Asks {
		way += ", asks on its screen"
	}
	return way
}

// resyncWay is what makes its phones fetch again before their time.
func resyncWay(r vendors.Resync) string {
	switch {
	case r.Event != "" && r.Reboots:
		return "NOTIFY " + r.Event + " (reboots)"
	case r.Event != "":
		return "NOTIFY " + r.Event
	case r.Reboot != "":
		return "NOTIFY " + r.Reboot + " (reboots)"
	}
	return "nothing"
}

// holdWays is what a phone on hold can offer.
func holdWays(s vendors.Shows) []string {
	ways := []string{}
	for _, w := range []struct {
		can  bool
		name string
	}{{s.Text, "text"}, {s.Hotline, "hotline"}, {s.HotlineKey, "key"}, {s.MAC, "MAC"}} {
		if w.can {
			ways = append(ways, w.name)
		}
	}
	return ways
}

// emergencyWay says whether the brand's configs list the emergency numbers, and what
// a lifted handset on hold leaves of the time to dial one by hand.
func emergencyWay(m vendors.Maker) string {
	switch m.Dials {
	case vendors.AsTyped:
		return "numbers are dialled as typed; no config lists them"
	case vendors.NoKeys:
		return "nothing can be dialled at its devices"
	}
	return "listed in every config: " + hotlineWay(m.Shows)
}

func hotlineWay(s vendors.Shows) string {
	switch {
	case s.Hotline && s.HotlineDelay:
		return "the hotline dials late enough to dial an emergency number first"
	case s.Hotline:
		return "the hotline dials at once: an emergency call goes by it"
	}
	return "no hotline: numbers are dialled as always"
}

// ruleWay is what becomes of a firmware rule as its files are now.
func ruleWay(r provision.FirmwareRule, files []provision.LocalFile) string {
	for _, name := range []string{r.File, r.Image} {
		i := slices.IndexFunc(files, func(f provision.LocalFile) bool { return f.Vendor == r.Vendor && f.Name == name })
		switch {
		case name == "":
		case i < 0:
			return fmt.Sprintf("is not named: %s is not here, and phones keep what they have; add it, then make the rule anew: lineside file firmware %s %s %s", name, r.Vendor, r.Model, r.File)
		case files[i].State == "unchecked":
			return fmt.Sprintf("is not named yet: %s is being compared with what was added", name)
		case !files[i].Served():
			return fmt.Sprintf("is not named: %s is %s, and phones keep what they have; add the right one, then make the rule anew: lineside file firmware %s %s %s", name, files[i].State, r.Vendor, r.Model, r.File)
		}
	}
	maker, _ := vendors.All().Of(r.Vendor)
	return upgradeWay(maker)
}

// upgradeWay is what becomes of a firmware rule.
func upgradeWay(m vendors.Maker) string {
	switch m.Upgrade {
	case vendors.UpgradeByURL, vendors.UpgradeByName:
		return "is named in their configs from their next fetch on"
	case vendors.UpgradeByVersion:
		return "is named in their configs with its version from their next fetch on: add --version to the rule"
	case vendors.UpgradeByFolder:
		return "lies in the folder that their configs name from their next fetch on; phones ask there for a name of their own, so the file has to have that name"
	}
	return "is kept for them, and nothing is told to the phone: no parameter of its maker's is known that takes a file alone"
}
