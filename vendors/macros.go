package vendors

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/lineside/lineside/phone"
)

// Texts in whose place a maker's phones put something of their own, wherever the
// guides show them. Most stand in URLs there; where else a phone looks for them no
// guide says, so they are refused in every text a person enters for a device: a
// label could show what the phone knows. An override or a template, which are in
// the phone's own words, may have them; so may a password, which the platform
// chose, stands in a parameter of its own and is shown nowhere.
//
// A Cisco macro is any name in capitals behind a dollar, the passwords among
// them; the rest have a few names each.
var (
	ciscoMacros       = regexp.MustCompile(`\$[A-Z({$]`)
	yealinkMacros     = regexp.MustCompile(`(?i)\$(?:mac|pn|ip|model|firmware)`)
	snomMacros        = regexp.MustCompile(`(?i)\{mac\}|\$\(?(?:mac|firmware_version|uboot_version)`)
	polyMacros        = regexp.MustCompile(`(?i)\[phone_(?:mac_address|model|part_number)\]`)
	grandstreamMacros = regexp.MustCompile(`(?i)<(?:ipei|profile_name|user_id)>|\$(?:mac|pn)`)
	fanvilMacros      = regexp.MustCompile(`(?i)\$(?:mac|input)`)
	panasonicMacros   = regexp.MustCompile(`(?i)\{(?:mac|model|fwver)\}`)
	gigasetMacros     = regexp.MustCompile(`(?i)%(?:macd|durl)`)
	audiocodesMacros  = regexp.MustCompile(`(?i)<(?:mac|model)>`)
	pattonMacros      = regexp.MustCompile(`\$\(`)
)

// macroMarks begin them, so that a text without one costs a glance.
const macroMarks = "$%{[<"

// CheckXSIUser refuses a user name for the platform's directory that would be
// another on v's phones, or would tell the directory what the phone knows.
func (t Table) CheckXSIUser(v phone.Vendor, user string) error {
	m, ok := t.Of(v)
	if !ok || m.expands == nil {
		return nil
	}
	return m.checkMacro("xsi_user", user)
}

// checkMacros refuses a device of which a text would be another on its phone, or
// would show somebody what the phone knows; xsiUser is its owner's.
func (m Maker) checkMacros(d phone.Device, xsiUser string) error {
	if m.expands == nil {
		return nil
	}
	if err := m.checkMacro("xsi_user", xsiUser); err != nil {
		return err
	}
	if err := m.checkMacro("model", d.Model); err != nil {
		return err
	}
	if err := m.checkMacro("label", d.Label); err != nil {
		return err
	}
	if err := m.checkMacro("owner", d.Owner); err != nil {
		return err
	}
	for i, l := range d.Lines {
		if err := m.checkLineMacros(l); err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return nil
}

func (m Maker) checkLineMacros(l phone.Line) error {
	for _, field := range [...]struct{ name, text string }{
		{"user", l.User}, {"auth_id", l.AuthID}, {"display_name", l.DisplayName}, {"label", l.Label},
	} {
		if err := m.checkMacro(field.name, field.text); err != nil {
			return err
		}
	}
	return nil
}

// checkMacro names the macro it finds.
func (m Maker) checkMacro(field, text string) error {
	if !strings.ContainsAny(text, macroMarks) {
		return nil
	}
	if found := m.expands.FindString(text); found != "" {
		return fmt.Errorf("%s: has %q in it, and a %s phone would put something of its own there: write it without", field, found, m.Name)
	}
	return nil
}
