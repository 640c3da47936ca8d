package store

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
)

// each runs n durable writes from so many writers and gives how many a second.
func each(b *testing.B, n, writers int, write func(w, i int) error) float64 {
	b.Helper()
	start := time.Now()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := w; i < n; i += writers {
				if err := write(w, i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return float64(n) / time.Since(start).Seconds()
}

// BenchmarkChange compares a whole change of a device (sealed, audited,
// encoded and read back) with the bare put of a value of the same size by the
// database's own two ways: Batch at its defaults, and Update, one commit each.
func BenchmarkChange(b *testing.B) {
	for _, writers := range []int{1, 100} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			shared := metrics.New()
			s, err := Open(filepath.Join(b.TempDir(), "db"), testKey(), Config{}, Tools{Metrics: shared})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			for n := range writers {
				set(b, s, testRecord(n))
			}
			value, err := s.codec().encodeDevice(testRecord(1))
			if err != nil {
				b.Fatal(err)
			}
			peer, err := bolt.Open(filepath.Join(b.TempDir(), "peer"), 0o600, nil)
			if err != nil {
				b.Fatal(err)
			}
			defer peer.Close()
			put := func(i int) func(*bolt.Tx) error {
				return func(tx *bolt.Tx) error {
					bucket, err := tx.CreateBucketIfNotExists([]byte(bucketDevices))
					if err != nil {
						return err
					}
					mac := testMAC(i)
					return bucket.Put(mac[:], value)
				}
			}
			b.ResetTimer()
			own := each(b, b.N, writers, func(w, _ int) error {
				_, err := s.Change(b.Context(), func(old auth.Record) (*auth.Record, []audit.Record, error) {
					old.Enrolment.Epoch++
					return &old, []audit.Record{{MAC: testMAC(w), Event: audit.Reset{Epoch: old.Enrolment.Epoch}}}, nil
				}, testMAC(w))
				return err
			})
			b.StopTimer()
			batch := each(b, min(b.N, 200*writers), writers, func(w, _ int) error { return peer.Batch(put(w)) })
			update := each(b, min(b.N, 5000), writers, func(w, _ int) error { return peer.Update(put(w)) })
			b.ReportMetric(own, "changes/s")
			changes, _ := strconv.ParseFloat(shown(b, shared, metrics.NameChanges), 64)
			commits, _ := strconv.ParseFloat(shown(b, shared, metrics.NameCommits), 64)
			b.ReportMetric(changes/commits, "changes/commit")
			b.ReportMetric(own/batch, "x-Batch")
			b.ReportMetric(own/update, "x-Update")
		})
	}
}

// BenchmarkOpen starts with 10,000 devices, as many leases and sightings, and
// a full audit log.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "db")
	s, err := Open(path, testKey(), Config{}, Tools{})
	if err != nil {
		b.Fatal(err)
	}
	fillUp(b, s, 10_000, 200_000)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		s, err := Open(path, testKey(), Config{}, Tools{})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(time.Since(began).Milliseconds()), "ms/open")
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB-heap")
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDevice is a reader beside 10,000 devices.
func BenchmarkDevice(b *testing.B) {
	s := openTest(b, filepath.Join(b.TempDir(), "db"), Config{})
	fillUp(b, s, 10_000, 0)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, err := s.Device(testMAC(i % 10_000)); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func fillUp(b *testing.B, s *Store, devices, entries int) {
	b.Helper()
	macs := make([]phone.MAC, devices)
	seen := make([]phone.Seen, devices)
	for n := range devices {
		macs[n] = testMAC(n)
		seen[n] = filled[phone.Seen](b)
		seen[n].MAC = testMAC(n)
	}
	n := 0
	_, err := s.Change(b.Context(), func(auth.Record) (*auth.Record, []audit.Record, error) {
		rec := testRecord(n)
		n++
		return &rec, nil, nil
	}, macs...)
	if err != nil {
		b.Fatal(err)
	}
	if err := s.SaveSeen(b.Context(), seen); err != nil {
		b.Fatal(err)
	}
	events := make([]audit.Record, 1000)
	for i := range events {
		events[i] = audit.Record{MAC: testMAC(i), By: audit.Actor{Front: "http"}, Event: audit.CredentialMinted{User: testMAC(i).Hex(), Ground: "otp"}}
	}
	for range entries / len(events) {
		if err := s.Record(b.Context(), events...); err != nil {
			b.Fatal(err)
		}
	}
}
