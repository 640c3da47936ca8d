package broker_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/broker"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

// TestAnotherServerOfTheCA: who got at one certificate of the platform's CA is
// not the platform, on any way to it; also where that is an address, which no
// SNI names.
func TestAnotherServerOfTheCA(t *testing.T) {
	cert, pin := certificate(t, time.Hour) // for 127.0.0.1 and central.example
	impostor := newLab(t, func(c *broker.Config) {
		c.Embedded.NATS, c.Embedded.WSS = "127.0.0.2:0", "127.0.0.2:0"
		c.Embedded.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	})
	b := impostor.newBox("Berlin") // it knows the box: nothing but TLS stands in the way
	elsewhere := strings.Replace(impostorWeb(t, cert), loopback, "localhost", 1)

	for name, tt := range map[string]struct {
		id   site.Identity
		only string
	}{
		"NATS":            {site.Identity{Offer: wire.Offer{NATS: []string{"tls://" + impostor.at.NATS}}}, "nats"},
		"NATS in wss":     {site.Identity{Offer: wire.Offer{NATS: []string{"wss://" + impostor.at.WSS}}}, "nats"},
		"HTTPS to a name": {site.Identity{URL: elsewhere}, "https"},
	} {
		t.Run(name, func(t *testing.T) {
			tt.id.Site, tt.id.NKey, tt.id.Pin = b.id, b.nkey, pin
			refusesName(t, tt.id, tt.only)
		})
	}
	other, pin := certificateFor(t, time.Hour, "127.0.0.9")
	web := impostorWeb(t, other)
	t.Run("HTTPS to an address", func(t *testing.T) {
		refusesName(t, site.Identity{URL: web, Site: b.id, NKey: b.nkey, Pin: pin}, "https")
	})
	t.Run("the join itself", func(t *testing.T) {
		_, err := site.Join(t.Context(), wire.Token{URL: web, Secret: "fake", Pin: pin}, nil, "test")
		if err == nil || !strings.Contains(err.Error(), "somebody else's certificate") {
			t.Errorf("got %v, want that somebody else's certificate was shown", err)
		}
	})
}

// impostorWeb is a web server nobody should ask anything, and its URL.
func impostorWeb(t *testing.T, cert tls.Certificate) string {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the impostor was asked") }))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0) // handshakes that fail are the point
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

// refusesName wants a box not to speak to who shows another's certificate.
func refusesName(t *testing.T, id site.Identity, only string) {
	t.Helper()
	via, err := id.Transports(site.Reach{Only: only})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, err := via.Dial(ctx)
	if err == nil {
		_ = c.Close()
	}
	var wrong x509.HostnameError
	if !errors.As(err, &wrong) {
		t.Errorf("got %v, want the name of the certificate refused", err)
	}
}
