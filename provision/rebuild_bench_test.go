package provision_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// BenchmarkRebuild is a site of 10,000 phones that all fetch their configs after
// a change that touches every one of them: identity, weighing of the login,
// decision and a fresh rendering. Beside it, in the same run, stands the plain
// rendering of the same 10,000 configs; ratio is the one over the other. Nothing stops
// for it: a config is made anew when its phone asks.
func BenchmarkRebuild(b *testing.B) {
	const phones = 10_000
	dir := b.TempDir()
	l := newTown(b, auth.FactorOTP, realTable, func(c *provision.Config) { c.Templates = rootOf(b, dir); c.CacheBytes = 512 << 20 })
	asks := make([]provision.Ask, phones)
	for n := range asks {
		m := phone.MAC{0, 0x15, 0x65, byte(n >> 16), byte(n >> 8), byte(n)}
		cred := auth.Credential{User: fmt.Sprintf("own-%010d", n), Password: phone.NewSecret(fmt.Sprintf("fake-own-%d", n))}
		l.store.devices[m] = auth.Record{
			Rev: uint64(n + 1),
			Device: phone.Device{MAC: m, Vendor: "yealink", Model: "T46G", Lines: []phone.Line{
				{Registrar: "sip.example.net", User: "1001", Password: phone.NewSecret("fake-sip-password")},
			}},
			Enrolment: auth.Enrolment{State: auth.Successful, Current: cred},
		}
		asks[n] = provision.Ask{
			Front: provision.HTTP, Remote: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 88, byte(n >> 8), byte(n)}), 4000),
			File: m.Hex() + ".cfg", Attempt: digestOf(cred.User, cred.Password.Reveal()),
		}
	}
	all := func() time.Duration {
		start := time.Now()
		for _, ask := range asks {
			if a, err := l.Fetch(b.Context(), ask); err != nil || a.Status != provision.Content {
				b.Fatalf("%s: got %+v and %v", ask.File, a, err)
			}
		}
		return time.Since(start)
	}
	all()
	table := realTable(l)
	zone, err := time.LoadLocation(l.Site().Zone)
	if err != nil {
		b.Fatal(err)
	}
	var rebuilt, plain time.Duration
	n := 0
	for b.Loop() {
		n++
		writeFile(b, dir, "yealink.conf", fmt.Sprintf("lang.gui = Language%d\n", n))
		if out, err := l.LoadTemplates(b.Context(), operator); err != nil || !out.Changed {
			b.Fatalf("got %+v and %v", out, err)
		}
		rebuilt += all()
		start := time.Now()
		for _, rec := range l.store.devices {
			f, _ := table.File(rec.Device.MAC.Hex()+".cfg", "yealink")
			in := vendors.Input{
				File: f, Stage: vendors.Full, Device: rec.Device, Site: l.Site(), Zone: zone, Year: 2026,
				Box:   vendors.Box{URL: "http://10.20.0.1/cfg/", CAURL: "http://10.20.0.1/cfg/ca", Addr: netip.MustParseAddr("10.20.0.1")},
				Login: vendors.Login{User: "own-0000000000", Password: phone.NewSecret("fake-own")},
			}
			if _, err := table.Render(in); err != nil {
				b.Fatal(err)
			}
		}
		plain += time.Since(start)
	}
	b.ReportMetric(rebuilt.Seconds()/float64(n), "s/10000-phones")
	b.ReportMetric(rebuilt.Seconds()/plain.Seconds(), "ratio-to-plain")
}
