package vendors

// Confidence sorts signals by how hard they are to get wrong, weakest first. It
// is about mistakes, not about lies: all but a certificate can be sent by
// anybody, and who may have a config is weighed elsewhere.
type Confidence uint8

// Signals.
const (
	Unknown Confidence = iota
	// FromOUI: makers sell each other their hardware, and network modules carry
	// the module maker's.
	FromOUI
	// FromHost: a host name that a phone makes of its hardware address, in DHCP.
	FromHost
	// FromClass: option 60, which a menu or a reseller may have changed and
	// which some phones send in another maker's words.
	FromClass
	// FromAgent: an HTTP or SIP User-Agent without a MAC in it.
	FromAgent
	// FromAgentMAC: a User-Agent in the vendor's full form, MAC included.
	FromAgentMAC
	// FromFile: a file name with a MAC. The name is what the answer must fit.
	FromFile
	// FromCertificate: a factory certificate that verified.
	FromCertificate
)

// String is the signal in words.
func (c Confidence) String() string {
	names := [...]string{"nothing", "hardware address", "host name", "DHCP option 60", "User-Agent", "User-Agent with MAC", "file name", "factory certificate"}
	if int(c) < len(names) {
		return names[c]
	}
	return names[Unknown]
}

// Best is the surest of several claims, its gaps filled from the others that
// name the same vendor, surest first. Of equals the first counts.
func Best(claims ...Ident) Ident {
	var best Ident
	for c := FromCertificate; ; c-- {
		for _, id := range claims {
			if id.Confidence == c && id.Vendor != "" {
				best = best.with(id)
			}
		}
		if c == Unknown {
			return best
		}
	}
}

// with fills gaps of id from a claim that is less sure.
func (id Ident) with(other Ident) Ident {
	if id.Vendor == "" {
		return other
	}
	if other.Vendor != id.Vendor {
		return id
	}
	if id.Model == "" {
		id.Model = other.Model
	}
	if id.Firmware == "" {
		id.Firmware = other.Firmware
	}
	if id.MAC.IsZero() {
		id.MAC = other.MAC
	}
	return id
}

// Ident is what the name of f claims.
func (f File) Ident() Ident {
	return Ident{Vendor: f.Vendor, Model: f.Model, MAC: f.MAC, Confidence: FromFile}
}
