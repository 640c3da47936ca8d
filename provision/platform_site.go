package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// PutPlatformUser makes a user what the platform says; a password it leaves
// empty stays.
func (d *Desk) PutPlatformUser(ctx context.Context, u phone.User) error {
	u.Platform = true
	_, _, err := d.changeUsers(ctx, platformActor(), []phone.User{u}, func(phone.User, phone.User) error { return nil })
	return err
}

// DropPlatformUser removes the platform's user with an extension. The devices
// they own keep the name: it means nobody then.
func (d *Desk) DropPlatformUser(ctx context.Context, extension string) error {
	all := d.Users()
	i := slices.IndexFunc(all, func(u phone.User) bool { return u.Platform && u.Extension == extension })
	if i < 0 {
		return nil
	}
	d.people.owners.Lock()
	defer d.people.owners.Unlock()
	id := all[i].ID
	err := d.store.Users.ChangeUsers(ctx, func(old phone.User) (*phone.User, []audit.Record, error) {
		if !old.Platform {
			return keepUser(old), nil, nil
		}
		return nil, one(phone.MAC{}, platformActor(), audit.UserRemoved{User: id}), nil
	}, id)
	d.people.forget()
	d.nudgeOwned(func(owner string) bool { return owner == id })
	return err
}

// PutPlatformBrand sets a brand's one-time password as the platform says; the
// one it has already is left alone.
func (d *Desk) PutPlatformBrand(ctx context.Context, v phone.Vendor, user string, password phone.Secret) error {
	brand, err := d.table.ParseBrand(string(v))
	if err != nil {
		return fmt.Errorf("one-time password is %w: %w", ErrInvalid, err)
	}
	if b := d.Policy().Brands[brand]; b.Platform && b.User == user && b.Password.Equal(password) && !password.IsZero() {
		return nil
	}
	_, err = d.SetBrand(ctx, platformActor(), brand, user, password)
	return err
}

// DropPlatformBrand takes away a brand's one-time password that the platform set.
func (d *Desk) DropPlatformBrand(ctx context.Context, v phone.Vendor) error {
	brand, err := d.table.ParseBrand(string(v))
	if err != nil || !d.Policy().Brands[brand].Platform {
		return nil
	}
	_, err = d.SetBrand(ctx, platformActor(), brand, "", phone.Secret{})
	return err
}

// SitePolicy is the site's rules as the platform wants them.
type SitePolicy struct {
	Rules                    auth.SaidRules
	OTPOffline, LocalChanges bool
	Emergency                []string
	SBC                      string
}

// PutPlatformPolicy sets the site's rules. Where it allows changes here, a rule
// stays as an operator set it until the platform changes that one.
func (d *Desk) PutPlatformPolicy(ctx context.Context, w SitePolicy) error {
	if w.Rules.BlockAfter == 0 {
		w.Rules.BlockAfter = auth.LockOutsToBlock
	}
	site := d.cfg.Site
	site.Emergency, site.SBC = append(slices.Clone(site.Emergency), w.Emergency...), w.SBC
	_, factor := auth.ParseFactor(string(w.Rules.FirstContact))
	if err := errors.Join(factor, auth.CheckWindow(w.Rules.Window), auth.CheckBlockAfter(w.Rules.BlockAfter), site.Validate()); err != nil {
		return fmt.Errorf("the site's rules are %w:\n%w", ErrInvalid, err)
	}
	return d.platformPolicy(ctx, func(p *auth.Policy) {
		was, said := p.Platform, w.Rules
		fresh := !was.Rules || !w.LocalChanges
		if fresh || said.FirstContact != was.Said.FirstContact {
			p.FirstContact = said.FirstContact
		}
		if fresh || said.Window != was.Said.Window {
			*p = p.WithWindow(d.tools.Now(), said.Window)
		}
		if fresh || said.BlockAfter != was.Said.BlockAfter {
			p.BlockAfter = said.BlockAfter
		}
		if fresh || said.AutoApprove != was.Said.AutoApprove {
			p.AutoApprove = said.AutoApprove
		}
		p.Platform = auth.SitePlatform{
			Identity: was.Identity, Rules: true, Said: said, OTPOffline: w.OTPOffline, LocalChanges: w.LocalChanges,
			Emergency: slices.Clone(w.Emergency), SBC: w.SBC,
		}
	})
}

// LocalRules are the rules that an operator here set otherwise than the platform
// did, in words.
func (d *Desk) LocalRules() (rules []string) {
	p := d.Policy()
	if !p.Platform.Rules {
		return nil
	}
	said := p.Clone()
	s := p.Platform.Said
	said.FirstContact, said.Window, said.BlockAfter, said.AutoApprove = s.FirstContact, s.Window, s.BlockAfter, s.AutoApprove
	for _, f := range ruleTexts() {
		if here, there := f.text(p), f.text(said); here != there {
			rules = append(rules, f.name+" "+here+", not "+there)
		}
	}
	return rules
}

// DropPlatformPolicy leaves the rules as they are and to the site's operators.
func (d *Desk) DropPlatformPolicy(ctx context.Context) error {
	return d.platformPolicy(ctx, func(p *auth.Policy) { p.Platform = auth.SitePlatform{Identity: p.Platform.Identity} })
}

