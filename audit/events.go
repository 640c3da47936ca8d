package audit

import (
	"time"

	"github.com/lineside/lineside/phone"
)

// DeviceAdded says that an operator set up a device.
type DeviceAdded struct {
	Vendor string `json:"vendor"`
	Model  string `json:"model,omitempty"`
}

// DeviceChanged names the fields an operator changed.
type DeviceChanged struct {
	Fields []string `json:"fields"`
}

// DeviceRemoved says that a device was deleted with its credentials.
type DeviceRemoved struct {
	State string `json:"state"`
}

// PINEntered is one PIN that was looked at. Result is "right" or "wrong".
type PINEntered struct {
	Result string    `json:"result"`
	Fails  int       `json:"fails"`
	State  string    `json:"state"`
	Until  time.Time `json:"until,omitzero"` // end of the lock-out it caused
}

// OTPConsumed says that a device's OTP generation was used up.
type OTPConsumed struct {
	Generation uint64 `json:"generation"`
	Brand      uint64 `json:"brand_generation"`
}

// CredentialMinted says that the device was given a login of its own, on which
// ground.
type CredentialMinted struct {
	User   string `json:"user"`
	Ground string `json:"ground"`
}

// CredentialConfirmed says that the phone used its new login for the first
// time: only now the old one is void.
type CredentialConfirmed struct {
	User string `json:"user"`
}

// StateChanged is a change of enrolment state without a proof: by time or by
// an operator.
type StateChanged struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Reason string `json:"reason"`
}

// Suspended says that no proof is asked of the device until then.
type Suspended struct {
	Until time.Time `json:"until"`
}

// Reset says that the device's authentication was made void.
type Reset struct {
	Epoch uint32 `json:"epoch"`
}

// OTPAllowed says that an operator armed the brand OTP for the device again.
type OTPAllowed struct {
	Generation uint64 `json:"generation"`
	Cleared    bool   `json:"cleared"` // old login was made void with it
}

// Refused is a decision to give nothing, or nothing yet. Repeats of the same
// refusal are counted, not repeated.
type Refused struct {
	Reason string `json:"reason"`
	File   string `json:"file"`
	Times  int    `json:"times"`
}

// RefusedMore sums up what had no room of its own: refusals and emergency calls
// beyond what the log takes of them one by one. So that nobody who is after one
// phone can hide in noise of their own making, it names the devices they went
// by.
type RefusedMore struct {
	Since time.Time `json:"since"`
	Times int       `json:"times"` // refusals
	// Emergencies is how many of the calls had no entry; they were connected
	// like any other, and the box's own log names each.
	Emergencies int `json:"emergencies,omitempty"`
	// Senders are the loudest, by address, with how often at the least.
	Senders map[string]int `json:"senders,omitempty"`
	// Devices are those gone by most, with how often; Unnamed is how many more
	// there were.
	Devices map[phone.MAC]int `json:"devices,omitempty"`
	Unnamed int               `json:"unnamed,omitempty"`
}

// BrandSet says that a vendor's brand OTP was changed.
type BrandSet struct {
	Vendor     string `json:"vendor"`
	Generation uint64 `json:"generation"`
}

// PolicyChanged is a change of the site's policy.
type PolicyChanged struct {
	Field string `json:"field"`
	From  string `json:"from"`
	To    string `json:"to"`
}

// PINShown says that an operator was shown the PIN of a device.
type PINShown struct{}

// SecretsShown says that an operator was shown a device's configs with their
// passwords.
type SecretsShown struct {
	File string `json:"file,omitempty"` // empty is all of them
}

// OverridesShown says that an operator was shown the values of a device's
// overrides, which may be passwords.
type OverridesShown struct{}

// DevicesExported says that an operator took the list of devices, and how many
// PINs were in it. Lists without a PIN are counted, not repeated: Times is how
// many the operator took since the entry before; 0, of an older build, is one.
type DevicesExported struct {
	Devices int `json:"devices"`
	PINs    int `json:"pins"`
	Times   int `json:"times,omitempty"`
}

// BackupTaken says that an operator asked for a copy of the database and was
// about to be given it. The copy holds this event too.
type BackupTaken struct{}

// WindowOpened says that a right PIN opened the site window: phones without a
// credential, whose MAC layer 2 proves, are let in until then.
type WindowOpened struct {
	Until time.Time `json:"until"`
}

// EmergencyCalled is one call to an emergency number. Outcome is how it ended:
// "answered", "failed", "cancelled", "redirected" or "refused"; SBC is the one
// that took it, Tried those that did not, and Said what each of them said instead
// (since 2026-11; older events have none). Status is the SIP answer the
// caller was given.
type EmergencyCalled struct {
	Number  string   `json:"number"`
	SBC     string   `json:"sbc,omitempty"`
	Tried   []string `json:"tried,omitempty"`
	Said    []string `json:"said,omitempty"`
	Outcome string   `json:"outcome"`
	Status  int      `json:"status,omitempty"`
	// Unhelped numbers a call that nobody took, growing from call to call, for the
	// acknowledgement (since 2026-11; 0 is any other call, and each of older builds).
	Unhelped uint64 `json:"unhelped,omitempty"`
}

// EmergencyAcknowledged says that an operator knows of the emergency calls nobody
// took whose Unhelped is up to Through, and how many they were.
type EmergencyAcknowledged struct {
	Through uint64 `json:"through"`
	Calls   int    `json:"calls"`
}

// Kind names the event in the log.
func (EmergencyCalled) Kind() string       { return "emergency-called" }
func (EmergencyAcknowledged) Kind() string { return "emergency-acknowledged" }
func (RefusedMore) Kind() string           { return "refused-more" }
func (WindowOpened) Kind() string          { return "window-opened" }
func (DeviceAdded) Kind() string           { return "device-added" }
func (DeviceChanged) Kind() string         { return "device-changed" }
func (DeviceRemoved) Kind() string         { return "device-removed" }
func (PINEntered) Kind() string            { return "pin-entered" }
func (OTPConsumed) Kind() string           { return "otp-consumed" }
func (CredentialMinted) Kind() string      { return "credential-minted" }
func (CredentialConfirmed) Kind() string   { return "credential-confirmed" }
func (StateChanged) Kind() string          { return "state-changed" }
func (Suspended) Kind() string             { return "suspended" }
func (Reset) Kind() string                 { return "reset" }
func (OTPAllowed) Kind() string            { return "otp-allowed" }
func (Refused) Kind() string               { return "refused" }
func (BrandSet) Kind() string              { return "brand-otp-set" }
func (PolicyChanged) Kind() string         { return "policy-changed" }
func (PINShown) Kind() string              { return "pin-shown" }
func (SecretsShown) Kind() string          { return "secrets-shown" }
func (OverridesShown) Kind() string        { return "overrides-shown" }
func (DevicesExported) Kind() string       { return "devices-exported" }
func (BackupTaken) Kind() string           { return "backup-taken" }
