package pages

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/lineside/lineside/admin"
)

const (
	// eventPace is the least time between two events to one page, however much
	// happens.
	eventPace = time.Second
	// eventWrite is how long a browser may take to read one.
	eventWrite = 10 * time.Second
)

// getEvents streams server-sent events (WHATWG HTML, section 9.2) to a page that
// is looked at: "changed" with the MACs of the phones to which something
// happened, or "*" for all of the page, and "over" when the session has ended.
func getEvents(v *visit) error {
	l := v.s.live.join(v.who.Name)
	if l == nil {
		return &admin.Error{Status: http.StatusServiceUnavailable, What: v.say("problem.streams"), Hint: v.say("problem.streams.do")}
	}
	defer v.s.live.leave(l)
	v.begun = true
	h := v.w.Header()
	h.Set("Content-Type", "text/event-stream")
	e := events{out: http.NewResponseController(v.w), w: v.w}
	// The browser has nothing more to say: without this the time-out for its
	// request would end the stream.
	_ = e.out.SetReadDeadline(time.Time{}) // a stream without it only ends sooner
	if e.send("hello", "{}") != nil {
		return nil // it went away already
	}
	v.stream(e, l)
	return nil
}

// stream tells what happens until somebody ends it.
func (v *visit) stream(e events, l *listener) {
	beat := time.NewTicker(v.s.cfg.Beat)
	defer beat.Stop()
	pace := time.NewTimer(0)
	defer pace.Stop()
	var wake <-chan struct{} // nil while the pace holds it back
	for {
		kind, data := "changed", `"*"`
		select {
		case <-v.s.live.ended:
			return
		case <-v.ctx().Done():
			return
		case <-pace.C:
			wake = l.wake
			continue
		case <-wake:
			data = named(l.take())
			wake = nil
			pace.Reset(eventPace)
		case <-beat.C:
		}
		if _, in := v.s.dep.People.Who(secret(v.cookie()), false); !in {
			_ = e.send("over", "{}") // the end of the stream says it too
			return
		}
		if e.send(kind, data) != nil {
			return
		}
	}
}

// events writes them, each at once.
type events struct {
	out *http.ResponseController
	w   http.ResponseWriter
}

func (e events) send(kind, data string) error {
	// The end of the stream has the last event's time.
	_ = e.out.SetWriteDeadline(time.Now().Add(eventWrite))
	if _, err := fmt.Fprintf(e.w, "event: %s\ndata: %s\n\n", kind, data); err != nil {
		return err
	}
	return e.out.Flush()
}

// named writes which phones changed.
func named[T any](changed []T, all bool) string {
	if all {
		return `"*"`
	}
	list, err := json.Marshal(changed)
	if err != nil { // a MAC always has its text
		return `"*"`
	}
	return string(list)
}
