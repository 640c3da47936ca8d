package portal

import (
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lineside/lineside/phone"
)

// TestClientKeepsItsConnection: calls one after the other go over one
// connection, whatever is done with their answers.
func TestClientKeepsItsConnection(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/missing") {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = w.Write([]byte(`{"error": "there is no such thing", "name": "` + strings.Repeat("x", 5000) + `"}` + "\n"))
	}))
	var conns atomic.Int32
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	srv.Start()
	defer srv.Close()
	base, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := NewClient(base, phone.NewSecret("fake"), nil)
	defer c.Close()
	for _, out := range []any{nil, &struct{ Name string }{}, &bytes.Buffer{}, nil} {
		if err := c.Do(t.Context(), "GET", "devices", nil, nil, out); err != nil {
			t.Error(err)
		}
		if err := c.Do(t.Context(), "GET", "missing", nil, nil, out); err == nil {
			t.Error("got no error of what is missing")
		}
	}
	if n := conns.Load(); n != 1 {
		t.Errorf("got %d connections, want one", n)
	}
}
