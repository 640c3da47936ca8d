package integration

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/icholy/digest"
)

// The hostile client's rate, and how an honest phone and it are measured: spells
// of quiet and of attack by turns, so that what else the machine does falls on
// both alike.
const (
	wrongRate  = 1000
	spellPairs = 8
	spell      = 500 * time.Millisecond
	phoneEvery = 2 * time.Millisecond
)

// honest is one fetch by a phone that belongs here.
type honest struct {
	name string
	get  func(n int) error
}

// BenchmarkHostile measures full configs by HTTP with Digest, and open files by
// TFTP, while one client makes 1,000 wrong attempts a second through each door,
// and while none does: p99 of both and their ratio, which is to stay below 2. It
// needs the machine to itself.
func BenchmarkHostile(b *testing.B) {
	box := loadedBox(b)
	phones := []honest{honestHTTP(b, box), honestTFTP(box)}
	from := box.self.As4()
	from[2], from[3] = 250, 1
	doors := scanDoors(box, benchMAC(manyDevices-1), func(int) netip.Addr { return netip.AddrFrom4(from) })
	for _, h := range phones {
		for _, door := range []scanDoor{doors[1], doors[2]} {
			b.Run(h.name+"/"+strings.ReplaceAll(door.name, " ", "-"), func(b *testing.B) {
				var quiet, attacked [][]time.Duration
				var wrong int64
				for b.Loop() {
					for range spellPairs {
						quiet = append(quiet, measure(b, h))
						stop := attack(b, door)
						attacked = append(attacked, measure(b, h))
						wrong += stop()
					}
				}
				report(b, quiet, attacked, float64(wrong)/(float64(len(attacked))*spell.Seconds()))
			})
		}
	}
}

// report gives the middle spell's quantiles, for another program on the machine
// spoils some spells and not most.
func report(b *testing.B, quiet, attacked [][]time.Duration, rate float64) {
	b.Helper()
	middle := func(spells [][]time.Duration, q float64) float64 {
		all := make([]time.Duration, len(spells))
		for i, s := range spells {
			all[i] = quantile(s, q)
		}
		return float64(quantile(all, 0.5).Nanoseconds()) / 1000
	}
	for _, q := range []float64{0.5, 0.99} {
		b.ReportMetric(middle(quiet, q), fmt.Sprintf("µs-p%.0f-quiet", 100*q))
		b.ReportMetric(middle(attacked, q), fmt.Sprintf("µs-p%.0f-attacked", 100*q))
	}
	b.ReportMetric(middle(attacked, 0.99)/middle(quiet, 0.99), "p99-ratio")
	b.ReportMetric(rate, "wrong/s")
	b.ReportMetric(0, "ns/op")
}

// measure fetches at a steady rate for one spell. A fetch that the one before it
// held up counts from when it was due.
func measure(b *testing.B, h honest) []time.Duration {
	b.Helper()
	took := make([]time.Duration, 0, spell/phoneEvery)
	start := time.Now()
	for n := range int(spell / phoneEvery) {
		due := start.Add(time.Duration(n) * phoneEvery)
		if early := time.Until(due); early > 0 {
			time.Sleep(early)
			due = time.Now()
		}
		if err := h.get(n); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(due))
	}
	return took
}

// attack makes wrong attempts for other phones' files until stopped, and then
// says how many it made.
func attack(b *testing.B, door scanDoor) (stop func() int64) {
	b.Helper()
	asker, err := door.open(0)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	var made atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() {
		start := time.Now()
		for n := 0; ctx.Err() == nil; n++ {
			time.Sleep(time.Until(start.Add(time.Duration(n) * time.Second / wrongRate)))
			if _, err := asker.ask(benchMAC(n % manyDevices)); err != nil {
				b.Error(err)
				return
			}
			made.Add(1)
		}
	})
	return func() int64 {
		cancel()
		wg.Wait()
		_ = asker.Close()
		return made.Load()
	}
}

// honestHTTP is phones that fetch their full config with their own login.
func honestHTTP(b *testing.B, box *box) honest {
	b.Helper()
	const phones = 16
	clients := make([]http.RoundTripper, phones)
	for i := range clients {
		file := benchMAC(i).Hex() + ".cfg"
		status, full, err := box.fetch(b.Context(), box.self.String(), file, "curl/8", benchOTP.User, benchOTP.Password)
		m := desks()[0].login.FindStringSubmatch(full)
		if err != nil || status != 200 || m == nil {
			b.Fatalf("enrol: got %d, %v", status, err)
		}
		clients[i] = &digest.Transport{Username: m[1], Password: m[2], Transport: &http.Transport{DisableCompression: true}}
	}
	return honest{"HTTP", func(n int) error { return get(clients[n%phones], box.url(benchMAC(n%phones).Hex()+".cfg")) }}
}

// honestTFTP is phones that fetch the common file.
func honestTFTP(box *box) honest {
	asker := &tftpAsker{from: netip.AddrPortFrom(box.self, 0), to: netip.AddrPortFrom(box.self, uint16(box.ports.tftp))}
	return honest{"TFTP", func(int) error {
		r, err := asker.fetch("y000000000028.cfg")
		if err == nil && len(r.body) < 512 {
			return fmt.Errorf("common file: got %q %d bytes", r.status, len(r.body))
		}
		return err
	}}
}
