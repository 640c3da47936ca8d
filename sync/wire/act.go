package wire

import (
	"fmt"
	"strings"
)

// Act asks for something only the platform may do to a device it keeps, in the
// name of somebody who works at the box. Since 2026-11; a platform from before
// refuses it as malformed.
type Act struct {
	// Do is one of the Act… words, MAC the device in hex digits.
	Do  string `json:"do"`
	MAC string `json:"mac"`
	// Clear, with ActAllowOTP, makes the device's own login void with that.
	Clear bool `json:"clear,omitempty"`
	// By is who asks, as the box's audit log names them. It is the box's word
	// alone, and kept as such.
	By string `json:"by,omitempty"`
}

// What an Act may ask for.
const (
	// ActReset makes everything the device ever proved void, and a new PIN.
	ActReset = "reset"
	// ActUnblock has its PIN taken again.
	ActUnblock = "unblock"
	// ActAllowOTP lets it in by its brand's password once.
	ActAllowOTP = "allow-otp"
)

// ActReply says that it was done, or why not.
type ActReply struct {
	// No is one sentence for who asked; empty where it was done.
	No string `json:"no,omitempty"`
}

// maxActWord bounds each word of an Act in bytes.
const maxActWord = 64

func (a Act) check() error {
	for _, word := range []string{a.Do, a.MAC, a.By} {
		if len(word) > maxActWord || strings.ContainsFunc(word, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return fmt.Errorf("got %.80q in an act, want at most %d bytes of text", word, maxActWord)
		}
	}
	return nil
}
