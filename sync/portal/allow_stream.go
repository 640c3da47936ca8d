package portal

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// streamAllowed sends the allow-list's changes as server-sent events (WHATWG
// HTML, 9.2), each an AllowChanges with its cursor as the event's ID, so that
// whoever comes again with Last-Event-ID goes on behind it.
func (s *Server) streamAllowed(c *call) error {
	out := http.NewResponseController(c.w)
	defer func() { _ = out.SetWriteDeadline(time.Time{}) }()
	c.w.Header().Set("Content-Type", string(streamType))
	cursor := c.r.Header.Get("Last-Event-ID")
	if cursor == "" {
		cursor = c.word("cursor")
	}
	over := time.NewTimer(followFor)
	defer over.Stop()
	alive := time.NewTicker(followAlive)
	defer alive.Stop()
	for {
		changes, news := s.p.FollowAllow(cursor)
		text := ":\n\n" // a comment: still here
		if changes.Full || len(changes.Changes) > 0 {
			b, err := json.Marshal(changes)
			if err != nil {
				return fmt.Errorf("write changes of the allow-list: %w", err)
			}
			text = fmt.Sprintf("id: %s\nevent: changes\ndata: %s\n\n", changes.Cursor, b)
		}
		cursor = changes.Cursor
		// Whoever reads too slowly comes again; not every writer has deadlines.
		_ = out.SetWriteDeadline(time.Now().Add(followAlive))
		if _, err := io.WriteString(c.w, text); err != nil || out.Flush() != nil {
			return nil // the caller has gone
		}
		select {
		case <-news:
		case <-alive.C:
		case <-over.C:
			return nil
		case <-c.r.Context().Done():
			return nil
		}
	}
}
