package pages

import (
	"time"

	"github.com/lineside/lineside/admin"
)

// way is how a phone comes to life, as a diagram: the steps in their order, and
// where this one stands.
type way struct {
	Word   string // the whole in a sentence
	Height int
	Steps  []wayStep
}

// wayStep is one step. State is "done", "here", "bad" or "todo".
type wayStep struct {
	State, Word, Note string
	Y                 int
}

// Bottom is where the line to the next step ends.
func (s wayStep) Bottom() int { return s.Y + wayPitch }

const (
	wayPitch = 62
	wayTop   = 22
)

// wayOf draws it of a device; factor is the site's rule for first contact.
func (v *visit) wayOf(d admin.Device, factor string) way {
	e := d.Enrolment
	at := func(word string, t time.Time) string { return v.say(word, v.s.moment(v.words(), t)) }
	proof := "way.proof." + factor
	if e.Ticket != "" || e.TicketDemanded {
		proof = "way.proof.ticket"
	}
	steps := []wayStep{
		{"done", v.say("way.set"), at("way.at", d.Created), 0},
		{"todo", v.say("way.heard"), "", 0},
		{"todo", v.say(proof), "", 0},
		{"todo", v.say("way.login"), "", 0},
		{"todo", v.say("way.live"), "", 0},
	}
	if d.Seen != nil {
		steps[1].State, steps[1].Note = "done", at("way.last", d.Seen.At)
	}
	v.stand(steps, d)
	w := way{Height: wayTop*2 + wayPitch*(len(steps)-1)}
	for i := range steps {
		steps[i].Y = wayTop + i*wayPitch
		if steps[i].State == "here" || steps[i].State == "bad" || i == len(steps)-1 && steps[i].State == "done" {
			w.Word = v.say("way.stands", i+1, len(steps), steps[i].Word)
			if steps[i].Note != "" {
				w.Word += ", " + steps[i].Note
			}
		}
	}
	w.Steps = steps
	return w
}

// stand marks where the device is.
func (v *visit) stand(steps []wayStep, d admin.Device) {
	e := d.Enrolment
	moment := func(t time.Time) string { return v.s.moment(v.words(), t) }
	here := func(i int, state, note string) {
		for j := range i {
			steps[j].State = "done"
		}
		steps[i].State, steps[i].Note = state, note
	}
	switch {
	case e.State == "successful":
		here(4, "done", e.Login)
	case !e.Suspended.IsZero():
		here(2, "here", v.say("way.suspended", moment(e.Suspended)))
	case e.Enrolling:
		here(3, "here", v.say("way.enrolling"))
	case e.State == "blocked":
		here(2, "bad", v.say("way.blocked", e.LockOuts))
	case e.State == "failed":
		here(2, "bad", v.say("way.failed", moment(e.Until)))
	case !e.Pass.IsZero():
		here(2, "here", v.say("way.pass", moment(e.Pass)))
	case d.Seen == nil:
		here(1, "here", v.say("way.unheard"))
	case e.Fails > 0:
		here(2, "here", v.count("way.wrong", e.Fails))
	default:
		here(2, "here", v.say("way.waits"))
	}
}
