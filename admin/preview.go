package admin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"net/url"
	"strconv"

	"github.com/lineside/lineside/phone"
)

// maxLines bounds the lines a preview tells of; the rest are counted.
const maxLines = 1000

// Import verbs, as a preview says them.
const (
	importAdd    = "add"
	importChange = "change"
)

// ImportPreview is what a file would do, line by line; nothing was stored.
type ImportPreview struct {
	Rows    int `json:"rows"`
	Added   int `json:"added"`
	Changed int `json:"changed"`
	Same    int `json:"same"` // rows that say what is so already
	// Lines are those that add or change something, at most 1,000 of them.
	Lines []ImportLine `json:"lines"`
	// Faults are what is wrong, at most 100 of FaultCount, in the order of lines.
	// Nothing of a file with a fault is imported.
	Faults     []ImportFault `json:"faults"`
	FaultCount int           `json:"fault_count"`
	// Tag is the If-Match of an import of the same file: it is refused where
	// anything the file speaks of was changed meanwhile.
	Tag string `json:"tag"`
}

// ImportLine is what one line would do.
type ImportLine struct {
	Line int    `json:"line"`
	Key  string `json:"key"`  // MAC of a device, ID of a user
	What string `json:"what"` // "add" or "change"
	// Name is the label or the person's name after it.
	Name string `json:"name,omitempty"`
	// Fields are those that would change, by the API's names.
	Fields []string `json:"fields,omitempty"`
}

// ImportFault is what is wrong with one line.
type ImportFault struct {
	Line int    `json:"line"`
	Text string `json:"text"`
}

// plan is what a file would do.
type plan struct {
	out ImportPreview
	bad faults
	sum hash.Hash
}

// newPlan begins one for a file. Its tag hangs on the file's bytes and on the
// revision of everything the file speaks of.
func newPlan(file []byte, bad faults) *plan {
	p := &plan{bad: bad, sum: sha256.New(), out: ImportPreview{Lines: []ImportLine{}, Faults: []ImportFault{}}}
	p.sum.Write(file)
	return p
}

// row notes what one line does to the thing of a key, which has a revision, 0
// where there is none yet.
func (p *plan) row(line int, key, name string, rev uint64, fields []string) {
	fmt.Fprintf(p.sum, "\n%s %d", key, rev)
	p.out.Rows++
	one := ImportLine{Line: line, Key: key, Name: name, What: importChange, Fields: fields}
	switch {
	case rev == 0:
		p.out.Added++
		one.What, one.Fields = importAdd, nil
	case len(fields) == 0:
		p.out.Same++
		return
	default:
		p.out.Changed++
	}
	if len(p.out.Lines) < maxLines {
		p.out.Lines = append(p.out.Lines, one)
	}
}

func (p *plan) tag() string { return hex.EncodeToString(p.sum.Sum(nil)) }

// preview answers with the plan.
func (p *plan) preview(c *call) error {
	told := p.bad.sorted()
	for _, f := range told[:min(len(told), maxFault)] {
		p.out.Faults = append(p.out.Faults, ImportFault{Line: f.line, Text: f.text})
	}
	p.out.FaultCount, p.out.Tag = len(told), p.tag()
	c.w.Header().Set("ETag", strconv.Quote(p.out.Tag))
	return c.json(http.StatusOK, p.out)
}

// stands refuses an import that was previewed when things were different.
func (p *plan) stands(c *call) error {
	match := c.r.Header["If-Match"]
	if len(match) == 0 || len(match) == 1 && (match[0] == "*" || match[0] == strconv.Quote(p.tag())) {
		return nil
	}
	return fail(http.StatusPreconditionFailed, "the file, or something it speaks of, has changed since it was previewed; nothing was imported",
		"preview it again, then import it with the new tag")
}

// extensionsTaken says which rows would give somebody an extension another has,
// in the file or at the site.
func (s *Server) extensionsTaken(users []phone.User, lines []int, bad *faults) {
	mine := make(map[string]bool, len(users))
	for _, u := range users {
		mine[u.ID] = true
	}
	of := make(map[string]string)
	for _, u := range s.dep.Desk.Users() {
		if !mine[u.ID] {
			of[u.Extension] = u.ID
		}
	}
	for i, u := range users {
		if u.Extension == "" {
			continue // told already
		}
		if other, taken := of[u.Extension]; taken && other != u.ID {
			bad.add(lines[i], fmt.Sprintf("extension: %s is %s's; write another", u.Extension, other))
			continue
		}
		of[u.Extension] = u.ID
	}
}

// PreviewImport says what Import would do with a file of devices.
func (c *Client) PreviewImport(ctx context.Context, file []byte) (ImportPreview, error) {
	return c.previewImport(ctx, "/devices/import", file)
}

// PreviewUsers says what ImportUsers would do with a file of users.
func (c *Client) PreviewUsers(ctx context.Context, file []byte) (ImportPreview, error) {
	return c.previewImport(ctx, "/users/import", file)
}

func (c *Client) previewImport(ctx context.Context, path string, file []byte) (ImportPreview, error) {
	q := url.Values{"preview": {"true"}}
	return ask[ImportPreview](ctx, c, request{method: "POST", path: path, file: fileOf(file), query: q})
}

// ImportAs is Import of a file that was previewed, and refused where something
// has changed since.
func (c *Client) ImportAs(ctx context.Context, file []byte, tag string) (Imported, error) {
	return ask[Imported](ctx, c, request{method: "POST", path: "/devices/import", file: fileOf(file), match: strconv.Quote(tag)})
}

// ImportUsersAs is the same of users.
func (c *Client) ImportUsersAs(ctx context.Context, file []byte, tag string) (Imported, error) {
	return ask[Imported](ctx, c, request{method: "POST", path: "/users/import", file: fileOf(file), match: strconv.Quote(tag)})
}

// fileOf has an empty file be one all the same.
func fileOf(file []byte) []byte {
	if file == nil {
		return []byte{}
	}
	return file
}
