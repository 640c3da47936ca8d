package broker_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/proto"
	"github.com/lineside/lineside/sync/wire"
)

// benchmarkPut changes devices by 64 callers at once.
func benchmarkPut(b *testing.B, p *central.Platform) {
	tok, err := p.AddSite("Berlin")
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	var next sync.Mutex
	i := 0
	b.SetParallelism(32) // with 2 processors: 64 callers
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			next.Lock()
			i++
			mac := fmt.Sprintf("%012x", i%5000)
			next.Unlock()
			if err := p.PutDevice(mac, tok.Site, wire.Device{Vendor: "yealink", Label: fmt.Sprint(i)}, nil); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "updates/s")
}

// BenchmarkPutDevice: devices changed by 64 callers at once, on a stream that
// syncs every write, and on the view alone.
func BenchmarkPutDevice(b *testing.B) {
	b.Run("stream", func(b *testing.B) {
		l := newStreamLab(b)
		benchmarkPut(b, l.platform(newKeys(b), filepath.Join(b.TempDir(), "view.db")))
	})
	b.Run("view alone", func(b *testing.B) {
		p, err := central.Open(b.Context(), central.Config{Path: filepath.Join(b.TempDir(), "view.db"), Keys: newKeys(b)}, slog.New(slog.DiscardHandler))
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = p.Close() }()
		benchmarkPut(b, p)
	})
}

// fill writes documents of 800 bytes straight into a new stream.
func fill(b *testing.B, l *streamLab, documents int) {
	g := l.open()
	body := []byte(strings.Repeat("x", 400))
	var newest uint64
	for n := 0; n < documents; {
		var entries []central.Entry
		for len(entries) < central.MaxBatch {
			n++
			d, err := json.Marshal(wire.SignedDoc{Doc: body, Sig: body[:64], Rev: uint64(n)})
			if err != nil {
				b.Fatal(err)
			}
			entries = append(entries, central.Entry{Key: fmt.Sprintf("docs/site%d/device/%012x", n%1000, n), Value: d})
		}
		var err error
		if newest, err = g.Append(b.Context(), newest, entries); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRebuild: a view of 100,000 documents made anew from the stream.
func BenchmarkRebuild(b *testing.B) {
	const documents = 100_000
	l := newStreamLab(b)
	fill(b, l, documents)
	keys := newKeys(b)
	for b.Loop() {
		p := l.platform(keys, filepath.Join(b.TempDir(), "view.db"))
		if err := p.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(documents*b.N)/b.Elapsed().Seconds(), "documents/s")
}

// BenchmarkPull: sites that read 100 documents from nothing, by as many callers
// as there are processors; the answer is signed.
func BenchmarkPull(b *testing.B) {
	p, err := central.Open(b.Context(), central.Config{Path: filepath.Join(b.TempDir(), "view.db"), Keys: newKeys(b)}, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	tok, err := p.AddSite("Berlin")
	if err != nil {
		b.Fatal(err)
	}
	for i := range 100 {
		if err := p.PutDevice(fmt.Sprintf("%012x", i), tok.Site, wire.Device{Vendor: "yealink"}, map[string]string{"sip.0": "fake"}); err != nil {
			b.Fatal(err)
		}
	}
	q, err := json.Marshal(wire.Request{V: wire.Version, ID: "x", Pull: &proto.Pull{}})
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := p.Answer(tok.Site, "pull", q); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pulls/s")
}
