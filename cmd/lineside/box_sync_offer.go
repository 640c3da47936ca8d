package main

import (
	"context"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

// hear keeps the newest offer for offered.
func (l *platformLink) hear(o wire.Offer) {
	for {
		select {
		case l.offers <- o:
			return
		default:
		}
		select {
		case <-l.offers:
		default:
		}
	}
}

// offered keeps where the platform can be reached, where that is news. The link
// that works goes on; the new ways count from the next one, so that a fleet that
// is told of a change does not dial all at once.
func (l *platformLink) offered(ctx context.Context, now *linked, o wire.Offer) {
	if err := o.Check(); err != nil {
		l.box.log.Warn("where the platform says it can be reached is not kept", "err", err)
		return
	}
	if !l.busy.TryLock() {
		return // it joins or leaves; the next hello says it again
	}
	defer l.busy.Unlock()
	id, joined := l.identity()
	if !joined || id.Site != now.identity.Site || id.Offer.Equal(o) {
		return
	}
	was := id.Offer
	id.Offer = o
	if err := l.keepOffer(ctx, id, was); err != nil {
		l.box.log.Warn("where the platform can be reached is not on disk", "err", err)
		return
	}
	now.moved = true
	l.box.log.Info("the platform can be reached elsewhere from now on", "ways", o.String())
}

func (l *platformLink) keepOffer(ctx context.Context, id site.Identity, was wire.Offer) error {
	kept, err := id.Reveal()
	if err != nil {
		return err
	}
	by := audit.Actor{Front: string(provision.PlatformFront)}
	return l.box.desk.SetIdentity(ctx, by, kept, audit.PolicyChanged{Field: "platform_ways", From: was.String(), To: id.Offer.String()})
}
