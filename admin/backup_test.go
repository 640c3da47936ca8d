package admin_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
)

// pieces is a backup of more than any buffer on the way holds.
func pieces() [][]byte {
	all := make([][]byte, 64)
	for i := range all {
		all[i] = bytes.Repeat([]byte{byte(i)}, 32<<10)
	}
	return all
}

func TestBackupComesWhole(t *testing.T) {
	for name, copied := range map[string][][]byte{"large": pieces(), "a few bytes": {[]byte("few")}, "nothing": nil} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t, nil)
			b.books.copied = copied
			want := bytes.Join(copied, nil)
			var got bytes.Buffer
			if err := b.client.Backup(t.Context(), &got); err != nil || !bytes.Equal(got.Bytes(), want) {
				t.Errorf("on the socket: got %d bytes, %v, want %d", got.Len(), err, len(want))
			}
			r := b.call(t, "GET", "/api/v1/backup", "")
			if r.status != http.StatusOK || r.body != string(want) || r.header.Get("Cache-Control") != "no-store" {
				t.Errorf("by token: got %d, %d bytes, want %d", r.status, len(r.body), len(want))
			}
			if kinds := b.books.kinds(); !slices.Equal(kinds, []string{"backup-taken", "backup-taken"}) {
				t.Errorf("events: got %v, want one for each", kinds)
			}
		})
	}
}

func TestBackupIsOnRecordFirst(t *testing.T) {
	b := newBox(t, nil)
	b.books.copied, b.books.fail = pieces(), errors.New("disk is full")
	if r := b.call(t, "GET", "/api/v1/backup", ""); r.status != http.StatusInternalServerError || len(r.body) > 1000 {
		t.Errorf("without a record: got %d and %d bytes, want 500 and no backup", r.status, len(r.body))
	}
}

// TestBackupThatBreaksOff: neither the client nor one that knows nothing of the
// trailer may take half a backup for a whole one.
func TestBackupThatBreaksOff(t *testing.T) {
	for name, spoil := range map[string]func(*books){
		"by an error": func(s *books) { s.breaks = errors.New("page 7 is damaged") },
		"by a panic":  func(s *books) { s.breaksOff = "page 7" },
	} {
		for size, copied := range map[string][][]byte{"after much": pieces(), "after little": {[]byte("few")}} {
			t.Run(name+" "+size, func(t *testing.T) {
				b := newBox(t, nil)
				b.books.copied = copied
				spoil(b.books)
				if err := b.client.Backup(t.Context(), io.Discard); !errors.Is(err, admin.ErrNotWhole) {
					t.Errorf("client: got %v, want ErrNotWhole", err)
				}
				req, err := http.NewRequestWithContext(t.Context(), "GET", b.url+"/api/v1/backup", nil)
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Authorization", "Bearer "+plainToken)
				resp, err := b.https.Do(req)
				if err == nil {
					_, err = io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
				if err == nil {
					t.Error("a broken backup ended in good order")
				}
				if page := b.call(t, "GET", "/metrics", "").body; !strings.Contains(page, `lineside_answers_total{front="api",outcome="error"} 1`) {
					t.Error("the answer was not counted as an error")
				}
			})
		}
	}
}

func TestBackupThatCannotBegin(t *testing.T) {
	b := newBox(t, nil)
	b.books.breaks = errors.New("page 7 is damaged")
	e := refusal(t, b.client.Backup(t.Context(), io.Discard))
	if e.Status != http.StatusInternalServerError || e.Hint == "" || strings.Contains(e.What, "page 7") {
		t.Errorf("got %d %v, want a plain 500", e.Status, e)
	}
	if !strings.Contains(b.log.String(), "page 7") {
		t.Error("the cause is not in the log")
	}
}

func TestBackupsAreTakenOneAtATime(t *testing.T) {
	b := newBox(t, nil)
	b.books.copied, b.books.hold = pieces(), make(chan struct{})
	first := &begun{ch: make(chan struct{})}
	done := make(chan error, 1)
	go func() { done <- b.client.Backup(t.Context(), first) }()
	for range 3 {
		b.books.hold <- struct{}{}
	}
	<-first.ch
	second := b.call(t, "GET", "/api/v1/backup", "")
	if second.status != http.StatusServiceUnavailable || second.header.Get("Retry-After") == "" {
		t.Errorf("second: got %d %v, want 503 and when to try again", second.status, second.header)
	}
	close(b.books.hold)
	if err := <-done; err != nil {
		t.Errorf("first: %v", err)
	}
	if r := b.call(t, "GET", "/api/v1/backup", ""); r.status != http.StatusOK {
		t.Errorf("after the first: got %d, want 200", r.status)
	}
}

// begun closes its channel with the first byte.
type begun struct {
	ch  chan struct{}
	was bool
}

func (w *begun) Write(p []byte) (int, error) {
	if !w.was {
		w.was = true
		close(w.ch)
	}
	return len(p), nil
}

func TestBackupNeedsAnEndThatCanBeTold(t *testing.T) {
	b := newBox(t, nil)
	b.books.copied = pieces()
	conn, err := net.Dial("unix", b.socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /api/v1/backup HTTP/1.0\r\nHost: lineside\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.Contains(string(answer[:min(len(answer), 64)]), " 505 ") {
		t.Errorf("got %.64q, %v, want 505", answer, err)
	}
}

// TestClientTrustsTheTrailerAlone plays boxes that are not ours.
func TestClientTrustsTheTrailerAlone(t *testing.T) {
	const ours = "sha-256=:LCa0a2j/xo/5m0U8HTBBNBNCLXBkg7+g+YpeiGJm564=:" // of "foo"
	for name, tc := range map[string]struct {
		body, trailer string
		whole         bool
	}{
		"right":                 {"foo", ours, true},
		"among others":          {"foo", "sha-512=:AAAA:, " + ours, true},
		"none":                  {"foo", "", false},
		"of something else":     {"fo", ours, false},
		"of another kind alone": {"foo", "sha-512=:AAAA:", false},
	} {
		t.Run(name, func(t *testing.T) {
			socket := filepath.Join(t.TempDir(), "s")
			l, err := net.Listen("unix", socket)
			if err != nil {
				t.Fatal(err)
			}
			srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Trailer", "Content-Digest")
				_, _ = io.WriteString(w, tc.body)
				w.Header().Set("Content-Digest", tc.trailer)
			})}
			served := make(chan error, 1)
			go func() { served <- srv.Serve(l) }()
			defer func() { srv.Close(); <-served }()
			c := admin.NewClient(socket)
			defer c.Close()
			err = c.Backup(t.Context(), io.Discard)
			if tc.whole && err != nil || !tc.whole && !errors.Is(err, admin.ErrNotWhole) {
				t.Errorf("got %v, want whole %v", err, tc.whole)
			}
		})
	}
}
