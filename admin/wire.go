package admin

import (
	"encoding/json"
	"net/netip"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// Status is the box at a glance. The program fills Version, Started, Listeners,
// Settings and Page, and Next where it knows what comes first; the server adds the rest.
type Status struct {
	Version    string     `json:"version"`
	Site       string     `json:"site"`
	Started    time.Time  `json:"started"`
	UptimeSecs int64      `json:"uptime_seconds"`
	Listeners  []Listener `json:"listeners"`
	Settings   []Setting  `json:"settings"`
	// Page is where a browser finds the box; empty where it has no pages.
	Page         string             `json:"page,omitempty"`
	FirstContact string             `json:"first_contact"`
	Devices      map[string]int     `json:"devices"` // by state, with "total"
	Visitors     int                `json:"visitors"`
	Conditions   []health.Condition `json:"conditions"`
	// Leases says why addresses given prove no phone; empty where they do, or
	// where dhcp.mode says so already.
	Leases string `json:"leases,omitempty"`
	// Platform is how the box stands to the central platform; nil where it has
	// joined none.
	Platform *PlatformLink `json:"platform,omitempty"`
	// SetUpCode is what the first account is made with, on the operator's socket
	// while there is none.
	SetUpCode string `json:"setup_code,omitempty"`
	// Next is what the operator should do about it, empty for nothing.
	Next string `json:"next,omitempty"`
}

// Listener is a door that is open.
type Listener struct {
	Name    string `json:"name"` // dhcp, tftp, http, https, admin, socket
	Address string `json:"address"`
	// From is "systemd" where its socket unit opened it, "systemd, unused" where the
	// settings have no use for that; empty: the box did.
	From string `json:"from,omitempty"`
}

// Setting is one value in force and where it comes from: "file", "default",
// "store", or "page" with who set it there and when.
type Setting struct {
	Key   string    `json:"key"`
	Value string    `json:"value"`
	From  string    `json:"from"`
	By    string    `json:"by,omitempty"`
	At    time.Time `json:"at,omitzero"`
}

// Health is the conditions that hold now.
type Health struct {
	OK         bool               `json:"ok"`
	Conditions []health.Condition `json:"conditions"`
}

// Device is a device as operators see it: no secret is in it.
type Device struct {
	MAC    phone.MAC    `json:"mac"`
	Vendor phone.Vendor `json:"vendor"`
	Model  string       `json:"model,omitempty"`
	Label  string       `json:"label,omitempty"`
	Owner  string       `json:"owner,omitempty"`
	// OwnerName and Extension are the owner's, where there is such a user.
	OwnerName        string            `json:"owner_name,omitempty"`
	Extension        string            `json:"extension,omitempty"`
	Lines            []Line            `json:"lines"`
	HasAdminPassword bool              `json:"has_admin_password"`
	Overrides        map[string]string `json:"overrides,omitempty"`
	PlainTFTP        bool              `json:"plain_tftp,omitempty"`
	Address          netip.Addr        `json:"address,omitzero"` // that DHCP keeps for it
	Created          time.Time         `json:"created"`
	Rev              uint64            `json:"rev"`
	Enrolment        Enrolment         `json:"enrolment"`
	// Platform says that the central platform keeps it, ChangedHere which fields
	// were changed here since the platform last set them.
	Platform    bool        `json:"platform,omitempty"`
	ChangedHere []string    `json:"changed_here,omitempty"`
	Seen        *phone.Seen `json:"seen,omitempty"`
	// EmergencyLost are the emergency numbers that what operators wrote keeps the
	// phone from dialling as it should.
	EmergencyLost []provision.LostNumber `json:"emergency_lost,omitempty"`
}

// Line is a SIP account as operators see it.
type Line struct {
	Registrar     string          `json:"registrar"`
	Port          int             `json:"port,omitempty"`
	Transport     phone.Transport `json:"transport,omitempty"`
	OutboundProxy string          `json:"outbound_proxy,omitempty"`
	User          string          `json:"user"`
	AuthID        string          `json:"auth_id,omitempty"`
	DisplayName   string          `json:"display_name,omitempty"`
	Label         string          `json:"label,omitempty"`
	HasPassword   bool            `json:"has_password"`
}

// Input is the line to send back; its password stays as it is.
func (l Line) Input() LineInput {
	return LineInput{
		Registrar: l.Registrar, Port: l.Port, Transport: l.Transport, OutboundProxy: l.OutboundProxy,
		User: l.User, AuthID: l.AuthID, DisplayName: l.DisplayName, Label: l.Label,
	}
}

// Enrolment is where a device stands, in operators' words.
type Enrolment struct {
	State string `json:"state"` // needed, failed, blocked, successful
	Shown string `json:"shown"` // what the phone's screen says; empty where it has no text of ours
	Next  string `json:"next"`  // what the operator does next
	Step  string `json:"step"`  // that in one word, such as "pin"
	// Enrolling says that the phone was given its login and has yet to use it.
	Enrolling bool `json:"enrolling"`
	// Suspended is until when no proof is asked.
	Suspended time.Time `json:"suspended_until,omitzero"`
	// Until is the end of a lock-out.
	Until time.Time `json:"failed_until,omitzero"`
	// Pass is until when a right PIN waits for the phone's next fetch.
	Pass     time.Time `json:"pin_accepted_until,omitzero"`
	Fails    int       `json:"wrong_pins"`
	LockOuts int       `json:"lock_outs"`
	Epoch    uint32    `json:"epoch"`
	OTPUsed  bool      `json:"otp_used"`
	// Ticket is where the device's ticket stands, empty for none, and TicketUntil
	// until when it may be shown, while it may; TicketDemanded says that nothing
	// else lets the device in.
	Ticket         string    `json:"ticket,omitempty"`
	TicketUntil    time.Time `json:"ticket_until,omitzero"`
	TicketDemanded bool      `json:"ticket_demanded,omitempty"`
	// Login is the user name of the device's own provisioning login.
	Login string `json:"login,omitempty"`
}

// Page is some of the devices that match a query, and how many do. States counts
// those that match but for the state it asks for, in each of the states, Vendors
// those that match but for the vendor, of each that is served.
type Page struct {
	Total   int            `json:"total"`
	Offset  int            `json:"offset"`
	Limit   int            `json:"limit"`
	States  map[string]int `json:"states"`
	Vendors map[string]int `json:"vendors"`
	Devices []Device       `json:"devices"`
}

// Field is a member of a merge patch (RFC 7396): left out, null or a value.
type Field[T any] struct {
	Given bool // it was in the JSON
	Value T    // zero for null
}

// Set makes a field that is given.
func Set[T any](v T) Field[T] { return Field[T]{Given: true, Value: v} }

// IsZero reports that the field was left out.
func (f Field[T]) IsZero() bool { return !f.Given }

// MarshalJSON writes the value.
func (f Field[T]) MarshalJSON() ([]byte, error) { return json.Marshal(f.Value) }

// DeviceInput is what an operator writes of a device. In a change, what is left
// out stays, null clears; lines are replaced as a whole, overrides one by one.
type DeviceInput struct {
	MAC           Field[phone.MAC]          `json:"mac,omitzero"` // when adding only
	Vendor        Field[string]             `json:"vendor,omitzero"`
	Model         Field[string]             `json:"model,omitzero"`
	Label         Field[string]             `json:"label,omitzero"`
	Owner         Field[string]             `json:"owner,omitzero"`
	Lines         Field[[]LineInput]        `json:"lines,omitzero"`
	AdminPassword Field[string]             `json:"admin_password,omitzero"`
	Overrides     Field[map[string]*string] `json:"overrides,omitzero"`
	PlainTFTP     Field[bool]               `json:"plain_tftp,omitzero"`
	// Address is the one DHCP keeps for it; null or "" is whichever is free.
	Address Field[netip.Addr] `json:"address,omitzero"`
	// Rev is the revision the operator saw, 0 for whatever it is now; the
	// If-Match header says the same.
	Rev uint64 `json:"rev,omitempty"`
}

// LineInput is what an operator writes of a line. A line without a password
// keeps that of the same user at the same registrar.
type LineInput struct {
	Registrar     string          `json:"registrar"`
	Port          int             `json:"port,omitempty"`
	Transport     phone.Transport `json:"transport,omitempty"`
	OutboundProxy string          `json:"outbound_proxy,omitempty"`
	User          string          `json:"user"`
	AuthID        string          `json:"auth_id,omitempty"`
	Password      Field[string]   `json:"password,omitzero"`
	DisplayName   string          `json:"display_name,omitempty"`
	Label         string          `json:"label,omitempty"`
}

// ImportInput is a CSV file inside JSON, for callers that can send nothing else.
type ImportInput struct {
	CSV string `json:"csv"`
}

// Imported is what an import did.
type Imported struct {
	Rows    int `json:"rows"`
	Added   int `json:"added"`
	Changed int `json:"changed"`
}

// PINInput is a PIN an operator enters for a phone.
type PINInput struct {
	PIN string `json:"pin"`
	// From is the phone's own address, needed only where layer 2 does not
	// prove which caller that is.
	From netip.Addr `json:"from,omitzero"`
}

// PINResult is what became of it.
type PINResult struct {
	Accepted bool `json:"accepted"`
	// Looked says that it was compared at all.
	Looked bool      `json:"looked"`
	State  string    `json:"state"`
	Left   int       `json:"tries_left"`
	Until  time.Time `json:"failed_until,omitzero"`
	Next   string    `json:"next"`
}

// PIN is the PIN of a device not yet authenticated.
type PIN struct {
	MAC  phone.MAC `json:"mac"`
	PIN  string    `json:"pin"`
	Next string    `json:"next"`
}

// AllowOTPInput says whether the old login goes at once.
type AllowOTPInput struct {
	Clear bool `json:"clear"`
}

// Rendered is the files a phone would get now.
type Rendered struct {
	Files []provision.Preview `json:"files"`
}

// OTP is a brand's OTP.
type OTP struct {
	Vendor      phone.Vendor `json:"vendor"`
	User        string       `json:"user,omitempty"`
	HasPassword bool         `json:"has_password"`
	Generation  uint64       `json:"generation,omitempty"`
	Since       time.Time    `json:"since,omitzero"`
	// Password is in one answer only: to the call that had it generated.
	Password string `json:"password,omitempty"`
	Next     string `json:"next,omitempty"`
}

// OTPs is the OTP of each brand, set or not.
type OTPs struct {
	OTPs []OTP `json:"otps"`
}

// OTPInput sets a brand OTP, or has its password generated.
type OTPInput struct {
	User     string `json:"user,omitempty"` // empty is the brand's name
	Password string `json:"password,omitempty"`
	Generate bool   `json:"generate,omitempty"`
}

// Policy is the site's rules.
type Policy struct {
	FirstContact string `json:"first_contact"`
	Claimed      bool   `json:"claimed"`
	// Window is how long a right PIN opens the site, such as "8h0m0s", or "off";
	// WindowOpen is until when it is open now.
	Window     string    `json:"window"`
	WindowOpen time.Time `json:"window_open_until,omitzero"`
	// BlockAfter is at which lock-out a device is blocked.
	BlockAfter int `json:"block_after"`
	// AutoApprove says that tickets that want approval get it as they are shown.
	AutoApprove bool `json:"auto_approve"`
	// TicketHours is how long a ticket may be shown where nobody says.
	TicketHours int `json:"ticket_hours"`
	// PINOnScreen says that a PIN may be typed on the phone's own screen.
	PINOnScreen bool    `json:"pin_on_screen"`
	Allow       []Allow `json:"allow"`
	Rev         uint64  `json:"rev"`
}

// PolicyInput changes the site's rules; what is left out stays.
type PolicyInput struct {
	FirstContact Field[string] `json:"first_contact,omitzero"`
	Claimed      Field[bool]   `json:"claimed,omitzero"`
	Window       Field[string] `json:"window,omitzero"`
	BlockAfter   Field[int]    `json:"block_after,omitzero"`
	AutoApprove  Field[bool]   `json:"auto_approve,omitzero"`
	PINOnScreen  Field[bool]   `json:"pin_on_screen,omitzero"`
	TicketHours  Field[int]    `json:"ticket_hours,omitzero"`
}

// Allow is an entry of the permanent allow-list.
type Allow struct {
	Network netip.Prefix `json:"network"`
	Note    string       `json:"note,omitempty"`
	Since   time.Time    `json:"since"`
	// Until ends it, left out for never; Platform says that the central platform
	// entered it.
	Until    time.Time `json:"until,omitzero"`
	Platform bool      `json:"platform,omitempty"`
}

// Allowed is the permanent allow-list.
type Allowed struct {
	Allow []Allow `json:"allow"`
}

// AllowInput adds an entry: an address, a network, or one with a dotted mask.
type AllowInput struct {
	Network string `json:"network"`
	Note    string `json:"note,omitempty"`
}

// Visitors is the unknown phones that asked, latest first.
type Visitors struct {
	Visitors []phone.Seen `json:"visitors"`
	Next     string       `json:"next,omitempty"`
}

// Lease is an address of the box's own pool.
type Lease struct {
	Address  netip.Addr   `json:"address"`
	MAC      phone.MAC    `json:"mac"`
	ClientID string       `json:"client_id,omitempty"` // option 61, hex
	State    string       `json:"state"`
	Live     bool         `json:"live"` // held at this moment
	Start    time.Time    `json:"start"`
	Expires  time.Time    `json:"expires"`
	Host     string       `json:"host,omitempty"`
	Class    string       `json:"class,omitempty"`
	Vendor   phone.Vendor `json:"vendor,omitempty"`
	Model    string       `json:"model,omitempty"`
	// Reserved says that the address is kept for this device, by its record. One
	// that it does not have has the state "reserved".
	Reserved bool `json:"reserved,omitempty"`
	// Known says that a device is set up for the MAC, Label what it is called.
	Known bool   `json:"known,omitempty"`
	Label string `json:"label,omitempty"`
}

// Leases is a page of the leases, by address where nothing else was asked for.
type Leases struct {
	Leases []Lease `json:"leases"`
	Total  int     `json:"total"` // that match
	Offset int     `json:"offset"`
	// States is how many match but for the state asked for, in each of "live",
	// "reserved" and "over".
	States map[string]int `json:"states"`
}

// Audit is a piece of the audit log, oldest first. Next is what to ask with as
// since for what comes after.
type Audit struct {
	Entries []audit.Entry `json:"entries"`
	Next    uint64        `json:"next"`
	// Older is what to ask with as before for what came before; left out where that
	// is nothing, and of an answer to since.
	Older uint64 `json:"older,omitempty"`
	// More says of an answer to since that there is more behind Next.
	More bool `json:"more,omitempty"`
	// Stopped is there where more may match than was looked at for this answer.
	Stopped *Stopped `json:"stopped,omitempty"`
}
