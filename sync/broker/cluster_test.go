package broker_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/broker"
	"github.com/lineside/lineside/sync/wire"
)

// addresses are free ones on loopback.
func addresses(t *testing.T, n int) (all []string) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		all = append(all, l.Addr().String())
	}
	return all
}

// both sides of a route show a certificate of the same CA.
func routeTLS(t *testing.T, cert tls.Certificate) *tls.Config {
	t.Helper()
	ca, err := x509.ParseCertificate(cert.Certificate[1])
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	return &tls.Config{Certificates: []tls.Certificate{cert}, RootCAs: pool, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS13}
}

// TestEmbeddedCluster: three centrals with a broker each are one: a box at one
// of them hears what another has to say, and is cut off by it.
func TestEmbeddedCluster(t *testing.T) {
	l := newLab(t, nil)
	l.stop()
	cert, pin := certificate(t, time.Hour)
	l.pin = pin
	keys, meet, dir := broker.NewKeys(), addresses(t, 3), t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	t.Cleanup(func() {
		cancel()
		serving.Wait()
	})
	var all []*broker.Broker
	for n, at := range meet {
		b, err := broker.New(broker.Config{Keys: keys, Embedded: broker.Embedded{
			Name: fmt.Sprint("n", n), Dir: filepath.Join(dir, fmt.Sprint(n)), NATS: "127.0.0.1:0", TLS: &tls.Config{Certificates: []tls.Certificate{cert}},
			Cluster: broker.Cluster{Name: "lineside", Listen: at, Routes: meet, TLS: routeTLS(t, cert)},
		}}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Open(ctx); err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
		serving.Go(func() {
			if err := b.Serve(ctx, l.p); err != nil {
				t.Errorf("serve: %v", err)
			}
			_ = b.Close()
		})
	}
	replicated(t, all[0])
	box := l.newBox("Berlin")
	l.at = all[1].Addrs()
	c := l.mustDial(box)
	if r, err := l.hello(box, c); err != nil || r.Hello == nil {
		t.Fatalf("got %+v, %v, want a hello", r, err)
	}
	if err := l.p.PutDevice(mac, box.id, wire.Device{Vendor: "yealink"}, nil); err != nil {
		t.Fatal(err)
	}
	if _, open := <-c.Hints(); !open {
		t.Error("the connection ended, want a hint")
	}
	if err := l.p.Revoke(box.id); err != nil {
		t.Fatal(err)
	}
	lost(t, c)
}

// replicated waits until the cluster keeps a stream on all three.
func replicated(t *testing.T, b *broker.Broker) {
	t.Helper()
	late := time.Now().Add(30 * time.Second)
	for {
		ctx, cancel := contextFor(t, 3*time.Second)
		_, err := broker.OpenLog(ctx, b.Core(), broker.LogConfig{Replicas: 3}, slog.New(slog.DiscardHandler))
		cancel()
		if err == nil {
			return
		}
		if time.Now().After(late) {
			t.Fatal(err)
		}
	}
}
