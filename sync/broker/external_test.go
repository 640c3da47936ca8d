package broker_test

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/lineside/lineside/sync/broker"
	"github.com/lineside/lineside/sync/wire"
)

// runServer runs a nats-server by itself on the settings written for it, with
// the certificate of a lab.
func runServer(t *testing.T, keys broker.Keys, f broker.ServerFacts, like broker.Config) *server.Server {
	t.Helper()
	conf, err := broker.ServerConf(keys, f)
	if err != nil {
		t.Fatal(err)
	}
	opts := &server.Options{NoSigs: true, NoLog: true}
	if err := opts.ProcessConfigString(conf); err != nil {
		t.Fatal(err)
	}
	opts.TLSConfig, opts.TLSHandshakeFirst, opts.TLSTimeout = like.Embedded.TLS, true, 5
	s, err := server.NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server does not start")
	}
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	return s
}

// TestClusterOfItsOwn: with NATS outside, boxes stay connected while a central
// starts anew; it finds them, and cuts those off that were revoked meanwhile.
func TestClusterOfItsOwn(t *testing.T) {
	l := newLab(t, nil)
	l.stop()
	keys := broker.NewKeys()
	s := runServer(t, keys, broker.ServerFacts{Name: "n1", Listen: "127.0.0.1:-1", Dir: filepath.Join(t.TempDir(), "n1"), MaxConnections: 1000}, l.cfg)
	outside := broker.Config{Keys: keys, Servers: []string{"tls://" + s.Addr().String()}, ServersTLS: wire.PinnedTLS(l.pin, loopback)}
	l.start(outside, l.p)
	l.at.NATS = s.Addr().String()
	a, b := l.newBox("Berlin"), l.newBox("Munich")
	ca, cb := l.mustDial(a), l.mustDial(b)
	if _, err := l.hello(a, ca); err != nil {
		t.Fatal(err)
	}
	l.stop()
	if err := l.p.Revoke(b.id); err != nil {
		t.Fatal(err)
	}
	l.start(outside, l.p)
	lost(t, cb)
	if _, err := l.hello(a, ca); err != nil {
		t.Errorf("after the central's start: got %v, want the connection to go on", err)
	}
	if err := l.p.Revoke(a.id); err != nil {
		t.Fatal(err)
	}
	lost(t, ca)
	wrong, err := broker.New(broker.Config{Keys: broker.NewKeys(), Servers: outside.Servers, ServersTLS: outside.ServersTLS}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := wrong.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "key file") {
		t.Errorf("with other keys: got %v, want what to do", err)
	}
}
