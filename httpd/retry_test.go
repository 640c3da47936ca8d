package httpd

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/lineside/lineside/provision"
)

// penalised refuses everybody, for a time.
type penalised time.Duration

func (p penalised) Fetch(context.Context, provision.Ask) (provision.Answer, error) {
	return provision.Answer{Status: provision.Challenge, Retry: time.Duration(p)}, nil
}

func TestRetryAfter(t *testing.T) {
	for wait, want := range map[time.Duration]string{0: "", -time.Second: "", time.Millisecond: "1", time.Minute: "60", time.Minute + 1: "61"} {
		addr, _ := open(t, Config{}, penalised(wait), nil)
		resp, _ := say(t, addr, get("/"+testFile))
		if got := resp.Header.Get("Retry-After"); got != want || resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: got status %d, Retry-After %q; want 401, %q", wait, resp.StatusCode, got, want)
		}
	}
}
