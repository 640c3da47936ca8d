package store

import (
	"maps"
	"slices"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// storedPlatform is what the central platform last said of a device, part of
// its record. All fields since it exists; records without it are the site's own.
type storedPlatform struct {
	Managed bool              `json:"managed,omitempty"`
	Fields  map[string]string `json:"fields,omitempty"`
	Resets  uint64            `json:"resets,omitempty"`
	OTP     storedMinting     `json:"otp,omitzero"`
	PIN     storedMinting     `json:"pin,omitzero"`
	Locked  bool              `json:"locked,omitempty"`
}

// IsZero lets encoding/json leave it out.
func (s storedPlatform) IsZero() bool {
	return len(s.Fields) == 0 && !s.Managed && s.Resets == 0 && s.OTP == storedMinting{} && s.PIN == storedMinting{} && !s.Locked
}

type storedMinting struct {
	Epoch int64  `json:"epoch,omitempty"`
	N     uint64 `json:"n,omitempty"`
	Mint  string `json:"mint,omitempty"`
}

func plainPlatform(p auth.Platform) storedPlatform {
	s := storedPlatform{Managed: p.Managed, Resets: p.Resets, OTP: storedMinting(p.OTP), PIN: storedMinting(p.PIN), Locked: p.Locked}
	if len(p.Fields) > 0 {
		s.Fields = maps.Clone(p.Fields)
	}
	return s
}

func (s storedPlatform) platform() auth.Platform {
	return auth.Platform{
		Managed: s.Managed, Fields: s.Fields, Resets: s.Resets, OTP: auth.Minting(s.OTP), PIN: auth.Minting(s.PIN), Locked: s.Locked,
	}
}

// storedSitePlatform is what it said of the site, part of the policy.
type storedSitePlatform struct {
	Identity     string        `json:"sealed_identity,omitempty"`
	Rules        bool          `json:"rules,omitempty"`
	FirstContact auth.Factor   `json:"first_contact,omitempty"`
	Window       time.Duration `json:"window,omitempty"`
	BlockAfter   int           `json:"block_after,omitempty"`
	AutoApprove  bool          `json:"auto_approve,omitempty"`
	OTPOffline   bool          `json:"otp_offline,omitempty"`
	LocalChanges bool          `json:"local_changes,omitempty"`
	Emergency    []string      `json:"emergency,omitempty"`
	SBC          string        `json:"sbc,omitempty"`
}

// IsZero lets encoding/json leave it out.
func (s storedSitePlatform) IsZero() bool {
	return s.Identity == "" && !s.Rules && s.FirstContact == "" && s.Window == 0 && s.BlockAfter == 0 && !s.AutoApprove &&
		!s.OTPOffline && !s.LocalChanges && len(s.Emergency) == 0 && s.SBC == ""
}

func plainSitePlatform(p auth.SitePlatform) storedSitePlatform {
	s := storedSitePlatform{
		Identity: p.Identity.Reveal(), Rules: p.Rules, FirstContact: p.Said.FirstContact, Window: p.Said.Window,
		BlockAfter: p.Said.BlockAfter, AutoApprove: p.Said.AutoApprove, OTPOffline: p.OTPOffline, LocalChanges: p.LocalChanges, SBC: p.SBC,
	}
	if len(p.Emergency) > 0 {
		s.Emergency = slices.Clone(p.Emergency)
	}
	return s
}

func (s storedSitePlatform) platform(identity phone.Secret) auth.SitePlatform {
	return auth.SitePlatform{
		Identity: identity, Rules: s.Rules,
		Said:       auth.SaidRules{FirstContact: s.FirstContact, Window: s.Window, BlockAfter: s.BlockAfter, AutoApprove: s.AutoApprove},
		OTPOffline: s.OTPOffline, LocalChanges: s.LocalChanges, Emergency: s.Emergency, SBC: s.SBC,
	}
}
