package admin

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/audit"
)

// Page sizes of the audit log, and how many entries one call looks at for those
// it is after. That many take some 35 ms on a small machine.
const (
	auditLimit = 100
	auditMost  = 1000
	auditLook  = 50_000
)

// Bounds of what is searched by.
const (
	maxAuditName  = 128
	maxAuditKinds = 32
)

// Stopped is where a search of the audit log ended without having looked at all
// there is: it had looked at as many entries as one call may.
type Stopped struct {
	Looked int       `json:"looked"`
	Number uint64    `json:"number"` // of the entry it ended with
	At     time.Time `json:"at"`
	Next   string    `json:"next"`
}

// getAudit reads on from since, or back from before; without either it gives the
// end of the log, which is what somebody who just asks wants to see.
func (s *Server) getAudit(c *call) error {
	q, err := s.auditSearch(c)
	if err != nil {
		return err
	}
	limit, err := c.number("limit", auditLimit, auditMost)
	if err != nil {
		return err
	}
	q.Limit, q.Look = int(limit), auditLook
	if limit == 0 {
		return c.json(http.StatusOK, Audit{Entries: []audit.Entry{}, Next: q.Since})
	}
	found, err := s.dep.Audit.SearchAudit(c.r.Context(), q)
	if err != nil {
		return fmt.Errorf("read the audit log: %w", err)
	}
	return c.json(http.StatusOK, auditPage(q, found))
}

// auditPage shapes a piece of the log.
func auditPage(q audit.Search, found audit.Found) Audit {
	out := Audit{Entries: full(found.Entries), Next: max(q.Since, found.High)}
	goOn := "since=" + strconv.FormatUint(out.Next, 10)
	switch {
	case q.Forward:
		out.More = !found.End
	case !found.End:
		out.Older = found.Low
		goOn = "before=" + strconv.FormatUint(out.Older, 10)
	}
	if !found.End && len(found.Entries) < q.Limit {
		number := found.Low
		if q.Forward {
			number = found.High
		}
		out.Stopped = &Stopped{Looked: found.Looked, Number: number, At: found.At, Next: "ask again with " + goOn + " and the same filters; name a time, or fewer filters, to find more at once"}
	}
	return out
}

// auditSearch reads what is looked for, and where. With a filter it may read a
// great deal to find little.
func (s *Server) auditSearch(c *call) (q audit.Search, err error) {
	if q.Filter, err = c.auditFilter(); err != nil {
		return q, err
	}
	if !q.IsZero() {
		if err := s.thrifty(c); err != nil {
			return q, err
		}
	}
	if q.Before, err = c.number("before", 0, math.MaxInt64); err != nil {
		return q, fail(http.StatusBadRequest, "the query's before is not a number of an entry", "write the one named older in the answer before, or leave it out")
	}
	if c.r.URL.Query().Has("before") && q.Before == 0 {
		return q, fail(http.StatusBadRequest, "there is nothing before entry 0", "write a number of an entry, or leave before out")
	}
	q.Forward = c.r.URL.Query().Has("since")
	q.Since, err = s.auditSince(c)
	return q, err
}

// auditFilter reads by what entries are chosen.
func (c *call) auditFilter() (f audit.Filter, err error) {
	in := c.r.URL.Query()
	f.Name, f.Front = in.Get("name"), in.Get("front")
	if kinds := in.Get("kind"); kinds != "" {
		f.Kinds = strings.Split(kinds, ",")
	}
	if max(len(f.Name), len(f.Front), len(in.Get("kind"))/maxAuditKinds) > maxAuditName || len(f.Kinds) > maxAuditKinds {
		return f, fail(http.StatusBadRequest, "what is looked for in the audit log is too long", "name one account, one front, and at most "+strconv.Itoa(maxAuditKinds)+" kinds")
	}
	if f.MAC, err = c.optionalMAC(); err != nil {
		return f, err
	}
	if f.From, err = c.time("from"); err != nil {
		return f, err
	}
	if f.To, err = c.time("to"); err != nil {
		return f, err
	}
	if !f.To.IsZero() && !f.From.Before(f.To) {
		return f, fail(http.StatusBadRequest, "the query's from is not before its to", "write the earlier time as from")
	}
	return f, nil
}

// time reads a time from the query, zero where there is none.
func (c *call) time(name string) (time.Time, error) {
	text := c.r.URL.Query().Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fail(http.StatusBadRequest, "the query's "+name+" is not a time", "write one like 2026-03-01T08:00:00Z, or leave it out")
	}
	return at, nil
}

// auditSince reads where to begin: behind an entry's number, or at a time.
func (s *Server) auditSince(c *call) (uint64, error) {
	at, err := time.Parse(time.RFC3339, c.r.URL.Query().Get("since"))
	if err == nil {
		if err := s.thrifty(c); err != nil {
			return 0, err
		}
		seq, err := s.dep.Audit.AuditSince(c.r.Context(), at)
		if err != nil {
			return 0, fmt.Errorf("read the audit log: %w", err)
		}
		return seq, nil
	}
	seq, err := c.number("since", 0, math.MaxInt64)
	if err != nil {
		return 0, fail(http.StatusBadRequest, "the query's since is not a number of an entry, and no time either", "write a number, or a time like 2026-03-01T08:00:00Z, or leave it out")
	}
	return seq, nil
}

// getAuditCheck verifies the whole log, one caller at a time: it reads all of
// it. A log that was changed is an answer, not an error.
func (s *Server) getAuditCheck(c *call) error {
	if err := s.thrifty(c); err != nil {
		return err
	}
	done, err := s.wholeLog(c)
	if err != nil {
		return err
	}
	defer done()
	found, err := s.dep.Audit.VerifyAudit(c.r.Context())
	if err != nil {
		return fmt.Errorf("verify the audit log: %w", err)
	}
	return c.json(http.StatusOK, found)
}

// wholeLog waits until nobody else reads the whole log.
func (s *Server) wholeLog(c *call) (done func(), err error) {
	select {
	case s.verify <- struct{}{}:
		return func() { <-s.verify }, nil
	case <-c.r.Context().Done():
		return nil, c.r.Context().Err()
	}
}
