package sipd_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lineside/lineside/sipd"
)

// BenchmarkEmergencySetUp is how long an emergency call takes from the phone to
// the SBC and back through the box, beside sipp's calls of other phones, each
// with its login, answered, confirmed and hung up; and, turn by turn in the same
// run, how long it takes to the SBC without the box.
func BenchmarkEmergencySetUp(b *testing.B) {
	for _, load := range []int{0, 500} {
		b.Run(fmt.Sprint(load, " answered calls a second beside it"), func(b *testing.B) {
			sbc := newPeer(b, "127.0.0.7", nowhere)
			l := newLab(b, withVoice(b, 1000), sbcs(sbc), func(c *sipd.Config, _ *sipd.Deps) {
				c.EmergencyCalls, c.Mode = 1<<20, sipd.Bridge
			})
			sbc.answer(sbc.want("OPTIONS"), "200 OK", "s", "")
			answered := otherCalls(b, l, load)
			begun, before := time.Now(), answered.Load()
			var through, direct []time.Duration
			for i := 0; b.Loop(); i++ {
				host := fmt.Sprintf("127.2.%d.%d", i/200%200, 2+i%200)
				through = append(through, setUp(newPeer(b, host, l.addr), sbc))
				<-l.desk.calls
				direct = append(direct, setUp(newPeer(b, host, netip.MustParseAddrPort(sbc.at())), sbc))
			}
			b.ReportMetric(float64(answered.Load()-before)/time.Since(begun).Seconds(), "other-calls/s")
			for _, p := range []struct {
				name string
				part int
			}{{"p50", 50}, {"p99", 99}} {
				b.ReportMetric(float64(percentile(through, p.part))/1e6, p.name+"-ms-by-the-box")
				b.ReportMetric(float64(percentile(direct, p.part))/1e6, p.name+"-ms-direct")
			}
			b.ReportMetric(float64(percentile(through, 50))/float64(percentile(direct, 50)), "x-direct")
		})
	}
}

// setUp makes one call for help and ends it, and gives the time from INVITE to
// 200.
func setUp(p, sbc *peer) time.Duration {
	start := time.Now()
	r := p.call("sip:112@box")
	sbc.answer(sbc.want("INVITE"), "200 OK", "s", "v=0", "Content-Type: application/sdp")
	ok := p.want("200")
	took := time.Since(start)
	p.request(within(r, ok, "ACK", 1))
	sbc.want("ACK")
	p.request(within(r, ok, "BYE", 2))
	sbc.answer(sbc.want("BYE"), "200 OK", "s", "")
	p.want("200")
	_ = p.conn.Close()
	return took
}

func percentile(all []time.Duration, p int) time.Duration {
	all = slices.Sorted(slices.Values(all))
	return all[min(len(all)*p/100, len(all)-1)]
}

// otherCalls has sipp make PIN calls of a thousand phones at as many addresses,
// until the benchmark ends; what it gives counts those that were answered and
// ended.
func otherCalls(b *testing.B, l *lab, load int) *atomic.Int64 {
	b.Helper()
	answered := new(atomic.Int64)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-l.desk.over:
				answered.Add(1)
			case <-done:
				return
			}
		}
	}()
	b.Cleanup(func() { close(done) })
	if load == 0 {
		return answered
	}
	tool, err := exec.LookPath("sipp")
	if err != nil {
		b.Skip(err)
	}
	var phones strings.Builder
	phones.WriteString("SEQUENTIAL\n")
	for i := range 1000 {
		mac := fmt.Sprintf("0015650a%04x", i)
		fmt.Fprintf(&phones, "127.3.%d.%d;%s;[authentication username=%[3]s password=fake-%[3]s]\n", i/200, 2+i%200, mac)
	}
	list := filepath.Join(b.TempDir(), "phones.csv")
	if err := os.WriteFile(list, []byte(phones.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(tool, l.addr.String(), "-sf", "testdata/bench_call.xml", "-inf", list, "-t", "ui", "-ip_field", "0", "-auth_uri", "*89@"+l.addr.String(), "-i", "127.3.0.1",
		"-p", "5060", "-r", fmt.Sprint(load), "-l", "4000", "-max_socket", "1100", "-nostdin")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if b.Failed() {
			b.Logf("sipp: %s", said.String()[max(0, said.Len()-4000):])
		}
	})
	waitFor(b, "load", func() bool { return answered.Load() > int64(load) })
	return answered
}
