package site

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// TestBrokerInWords: a platform that is away or busy is not told as one that
// has taken the box from its list, though the broker's word is the same.
func TestBrokerInWords(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		took time.Duration
		want string
	}{
		"refused at once":       {nats.ErrAuthorization, 300 * time.Millisecond, "join it again"},
		"nobody to be asked":    {nats.ErrAuthorization, 8 * time.Second, "is starting or has too much to do"},
		"the broker's timer":    {errors.New("nats: Authentication Timeout"), 8 * time.Second, "is starting or has too much to do"},
		"its ping meanwhile":    {errors.New("nats: expected 'PONG', got 'PING'"), 2 * time.Second, "is starting or has too much to do"},
		"full":                  {nats.ErrMaxConnectionsExceeded, time.Second, "is starting or has too much to do"},
		"permissions ran out":   {nats.ErrAuthExpired, time.Second, "is starting or has too much to do"},
		"silence":               {nats.ErrTimeout, 10 * time.Second, "does not answer"},
		"wrapped, as a carrier": {fmt.Errorf("by proxy: %w", ErrProxyPassword), time.Second, "user name and password"},
	} {
		if got := reasonFor(inWords(context.Background(), tt.err, tt.took)); !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want it to say %q", name, got, tt.want)
		}
	}
}
