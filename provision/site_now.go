package provision

import (
	"context"
	"slices"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// siteNow is the site with what the central platform says of it.
type siteNow struct {
	phone.Site
	numbers []string // the platform's
	sbc     string
}

// says reports that this is what the platform says.
func (s *siteNow) says(p auth.SitePlatform) bool {
	return s != nil && s.sbc == p.SBC && slices.Equal(s.numbers, p.Emergency)
}

// Site is the branch this desk serves, now: the platform's emergency numbers
// stand beside the settings' own, which are never fewer, and its SBC where they
// name none. It is shared and must not be changed.
func (d *Desk) Site() phone.Site { return d.siteNow().Site }

// siteNow is the same value as long as the site is.
func (d *Desk) siteNow() *siteNow {
	p := d.Policy().Platform
	if now := d.site.Load(); now.says(p) {
		return now
	}
	next := &siteNow{Site: d.cfg.Site, numbers: p.Emergency, sbc: p.SBC}
	next.Emergency = slices.Clone(d.cfg.Site.Emergency)
	for _, number := range p.Emergency {
		if !slices.Contains(next.Emergency, number) {
			next.Emergency = append(next.Emergency, number)
		}
	}
	if next.SBC == "" {
		next.SBC = p.SBC
	}
	d.site.Store(next)
	return next
}

// FollowSite sees to what hangs on the site whenever the platform changes it,
// until ctx ends: take is told, templates that would cost a phone one of the
// numbers are out of force as they are at a start, and phones are told to fetch.
func (d *Desk) FollowSite(ctx context.Context, take func(phone.Site)) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.siteNews:
		}
		take(d.Site())
		if err := d.reopenTemplates(); err != nil {
			d.tools.Log.Error("whether templates lose an emergency number of the platform's was not looked at", "err", err)
		}
		d.nudgeAll()
		d.tools.Log.Info("the platform changed the site's emergency numbers or its SBC", "count", len(d.Site().Emergency))
	}
}

// siteChanged has FollowSite see to a change.
func (d *Desk) siteChanged() {
	select {
	case d.siteNews <- struct{}{}:
	default: // it has not looked yet
	}
}

// reopenTemplates tries what is in force on every device anew: other numbers may
// be lost now than when it was put in force.
func (d *Desk) reopenTemplates() error {
	d.templates.mu.Lock()
	defer d.templates.mu.Unlock()
	next, out, err := d.readTemplates(d.templates.layers(), vendors.Layers{})
	if err != nil {
		return err
	}
	d.forceTemplates(next, out)
	return nil
}

// nudgeAll has all phones that are set up told, in their turn. One that cannot
// be told fetches by itself within hours.
func (d *Desk) nudgeAll() {
	for _, rec := range d.store.Devices.Records() {
		d.nudge(rec.Device.MAC)
	}
}
