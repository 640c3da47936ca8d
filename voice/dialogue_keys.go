package voice

import (
	"slices"
	"time"
)

// Key takes one press of a key. '#' ends an entry, '*' clears it, letters are
// nothing.
func (d *Dialogue) Key(now time.Time, k Key) []Action {
	if d.phase == unbegun || d.phase == bridging || d.phase == joined || d.phase == over {
		return nil
	}
	if k == '#' {
		return d.hash(now)
	}
	switch {
	case k == '*':
		d.entered = ""
	case !k.digit():
		return nil
	case len(d.entered) < maxEntry:
		d.entered += string(byte(k))
	}
	d.silences = 0
	actions := d.bargeIn()
	d.wait(now)
	return actions
}

// hash ends an entry. While one is being checked only an emergency number counts.
func (d *Dialogue) hash(now time.Time) []Action {
	if d.emergency() {
		return d.bridge()
	}
	switch d.phase {
	case asking:
		return append(d.bargeIn(), d.submit(now)...)
	case checking:
		d.entered = "" // one entry at a time
	case telling:
		d.entered, d.next = "", time.Time{}
		if !d.playing {
			return d.told()
		}
	}
	return nil
}

// bargeIn stops the question at the first key. An announcement goes on: what is
// typed into it can only be an emergency number.
func (d *Dialogue) bargeIn() []Action {
	if !d.playing || d.phase != asking {
		return nil
	}
	d.playing = false
	return []Action{Stop{}}
}

// wait sets the time by which the next key has to come.
func (d *Dialogue) wait(now time.Time) {
	switch {
	case d.phase == checking: // its time is the answer's
	case d.emergency():
		d.next = now.Add(d.cfg.EmergencySilence)
	case d.entered != "":
		d.next = now.Add(d.cfg.BetweenDigits)
	case d.phase == asking:
		d.next = now.Add(d.cfg.FirstDigit)
	case !d.playing:
		d.next = now.Add(d.cfg.BetweenDigits)
	default:
		d.next = time.Time{}
	}
}

// emergency reports that what was typed is exactly an emergency number. It is
// never looked for at the beginning of an entry: 112999 is a PIN.
func (d *Dialogue) emergency() bool { return slices.Contains(d.cfg.Emergency, d.entered) }

// submit hands an entry of the right length over to be checked.
func (d *Dialogue) submit(now time.Time) []Action {
	entry := d.entered
	d.entered = ""
	switch len(entry) {
	case 0:
		return d.say([]string{"ask"})
	case d.cfg.Length:
		d.phase, d.next = checking, now.Add(d.cfg.CheckWithin)
		return []Action{Check{NewDigits(entry)}}
	}
	return d.say([]string{"short", "ask"})
}

// say plays names; the wait for a key begins when they have been said.
func (d *Dialogue) say(names []string) []Action {
	d.play++
	d.playing, d.saying, d.next = true, names, time.Time{}
	return []Action{Play{d.play, names}}
}

// tell says the last there is to say.
func (d *Dialogue) tell(now time.Time, names []string, why Reason) []Action {
	d.phase, d.reason = telling, why
	actions := d.say(names)
	d.wait(now)
	return actions
}

// bridge asks for the emergency call and says that it is being made.
func (d *Dialogue) bridge() []Action {
	number := d.entered
	d.entered = ""
	said := d.say([]string{"emergency"})
	d.phase = bridging
	return append([]Action{Bridge{number}}, said...)
}

func (d *Dialogue) end(why Reason) []Action {
	d.phase, d.playing, d.entered = over, false, ""
	return []Action{HangUp{why}}
}
