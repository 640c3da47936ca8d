package sipd

import (
	"context"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/voice"
)

// checkWait bounds one look at a PIN; the voice gives up after ten seconds.
const checkWait = 9 * time.Second

// Why a call ended, beside the voice's own reasons.
const (
	whyHungUp  = "the phone hung up"
	whyStopped = "the box ended it"
	whyBridged = "its emergency call is over"
)

// talk does what the talk asks for, until one side hangs up.
func (c *pinCall) talk(ctx context.Context) (why string) {
	for {
		select {
		case <-ctx.Done():
			switch {
			case c.sbc != nil:
				return whyBridged
			case c.leg.hungUp.Load():
				return whyHungUp
			}
			return whyStopped
		case event, open := <-c.leg.media.Events():
			if !open {
				return whyStopped
			}
			switch e := event.(type) {
			case voice.Check:
				c.leg.media.Result(c.check(ctx, e.Entry))
			case voice.Bridge:
				if !c.bridge(ctx, e.Number) {
					c.leg.media.BridgeFailed()
				}
			case voice.HangUp:
				return string(e.Reason)
			}
		}
	}
}

// check asks the desk about an entry. Who hangs up meanwhile has tried all the
// same, or wrong PINs would cost nothing to who is quick.
func (c *pinCall) check(ctx context.Context, entry voice.Digits) voice.Verdict {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkWait)
	defer cancel()
	a, err := c.s.dep.Desk.DialPIN(ctx, c.peer, phone.NewSecret(entry.Reveal()))
	if err != nil {
		c.s.dep.Log.Warn("a PIN could not be checked", "mac", c.peer.MAC, "err", err)
		return voice.Verdict{Outcome: voice.Unavailable}
	}
	c.changed = c.changed || a.Right || a.Now != provision.CallAsk
	return verdictOf(a)
}

// verdictOf is what became of a PIN in the words of the voice.
func verdictOf(a provision.PINAnswer) voice.Verdict {
	switch {
	case a.Right:
		return voice.Verdict{Outcome: voice.Right}
	case a.Now == provision.CallFailed:
		return voice.Verdict{Outcome: voice.NowFailed}
	case a.Now == provision.CallBlocked:
		return voice.Verdict{Outcome: voice.NowBlocked}
	case a.Now == provision.CallAsk:
		return voice.Verdict{Outcome: voice.Wrong, Left: a.Left}
	}
	return voice.Verdict{Outcome: voice.Unavailable}
}

// end hangs up on both sides, the phone's first: only then is it told to fetch.
func (c *pinCall) end(why string) {
	c.leg.media.Close()
	if c.sbc != nil {
		c.sbc.media.Close()
		sbc := c.sbc
		c.s.background(func(ctx context.Context) { c.s.hangUp(ctx, sbc) })
		c.s.calls.remove(sbc)
	}
	if c.place != nil {
		c.s.calls.leave(c.place)
	}
	c.s.hangUp(c.s.context(), c.leg)
	c.s.dep.Desk.HungUp(c.peer, why, c.changed)
}

// hangUp sends BYE to a side that stands and has not sent one itself.
func (s *Server) hangUp(ctx context.Context, l *leg) {
	if l.up.Load() && !l.hungUp.Load() {
		s.sendBYE(ctx, l)
	}
}
