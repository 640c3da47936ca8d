package main

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// TestCrowd counts connections in and out, in all and by address.
func TestCrowd(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = inner.Close() }()
	one, proxy := netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("192.0.2.1")
	c := newCrowd(inner, connectionsEach+2, []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, slog.New(slog.DiscardHandler))
	now := time.Unix(1, 0)
	for range connectionsEach {
		if !c.enter(one, now) {
			t.Fatal("got a refusal below the bound of one address, want none")
		}
	}
	if c.enter(one, now) {
		t.Error("got one more of the same address let in, want it refused")
	}
	for range 2 {
		if !c.enter(proxy, now) {
			t.Error("got another address refused, want it let in")
		}
	}
	if c.enter(proxy, now) {
		t.Error("got more than the bound of all let in, want it refused")
	}
	c.leave(one)
	if !c.enter(proxy, now) {
		t.Error("got no room after one left, want some")
	}
}

// TestIdleBody has a caller that does not send its body cut off, and an answer
// that takes longer than a body may take come whole.
func TestIdleBody(t *testing.T) {
	const within = 100 * time.Millisecond
	ended := make(chan error, 1)
	srv := httptest.NewServer(hurried(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		if r.URL.Path == "/slow" {
			select {
			case <-time.After(3 * within):
			case <-r.Context().Done():
				err = r.Context().Err()
			}
		}
		ended <- err
	}), within))
	defer srv.Close()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, "POST /idle HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
	if err := <-ended; err == nil {
		t.Error("got a body that never came read, want it given up")
	}
	r, err := http.Post(srv.URL+"/slow", "text/plain", strings.NewReader("all of it"))
	if err == nil {
		_ = r.Body.Close()
		err = <-ended
	}
	if err != nil {
		t.Errorf("a slow answer: got %v, want none", err)
	}
}
