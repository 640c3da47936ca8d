package wire

import "time"

// Device is the body of a DeviceDoc. Its secrets are sealed beside it: "otp",
// "pin", "admin", and "sip.0", "sip.1", … for the lines.
type Device struct {
	Vendor    string            `json:"vendor"`
	Model     string            `json:"model,omitempty"`
	Label     string            `json:"label,omitempty"`
	Owner     string            `json:"owner,omitempty"`
	Lines     []Line            `json:"lines,omitempty"`
	Overrides map[string]string `json:"overrides,omitempty"`
	// PlainTFTP allows its secrets over TFTP, for a vendor that speaks nothing else.
	PlainTFTP bool `json:"plain_tftp,omitempty"`
	// Address is the address reserved for it on the site's LAN.
	Address string `json:"address,omitempty"`
	// OTPUser is the user name that goes with the sealed "otp", OTPUntil when
	// that expires; zero is never. Approval says that an operator must say yes
	// to its use.
	OTPUser  string    `json:"otp_user,omitempty"`
	OTPUntil time.Time `json:"otp_until,omitzero"`
	Approval bool      `json:"approval,omitempty"`
	// Resets counts how often an operator reset the device: one more makes
	// everything it ever proved void.
	Resets uint64 `json:"resets,omitempty"`
	// BrandOnce says that the generation of this document's Sec lets it in by
	// the brand's password, once, whatever first contact wants; Clear that its
	// own login is void from then on.
	BrandOnce bool `json:"brand_once,omitempty"`
	Clear     bool `json:"clear,omitempty"`
}

// Line is one SIP account of a Device.
type Line struct {
	Registrar     string `json:"registrar"`
	Port          int    `json:"port,omitempty"`
	Transport     string `json:"transport,omitempty"`
	OutboundProxy string `json:"outbound_proxy,omitempty"`
	User          string `json:"user"`
	AuthID        string `json:"auth_id,omitempty"`
	DisplayName   string `json:"display_name,omitempty"`
	Label         string `json:"label,omitempty"`
}

// User is the body of a UserDoc. Sealed beside it: "web", "portal".
type User struct {
	ID          string `json:"id"`
	First       string `json:"first_name,omitempty"`
	Last        string `json:"last_name,omitempty"`
	Email       string `json:"email,omitempty"`
	AlternateID string `json:"alternate_id,omitempty"`
}

// Brand is the body of a BrandDoc: one user name and password for all phones
// of a brand. Sealed beside it: "otp".
type Brand struct {
	User string `json:"user"`
}

// Policy is the body of a PolicyDoc.
type Policy struct {
	// FirstContact is "pin", "otp", "otp+pin" or "none".
	FirstContact string        `json:"first_contact"`
	Window       time.Duration `json:"window,omitempty"`
	BlockAfter   int           `json:"block_after,omitempty"`
	AutoApprove  bool          `json:"auto_approve,omitempty"`
	// OTPOffline says whether the site accepts one-time passwords while the
	// platform is away: "allow" or "deny".
	OTPOffline string `json:"otp_offline"`
	// LocalChanges says whether the site's own operators may change what the
	// platform keeps.
	LocalChanges bool     `json:"local_changes,omitempty"`
	Emergency    []string `json:"emergency,omitempty"`
	SBC          string   `json:"sbc,omitempty"`
	// Rollout is the release its box is to take, nil for none.
	Rollout *Rollout `json:"rollout,omitempty"`
}

// Allow is the body of an AllowDoc: addresses whose phones need show nothing.
type Allow struct {
	Entries []AllowEntry `json:"entries"`
}

// AllowEntry is one address or CIDR range; Until zero is for good.
type AllowEntry struct {
	Prefix string    `json:"prefix"`
	Note   string    `json:"note,omitempty"`
	Until  time.Time `json:"until,omitzero"`
}
