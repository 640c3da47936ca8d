package voice

import "fmt"

// Action is what a Dialogue wants done. Play and Stop are for whoever holds the
// sound; Check, Bridge and HangUp are for whoever holds the signalling.
type Action interface{ action() }

// Play says the named prompts one after the other, in place of whatever is being
// said. Whoever plays hands Number back with Played when the last has ended.
type Play struct {
	Number int
	Names  []string
}

// Stop ends what is being said: the caller has pressed a key.
type Stop struct{}

// Check asks whether an entry is right. The answer goes to Dialogue.Answer.
type Check struct{ Entry Digits }

// Bridge asks for a call to an emergency number, with this call's sound joined to
// it. Where that does not come about, Dialogue.BridgeFailed is told.
type Bridge struct{ Number string }

// HangUp asks for the end of the call.
type HangUp struct{ Reason Reason }

func (Play) action()   {}
func (Stop) action()   {}
func (Check) action()  {}
func (Bridge) action() {}
func (HangUp) action() {}

// Reason is why a dialogue ended.
type Reason string

// The reasons.
const (
	ReasonRight   Reason = "right"    // the entry was right
	ReasonRefused Reason = "refused"  // failed, blocked, or no more tries
	ReasonSilent  Reason = "silent"   // nobody typed anything
	ReasonTold    Reason = "told"     // the announcement was all there is
	ReasonTooLong Reason = "too long" // the bound of the whole call
	ReasonBroken  Reason = "broken"   // nobody answered the check, or a fault of ours
)

// Entry is what a call is about when it begins.
type Entry uint8

// The entries.
const (
	Ask      Entry = iota // ask for the PIN
	Failed                // no PIN is taken for a while
	Blocked               // no PIN is taken until an operator acts
	Visitor               // the phone is not known here; its MAC address is spelled
	Awaiting              // an operator has to approve the phone
	Unneeded              // the phone needs no PIN
	NoRoute               // no emergency call can be made from here; said before the call is refused
)

// Verdict is the answer to a Check.
type Verdict struct {
	Outcome Outcome
	// Left is how many tries are left, with Wrong; 0 says nothing of it.
	Left int
}

// Outcome is what a check came to.
type Outcome uint8

// The outcomes.
const (
	Unavailable Outcome = iota // it could not be checked now
	Right
	Wrong
	NowFailed  // wrong, and no PIN is taken for a while
	NowBlocked // wrong, and no PIN is taken until an operator acts
	NowAwaits  // right, and an operator has to approve the phone
)

// String names the outcome for logs.
func (o Outcome) String() string {
	names := []string{"unavailable", "right", "wrong", "failed", "blocked", "awaiting approval"}
	if int(o) < len(names) {
		return names[o]
	}
	return fmt.Sprintf("outcome %d", uint8(o))
}
