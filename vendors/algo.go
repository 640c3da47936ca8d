package vendors

import (
	"strings"

	"github.com/lineside/lineside/phone"
)

const algoVendor phone.Vendor = "algo"

// algo serves the maker's paging speakers, strobes and door stations (Algo
// provisioning guide of 2018, parameters of firmware 5.5). Nothing on them can
// be dialled or read: an installer approves them by their MAC.
func algo() Maker {
	return Maker{
		Vendor:      algoVendor,
		Name:        "Algo",
		OUIs:        [][3]byte{{0x00, 0x22, 0xee}},
		Models:      algoModels,
		MaxLines:    algoAccounts,
		File:        algoFile,
		Options:     urlOptions,
		Sequence:    algoSequence,
		Fetch:       Fetch{By: []Protocol{HTTPS, HTTP, TFTP}, Auth: Digest | Basic},
		Dials:       NoKeys,
		NoBook:      bookNoScreen,
		Shows:       Shows{NoMAC: macNoScreen},
		ContentType: "text/plain; charset=utf-8",
		Rehome: Rehome{
			URL: []string{"prov.server.static"}, User: []string{"prov.auth.user"}, Password: []string{"prov.auth.pwd"},
		},
		Resync: Resync{Event: "check-sync", Reboot: "check-sync;reboot=true"},
		build:  algoBuild,
		format: algoFormat,
		Unverified: []string{
			"OUI 00:22:EE",
			"the file of a product, algop<model>.conf, and that it is asked for before the device's own",
			"a whole URL in options 66 and 160",
			"the .md5 twins are asked for and need not be there",
			"whether Basic or Digest is answered",
			"a port behind the host in prov.server.static",
			"prov.sync.time and prov.sync.endtime as hh:mm, a moment between which is picked; there is no shorter interval than a day, so devices on hold come back by NOTIFY or restart",
			"sip.interop.checksync = conditional-reboot fetches without a restart where it can",
			"sip.transp takes udp, tcp and tls, and a port stands behind the host in sip.proxy and sip.obproxy",
			"how many accounts there are; sip.u1 to sip.u8 are written, all at the server of the first",
			"sip.srtp where the signalling is TLS; it is left as it is",
			"admin.timezone takes every IANA name",
			"the language; it is left as it is",
			"the parameter of a door station's call button",
		},
	}
}

// algoFile understands algom<MAC>.conf, which older devices and some models
// spell algo<mac>.conf, and the file of a product, each with a checksum beside
// it that need not be there.
func algoFile(name string) (File, bool) {
	lower := strings.ToLower(name)
	f := File{Name: name, Vendor: algoVendor}
	stem, sum := strings.CutSuffix(lower, ".md5")
	stem = strings.TrimSuffix(stem, ".conf")
	if stem == lower || !sum && !strings.HasSuffix(lower, ".conf") {
		return File{}, false
	}
	rest, ok := strings.CutPrefix(stem, "algo")
	if !ok {
		return File{}, false
	}
	if model, ok := strings.CutPrefix(rest, "p"); ok {
		if model == "" || len(model) > 6 || strings.Trim(model, "0123456789") != "" {
			return File{}, false
		}
		f.Kind, f.Model = Common, model
	} else {
		mac, tail, ok := leadingMAC(strings.TrimPrefix(rest, "m"))
		if !ok || tail != "" {
			return File{}, false
		}
		f.Kind, f.MAC = Config, mac
	}
	if sum {
		f.Kind = Absent
	}
	return f, true
}

func algoSequence(mac phone.MAC, model string) []string {
	own := []string{"algom" + upperHex(mac) + ".conf", "algo" + mac.Hex() + ".conf"}
	if m, ok := algoModels.Of(model); ok {
		return append([]string{"algop" + m.Name + ".conf"}, own...)
	}
	return own
}
