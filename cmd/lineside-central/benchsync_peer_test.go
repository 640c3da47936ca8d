package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// barePeer is nats-server and nats.go without anything of ours.
type barePeer struct {
	platform, box *nats.Conn
	n             int
}

// newBarePeer runs one that syncs every write, as ours does.
func newBarePeer(t testing.TB) *barePeer {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), SyncAlways: true, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("nats-server is not ready")
	}
	p := &barePeer{}
	if p.platform, err = nats.Connect("nats://embedded", nats.InProcessServer(s)); err != nil {
		t.Fatal(err)
	}
	if p.box, err = nats.Connect(s.ClientURL()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.box.Close(); p.platform.Close() })
	js, err := jetstream.New(p.platform)
	if err == nil {
		_, err = js.CreateStream(context.Background(), jetstream.StreamConfig{Name: "BARE", Subjects: []string{"bare.>"}, MaxMsgsPerSubject: 1})
	}
	if err == nil {
		_, err = p.platform.Subscribe("ask", func(m *nats.Msg) { _ = m.Respond(make([]byte, bareAnswer)) })
	}
	if err == nil {
		err = p.platform.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// What a change is: so many bytes in the log, and an answer of such a length.
const (
	bareChange = 3500
	bareAnswer = 2500
)

// publish writes one message, which is flushed.
func (p *barePeer) publish(bytes int) error {
	p.n++
	_, err := p.platform.Request(fmt.Sprintf("bare.%d", p.n%500), make([]byte, bytes), 10*time.Second)
	return err
}

// change is what a change takes at least: it is written, the box is poked, asks
// and is answered.
func (p *barePeer) change() error {
	if err := p.publish(bareChange); err != nil {
		return err
	}
	poked := make(chan struct{}, 1)
	sub, err := p.box.Subscribe("poke", func(*nats.Msg) { poked <- struct{}{} })
	if err != nil {
		return err
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := p.box.Flush(); err != nil {
		return err
	}
	if err := p.platform.Publish("poke", nil); err != nil {
		return err
	}
	<-poked
	_, err = p.box.Request("ask", nil, 10*time.Second)
	return err
}

// bareTimes does something at a pace.
func bareTimes(t testing.TB, n int, pace time.Duration, do func() error) []time.Duration {
	t.Helper()
	tick := time.NewTicker(pace)
	defer tick.Stop()
	var all []time.Duration
	for range n {
		<-tick.C
		began := time.Now()
		if err := do(); err != nil {
			t.Fatal(err)
		}
		all = append(all, time.Since(began))
	}
	return all
}

// bareFlush writes to a file and has the disk keep it, as each step of a change
// does at least once.
func bareFlush(t testing.TB) func() error {
	f, err := os.Create(filepath.Join(t.TempDir(), "flushed"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() }) // nobody reads it
	return func() error {
		if _, err := f.Write(make([]byte, bareChange)); err != nil {
			return err
		}
		return syscall.Fdatasync(int(f.Fd()))
	}
}
