package main

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

// Codes of the conditions of the link.
const (
	codeAway    = "platform-away"
	codeRevoked = "platform-refused"
	codeSkew    = "platform-clock"
	codePutBack = "platform-put-back"
	codeCentral = "platform-restored"
	codeBroken  = "platform-link"
)

// awayAfter is for how long a platform may be away before an operator is told,
// farOff is how far apart the clocks may be.
const (
	awayAfter = 5 * time.Minute
	farOff    = 2 * time.Minute
)

// logLink logs how the link stands where that is news: not each dial of a
// platform that stays away for the same reason.
func logLink(log *slog.Logger) func(site.Status) {
	var state site.State
	var reason string
	return func(s site.Status) {
		if s.State == site.Dialling && s.Reason != "" || s.State == state && s.Reason == reason {
			return
		}
		state, reason = s.State, s.Reason
		log.Info("the link to the platform", "state", string(s.State), "reason", s.Reason)
	}
}

// tell keeps the conditions of the link.
func (l *platformLink) tell(st site.Status) {
	l.hold(codeRevoked, st.Refused == wire.Revoked, health.Condition{
		Title:   "the platform does not know this box any more",
		Meaning: "phones that are set up go on; nothing new comes from the platform, and its one-time passwords are refused",
		Do:      "have a token made at the platform, then: lineside join --again TOKEN; or go on without it: lineside leave",
		Detail:  st.Reason,
	})
	away := st.State != site.Linked && st.Refused != wire.Revoked && !st.Since.IsZero()
	l.hold(codeAway, away && l.awayFor(st) >= awayAfter, health.Condition{
		Title:   "the platform has been away for " + inDays(l.awayFor(st)),
		Meaning: "phones that are set up go on, new ones come in by PIN; " + l.offlineWords(),
		Do:      "see what stands between: lineside doctor; what happens here meanwhile is kept and told later",
		Detail:  st.Reason,
	})
	l.hold(codeSkew, st.Skew.Abs() > farOff, health.Condition{
		Title:   fmt.Sprintf("the box's clock is %s %s the platform's", humane(st.Skew.Abs().Round(time.Second)), aheadOf(st.Skew)),
		Meaning: "passwords expire earlier or later than the platform means, and its whitelisting of this site may not be renewed",
		Do:      "set the clock, or have it set by NTP: timedatectl set-ntp true",
	})
	l.hold(codePutBack, st.PutBack, health.Condition{
		Title:   "the box was put back to an older state",
		Meaning: "one-time passwords of the platform that were still to be used are void; phones that show one are refused",
		Do:      "have the platform give new ones to the phones that wait; PINs and phones that are set up are not affected",
	})
	l.hold(codeCentral, st.Restored, health.Condition{
		Title:   "the platform was put back to an older state",
		Meaning: "one-time passwords it made before are void; what was changed there since its backup is gone here too",
		Do:      "have the platform give new ones to the phones that wait",
	})
}

// awayFor is how long the platform has not answered.
func (l *platformLink) awayFor(st site.Status) time.Duration {
	if !st.Heard.IsZero() {
		return time.Since(st.Heard)
	}
	return time.Since(l.box.started)
}

// hold raises a condition or clears it.
func (l *platformLink) hold(code string, holds bool, c health.Condition) {
	if !holds {
		l.box.health.Clear(code)
		return
	}
	c.Code = code
	l.box.health.Raise(l.box.now(), c)
}

// clear takes back what was told of a link that is no more.
func (l *platformLink) clear() {
	for _, code := range []string{codeAway, codeRevoked, codeSkew, codePutBack, codeCentral, codeBroken} {
		l.box.health.Clear(code)
	}
}

func (l *platformLink) offlineWords() string {
	if l.offline(l.box.desk.Policy().Platform) {
		return "one-time passwords of the platform count as they did"
	}
	return "one-time passwords of the platform are refused (otp_offline)"
}

func aheadOf(skew time.Duration) string {
	if skew > 0 {
		return "ahead of"
	}
	return "behind"
}

// inDays words a time that may be long.
func inDays(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d minutes", int(d.Minutes()))
}
