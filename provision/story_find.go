package provision

import (
	"fmt"
	"slices"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// Times that findings go by.
const (
	lately   = 24 * time.Hour  // older events say nothing of now
	quiet    = 5 * time.Minute // a phone that goes on does so sooner
	insists  = 3               // the same this often is no accident
	clashFor = time.Hour       // how long a contradiction is held against a caller
)

// story is what findings about one phone are drawn from, and nothing else: the
// same story at the same time gives the same findings.
type story struct {
	mac   phone.MAC
	known bool        // set up here
	rec   auth.Record // zero where it is not
	// events are what is proven to be the phone or, where none is, what goes by
	// its MAC; clashes are what layer 2 spoke against. Both oldest first.
	events, clashes []Event
	factor          auth.Factor
	claimed         bool         // policy trusts a MAC that is only claimed
	brand           phone.Vendor // whose one-time password its phone is asked for
	otp             bool         // that is set
	serves          bool         // the box gives out addresses
	leased          bool         // and the phone holds one
	url             string
	zone            *time.Location
	origin          func(user string) (origin, bool)
	// lost is the login of the phone made void last, had says that there is one.
	lost origin
	had  bool
}

// findings is what to make of a phone's story, the most telling first.
func findings(now time.Time, s story) []Finding {
	s.events, s.clashes = recent(now, s.events, lately), recent(now, s.clashes, clashFor)
	list := []Finding{}
	for _, rule := range []func(time.Time, story) []Finding{
		clashing, neverCameBack, looks, otherVendor, signingIn, holding, offTheTrack, silent, stranger,
	} {
		for _, f := range rule(now, s) {
			if !slices.ContainsFunc(list, func(g Finding) bool { return g.Code == f.Code }) {
				list = append(list, f)
			}
		}
	}
	return list
}

func recent(now time.Time, events []Event, span time.Duration) []Event {
	return slices.DeleteFunc(slices.Clone(events), func(e Event) bool { return now.Sub(e.At) >= span })
}

// last is the latest event of one of these kinds.
func (s story) last(kinds ...Kind) (Event, bool) {
	for i := len(s.events) - 1; i >= 0; i-- {
		if slices.Contains(kinds, s.events[i].Kind) {
			return s.events[i], true
		}
	}
	return Event{}, false
}

// settled reports that the device is in successful: it holds a login it has used.
func (s story) settled() bool { return s.known && s.rec.Enrolment.State == auth.Successful }

// mayTrust reports that trust would let the caller in.
func (s story) mayTrust() bool {
	return s.claimed || !slices.ContainsFunc(s.events, func(e Event) bool { return e.Unproven })
}

// doubt is what to add to words about a caller that is not proven to be the phone.
func (s story) doubt(e Event) string {
	if !e.Unproven {
		return ""
	}
	return fmt.Sprintf(" (nothing proves that the caller at %s is this phone)", e.Addr)
}

func (s story) clock(t time.Time) string { return t.In(s.zone).Format("2 Jan 15:04") }

func times(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	case 3:
		return "three times"
	}
	return fmt.Sprintf("%d times", n)
}

