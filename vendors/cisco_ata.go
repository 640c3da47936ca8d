package vendors

import (
	"regexp"

	"github.com/lineside/lineside/phone"
)

const ciscoATAVendor phone.Vendor = "cisco-ata"

// ciscoATA serves the adapters SPA112, SPA122 and SPA232D (Cisco SPA100 Series
// Provisioning and Administration Guides, firmware 1.3 and 1.4) and ATA 191 and
// 192 with multiplatform firmware (Provisioning Guide, firmware 11.1 to 11.3).
// The ATA 190 is another device: it asks for call-manager files.
func ciscoATA() Maker {
	return Maker{
		Vendor:   ciscoATAVendor,
		Brand:    ciscoBrand,
		Name:     "Cisco ATA",
		OUIs:     append(ciscoLater[:2:2], ciscoNumbered...),
		Models:   ciscoATAModels,
		Class:    ciscoATAClass,
		Classes:  classPrefixes("CISCO SPA1", "CISCO SPA2", "CISCO ATA191", "CISCO ATA192"),
		Agent:    ciscoATAAgent,
		SIPAgent: ciscoATAAgent,
		File:     ciscoFile(ciscoATAVendor, ciscoATAProfile.own, ciscoProduct(ciscoATAProduct, ciscoATAModels)),
		Options:  ciscoSPAOptions, // ATA 191 and 192 then ask for spa191.cfg
		Sequence: ciscoATASequence,
		// HTTPS is out: SPA1xx trust only servers their maker's CA stands behind,
		// and nobody knows of a way to give ATA 191 and 192 another.
		Fetch:       Fetch{By: ciscoATAProfile.by, Auth: Digest | Basic},
		CertMAC:     ciscoCertMAC(ciscoATAVendor),
		ContentType: "text/xml; charset=utf-8",
		Rehome:      Rehome{URL: ciscoRehome, User: ciscoRehome, Password: ciscoRehome},
		Resync:      ciscoResync,
		Upgrade:     UpgradeByURL,
		NoBook:      bookNoScreen,
		Shows:       Shows{Hotline: true, HotlineDelay: true, NoMAC: macNoScreen},
		build:       ciscoATABuild,
		settle:      ciscoATASettle,
		expands:     ciscoMacros,
		format:      ciscoATAFormat,
		Unverified: ciscoUnverified(
			"a challenge with Digest is answered as well as one with Basic",
			"the adapter expands $PSN in options 66 and 160, ATA 191 and 192 included",
			"a whole URL in Profile_Rule makes the adapter pass over DHCP, as on multiplatform phones",
			"User-Agents of SPA112, SPA122 and SPA232D, and all SIP User-Agents",
			"Transport_Protocol none lets the rule's own scheme count",
			"the first files of ATA 191 and 192 are ata191.cfg and ata192.cfg, and by which protocol they are asked for",
			"zone numbers of Time_Setup beyond Germany's +01 2 2, and the rule beside them on SPA1xx",
			"SPA1xx take name and password of the administrator in router-configuration",
			"the SPA232D's DECT handsets are no accounts of their own in its profile",
			"ATA 191 and 192 pass over an admin password below eight characters, SPA1xx one above 32",
		),
	}
}

// ciscoATAForm: "CISCO SPA112", "CISCO ATA191-MPP"; "CISCO ATA190" is none.
var ciscoATAForm = regexp.MustCompile(`^CISCO (SPA[12][0-9]{2}[A-Z]{0,2}|ATA19[1-9])(?:-MPP)?$`)

func ciscoATAClass(class []byte) (Ident, bool) {
	g := ciscoATAForm.FindSubmatch(class)
	if g == nil {
		return Ident{}, false
	}
	return Ident{Vendor: ciscoATAVendor, Model: ciscoNamed(ciscoATAModels, string(g[1]))}, true
}

// ciscoATAAgentForm: "Cisco/ATA191-MPP-11-1-0-MSR4 (FCH2443D9R4)", with hyphens
// in the version and the serial number in the brackets; SPA1xx speak as the
// phones of their time, with a MAC before it.
var ciscoATAAgentForm = regexp.MustCompile(`^Cisco/(SPA[12][0-9]{2}[A-Z]{0,2}|ATA19[1-9])(?:-MPP)?-([0-9][0-9A-Za-z.()_-]{0,30})(?: (?:\(([0-9A-F]{12})\))?\((?P<serial>[0-9A-Za-z]{1,20})\))?$`)

func ciscoATAAgent(agent string) (Ident, bool) {
	return ciscoAgent(ciscoATAVendor, ciscoATAAgentForm, ciscoATAModels, agent)
}

// ciscoATAProduct is spa$PSN.cfg of SPA1xx, ata$PSN.cfg of ATA 191 and 192, and
// what those ask for when option 66 told them spa$PSN.cfg.
var ciscoATAProduct = regexp.MustCompile(`^((?:spa|ata)[12][0-9]{2}[a-z]{0,2})\.cfg$`)

func ciscoATASequence(mac phone.MAC, model string) []string {
	first := "spa112"
	if m, ok := ciscoATAModels.Of(model); ok {
		first = m.Code
	}
	return []string{first + ".cfg", ciscoATAProfile.own + mac.Hex() + ".xml"}
}
