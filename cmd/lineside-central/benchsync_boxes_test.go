package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/seal"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

// benchRole makes a process of this program the platform or the boxes of a
// benchmark in another one.
const benchRole = "LINESIDE_BENCH_ROLE"

// TestMain lets this program be part of its own benchmark.
func TestMain(m *testing.M) {
	in := bufio.NewReader(os.Stdin)
	switch os.Getenv(benchRole) {
	case "platform":
		bePlatform(in)
	case "boxes":
		if err := beBoxes(in); err != nil {
			fmt.Println("failed", err)
			os.Exit(1)
		}
	default:
		os.Exit(m.Run())
	}
}

// bePlatform is lineside-central, entire. It says when boxes can connect, and
// drops its garbage when it is told to.
func bePlatform(in *bufio.Reader) {
	p := &program{in: os.Stdin, out: new(benchDiscard), err: os.Stderr, now: time.Now, ready: func(f *platform) {
		<-f.broker.Ready()
		fmt.Println("ready")
	}}
	go func() {
		for {
			if _, err := in.ReadString('\n'); err != nil {
				return
			}
			debug.FreeOSMemory()
			fmt.Println("free")
		}
	}()
	os.Exit(p.run(context.Background(), os.Args[1:]))
}

type benchDiscard struct{}

func (*benchDiscard) Write(b []byte) (int, error) { return len(b), nil }

// boxes is what the process of the boxes counts.
type boxes struct {
	fleet benchFleet
	dir   string

	mu      sync.Mutex // guards what follows
	lives   []int      // how often each was linked
	linked  map[int]int
	tried   int
	applied []time.Duration
}

// beBoxes begins every box at "go", and says each time all are linked once
// more. "free" drops garbage, "times" gives how long changes took.
func beBoxes(in *bufio.Reader) error {
	text, err := in.ReadBytes('\n')
	if err != nil {
		return err
	}
	b := &boxes{linked: map[int]int{}}
	if err := json.Unmarshal(text, &b.fleet); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "boxes"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(b.dir) }()
	b.lives = make([]int, len(b.fleet.Boxes))
	ctx, stop := context.WithCancel(context.Background())
	var all sync.WaitGroup
	begin, err := b.make(ctx, &all)
	if err != nil {
		stop()
		return err
	}
	defer all.Wait()
	defer stop()
	fmt.Println("made")
	for {
		word, err := in.ReadString('\n')
		if err != nil {
			return nil // whoever asked is gone
		}
		switch word {
		case "go\n":
			begin()
		case "free\n":
			debug.FreeOSMemory()
			fmt.Println("free")
		case "times\n":
			b.mu.Lock()
			text, err := json.Marshal(b.applied)
			b.applied = nil
			b.mu.Unlock()
			if err != nil {
				return err
			}
			fmt.Println("times", string(text))
		}
	}
}

// make makes every box; begin lets them loose.
func (b *boxes) make(ctx context.Context, all *sync.WaitGroup) (begin func(), err error) {
	pin, err := hex.DecodeString(b.fleet.Pin)
	if err != nil {
		return nil, err
	}
	platform, err := seal.ParseVerifier(b.fleet.Platform)
	if err != nil {
		return nil, err
	}
	trust := wire.PinnedTLS(pin, "127.0.0.1")
	var runs []func()
	for i, one := range b.fleet.Boxes {
		key, err := site.ParseNKey(one.NKey)
		if err != nil {
			return nil, err
		}
		via := &site.NATS{URL: &url.URL{Scheme: "tls", Host: b.fleet.Addr}, Site: one.ID, Key: key, TLS: trust}
		news := func(n lightNews) { b.count(i, n) }
		if i >= b.fleet.Whole {
			light := &lightBox{id: one.ID, platform: platform, via: via, verify: i%max(b.fleet.Verify, 1) == 0, base: cmp.Or(b.fleet.Base, lightBase), news: news}
			runs = append(runs, func() { light.run(ctx) })
			continue
		}
		w, err := newWholeBox(filepath.Join(b.dir, strconv.Itoa(i)), one, platform, via)
		if err != nil {
			return nil, err
		}
		w.news, w.applied, w.cfg.Base = news, b.took, b.fleet.Base
		runs = append(runs, func() {
			if err := w.run(ctx); err != nil {
				fmt.Println("failed", err)
			}
		})
	}
	return func() {
		for _, run := range runs {
			all.Go(run)
		}
	}, nil
}

// count notes what became of a box's link.
func (b *boxes) count(i int, n lightNews) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch n {
	case lightTried:
		b.tried++
	case lightLinked:
		b.lives[i]++
		life := b.lives[i]
		if b.linked[life]++; b.linked[life] == len(b.lives) {
			fmt.Println("linked", life, time.Now().UnixNano(), b.tried)
			b.tried = 0
		}
	}
}

func (b *boxes) took(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.applied = append(b.applied, d)
}
