package admin

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
)

// digestField carries the digest of a backup, as a trailer (RFC 9530).
const digestField = "Content-Digest"

// getBackup streams a backup. Its length is known only at its
// end, so what proves that it is whole comes last: the digest, which is left
// out, and the connection cut, where the copy broke off.
func (s *Server) getBackup(c *call) error {
	if !c.r.ProtoAtLeast(1, 1) {
		return fail(http.StatusHTTPVersionNotSupported, "a backup needs HTTP/1.1: older versions cannot tell its end from a broken line", "ask with: lineside backup FILE")
	}
	select {
	case s.backup <- struct{}{}:
		defer func() { <-s.backup }()
	default:
		e := fail(http.StatusServiceUnavailable, "another backup is being taken", "wait until it is done, then ask again")
		e.Retry = "10"
		return e
	}
	if err := s.record(c, phone.MAC{}, audit.BackupTaken{}); err != nil {
		return err
	}
	b := newBackupStream(c)
	if err := s.dep.Backup.Backup(b); err != nil {
		if c.w.status == 0 {
			return err
		}
		s.dep.Log.Warn("a backup broke off", "front", c.by.Front, "err", err)
		c.w.cut = true
		return nil
	}
	b.end()
	return nil
}

// backupStream is the body of a backup. The answer begins with the first byte,
// so that a copy that could not be made is answered with an error.
type backupStream struct {
	c   *call
	out *http.ResponseController
	sum hash.Hash
}

func newBackupStream(c *call) *backupStream {
	return &backupStream{c: c, out: http.NewResponseController(c.w), sum: sha256.New()}
}

// Write sends b on. The time-out is for each piece: a large database over a
// slow VPN takes longer than any one answer may.
func (b *backupStream) Write(p []byte) (int, error) {
	if b.c.w.status == 0 {
		b.begin()
	}
	if err := b.out.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
		return 0, err
	}
	b.sum.Write(p)
	return b.c.w.Write(p)
}

func (b *backupStream) begin() {
	h := b.c.w.Header()
	h.Set("Content-Type", "application/x-tar")
	h.Set("Content-Disposition", `attachment; filename="lineside-backup.tar"`)
	h.Set("Trailer", digestField)
	b.c.w.WriteHeader(http.StatusOK)
}

func (b *backupStream) end() {
	if b.c.w.status == 0 {
		b.begin()
	}
	b.c.w.Header().Set(digestField, digest(b.sum))
}

// digest is a sum as a member of a Content-Digest field.
func digest(sum hash.Hash) string {
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum.Sum(nil)) + ":"
}

// checkDigest compares what came with what the trailer says was sent. Digests
// of other kinds may stand beside ours.
func checkDigest(resp *http.Response, sum hash.Hash) error {
	var said []string
	for _, field := range resp.Trailer.Values(digestField) {
		for member := range strings.SplitSeq(field, ",") {
			said = append(said, strings.TrimSpace(member))
		}
	}
	switch {
	case len(said) == 0:
		return fmt.Errorf("%w: the box did not say that this was all", ErrNotWhole)
	case !slices.Contains(said, digest(sum)):
		return fmt.Errorf("%w: it is not what the box sent", ErrNotWhole)
	}
	return nil
}

// copyChecked copies the answer's body to w, and is content only with all of it.
func copyChecked(w io.Writer, resp *http.Response) error {
	in := &readErrors{r: resp.Body}
	sum := sha256.New()
	_, err := io.Copy(io.MultiWriter(w, sum), in)
	switch {
	case in.err != nil:
		return fmt.Errorf("%w: %w", ErrNotWhole, in.err)
	case err != nil:
		return err
	}
	return checkDigest(resp, sum)
}

// readErrors remembers an error of reading, so that it is not taken for one of
// writing.
type readErrors struct {
	r   io.Reader
	err error
}

// Read passes on.
func (r *readErrors) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}
