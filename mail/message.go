package mail

import (
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lineside/lineside/phone"
)

// Bounds of a message, in bytes.
const (
	MaxText    = 4 << 10
	MaxSubject = 200
	MaxName    = 200
	maxAbout   = 200
	maxKind    = 40
)

// Message is a text to one person.
type Message struct {
	// Kind is what it is, for operators and metrics: small letters and dashes,
	// such as "temporary-password".
	Kind string
	// About is what it is about, such as "account erika". A message takes the
	// place of a waiting one of the same kind about the same; an empty About is
	// about nothing that another could be about too.
	About string
	// To is the person's address, Name the person's name or empty.
	To, Name string
	Subject  string
	// Text is plain text in lines. It may well hold a password.
	Text phone.Secret
}

// ErrMessage is what every message that cannot be sent as it is is refused with.
var ErrMessage = errors.New("cannot be mailed")

// CheckAddress says whether s is an address a message can be sent to.
func CheckAddress(s string) error {
	a, err := netmail.ParseAddress(s)
	if err != nil || a.Address != s || a.Name != "" || len(s) > phone.MaxEmail || !oneLine(s) {
		return fmt.Errorf("%.80q is no address; write one such as anna@example.net", s)
	}
	return nil
}

// check says everything that keeps m from being sent. Nothing that could end a
// header line comes through.
func (m Message) check() error {
	errs := []error{m.checkKind()}
	if err := CheckAddress(m.To); err != nil {
		errs = append(errs, fmt.Errorf("to: %w", err))
	}
	for _, line := range []struct {
		field, text string
		most        int
	}{{"name", m.Name, MaxName}, {"subject", m.Subject, MaxSubject}, {"about", m.About, maxAbout}} {
		if !oneLine(line.text) || len(line.text) > line.most {
			errs = append(errs, fmt.Errorf("%s: must be one line of at most %d bytes", line.field, line.most))
		}
	}
	text := m.Text.Reveal()
	switch {
	case m.Subject == "", text == "":
		errs = append(errs, errors.New("subject and text: one is missing"))
	case len(text) > MaxText, !utf8.ValidString(text), strings.ContainsFunc(text, unprintable):
		errs = append(errs, fmt.Errorf("text: must be lines of text of at most %d bytes", MaxText))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("message of kind %.40q %w: %w", m.Kind, ErrMessage, err)
	}
	return nil
}

func (m Message) checkKind() error {
	if m.Kind == "" || len(m.Kind) > maxKind || strings.Trim(m.Kind, "abcdefghijklmnopqrstuvwxyz-") != "" {
		return fmt.Errorf("kind: must be 1 to %d small letters and dashes", maxKind)
	}
	return nil
}

// oneLine reports that s ends no header line and hides nothing.
func oneLine(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError
	})
}

// unprintable is what has no place in a text of lines.
func unprintable(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t'
}
