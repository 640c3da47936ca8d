package admin

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/operators"
)

// Forms of an exported audit log.
const (
	formCSV   = "csv"
	formJSONL = "jsonl"
)

// getAuditExport streams all entries that match as one file, as of now. One piece
// is read at a time, whoever asks, and while it is sent others are: a slow reader
// holds up nobody.
func (s *Server) getAuditExport(c *call) error {
	form := c.r.URL.Query().Get("form")
	if form == "" {
		form = formCSV
	}
	if err := oneOf("form", form, []string{formCSV, formJSONL}); err != nil {
		return err
	}
	q, err := s.auditSearch(c)
	if err != nil {
		return err
	}
	if q.IsZero() { // with a filter it has been paid for
		if err := s.thrifty(c); err != nil {
			return err
		}
	}
	q.Forward, q.Look, q.Limit = true, auditLook, auditMost
	if q.Before, err = s.auditEnd(c, q.Before); err != nil {
		return err
	}
	return s.exportAudit(c, form, q)
}

// auditEnd is the number behind the newest entry there is, or before where that is
// lower.
func (s *Server) auditEnd(c *call, before uint64) (uint64, error) {
	newest, err := s.dep.Audit.SearchAudit(c.r.Context(), audit.Search{Limit: 1})
	if err != nil {
		return 0, fmt.Errorf("read the audit log: %w", err)
	}
	if before == 0 {
		before = math.MaxInt64
	}
	return min(before, newest.High+1), nil
}

// exportAudit writes piece by piece. A piece that cannot be read when the answer
// has begun cuts the connection: an orderly end says that it was all.
func (s *Server) exportAudit(c *call, form string, q audit.Search) error {
	out := http.NewResponseController(c.w)
	// The caller has nothing more to say: without this the time-out for its request
	// would end the stream.
	if err := out.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	for first := true; ; first = false {
		found, err := s.auditPiece(c, q)
		if err != nil && first {
			return fmt.Errorf("read the audit log: %w", err)
		}
		var piece []byte
		if err == nil {
			piece, err = auditLines(form, first, found.Entries)
		}
		if err == nil {
			err = out.SetWriteDeadline(time.Now().Add(streamWrite))
		}
		if first {
			c.auditFile(form)
		}
		if err == nil {
			_, err = c.w.Write(piece)
		}
		if err != nil {
			s.dep.Log.Debug("an export of the audit log broke off", "front", c.by.Front, "err", err)
			c.w.cut = true
			return nil
		}
		if found.End {
			return nil
		}
		q.Since = found.High
	}
}

// auditFile begins the answer.
func (c *call) auditFile(form string) {
	h := c.w.Header()
	h.Set("Content-Type", map[string]string{formCSV: "text/csv; charset=utf-8", formJSONL: "application/x-ndjson"}[form])
	h.Set("Content-Disposition", `attachment; filename="lineside-audit.`+form+`"`)
	c.w.WriteHeader(http.StatusOK)
}

// auditPiece reads a piece of the log when it is this caller's turn.
func (s *Server) auditPiece(c *call, q audit.Search) (audit.Found, error) {
	done, err := s.wholeLog(c)
	if err != nil {
		return audit.Found{}, err
	}
	defer done()
	return s.dep.Audit.SearchAudit(c.r.Context(), q)
}

// auditLines writes entries in a form; the first piece of a CSV file has the names
// of its columns.
func auditLines(form string, first bool, entries []audit.Entry) ([]byte, error) {
	var b bytes.Buffer
	if form == formJSONL {
		lines := json.NewEncoder(&b)
		for _, e := range entries {
			if err := lines.Encode(e); err != nil {
				return nil, err
			}
		}
		return b.Bytes(), nil
	}
	out := csv.NewWriter(&b)
	out.UseCRLF = true // RFC 4180 section 2
	if first {
		_ = out.Write([]string{"number", "at", "kind", "mac", "front", "name", "remote", "identity", "what", "hash"}) // to memory
	}
	for _, e := range entries {
		_ = out.Write(auditRow(e))
	}
	out.Flush()
	return b.Bytes(), out.Error()
}

// auditRow is an entry as a row; a cell of a stranger's words is no formula.
func auditRow(e audit.Entry) []string {
	row := []string{strconv.FormatUint(e.Seq, 10), e.At.UTC().Format(time.RFC3339Nano), e.Kind, "", e.By.Front, e.By.Name, "", e.By.Identity, string(e.What), e.Hash.String()}
	if !e.MAC.IsZero() {
		row[3] = e.MAC.String()
	}
	if e.By.Remote.IsValid() {
		row[6] = e.By.Remote.String()
	}
	for i := range row {
		row[i] = operators.GuardCell(row[i])
	}
	return row
}
