package provision

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// Errors about the site's rules.
var (
	// ErrNotAllowed is returned for removing an entry that is not there.
	ErrNotAllowed = errors.New("is not on the allow-list")
	// ErrNoOTP is returned for arming a one-time password that does not exist.
	ErrNoOTP = errors.New("no one-time password is set")
	// ErrAllowFull is returned when the allow-list has no room.
	ErrAllowFull = errors.New("the allow-list is full")
)

// MinOTP is the shortest brand OTP taken: it opens every phone of a brand, so
// it must not be guessable within a day.
const MinOTP = 8

// SetBrand changes a brand's one-time password, v being the brand or one of its
// vendors; an empty password takes it away. The generation is raised above those
// of passwords once kept for one vendor alone, which end with it.
func (d *Desk) SetBrand(ctx context.Context, by audit.Actor, v phone.Vendor, user string, password phone.Secret) (auth.Brand, error) {
	v, err := d.table.ParseBrand(string(v))
	if err != nil {
		return auth.Brand{}, fmt.Errorf("one-time password is %w: %w", ErrInvalid, err)
	}
	if err := checkBrand(v, user, password); err != nil {
		return auth.Brand{}, err
	}
	p, err := d.store.Policies.ChangePolicy(ctx, func(old auth.Policy) (auth.Policy, []audit.Record, error) {
		p := old.Clone()
		if p.Brands == nil {
			p.Brands = make(map[phone.Vendor]auth.Brand)
		}
		was := p.Brands[v]
		if err := mayChange(by, p, was.Platform, "the one-time password of "+string(v)); err != nil {
			return old, nil, err
		}
		last := was.Generation
		for _, m := range d.table.OfBrand(v) {
			if m.Vendor != v {
				last = max(last, p.Brands[m.Vendor].Generation)
				delete(p.Brands, m.Vendor)
			}
		}
		b := auth.Brand{
			Vendor: v, User: user, Password: password, Generation: last + 1, Set: d.tools.Now().UTC(),
			FormerUser: was.User, FormerPassword: was.Password, Platform: by.Front == string(PlatformFront) && !password.IsZero(),
		}
		if password.IsZero() {
			b.User = ""
		}
		if was.Password.IsZero() { // it was taken away in between
			b.FormerUser, b.FormerPassword = was.FormerUser, was.FormerPassword
		}
		p.Brands[v] = b
		return p, one(phone.MAC{}, by, audit.BrandSet{Vendor: string(v), Generation: b.Generation}), nil
	})
	return p.Brands[v], err
}

// brandOTP is the one-time password that counts for a vendor's phones.
func (d *Desk) brandOTP(p auth.Policy, v phone.Vendor) auth.Brand {
	return p.OTP(d.table.Brand(v), v)
}

func checkBrand(v phone.Vendor, user string, password phone.Secret) error {
	if password.IsZero() {
		return nil
	}
	plain := password.Reveal()
	if unguessable(user) {
		return fmt.Errorf("one-time password is %w: user names beginning with %s or %s are the box's own", ErrInvalid, ownPrefix, holdPrefix)
	}
	for _, s := range []string{user, plain} {
		if s == "" || len(s) > 64 || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ':' || r == '"' || r == '\\' }) {
			return fmt.Errorf("one-time password is %w: user name and password must be 1 to 64 printable ASCII characters without space, colon, quote or backslash", ErrInvalid)
		}
		if formula(s) {
			return fmt.Errorf("one-time password is %w: neither user name nor password may begin with = + - @ or an apostrophe, for the sheets that makers' redirect services import cannot hold that as it is; begin with a letter or a digit, or take --generate", ErrInvalid)
		}
	}
	if utf8.RuneCountInString(plain) < MinOTP {
		return fmt.Errorf("one-time password is %w: it opens every %s phone once, so write at least %d characters", ErrInvalid, v, MinOTP)
	}
	return nil
}

// formula reports that the cell of a sheet would be given an apostrophe more, lest a
// spreadsheet run it: who imports it would have another value.
func formula(cell string) bool { return cell != "" && strings.IndexByte("'=+-@", cell[0]) >= 0 }

// SetFirstContact changes what phones must show at first contact.
func (d *Desk) SetFirstContact(ctx context.Context, by audit.Actor, f auth.Factor) error {
	if _, err := auth.ParseFactor(string(f)); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return d.changePolicy(ctx, by, func(p *auth.Policy) (audit.PolicyChanged, error) {
		e := audit.PolicyChanged{Field: "first_contact", From: string(p.FirstContact), To: string(f)}
		p.FirstContact = f
		return e, nil
	})
}

// SetClaimed says whether trust lets callers through whose MAC is only claimed.
func (d *Desk) SetClaimed(ctx context.Context, by audit.Actor, claimed bool) error {
	return d.changePolicy(ctx, by, func(p *auth.Policy) (audit.PolicyChanged, error) {
		e := audit.PolicyChanged{Field: "claimed", From: strconv.FormatBool(p.Claimed), To: strconv.FormatBool(claimed)}
		p.Claimed = claimed
		return e, nil
	})
}

// SetWindow says how long a right PIN opens the site; 0 is never. A window that
// is open stays so, but not for longer than that.
func (d *Desk) SetWindow(ctx context.Context, by audit.Actor, length time.Duration) error {
	if err := auth.CheckWindow(length); err != nil {
		return fmt.Errorf("window is %w: %w", ErrInvalid, err)
	}
	return d.changePolicy(ctx, by, func(p *auth.Policy) (audit.PolicyChanged, error) {
		from := p.WindowText()
		*p = p.WithWindow(d.tools.Now(), length)
		return audit.PolicyChanged{Field: "window", From: from, To: p.WindowText()}, nil
	})
}

