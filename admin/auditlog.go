package admin

import (
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/lineside/lineside/audit"
)

// Page sizes of the audit log.
const (
	auditLimit = 100
	auditMost  = 1000
)

// getAudit reads on from since; without one it gives the end of the log, which
// is what somebody who just asks wants to see.
func (s *Server) getAudit(c *call) error {
	mac, err := c.optionalMAC()
	if err != nil {
		return err
	}
	if !mac.IsZero() { // it may read the whole log to find what is there
		if err := s.thrifty(c); err != nil {
			return err
		}
	}
	since, err := s.auditSince(c)
	if err != nil {
		return err
	}
	limit, err := c.number("limit", auditLimit, auditMost)
	if err != nil {
		return err
	}
	out := Audit{Entries: []audit.Entry{}, Next: since}
	if limit == 0 {
		return c.json(http.StatusOK, out)
	}
	var list []audit.Entry
	if c.r.URL.Query().Has("since") {
		list, err = s.dep.Audit.Audit(c.r.Context(), since, mac, int(limit))
	} else {
		list, err = s.dep.Audit.AuditTail(c.r.Context(), mac, int(limit))
	}
	if err != nil {
		return fmt.Errorf("read the audit log: %w", err)
	}
	out.Entries = full(list)
	for _, e := range list {
		out.Next = max(out.Next, e.Seq)
	}
	return c.json(http.StatusOK, out)
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
	select {
	case s.verify <- struct{}{}:
		defer func() { <-s.verify }()
	case <-c.r.Context().Done():
		return c.r.Context().Err()
	}
	found, err := s.dep.Audit.VerifyAudit(c.r.Context())
	if err != nil {
		return fmt.Errorf("verify the audit log: %w", err)
	}
	return c.json(http.StatusOK, found)
}
