package voice

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// DialogueConfig is how a PIN call goes. The zero value of a field means its
// default.
type DialogueConfig struct {
	// Entry is what the call is about, MAC the phone's address in any notation,
	// which is spelled to a Visitor.
	Entry Entry
	MAC   string
	// Emergency are the numbers that, typed alone and followed by # or by
	// EmergencySilence, default 3 s, are called whatever the Entry.
	Emergency        []string
	EmergencySilence time.Duration
	// Length is how many digits a PIN has, default 6; another number of them is
	// asked for again and costs no try.
	Length int
	// Tries is how many wrong entries end the call, default 3. The phone's own
	// count, over all its calls, is the caller's.
	Tries int
	// FirstDigit is the wait for the first digit once the prompt has ended,
	// default 10 s; BetweenDigits that for the next, default 6 s.
	FirstDigit, BetweenDigits time.Duration
	// CheckWithin is the wait for the answer to a Check, default 10 s.
	CheckWithin time.Duration
	// Longest bounds the whole call, default 3 min. A bridged call has no bound.
	Longest time.Duration
}

// silentPrompts is how often nothing is typed before the call ends.
const silentPrompts = 2

// maxEntry bounds what is kept of an entry; one as long as that is wrong anyway.
const maxEntry = 32

// phase is where a dialogue stands.
type phase uint8

const (
	unbegun  phase = iota
	asking         // for an entry, speaking or listening
	checking       // an entry is with whoever knows
	telling        // what there is to say, then the end
	bridging       // an emergency call is being made
	joined         // to an emergency call, which may still fail
	over
)

// Dialogue is the talk with one caller: pure, with now as an argument and no
// timer of its own. Next says when Tick wants to be called. It is not safe for
// use by several goroutines; Call keeps it under its lock.
type Dialogue struct {
	cfg      DialogueConfig
	phase    phase
	entered  string
	playing  bool
	play     int       // number of the last Play
	saying   []string  // its names
	repeats  int       // how often an announcement is still said again
	reason   Reason    // why it ends after telling
	next     time.Time // when the wait for a key or an answer is over; zero is none
	deadline time.Time
	silences int
	tries    int
}

// NewDialogue checks cfg and makes a dialogue; Begin begins it.
func NewDialogue(cfg DialogueConfig) (*Dialogue, error) {
	cfg = cfg.withDefaults()
	for _, n := range cfg.Emergency {
		if n == "" || len(n) > maxEntry || slices.ContainsFunc([]byte(n), func(c byte) bool { return !Key(c).digit() }) {
			return nil, fmt.Errorf("emergency number %q: write 1 to %d digits, such as 112", n, maxEntry)
		}
	}
	if cfg.Length < 1 || cfg.Length > maxEntry || cfg.Tries < 1 {
		return nil, fmt.Errorf("a PIN of %d digits with %d tries: write 1 to %d digits and at least one try", cfg.Length, cfg.Tries, maxEntry)
	}
	if min(cfg.FirstDigit, cfg.BetweenDigits, cfg.EmergencySilence, cfg.CheckWithin, cfg.Longest) < 0 {
		return nil, errors.New("a wait is negative; write a positive one")
	}
	return &Dialogue{cfg: cfg}, nil
}

func (c DialogueConfig) withDefaults() DialogueConfig {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&c.FirstDigit, 10 * time.Second}, {&c.BetweenDigits, 6 * time.Second}, {&c.EmergencySilence, 3 * time.Second},
		{&c.CheckWithin, 10 * time.Second}, {&c.Longest, 3 * time.Minute},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if c.Length == 0 {
		c.Length = 6
	}
	if c.Tries == 0 {
		c.Tries = 3
	}
	return c
}

// Begin greets the caller.
func (d *Dialogue) Begin(now time.Time) []Action {
	if d.phase != unbegun {
		return nil
	}
	d.deadline = now.Add(d.cfg.Longest)
	names := greeting(d.cfg.Entry, d.cfg.MAC)
	switch d.cfg.Entry {
	case Ask:
		d.phase = asking
		return d.say(names)
	case Failed, Blocked:
		return d.tell(now, names, ReasonRefused)
	case Visitor:
		d.repeats = 1 // nobody writes down twelve digits the first time
	}
	return d.tell(now, names, ReasonTold)
}

// Next is when Tick is to be called, zero for never.
func (d *Dialogue) Next() time.Time {
	if d.phase == unbegun || d.phase == bridging || d.phase == joined || d.phase == over {
		return time.Time{}
	}
	if d.next.IsZero() || d.deadline.Before(d.next) {
		return d.deadline
	}
	return d.next
}

// Played says that the Play of that number has been said to its end.
func (d *Dialogue) Played(now time.Time, number int) []Action {
	if !d.playing || number != d.play {
		return nil
	}
	d.playing = false
	if d.phase != telling {
		d.wait(now)
		return nil
	}
	if d.entered != "" {
		return nil // its time runs already
	}
	return d.told()
}

// told goes on when an announcement has been said.
func (d *Dialogue) told() []Action {
	if d.repeats > 0 {
		d.repeats--
		return d.say(d.saying)
	}
	return d.end(d.reason)
}

// Tick does what is due at now.
func (d *Dialogue) Tick(now time.Time) []Action {
	due := d.Next()
	if due.IsZero() || now.Before(due) {
		return nil
	}
	switch late := !now.Before(d.deadline); {
	case (late || d.phase != checking) && d.emergency():
		return d.bridge()
	case late:
		return d.end(ReasonTooLong)
	}
	d.next = time.Time{}
	switch d.phase {
	case checking:
		return d.tell(now, []string{"unavailable"}, ReasonBroken)
	case telling:
		d.entered = ""
		if d.playing {
			return nil
		}
		return d.told()
	}
	if d.entered != "" {
		return d.submit(now)
	}
	if d.silences++; d.silences >= silentPrompts {
		return d.tell(now, []string{"goodbye"}, ReasonSilent)
	}
	return d.say([]string{"ask"})
}

// Answer is what a Check came to.
func (d *Dialogue) Answer(now time.Time, v Verdict) []Action {
	if d.phase != checking {
		return nil
	}
	names, reason := sentence(v)
	if reason != "" {
		return d.tell(now, names, reason)
	}
	if d.tries++; d.tries >= d.cfg.Tries {
		return d.tell(now, []string{"wrong", "goodbye"}, ReasonRefused)
	}
	d.phase = asking
	if d.entered != "" { // typed on meanwhile: that is the next entry
		d.wait(now)
		return nil
	}
	return d.say(names)
}

// Bridged says that the emergency call is heard: there is nothing more to say, unless
// it fails before it is taken.
func (d *Dialogue) Bridged() { d.phase, d.playing = joined, false }

// BridgeFailed says that it could not be made: the caller hears so, and may dial
// again.
func (d *Dialogue) BridgeFailed(now time.Time) []Action {
	if d.phase != bridging && d.phase != joined {
		return nil
	}
	d.deadline = now.Add(d.cfg.Longest)
	d.repeats = 1
	return d.tell(now, []string{"emergency-failed"}, ReasonBroken)
}