// SetBlockAfter says at which lock-out in a row a device is blocked.
func (d *Desk) SetBlockAfter(ctx context.Context, by audit.Actor, lockOuts int) error {
	if err := auth.CheckBlockAfter(lockOuts); err != nil {
		return fmt.Errorf("block_after is %w: %w", ErrInvalid, err)
	}
	return d.changePolicy(ctx, by, func(p *auth.Policy) (audit.PolicyChanged, error) {
		from := p.BlocksAfter()
		p.BlockAfter = lockOuts
		return audit.PolicyChanged{Field: "block_after", From: strconv.Itoa(from), To: strconv.Itoa(lockOuts)}, nil
	})
}

// SetAutoApprove says whether tickets that want an admin's approval are approved
// as they are shown.
func (d *Desk) SetAutoApprove(ctx context.Context, by audit.Actor, auto bool) error {
	return d.changePolicy(ctx, by, func(p *auth.Policy) (audit.PolicyChanged, error) {
		e := audit.PolicyChanged{Field: "auto_approve", From: strconv.FormatBool(p.AutoApprove), To: strconv.FormatBool(auto)}
		p.AutoApprove = auto
		return e, nil
	})
}

// SetTicketLife says how long a ticket may be shown where nobody says.
func (d *Desk) SetTicketLife(ctx context.Context, by audit.Actor, life time.Duration) error {
	if err := auth.CheckTicketLife(life); err != nil {
		return fmt.Errorf("ticket is %w: %w", ErrInvalid, err)
	}
	return d.changePolicy(ctx, by, func(p *auth.Policy) (audit.PolicyChanged, error) {
		e := audit.PolicyChanged{Field: "ticket_life", From: p.TicketLasts().String(), To: life.String()}
		p.TicketLife = life
		return e, nil
	})
}

// SetPINOnScreen says whether a PIN may be typed on the phone's own screen, as
// the password of a login.
func (d *Desk) SetPINOnScreen(ctx context.Context, by audit.Actor, yes bool) error {
	return d.changePolicy(ctx, by, func(p *auth.Policy) (audit.PolicyChanged, error) {
		e := audit.PolicyChanged{Field: "pin_on_screen", From: strconv.FormatBool(p.PINOnScreen), To: strconv.FormatBool(yes)}
		p.PINOnScreen = yes
		return e, nil
	})
}

// AddAllow puts a network on the permanent allow-list.
func (d *Desk) AddAllow(ctx context.Context, by audit.Actor, n netip.Prefix, note string) error {
	if !n.IsValid() || n.Bits() == 0 {
		return fmt.Errorf("%w: %s %w", ErrInvalid, n, auth.ErrAllowTooWide)
	}
	note = printable(note)
	return d.changePolicy(ctx, by, func(p *auth.Policy) (audit.PolicyChanged, error) {
		i := slices.IndexFunc(p.Allow, func(a auth.Allow) bool { return a.Prefix == n && !a.Platform })
		switch {
		case i >= 0 && p.Allow[i].Note == note:
			return audit.PolicyChanged{}, nil
		case i >= 0:
			p.Allow[i].Note = note
		case own(p.Allow) >= auth.MaxAllow:
			return audit.PolicyChanged{}, fmt.Errorf("%w: it holds %d entries; remove one or name a wider network", ErrAllowFull, auth.MaxAllow)
		default:
			p.Allow = append(p.Allow, auth.Allow{Prefix: n, Note: note, Since: d.tools.Now().UTC()})
		}
		return audit.PolicyChanged{Field: "allow", To: n.String()}, nil
	})
}

// own counts the site's own entries.
func own(list []auth.Allow) (n int) {
	for _, a := range list {
		if !a.Platform {
			n++
		}
	}
	return n
}

// RemoveAllow takes a network off the permanent allow-list.
func (d *Desk) RemoveAllow(ctx context.Context, by audit.Actor, n netip.Prefix) error {
	return d.changePolicy(ctx, by, func(p *auth.Policy) (audit.PolicyChanged, error) {
		kept := slices.DeleteFunc(slices.Clone(p.Allow), func(a auth.Allow) bool { return a.Prefix == n && !a.Platform })
		if len(kept) == len(p.Allow) && slices.ContainsFunc(p.Allow, func(a auth.Allow) bool { return a.Prefix == n }) {
			return audit.PolicyChanged{}, fmt.Errorf("%s on the allow-list %w", n, ErrPlatform)
		}
		if len(kept) == len(p.Allow) {
			return audit.PolicyChanged{}, fmt.Errorf("%s %w; lineside allow list shows what is", n, ErrNotAllowed)
		}
		p.Allow = kept
		return audit.PolicyChanged{Field: "allow", From: n.String()}, nil
	})
}

// changePolicy edits a copy of the policy and keeps it with its event.
func (d *Desk) changePolicy(ctx context.Context, by audit.Actor, edit func(*auth.Policy) (audit.PolicyChanged, error)) error {
	_, err := d.store.Policies.ChangePolicy(ctx, func(old auth.Policy) (auth.Policy, []audit.Record, error) {
		p := old.Clone()
		e, err := edit(&p)
		if err != nil || e.From == e.To {
			return old, nil, err
		}
		if err := mayChange(by, old, old.Platform.Rules && siteRule(e.Field), "the rule "+e.Field); err != nil {
			return old, nil, err
		}
		return p, one(phone.MAC{}, by, e), nil
	})
	return err
}

// siteRule reports that a rule is among those the platform sets where it sets any.
func siteRule(field string) bool {
	return field == "first_contact" || field == "window" || field == "block_after" || field == "auto_approve"
}
