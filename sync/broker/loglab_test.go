package broker_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/lineside/lineside/sync/broker"
)

// streamLab is a nats-server with JetStream in this process, reached by a pipe.
type streamLab struct {
	t    testing.TB
	dir  string
	srv  *server.Server
	conn *nats.Conn
}

func newStreamLab(t testing.TB) *streamLab {
	t.Helper()
	l := &streamLab{t: t, dir: t.TempDir()}
	l.start()
	t.Cleanup(l.stop)
	return l
}

func (l *streamLab) start() {
	l.t.Helper()
	s, err := server.NewServer(&server.Options{JetStream: true, StoreDir: l.dir, SyncAlways: true, DontListen: true, NoSigs: true, NoLog: true})
	if err != nil {
		l.t.Fatal(err)
	}
	go s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		l.t.Fatal("the server does not start")
	}
	l.srv = s
	if l.conn, err = nats.Connect("", nats.InProcessServer(s)); err != nil {
		l.t.Fatal(err)
	}
}

func (l *streamLab) stop() {
	l.conn.Close()
	l.srv.Shutdown()
	l.srv.WaitForShutdown()
}

func (l *streamLab) open() *broker.Log {
	l.t.Helper()
	return l.openAs(broker.LogConfig{})
}

func (l *streamLab) openAs(cfg broker.LogConfig) *broker.Log {
	l.t.Helper()
	g, err := broker.OpenLog(l.t.Context(), l.conn, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		l.t.Fatal(err)
	}
	return g
}
