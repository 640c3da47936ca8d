package admin_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
)

// Planted secrets: none of them may be in an answer that was not made for it.
const (
	plainToken = "planted-token-planted-token-planted-token"
	plainLine  = "planted-line-password"
	plainAdmin = "planted-admin-password"
	plainOwn   = "planted-own-credential"
	plainBrand = "planted-brand-otp"
	plainKey   = "planted-site-key"
	plainPIN   = "864213"
)

var (
	start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	macA  = phone.MAC{0x00, 0x15, 0x65, 0x4a, 0xa9, 0x37}
	macB  = phone.MAC{0x00, 0x04, 0xf2, 0x01, 0x02, 0x03}
	macC  = phone.MAC{0x00, 0x04, 0x13, 0x0a, 0x0b, 0x0c}
)

// box is a server on both its fronts, with all that stands behind it.
type box struct {
	*desk
	books   *books
	post    *postbox
	board   *health.Board
	metrics *metrics.Set
	log     *lockedBuffer
	socket  string
	client  *admin.Client
	server  *admin.Server
	url     string // of the HTTPS listener
	https   *http.Client
	stop    func() // ends both fronts and waits
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newBox starts a box with one enrolled device (A) and one that is not (B).
// place knows whose MAC macC is, and two models of two makers of one brand.
func place(m phone.MAC, v phone.Vendor, model string) (phone.Vendor, string, error) {
	owner := map[string]phone.Vendor{"A1": "poly", "B2": "poly-b"}[model]
	switch {
	case v == "" && owner != "":
		v = owner
	case v == "" && m.OUI() == macC.OUI():
		v = "snom"
	case owner != "" && owner != v:
		return v, model, fmt.Errorf("vendor: %s is a model of %s; write --vendor %s", model, owner, owner)
	}
	return v, model, nil
}

func newBox(t testing.TB, change func(*admin.Config)) *box {
	t.Helper()
	return newBoxOf(t, change, nil)
}

// newBoxOf also changes what the server works with.
func newBoxOf(t testing.TB, change func(*admin.Config), with func(*admin.Deps)) *box {
	t.Helper()
	b := &box{desk: newDesk(), books: &books{}, post: &postbox{}, board: &health.Board{}, metrics: metrics.New(), log: &lockedBuffer{}}
	b.plant()
	cfg := admin.Config{
		Token: phone.NewSecret(plainToken), Vendors: []phone.Vendor{"yealink", "snom", "poly"},
		Place: place,
		Now:   func() time.Time { return start },
	}
	if change != nil {
		change(&cfg)
	}
	dep := admin.Deps{
		Desk: b.desk, Audit: b.books, Recorder: b.books, Backup: b.books, Tokens: b.books, Mail: b.post, Leases: b.books, DHCP: pools, Health: b.board, Metrics: b.metrics,
		Log: slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Status: func() admin.Status {
			return admin.Status{Version: "1.2.3", Started: start.Add(-time.Hour), Settings: []admin.Setting{{Key: "dhcp.mode", Value: "server", From: "file"}}}
		},
	}
	if with != nil {
		with(&dep)
	}
	srv, err := admin.New(cfg, dep)
	if err != nil {
		t.Fatal(err)
	}
	b.server = srv
	b.serve(t, srv)
	return b
}

func (b *box) plant() {
	line := phone.Line{Registrar: "sip.example.net", User: "1001", DisplayName: "Front Desk", Password: phone.NewSecret(plainLine)}
	own := auth.Credential{User: "dev-a", Password: phone.NewSecret(plainOwn)}
	b.records[macA] = auth.Record{Rev: 4, Device: phone.Device{
		MAC: macA, Vendor: "yealink", Model: "T46G", Label: "Reception", Owner: "alice", Lines: []phone.Line{line},
		AdminPassword: phone.NewSecret(plainAdmin), Overrides: map[string]string{"a.b": "1"}, Created: start,
	}, Enrolment: auth.Enrolment{State: auth.Successful, PIN: phone.NewSecret(plainPIN), Current: own}}
	line.User = "1002"
	b.records[macB] = auth.Record{Rev: 2, Device: phone.Device{
		MAC: macB, Vendor: "poly", Model: "VVX410", Label: "=cmd()", Lines: []phone.Line{line}, Created: start,
	}, Enrolment: auth.Enrolment{State: auth.Needed, PIN: phone.NewSecret(plainPIN), Pending: own}}
	b.policy.Key = phone.NewSecret(plainKey)
	b.policy.Brands = map[phone.Vendor]auth.Brand{"poly": {Vendor: "poly", User: "poly", Password: phone.NewSecret(plainBrand), Generation: 3, Set: start}}
	b.visitors = []phone.Seen{{MAC: macC, Vendor: "snom", Model: "D385", Front: "http", At: start}}
}

func (b *box) serve(t testing.TB, srv *admin.Server) {
	t.Helper()
	b.socket = filepath.Join(t.TempDir(), "s")
	local, err := net.Listen("unix", b.socket)
	if err != nil {
		t.Fatal(err)
	}
	remote, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	certificate := httptest.NewTLSServer(nil) // for its certificate alone
	certificate.Close()
	b.url = "https://" + remote.Addr().String()
	b.https = &http.Client{
		Transport:     &http.Transport{TLSClientConfig: certificate.Client().Transport.(*http.Transport).TLSClientConfig},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	b.client = admin.NewClient(b.socket)
	ctx, cancel := context.WithCancel(t.Context())
	var fronts sync.WaitGroup
	fronts.Go(func() {
		if err := srv.ServeSocket(ctx, local); err != nil {
			t.Errorf("ServeSocket: %v", err)
		}
	})
	fronts.Go(func() {
		if err := srv.ServeTLS(ctx, remote, &tls.Config{Certificates: certificate.TLS.Certificates}); err != nil {
			t.Errorf("ServeTLS: %v", err)
		}
	})
	b.stop = sync.OnceFunc(func() {
		b.https.CloseIdleConnections()
		b.client.Close()
		cancel()
		fronts.Wait()
	})
	t.Cleanup(b.stop)
}

// reply is an answer read whole.
type reply struct {
	status int
	header http.Header
	body   string
}

// fields is the answer's JSON object.
func (r reply) fields(t testing.TB) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(r.body), &m); err != nil {
		t.Fatalf("answer %d is no JSON object: %v: %q", r.status, err, r.body)
	}
	return m
}

// ask calls the HTTPS listener; headers are name, value, name, value.
func (b *box) ask(t testing.TB, method, path, body string, headers ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := b.https.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{status: resp.StatusCode, header: resp.Header, body: string(text)}
}

// call is ask with the right token.
func (b *box) call(t testing.TB, method, path, body string, headers ...string) reply {
	t.Helper()
	return b.ask(t, method, path, body, append([]string{"Authorization", "Bearer " + plainToken}, headers...)...)
}

// example makes a path of a route that can be asked for.
func example(path string) string {
	return strings.NewReplacer("{$}", "", "{mac}", macB.String(), "{vendor}", "poly", "{prefix...}", "10.1.0.0/16").Replace(path)
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
