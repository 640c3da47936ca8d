package central

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Errors of an operator's calls.
var (
	// ErrUnknown: there is no such thing.
	ErrUnknown = errors.New("there is no such thing")
	// ErrExists: there is one already.
	ErrExists = errors.New("there is one already")
	// ErrFull: there are as many as the platform keeps.
	ErrFull = errors.New("there are too many already")
)

// InvalidError lists everything that is wrong with what an operator sent.
// Nothing was changed.
type InvalidError struct{ Fields []string }

// Error is all of it in one line.
func (e *InvalidError) Error() string { return "not valid: " + strings.Join(e.Fields, "; ") }

// Add notes a fault.
func (e *InvalidError) Add(text string) { e.Fields = append(e.Fields, text) }

// AddAll notes each fault of a joined error, none of nil.
func (e *InvalidError) AddAll(before string, err error) {
	if err == nil {
		return
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		e.Add(before + line)
	}
}

// Err is e where there is a fault, else nil.
func (e *InvalidError) Err() error {
	if len(e.Fields) == 0 {
		return nil
	}
	return e
}

// Operator changes what the platform holds. Every change is kept with who made
// it, in the transaction that makes it.
type Operator struct {
	p  *Platform
	by string
	// site, where set, is the one at whose box this is asked for (at).
	site string
}

// As is the platform in the hands of somebody, by the name the audit is to say.
func (p *Platform) As(by string) Operator { return Operator{p: p, by: by} }

// Deed is one entry of the audit: what an operator did. It never holds a
// secret.
type Deed struct {
	N  uint64    `json:"n"`
	At time.Time `json:"at"`
	By string    `json:"by"`
	// What is what was done, in a few fixed words: "site added".
	What string `json:"what"`
	// Site is the site it was done to or at, Key the device's MAC, the
	// extension, the brand or the name; either may be empty.
	Site   string `json:"site,omitempty"`
	Key    string `json:"key,omitempty"`
	Detail string `json:"detail,omitempty"`
}

const (
	bucketAudit = "audit"
	// metaAudit is, within meta, the number of the newest change.
	metaAudit = "audit"
	// maxAudit bounds the audit; the oldest entries make room.
	maxAudit = 200_000
)

// numbered is a key that sorts by number.
func numbered(n uint64) string { return fmt.Sprintf("%016x", n) }

// change runs f and keeps that it was done. f may complete the entry.
func (o Operator) change(c Deed, f func(*tx, *Deed)) error {
	return o.p.update(func(t *tx) {
		entry := c
		f(t, &entry)
		if t.err == nil {
			t.audited(o.by, entry)
		}
	})
}

// Note keeps that something was done that changes nothing here.
func (o Operator) Note(what string) error {
	return o.change(Deed{What: what}, func(*tx, *Deed) {})
}

func (t *tx) audited(by string, c Deed) {
	t.get(bucketMeta, metaAudit, &c.N)
	c.N++
	c.At, c.By = t.p.now().UTC(), by
	t.put(bucketMeta, metaAudit, c.N)
	t.put(bucketAudit, numbered(c.N), c)
	if c.N > maxAudit {
		t.del(bucketAudit, numbered(c.N-maxAudit))
	}
}

// AuditQuery says which changes: those before a number (0 is from the newest),
// of a site, of a key, by somebody; empty is any. Limit bounds how many.
type AuditQuery struct {
	Before        uint64
	Site, Key, By string
	Limit         int
}

// maxLooked bounds how many entries one query looks at.
const maxLooked = 20_000

// Audit gives changes, newest first, and the number to ask before for more, 0
// where there are none.
func (p *Platform) Audit(q AuditQuery) (list []Deed, before uint64, err error) {
	err = p.view(func(t *tx) {
		t.get(bucketMeta, metaAudit, &before)
		if q.Before > 0 {
			before = min(before, q.Before-1)
		}
		for looked := 0; before > 0 && looked < maxLooked && len(list) < q.Limit; looked++ {
			var c Deed
			if !t.get(bucketAudit, numbered(before), &c) {
				before = 0 // the rest has made room
				return
			}
			before--
			if (q.Site == "" || c.Site == q.Site) && (q.Key == "" || c.Key == q.Key) && (q.By == "" || c.By == q.By) {
				list = append(list, c)
			}
		}
		if before > 0 {
			before++
		}
	})
	return list, before, err
}

// Check says whether the view can be read.
func (p *Platform) Check() error {
	return p.view(func(t *tx) { t.Meta() })
}

// Epoch is when the platform began, or was put back from a copy last.
func (p *Platform) Epoch() (at time.Time, err error) {
	err = p.view(func(t *tx) { at = time.Unix(t.Meta().Epoch, 0).UTC() })
	return at, err
}
