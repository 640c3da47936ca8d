package provision_test

import (
	"bytes"
	"testing"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// shop is a site with one device of each vendor, whose owner has a phone book,
// and a template for each.
func shop(t testing.TB) (*lab, map[phone.Vendor]phone.MAC) {
	t.Helper()
	dir := t.TempDir()
	all := vendors.All()
	table := func(l *lab) vendors.Table { return vendors.NewTable(append(townTable(l).Makers(), all.Makers()...)...) }
	l := newTown(t, auth.FactorOTP, table, func(c *provision.Config) { c.Templates = rootOf(t, dir) })
	l.people(t, anna())
	macs := make(map[phone.Vendor]phone.MAC)
	for i, m := range all.Makers() {
		mac := phone.MAC{0x02, 0, 0, 1, 0, byte(i)}
		d := phone.Device{MAC: mac, Vendor: m.Vendor, Owner: "anna", Lines: []phone.Line{{Registrar: "sip.example.net", User: "1001", Password: phone.NewSecret("fake-sip-password")}}}
		if list := m.Models.List(); len(list) > 0 {
			d.Model = list[0].Name
		}
		l.store.devices[mac] = auth.Record{Rev: 1, Device: d, Enrolment: auth.Enrolment{
			State: auth.Successful, Current: auth.Credential{User: "own-0000000001", Password: phone.NewSecret("fake-own")},
		}}
		macs[m.Vendor] = mac
		writeFile(t, dir, string(m.Vendor)+".conf", "# nothing yet\n")
	}
	if out, err := l.LoadTemplates(t.Context(), operator); err != nil || len(out.Files) != len(macs) {
		t.Fatalf("templates: got %+v and %v, want one for each of %d vendors", out, err, len(macs))
	}
	return l, macs
}

// TestKeptConfigsCostNothing: a config that was written once is given again from
// the decision on without a byte of garbage, whoever's phone it is for.
func TestKeptConfigsCostNothing(t *testing.T) {
	l, macs := shop(t)
	for vendor, mac := range macs {
		t.Run(string(vendor), func(t *testing.T) {
			fetch, ok := l.Ready(mac, *l.clock.Load())
			if !ok {
				t.Fatal("no full config in its sequence")
			}
			first, err := fetch()
			if err != nil || len(first.Body) == 0 {
				t.Fatalf("got %d bytes and %v", len(first.Body), err)
			}
			var again provision.Answer
			allocs := testing.AllocsPerRun(100, func() {
				if again, err = fetch(); err != nil {
					t.Fatal(err)
				}
			})
			if allocs != 0 {
				t.Errorf("a kept config costs %v allocations, want none", allocs)
			}
			if !bytes.Equal(again.Body, first.Body) || again.Tag != first.Tag {
				t.Error("the second answer is another than the first")
			}
		})
	}
}

// BenchmarkKept is the same path timed, beside a cold rendering (vendors,
// BenchmarkRender).
func BenchmarkKept(b *testing.B) {
	l, macs := shop(b)
	for vendor, mac := range macs {
		b.Run(string(vendor), func(b *testing.B) {
			fetch, ok := l.Ready(mac, *l.clock.Load())
			if !ok {
				b.Fatal("no full config in its sequence")
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := fetch(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