// clashing is for a MAC that several go by, and for the phone that goes by
// another's.
func clashing(_ time.Time, s story) []Finding {
	var list []Finding
	for _, e := range slices.Backward(s.clashes) {
		f := Finding{At: e.At}
		switch {
		case e.facts.reason == auth.TicketBound:
			f = s.shownTwice(e)
		case e.facts.culprit:
			f.Code = "asks-as-another"
			f.Text = fmt.Sprintf("asked for the config of %s from %s and was refused", e.facts.other, e.Addr)
			f.Do = fmt.Sprintf("see on the phone whether a server address or file name with the MAC %s was typed in, or the config of that phone was copied to it; reset it to factory settings. If it stands in for %s, set it up as itself: lineside device add %s", e.facts.other, e.facts.other, s.mac)
		case e.facts.reason == auth.MACElsewhere:
			f.Code = "mac-doubted"
			f.Text = fmt.Sprintf("a caller at %s asked for its config and was refused: this MAC is at home at another address", e.Addr)
			f.Do = fmt.Sprintf("if the phone was moved or given a fixed address, restart it so that it asks for a new lease (lineside dhcp leases shows the old one); else find the machine: ip neigh show %s", e.Addr)
		default:
			f.Code = "mac-contradicted"
			f.Text = fmt.Sprintf("a caller at %s, which is %s, asked for its config and was refused", e.Addr, e.facts.other)
			f.Do = fmt.Sprintf("find %s on the switch; it is no phone of this MAC. If it is the new phone in this one's place, set it up as itself: lineside device add %s", e.facts.other, e.facts.other)
		}
		list = append(list, f)
	}
	return list
}

// neverCameBack is for a phone that was given its config for a proof and has not used the login in it.
func neverCameBack(now time.Time, s story) []Finding {
	until, by := handedOut(s.rec.Enrolment)
	if !s.known || until.IsZero() || now.Before(until) {
		return nil
	}
	f := Finding{Code: CodeStalled, At: s.rec.Enrolment.Pending.Minted}
	f.Text = fmt.Sprintf("was given its config by its %s at %s and has not come back with its new login", by, s.clock(f.At))
	f.Do, f.Fix = rearm(s, by)
	return []Finding{f}
}

// What a phone was given its login for, in words.
const (
	byOTP    = "one-time password"
	byPIN    = "PIN"
	byTicket = "ticket"
)

// handedOut is until when a phone that was given a login for a proof may fetch
// it again; zero where none waits to be used. A new login ends the older
// grounds, so the one that reaches furthest is what it was given for.
func handedOut(e auth.Enrolment) (until time.Time, by string) {
	if !e.Enrolling() {
		return time.Time{}, ""
	}
	if e.OTP.Used {
		until, by = e.OTP.Until, byOTP
	}
	if e.Ticket.State == auth.TicketUsed && e.Ticket.Again.After(until) {
		until, by = e.Ticket.Again, byTicket
	}
	if e.Pass.Used && e.Pass.Until.After(until) {
		until, by = e.Pass.Until, byPIN
	}
	return until, by
}

// rearm is again for a phone that may yet come back: what it was given stays
// valid until it uses something newer.
func rearm(s story, by string) (string, Fix) {
	do, fix := s.again()
	if by == byTicket {
		do, fix = "make it another ticket: "+s.newTicket(), FixTicket
	}
	return "see whether it has power and network, and restart it; if it asks for a login again, " + do, fix
}

// CodeOtherVendor is the finding about a phone set up as another vendor's.
const CodeOtherVendor = "other-vendor"

// otherVendor is for a phone that asks for the files of another make.
func otherVendor(_ time.Time, s story) []Finding {
	for _, e := range slices.Backward(s.events) {
		if v := e.facts.vendor; v != "" && s.known && v != s.rec.Device.Vendor {
			return []Finding{{
				Code: CodeOtherVendor, At: e.At,
				Text: fmt.Sprintf("is set up as %s but asks for %s, a file of %s%s", s.rec.Device.Vendor, e.facts.file, v, s.doubt(e)),
				Do:   fmt.Sprintf("if the phone is one, correct it: lineside device edit %s --vendor %s", s.mac, v),
			}}
		}
	}
	return nil
}

// codeStranger is the finding about a phone that is not set up.
const codeStranger = "not-set-up"

// stranger is for a phone that is not set up.
func stranger(_ time.Time, s story) []Finding {
	if s.known || len(s.events) == 0 {
		return nil
	}
	e := s.events[len(s.events)-1]
	return []Finding{{
		Code: codeStranger, At: e.At, Text: "asks for its config and is not set up here",
		Do: "set it up as what it says it is: lineside visitors claim " + s.mac.String(),
	}}
}
