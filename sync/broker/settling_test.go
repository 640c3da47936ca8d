package broker

import (
	"errors"
	"fmt"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
)

// TestSettling: which errors of a cluster may be gone in a moment.
func TestSettling(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{&jetstream.APIError{ErrorCode: codeUnavailable}, true},
		{&jetstream.APIError{ErrorCode: codeNoPeers}, true},
		{fmt.Errorf("open: %w", jetstream.ErrStreamNotFound), true}, // another platform makes it
		{&jetstream.APIError{ErrorCode: jetstream.JSErrCodeStreamNameInUse}, false},
		{errors.New("a stream of that name is there which is not the platform's"), false},
	} {
		if got := settling(c.err); got != c.want {
			t.Errorf("%v: got %v, want %v", c.err, got, c.want)
		}
	}
}
