package provision

import (
	"context"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// openWindow opens the site window, as a right PIN does.
func (d *Desk) openWindow(ctx context.Context, by audit.Actor, now time.Time) error {
	_, err := d.store.Policies.ChangePolicy(ctx, func(old auth.Policy) (auth.Policy, []audit.Record, error) {
		p, moved := old.Open(now)
		if !moved || old.IsOpen(now) {
			return p, nil, nil
		}
		return p, one(phone.MAC{}, by, audit.WindowOpened{Until: p.WindowUntil}), nil
	})
	return err
}

// holdWindow keeps an open window open after a config was fetched in full. One
// caller at a time writes, and not oftener than auth.WindowStep; that a write
// failed shortens the window and harms nothing, so it is only logged.
func (d *Desk) holdWindow(ctx context.Context, by audit.Actor, now time.Time) {
	p := d.store.Policies.Policy()
	if _, moves := p.Open(now); !moves || !p.IsOpen(now) || !d.holding.CompareAndSwap(false, true) {
		return
	}
	defer d.holding.Store(false)
	if err := d.openWindow(ctx, by, now); err != nil {
		d.tools.Log.Warn("the site window was not kept open", "err", err)
	}
}
