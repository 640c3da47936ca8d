package pages_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/pages"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// listen opens the person's stream of events; next gives one after the other, and
// false once the stream has ended.
func (b *person) listen() (status int, next func() (kind, data string, ok bool)) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.base+"/events", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	resp, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = resp.Body.Close() })
	lines := bufio.NewScanner(resp.Body)
	return resp.StatusCode, func() (kind, data string, ok bool) {
		for lines.Scan() {
			switch line := lines.Text(); {
			case strings.HasPrefix(line, "event: "):
				kind = line[len("event: "):]
			case strings.HasPrefix(line, "data: "):
				return kind, line[len("data: "):], true
			}
		}
		return "", "", false
	}
}

// TestEventsNameThePhones: a page hears which phone something happened to, and its
// stream ends with the pages. Before a page is open nothing is followed.
func TestEventsNameThePhones(t *testing.T) {
	s := newSite(t)
	mac, err := phone.ParseMAC("00:15:65:4a:a9:37")
	if err != nil {
		t.Fatal(err)
	}
	step, err := json.Marshal(provision.Step{At: s.now, MAC: mac, Text: "asked"})
	if err != nil {
		t.Fatal(err)
	}
	s.api.set("/api/v1/watch", json.RawMessage(step))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.pages.Run(ctx) }()
	b := s.visitor(t)
	b.signIn("vic")
	if n := s.api.calls("/api/v1/watch"); n != 0 {
		t.Errorf("followed %d times while no page was open", n)
	}
	_, next := b.listen()
	if kind, _, _ := next(); kind != "hello" {
		t.Fatalf("got %q, want hello", kind)
	}
	if kind, data, _ := next(); kind != "changed" || data != `["00:15:65:4a:a9:37"]` {
		t.Errorf("got %s %s, want the phone named", kind, data)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("got %v, want the end without an error", err)
	}
	for _, _, ok := next(); ok; _, _, ok = next() {
	}
}

func TestEventsEndWithTheSession(t *testing.T) {
	s := newSite(t, func(c *pages.Config) { c.Beat = 5 * time.Millisecond })
	b := s.visitor(t)
	b.signIn("vic")
	_, next := b.listen()
	if kind, _, _ := next(); kind != "hello" {
		t.Fatalf("got %q, want hello", kind)
	}
	if kind, data, _ := next(); kind != "changed" || data != `"*"` {
		t.Errorf("got %s %s, want all of the page", kind, data)
	}
	s.people.end()
	kind, _, ok := next()
	for ok && kind == "changed" {
		kind, _, ok = next()
	}
	if kind != "over" {
		t.Errorf("got %q, want over", kind)
	}
	if kind, _, ok := next(); ok {
		t.Errorf("got %s after the end", kind)
	}
}

func TestEventsAreBounded(t *testing.T) {
	s := newSite(t, func(c *pages.Config) { c.MaxStreams = 14 })
	open := func(b *person, want int) {
		t.Helper()
		if status, _ := b.listen(); status != want {
			t.Errorf("got %d, want %d", status, want)
		}
	}
	vic, ada := s.visitor(t), s.visitor(t)
	vic.signIn("vic")
	ada.signIn("ada")
	for range 12 {
		open(vic, http.StatusOK)
	}
	open(vic, http.StatusServiceUnavailable) // one person has their share
	open(ada, http.StatusOK)
	open(ada, http.StatusOK)
	open(ada, http.StatusServiceUnavailable) // and all together theirs
}
