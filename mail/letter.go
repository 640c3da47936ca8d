package mail

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
)

// When letters are tried.
const (
	// GiveUp is how old a letter gets. A temporary password lives as long.
	GiveUp    = 24 * time.Hour
	firstWait = time.Minute
	longest   = time.Hour
	// stuckAfter is how long a letter may wait until operators are told.
	stuckAfter = 10 * time.Minute
)

// maxSaid bounds what is kept of a server's words, in bytes.
const maxSaid = 200

// Letter is a message in the queue, as operators see it: without its text.
type Letter struct {
	ID    string    `json:"id"`
	Kind  string    `json:"kind"`
	To    string    `json:"to"`
	Since time.Time `json:"since"`
	// Tries is how often it was carried to the server, LastError what came of the
	// last time.
	Tries     int    `json:"tries"`
	LastError string `json:"last_error,omitempty"`
	// Next is when it is tried next; zero with Refused.
	Next time.Time `json:"next,omitzero"`
	// Refused says that the server will not take it, so that it is not tried again
	// by itself.
	Refused bool `json:"refused"`

	message   Message
	messageID string
}

// storedLetter is a letter as it is kept, sealed whole by whoever keeps it. All
// fields since schema 1.
type storedLetter struct {
	Schema    int       `json:"v"`
	Kind      string    `json:"kind"`
	About     string    `json:"about,omitempty"`
	To        string    `json:"to"`
	Name      string    `json:"name,omitempty"`
	Subject   string    `json:"subject"`
	Text      string    `json:"text"`
	MessageID string    `json:"message_id"`
	Since     time.Time `json:"since"`
	Tries     int       `json:"tries,omitempty"`
	LastError string    `json:"last_error,omitempty"`
	Next      time.Time `json:"next,omitzero"`
	Refused   bool      `json:"refused,omitempty"`
}

// letterSchema is the newest schema of a stored letter.
//
//	1  first
const letterSchema = 1

// newLetter is m in the queue, to be tried at once.
func newLetter(now time.Time, m Message, from Server) Letter {
	now = now.Round(0).UTC()
	id := strings.ToLower(rand.Text())
	return Letter{
		ID: id, Kind: m.Kind, To: m.To, Since: now, Next: now, message: m,
		messageID: id + "@" + from.domain(),
	}
}

// encode gives the letter as it is kept.
func (l Letter) encode() (phone.Secret, error) {
	m := l.message
	b, err := json.Marshal(storedLetter{
		Schema: letterSchema, Kind: l.Kind, About: m.About, To: l.To, Name: m.Name, Subject: m.Subject, Text: m.Text.Reveal(),
		MessageID: l.messageID, Since: l.Since, Tries: l.Tries, LastError: l.LastError, Next: l.Next, Refused: l.Refused,
	})
	if err != nil {
		return phone.Secret{}, fmt.Errorf("encode letter %s: %w", l.ID, err)
	}
	return phone.NewSecret(string(b)), nil
}

// decodeLetter reads what encode gave for the letter id.
func decodeLetter(id string, kept phone.Secret) (Letter, error) {
	var s storedLetter
	if err := json.Unmarshal([]byte(kept.Reveal()), &s); err != nil {
		return Letter{}, fmt.Errorf("read letter %.40q: it is no letter", id) // the cause could quote its text
	}
	if s.Schema != letterSchema {
		return Letter{}, fmt.Errorf("read letter %.40q: it is of schema %d, and this version knows %d", id, s.Schema, letterSchema)
	}
	m := Message{Kind: s.Kind, About: s.About, To: s.To, Name: s.Name, Subject: s.Subject, Text: phone.NewSecret(s.Text)}
	if err := m.check(); err != nil {
		return Letter{}, fmt.Errorf("read letter %.40q: %w", id, err)
	}
	return Letter{
		ID: id, Kind: s.Kind, To: s.To, Since: s.Since, Tries: s.Tries, LastError: s.LastError, Next: s.Next, Refused: s.Refused,
		message: m, messageID: s.MessageID,
	}, nil
}

// shown is the letter without its text, which fmt would print of a field that it
// cannot ask.
func (l Letter) shown() Letter {
	l.message = Message{}
	return l
}

// replaces reports that l takes old's place.
func (l Letter) replaces(old Letter) bool {
	return l.message.About != "" && l.message.About == old.message.About && l.Kind == old.Kind
}

// isDue reports that the letter is to be carried now.
func (l Letter) isDue(now time.Time) bool { return !l.Refused && !l.Next.After(now) }

// isOld reports that the letter is given up.
func (l Letter) isOld(now time.Time) bool { return !now.Before(l.Since.Add(GiveUp)) }

// isStuck reports that operators should know that the letter waits.
func (l Letter) isStuck(now time.Time) bool {
	return !l.Refused && l.Tries > 0 && !now.Before(l.Since.Add(stuckAfter))
}

// failed is the letter after a try that did not succeed. spread is from 0 to 1.
func (l Letter) failed(now time.Time, why error, refused bool, spread float64) Letter {
	l.Tries++
	l.LastError = said(why.Error())
	if l.Refused = refused; refused {
		l.Next = time.Time{}
		return l
	}
	l.Next = now.Round(0).UTC().Add(waitAfter(l.Tries, spread))
	return l
}

// again is the letter to be tried at once.
func (l Letter) again(now time.Time) Letter {
	l.Refused, l.Next = false, now.Round(0).UTC()
	return l
}

// event is what the audit log says of a letter that failed for good.
func (l Letter) event() audit.MailFailed {
	return audit.MailFailed{Message: l.Kind, To: l.To, Tries: l.Tries, Refused: l.Refused, Said: l.LastError}
}

// waitAfter is how long a letter rests after so many tries: a minute, doubled
// with each, at most an hour, and a fifth less or more, so that what failed
// together does not come back together.
func waitAfter(tries int, spread float64) time.Duration {
	wait := longest
	if tries < 7 {
		wait = min(firstWait<<(tries-1), longest)
	}
	return time.Duration(float64(wait) * (0.8 + 0.4*spread))
}

// inOrder puts letters as they came.
func inOrder(letters []Letter) []Letter {
	slices.SortFunc(letters, func(a, b Letter) int {
		if c := a.Since.Compare(b.Since); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return letters
}

// said is what is kept of a server's words: one line, bounded, whatever they are.
func said(s string) string {
	s = strings.ToValidUTF8(s, "?")
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || !oneLine(string(r)) }), " ")
	if len(s) <= maxSaid {
		return s
	}
	cut := strings.ToValidUTF8(s[:maxSaid-3], "")
	return cut + "…"
}
