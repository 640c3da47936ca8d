package provision

import (
	"strings"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// masked stands for a secret in a preview.
var masked = phone.NewSecret(vendors.Hidden)

// shade tells what an operator wrote that a preview must not show.
type shade struct {
	// holds are the parameters the box writes for this phone, in small letters;
	// true where it puts a secret there.
	holds map[string]bool
	// known are the secrets of the device, its owner and the site.
	known []phone.Secret
}

// hide replaces every secret of a full config: ours, and what an operator wrote
// that is one or may be.
func (d *Desk) hide(in vendors.Input, rec auth.Record) (vendors.Input, error) {
	holds, err := d.table.Secrets(in)
	if err != nil {
		return in, err
	}
	dark := shade{holds, d.secretsOf(in, rec)}
	in.Device = in.Device.Clone()
	in.Login.Password = masked
	in.Token, in.Book.Login.Password, in.Book.Token = mask(in.Token), mask(in.Book.Login.Password), mask(in.Book.Token)
	in.XSI.Password = mask(in.XSI.Password)
	in.Layers = in.Layers.Masked(masked.Reveal(), dark.template)
	for name, value := range in.Device.Overrides {
		if dark.override(name, value) {
			in.Device.Overrides[name] = masked.Reveal()
		}
	}
	in.Device.AdminPassword = mask(in.Device.AdminPassword)
	for i := range in.Device.Lines {
		in.Device.Lines[i].Password = mask(in.Device.Lines[i].Password)
	}
	return in, nil
}

// secretsOf are the secrets an operator may have written out somewhere: those of
// the config, of the device's enrolment and owner, and the brands' passwords.
func (d *Desk) secretsOf(in vendors.Input, rec auth.Record) []phone.Secret {
	e := rec.Enrolment
	list := []phone.Secret{
		in.Device.AdminPassword, in.Login.Password, in.Token, in.Book.Login.Password, in.Book.Token, in.XSI.Password,
		e.PIN, e.Ticket.Password, e.Current.Password, e.Pending.Password,
	}
	for _, l := range in.Device.Lines {
		list = append(list, l.Password)
	}
	if d.store.Users != nil && rec.Device.Owner != "" {
		u, _ := d.store.Users.User(rec.Device.Owner)
		list = append(list, u.WebPassword, u.PortalPIN)
	}
	for _, b := range d.Policy().Brands {
		list = append(list, b.Password, b.FormerPassword)
	}
	return list
}

// leastPart is how long a secret is that is looked for inside other text; a
// shorter one, such as 12, is in many by chance.
const leastPart = 4

// secret reports that a value is a secret known here, or has one in it.
func (s shade) secret(value string) bool {
	for _, k := range s.known {
		plain := k.Reveal()
		if plain != "" && (plain == value || len(plain) >= leastPart && strings.Contains(value, plain)) {
			return true
		}
	}
	return false
}

// template reports that what an operator wrote out in a template may be a secret:
// by its value, by the parameter, by its name, or as the login in a URL or in its
// query. A name without a word, such as P8025, tells nothing, unless the box itself
// writes it.
func (s shade) template(name, value string) bool {
	_, rest, ok := strings.Cut(value, "://")
	host, _, _ := strings.Cut(rest, "/")
	secret, ours := s.holds[strings.ToLower(name)]
	query := strings.ContainsAny(value, "?&") && strings.Contains(value, "=") // also what stands after a placeholder
	return secret || secretName(name) || query || ok && strings.Contains(host, "@") || s.secret(value) || !ours && !hasWord(name)
}

// override reports that a device's own override may be a secret. It is shown only
// where the name has a word and none of a secret, and the value is a switch or as
// short as a number of seconds. All others are listed with their line, and shown by
// --reveal alone, which is an admin's and on record: whoever may see a preview is
// not an admin alone, and a password may stand in a parameter of any name.
func (s shade) override(name, value string) bool {
	return s.holds[strings.ToLower(name)] || secretName(name) || !hasWord(name) ||
		len(value) > 3 && !switches[strings.ToLower(value)] || s.secret(value)
}

// mask hides a secret; what there is none of stays so.
func mask(s phone.Secret) phone.Secret {
	if s.IsZero() {
		return s
	}
	return masked
}

// secretName reports that a vendor's parameter of this name holds a secret, as
// far as its name tells.
func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"pass", "pwd", "pswd", "pw", "psk", "wep", "wpa", "secret", "pin", "key", "token", "auth", "credential", "community"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// switches are the longer words configs switch something by.
var switches = map[string]bool{"true": true, "false": true, "enabled": true, "disabled": true, "enable": true, "disable": true, "auto": true, "none": true}

// hasWord reports that a parameter's name has three letters in a row: it is not a
// number that stands for anything.
func hasWord(name string) bool {
	run := 0
	for _, r := range strings.ToLower(name) {
		if run++; r < 'a' || r > 'z' {
			run = 0
		}
		if run == 3 {
			return true
		}
	}
	return false
}
