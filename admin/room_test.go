package admin_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/health"
)

// occupy opens n connections from an address of the loopback net, and says nothing
// over them.
func (b *box) occupy(t *testing.T, from string, n int) (held []net.Conn) {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	for range n {
		c, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(b.url, "https://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		held = append(held, c)
	}
	return held
}

// over waits for the other side to hang up.
func over(t *testing.T, c net.Conn) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want the connection closed", err)
	}
}

// get asks the page from an address over a connection of its own, which it keeps.
func (b *box) get(t *testing.T, from, token string) (int, error) {
	t.Helper()
	tr := &http.Transport{
		DialContext:     (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).DialContext,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}
	t.Cleanup(tr.CloseIdleConnections)
	req, err := http.NewRequestWithContext(t.Context(), "GET", b.url+"/api/v1/status", nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := (&http.Client{Transport: tr, Timeout: 10 * time.Second}).Do(req)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, errors.Join(err, resp.Body.Close())
}

func (b *box) crowded() bool {
	return slices.ContainsFunc(b.board.List(), func(c health.Condition) bool { return c.Code == "admin-crowded" })
}

// TestSilentConnectionsKeepNobodyOut: strangers who take every connection there is
// make room for the next, who is somebody that asks for something.
func TestSilentConnectionsKeepNobodyOut(t *testing.T) {
	b := newBox(t, func(c *admin.Config) { c.MaxConns, c.MaxPerAddr = 8, 4 })
	first := b.occupy(t, "127.0.0.2", 4)
	b.occupy(t, "127.0.0.3", 4)
	for _, from := range []string{"127.0.0.4", "127.0.0.5"} {
		if got, err := b.get(t, from, ""); err != nil || got != http.StatusUnauthorized {
			t.Errorf("somebody new from %s: got %d, %v, want 401 and none", from, got, err)
		}
	}
	over(t, first[0])
	if !b.crowded() {
		t.Error("nobody is told that the connections are taken")
	}
	page := httptest.NewRecorder()
	b.metrics.Handler().ServeHTTP(page, httptest.NewRequest("GET", "/metrics", nil))
	if want := `lineside_dropped_total{front="api",reason="displaced"}`; !strings.Contains(page.Body.String(), want) {
		t.Errorf("the metrics do not have %s:\n%s", want, page.Body)
	}
	if _, err := b.client.Status(t.Context()); err != nil {
		t.Errorf("the operator at the box was kept out: %v", err)
	}
}

// TestOneAddressMakesItsOwnRoom: more than its share costs nobody else.
func TestOneAddressMakesItsOwnRoom(t *testing.T) {
	b := newBox(t, func(c *admin.Config) { c.MaxConns, c.MaxPerAddr = 8, 2 })
	other := b.occupy(t, "127.0.0.3", 1)
	held := b.occupy(t, "127.0.0.2", 4)
	over(t, held[0])
	over(t, held[1])
	_ = other[0].SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := other[0].Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("another address's connection: got %v, want it open", err)
	}
	if b.crowded() {
		t.Error("one address beyond its share is told as a full listener")
	}
}

// TestWhoIsKnownStays: an idle connection of somebody with a good token outlasts
// strangers, even where theirs is the newest.
func TestWhoIsKnownStays(t *testing.T) {
	b := newBox(t, func(c *admin.Config) { c.MaxConns, c.MaxPerAddr = 4, 4 })
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP("127.0.0.9")}}
	c, err := tls.DialWithDialer(&d, "tcp", strings.TrimPrefix(b.url, "https://"), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	ask := func() error {
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.WriteString(c, "HEAD /api/v1/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+plainToken+"\r\n\r\n"); err != nil {
			return err
		}
		_, err := c.Read(make([]byte, 4096))
		return err
	}
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{"127.0.0.2", "127.0.0.3", "127.0.0.4"} {
		b.occupy(t, from, 4)
	}
	if got, err := b.get(t, "127.0.0.5", ""); err != nil || got != http.StatusUnauthorized {
		t.Errorf("somebody new: got %d, %v", got, err)
	}
	if err := ask(); err != nil {
		t.Errorf("who has shown a good token: got %v, want the connection kept", err)
	}
}