// PutPlatformAllow makes entries the platform's part of the allow-list; the
// site's own are not touched.
func (d *Desk) PutPlatformAllow(ctx context.Context, entries []auth.Allow) error {
	if len(entries) > auth.MaxAllow {
		return fmt.Errorf("the platform's %d addresses are more than %d: %w: %w", len(entries), auth.MaxAllow, ErrInvalid, ErrAllowFull)
	}
	for _, a := range entries {
		if !a.Prefix.IsValid() || a.Prefix.Bits() == 0 {
			return fmt.Errorf("%w: %s %w", ErrInvalid, a.Prefix, auth.ErrAllowTooWide)
		}
	}
	return d.platformPolicy(ctx, func(p *auth.Policy) {
		since := make(map[string]auth.Allow)
		for _, a := range p.Allow {
			if a.Platform {
				since[a.Prefix.String()] = a
			}
		}
		p.Allow = slices.DeleteFunc(p.Allow, func(a auth.Allow) bool { return a.Platform })
		for _, a := range entries {
			a.Platform, a.Note, a.Since = true, printable(a.Note), d.tools.Now().UTC()
			if old, ok := since[a.Prefix.String()]; ok {
				a.Since = old.Since
			}
			p.Allow = append(p.Allow, a)
		}
	})
}

// platformPolicy changes the policy in the platform's name, and says in the audit
// log which rules changed with it.
func (d *Desk) platformPolicy(ctx context.Context, edit func(*auth.Policy)) error {
	was := d.siteNow()
	_, err := d.store.Policies.ChangePolicy(ctx, func(old auth.Policy) (auth.Policy, []audit.Record, error) {
		p := old.Clone()
		edit(&p)
		var events []audit.Record
		for _, f := range ruleTexts() {
			if from, to := f.text(old), f.text(p); from != to {
				events = append(events, one(phone.MAC{}, platformActor(), audit.PolicyChanged{Field: f.name, From: from, To: to})...)
			}
		}
		return p, events, nil
	})
	if !was.says(d.Policy().Platform) {
		d.siteChanged()
	}
	return err
}

// Disown makes everything the platform keeps the site's own, because the box no
// longer belongs to one. Its addresses go: whoever entered them is gone.
func (d *Desk) Disown(ctx context.Context) error {
	all, err := d.store.Devices.All()
	if err != nil {
		return fmt.Errorf("list devices: %w", err)
	}
	for _, rec := range all {
		if !rec.Platform.Managed {
			continue
		}
		_, err := d.change(ctx, rec.Device.MAC, func(old auth.Record) (*auth.Record, []audit.Record, error) {
			old.Platform = auth.Platform{}
			return keep(old), nil, nil
		})
		if err != nil {
			return err
		}
	}
	var ids []string
	for _, u := range d.Users() {
		if u.Platform {
			ids = append(ids, u.ID)
		}
	}
	if len(ids) > 0 {
		err := d.store.Users.ChangeUsers(ctx, func(old phone.User) (*phone.User, []audit.Record, error) {
			old.Platform = false
			return keepUser(old), nil, nil
		}, ids...)
		if err != nil {
			return err
		}
	}
	return d.platformPolicy(ctx, func(p *auth.Policy) {
		p.Platform = auth.SitePlatform{}
		p.Allow = slices.DeleteFunc(p.Allow, func(a auth.Allow) bool { return a.Platform })
		for v, b := range p.Brands {
			b.Platform = false
			p.Brands[v] = b
		}
	})
}

// SetIdentity keeps who the box is to the platform; empty is nobody.
func (d *Desk) SetIdentity(ctx context.Context, by audit.Actor, identity phone.Secret, event audit.Event) error {
	_, err := d.store.Policies.ChangePolicy(ctx, func(old auth.Policy) (auth.Policy, []audit.Record, error) {
		p := old.Clone()
		p.Platform.Identity = identity
		return p, one(phone.MAC{}, by, event), nil
	})
	return err
}

// ruleText is one rule in the words of the audit log.
type ruleText struct {
	name string
	text func(auth.Policy) string
}

func ruleTexts() []ruleText {
	return []ruleText{
		{"first_contact", func(p auth.Policy) string { return string(p.FirstContact) }},
		{"window", auth.Policy.WindowText},
		{"block_after", func(p auth.Policy) string { return fmt.Sprint(p.BlocksAfter()) }},
		{"auto_approve", func(p auth.Policy) string { return fmt.Sprint(p.AutoApprove) }},
		{"otp_offline", func(p auth.Policy) string { return fmt.Sprint(p.Platform.OTPOffline) }},
		{"local_changes", func(p auth.Policy) string { return fmt.Sprint(p.Platform.LocalChanges) }},
		{"emergency", func(p auth.Policy) string { return fmt.Sprint(p.Platform.Emergency) }},
		{"sbc", func(p auth.Policy) string { return p.Platform.SBC }},
		{"allow", func(p auth.Policy) string {
			var n int
			for _, a := range p.Allow {
				if a.Platform {
					n++
				}
			}
			return fmt.Sprintf("%d of the platform's", n)
		}},
	}
}
