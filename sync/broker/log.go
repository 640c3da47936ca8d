package broker

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/lineside/lineside/sync/central"
)

// LogConfig says where the log is kept.
type LogConfig struct {
	// Stream is the stream's name, "" means "CFG".
	Stream string
	// Replicas is how many nodes of a cluster keep it, 0 means 1.
	Replicas int
	// Settle is how long a stream of several replicas must be short of what was
	// read from it before it counts as put back: a replica that lags looks the
	// same. 0 means 10 s.
	Settle time.Duration
	// MaxBytes is the most the stream may become on each node, 0 no bound but the
	// disk. What would make it larger is refused, before JetStream has no disk
	// left and stops altogether.
	MaxBytes int64
}

// Log is central.Log in a JetStream stream.
type Log struct {
	conn     *nats.Conn
	stream   jetstream.Stream
	cfg      LogConfig
	identity string
	log      *slog.Logger
	// journaled says that small changes go into the journal.
	journaled bool

	appending sync.Mutex // guards what follows
	journal   journal
}

const (
	// subjects begins every key's subject.
	subjects = "cfg"
	// appended is where a process says that it has appended. It is no subject
	// of the stream.
	appended = "cfgnews"
	// identityKey is where the stream's own name is kept, in its metadata, of
	// form 1, and identityKey2 of form 2, which has a journal: a build that knows
	// none finds no name there, rather than passing over what is in it.
	identityKey  = "lineside_identity"
	identityKey2 = "lineside_identity_2"
)

// noDuplicates is the shortest time nats-server looks for messages it has had
// before. The log names none, because it appends behind a sequence; but at each
// start nats-server reads all that was written within that time, by default two
// minutes, message by message: most of the log where a fleet has just come back.
const noDuplicates = 100 * time.Millisecond

// framing is what headers and subject add to a value at most.
const framing = 4 << 10

// OpenLog opens the stream, or makes it. A cluster that is coming up is waited
// for, up to a minute.
func OpenLog(ctx context.Context, conn *nats.Conn, cfg LogConfig, log *slog.Logger) (*Log, error) {
	cfg.Stream, cfg.Replicas = cmp.Or(cfg.Stream, "CFG"), max(cfg.Replicas, 1)
	cfg.Settle = cmp.Or(cfg.Settle, 10*time.Second)
	l := &Log{conn: conn, cfg: cfg, log: log}
	if err := l.openSettled(ctx); err != nil {
		return nil, fmt.Errorf("open the platform's stream %s: %w", cfg.Stream, err)
	}
	return l, nil
}

func (l *Log) open(ctx context.Context) error {
	if limit := l.conn.MaxPayload(); limit < central.MaxValue+framing {
		return fmt.Errorf("the broker takes messages of %d bytes, and the platform needs %d: set max_payload = 1MB there", limit, central.MaxValue+framing)
	}
	js, err := jetstream.New(l.conn)
	if err != nil {
		return err
	}
	l.stream, err = js.Stream(ctx, l.cfg.Stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		l.stream, err = l.create(ctx, js)
	}
	if err != nil {
		return err
	}
	return l.adopt(ctx, js, l.stream.CachedInfo().Config)
}

// adopt looks whether a stream is the platform's, and makes it what it is to be.
// A stream on one node becomes one of form 2; on several, where processes of
// builds before it may run, a batch costs no more than a message and it stays
// what it is.
func (l *Log) adopt(ctx context.Context, js jetstream.JetStream, have jetstream.StreamConfig) (err error) {
	l.identity = cmp.Or(have.Metadata[identityKey2], have.Metadata[identityKey])
	if l.identity == "" || !have.AllowAtomicPublish || !have.AllowMsgTTL || !have.AllowDirect || have.MaxMsgsPerSubject != 1 {
		return errors.New("a stream of that name is there which is not the platform's; remove it or name another")
	}
	l.journaled = l.cfg.Replicas == 1
	renew := l.journaled && have.Metadata[identityKey2] == ""
	if have.Replicas == l.cfg.Replicas && max(have.MaxBytes, 0) == l.cfg.MaxBytes && have.Duplicates <= noDuplicates && !renew {
		return nil
	}
	have.MaxBytes, have.Duplicates = l.cfg.MaxBytes, noDuplicates
	if have.Replicas = l.cfg.Replicas; renew {
		have.Metadata = map[string]string{identityKey2: l.identity}
	}
	l.stream, err = js.UpdateStream(ctx, have)
	if err != nil {
		return fmt.Errorf("keep it on %d nodes, in %d bytes (0 is no bound): %w", l.cfg.Replicas, l.cfg.MaxBytes, err)
	}
	return nil
}

// create makes the stream. Of two processes that do so at once one is told
// that it is there, because each would name it differently.
func (l *Log) create(ctx context.Context, js jetstream.JetStream) (jetstream.Stream, error) {
	s, err := js.CreateStream(ctx, jetstream.StreamConfig{
		Name:               l.cfg.Stream,
		Description:        "what the platform holds: one subject for each key",
		Subjects:           []string{subjects + ".>"},
		Storage:            jetstream.FileStorage,
		Replicas:           l.cfg.Replicas,
		MaxMsgsPerSubject:  1,
		MaxMsgSize:         central.MaxValue + framing,
		MaxBytes:           l.cfg.MaxBytes,
		Discard:            jetstream.DiscardNew,
		DenyDelete:         true,
		DenyPurge:          true,
		AllowDirect:        true,
		AllowMsgTTL:        true,
		AllowAtomicPublish: true,
		Duplicates:         noDuplicates,
		Metadata:           map[string]string{l.nameKey(): rand.Text()},
	})
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return js.Stream(ctx, l.cfg.Stream)
	}
	return s, err
}

func (l *Log) nameKey() string {
	if l.cfg.Replicas == 1 {
		return identityKey2
	}
	return identityKey
}

// Identity names the stream.
func (l *Log) Identity() string { return l.identity }

// Follow calls f at every word that something was appended, and once a second,
// because words get lost.
func (l *Log) Follow(ctx context.Context, f func(newest uint64)) error {
	heard := make(chan *nats.Msg, 1)
	sub, err := l.conn.Subscribe(appended, func(m *nats.Msg) {
		select { // the newest word is the one that counts
		case <-heard:
		default:
		}
		heard <- m
	})
	if err != nil {
		return fmt.Errorf("follow the platform's stream: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }() // of a closed connection: gone anyway
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for newest := uint64(0); ; {
		f(newest)
		select {
		case <-ctx.Done():
			return nil
		case m := <-heard:
			newest, _ = strconv.ParseUint(string(m.Data), 10, 64) // 0: look
		case <-again.C:
			newest = 0
		}
	}
}
