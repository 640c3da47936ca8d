package shell

import (
	"fmt"

	"github.com/spf13/cobra"
)

// UsageError is a command line that makes no sense.
type UsageError struct{ text, verb string }

// Error says what is wrong with it.
func (e *UsageError) Error() string { return e.text }

// Hint says where the verb is explained.
func (e *UsageError) Hint() string { return e.verb + " --help shows how it is written" }

// Usagef is a UsageError of a verb.
func Usagef(cmd *cobra.Command, format string, args ...any) error {
	return &UsageError{text: fmt.Sprintf(format, args...), verb: cmd.CommandPath()}
}

// HintError is an error and, apart from it, what to type next.
type HintError struct {
	err  error
	next string
}

// Hint puts what to type next beside an error.
func Hint(err error, format string, args ...any) error {
	return &HintError{err: err, next: fmt.Sprintf(format, args...)}
}

// Error is the error without the hint.
func (e *HintError) Error() string { return e.err.Error() }

// Unwrap gives the error itself.
func (e *HintError) Unwrap() error { return e.err }

// Hint is what to type next.
func (e *HintError) Hint() string { return e.next }
