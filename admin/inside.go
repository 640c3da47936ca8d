package admin

import (
	"context"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/lineside/lineside/audit"
)

// pageFront is the front of who calls by a page, in the audit log and the
// metrics.
const pageFront = "page"

// Caller is who has signed in and asks by a page.
type Caller struct {
	// Name is the account's, or the user's ID.
	Name string
	Role Role
	// Must says why the password has to be changed before anything else, see
	// accounts.Person.
	Must string
	// Remote is where the browser is.
	Remote netip.Addr
}

// For gives a client whose calls go straight to the route table, in the name of
// who: the page is a client of the API as the command line is. Whether who is
// who it says is the pages' to know. It needs no Close, and ends its streams
// when the HTTPS listener ends.
func (s *Server) For(who Caller) *Client {
	if who.Role != Anyone {
		s.regulars.note(who.Remote)
	}
	by := caller{audit.Actor{Front: pageFront, Name: who.Name, Remote: who.Remote}, who.Role, who.Must}
	return &Client{http: &http.Client{Transport: inside{s, by}}}
}

// isAPI reports that a path is not the pages'.
func isAPI(path string) bool {
	return path == "/api" || strings.HasPrefix(path, "/api/") || path == "/metrics"
}

// inside carries a client's calls to the routes of its own process.
type inside struct {
	s  *Server
	by caller
}

// RoundTrip has the call answered in a goroutine of its own, which ends with the
// answer, or when whoever reads that closes it.
func (i inside) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, leave := context.WithCancel(r.Context())
	r = r.WithContext(ctx)
	if r.Body == nil {
		r.Body = http.NoBody // a server's request always has one
	}
	body, into := io.Pipe()
	w := &piped{header: make(http.Header), trailer: make(http.Header), body: into, begun: make(chan struct{})}
	go func() {
		defer w.end()
		i.s.answer(pageFront, w, r, func(a *answer) {
			a.who = i.by
			i.s.inside.ServeHTTP(a, r)
		})
		_ = r.Body.Close()
	}()
	answer := readAnswer{PipeReader: body, leave: leave}
	select {
	case <-w.begun:
	case <-ctx.Done():
		_ = answer.Close()
		return nil, ctx.Err()
	}
	return &http.Response{
		StatusCode: w.status, Status: http.StatusText(w.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Trailer: w.trailer, Body: answer, ContentLength: -1, Request: r,
	}, nil
}

// readAnswer ends the call when it is closed: what that still writes goes
// nowhere.
type readAnswer struct {
	*io.PipeReader
	leave func()
}

// Close ends the call.
func (a readAnswer) Close() error {
	a.leave()
	return a.PipeReader.Close()
}

// piped is an answer on its way to a client of the same process.
type piped struct {
	header, sent http.Header
	trailer      http.Header // set when the body ends
	body         *io.PipeWriter
	status       int
	once         sync.Once
	begun        chan struct{} // closed when status and sent are set
	cut          bool
}

// Header is what WriteHeader will send.
func (w *piped) Header() http.Header { return w.header }

// WriteHeader sends the status and the header as it is then.
func (w *piped) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		close(w.begun)
	})
}

// Write hands b to the reader.
func (w *piped) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// end is the end of the body; of one that was cut it is an error.
func (w *piped) end() {
	w.WriteHeader(http.StatusOK)
	if w.cut {
		_ = w.body.CloseWithError(io.ErrUnexpectedEOF)
		return
	}
	for _, name := range w.sent.Values("Trailer") {
		w.trailer[name] = w.header.Values(name)
	}
	_ = w.body.Close()
}

// hangUp has the reader told that it was not given all.
func (w *piped) hangUp() { w.cut = true }

// FlushError begins the answer; nothing else is kept back here.
func (w *piped) FlushError() error {
	w.WriteHeader(http.StatusOK)
	return nil
}

// SetReadDeadline is for what streams: the pages' own connection has deadlines.
func (w *piped) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline is as SetReadDeadline.
func (w *piped) SetWriteDeadline(time.Time) error { return nil }
