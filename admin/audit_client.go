package admin

import (
	"context"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
)

// AuditQuery is what is looked for in the audit log, and where; the zero
// AuditQuery is its end.
type AuditQuery struct {
	audit.Filter
	// Before reads back from an entry, 0 from the end. Forward reads on from Since
	// instead, or from the first entry that is not older than At.
	Before, Since uint64
	Forward       bool
	At            time.Time
	Limit         int // 0 is the box's own
}

func (q AuditQuery) values() url.Values {
	v := macQuery(q.MAC)
	for name, text := range map[string]string{"name": q.Name, "front": q.Front, "kind": strings.Join(q.Kinds, ",")} {
		if text != "" {
			v.Set(name, text)
		}
	}
	for name, at := range map[string]time.Time{"from": q.From, "to": q.To} {
		if !at.IsZero() {
			v.Set(name, at.UTC().Format(time.RFC3339Nano))
		}
	}
	if q.Before > 0 {
		v.Set("before", strconv.FormatUint(q.Before, 10))
	}
	switch {
	case q.Forward && !q.At.IsZero():
		v.Set("since", q.At.UTC().Format(time.RFC3339Nano))
	case q.Forward:
		v.Set("since", strconv.FormatUint(q.Since, 10))
	}
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	return v
}

// SearchAudit reads a piece of the audit log.
func (c *Client) SearchAudit(ctx context.Context, q AuditQuery) (Audit, error) {
	return ask[Audit](ctx, c, request{method: "GET", path: "/audit", query: q.values()})
}

// ExportAudit copies all entries that match to w, oldest first, in the form "csv"
// or "jsonl"; the limit is not used.
func (c *Client) ExportAudit(ctx context.Context, form string, q AuditQuery, w io.Writer) error {
	q.Limit = 0
	v := q.values()
	v.Set("form", form)
	return c.copy(ctx, request{method: "GET", path: "/audit/export", query: v}, w)
}

// Audit reads up to limit entries numbered above since, of one device or, for
// the zero MAC, of all; limit 0 is the box's own.
func (c *Client) Audit(ctx context.Context, since uint64, mac phone.MAC, limit int) ([]audit.Entry, error) {
	out, err := c.SearchAudit(ctx, AuditQuery{Filter: audit.Filter{MAC: mac}, Forward: true, Since: since, Limit: limit})
	return out.Entries, err
}

// AuditTail reads the last limit entries, oldest first, of one device or, for
// the zero MAC, of all; limit 0 is the box's own.
func (c *Client) AuditTail(ctx context.Context, mac phone.MAC, limit int) ([]audit.Entry, error) {
	out, err := c.SearchAudit(ctx, AuditQuery{Filter: audit.Filter{MAC: mac}, Limit: limit})
	return out.Entries, err
}

// AuditFrom reads up to limit entries from the first that is not older than at,
// of one device or, for the zero MAC, of all; limit 0 is the box's own.
func (c *Client) AuditFrom(ctx context.Context, at time.Time, mac phone.MAC, limit int) ([]audit.Entry, error) {
	out, err := c.SearchAudit(ctx, AuditQuery{Filter: audit.Filter{MAC: mac}, Forward: true, At: at, Limit: limit})
	return out.Entries, err
}

// VerifyAudit has the box follow its audit log's chain from end to end.
func (c *Client) VerifyAudit(ctx context.Context) (audit.Check, error) {
	return ask[audit.Check](ctx, c, request{method: "GET", path: "/audit/verify"})
}
