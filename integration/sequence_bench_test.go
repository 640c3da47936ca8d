package integration

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// BenchmarkRebuild is what a change costs that is in every config: nothing is built
// ahead, so each of 10,000 phones of all vendors has its own built when it asks
// next, and the worst is that all ask at once. Meanwhile phones whose config is
// built go on asking; worst-wait-ms is the longest any of them waited. One core.
func BenchmarkRebuild(b *testing.B) {
	c := newClerk(b)
	devices := mixedDevices(b)
	c.enrol(b, devices...)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	again, err := ask(devices[0])
	if err != nil {
		b.Fatal(err)
	}
	var worst time.Duration
	served := 0
	for b.Loop() {
		c.restart(b)
		stop, done := make(chan struct{}), sync.WaitGroup{}
		done.Go(func() {
			for ; ; served++ {
				select {
				case <-stop:
					return
				default:
				}
				began := time.Now()
				if a, err := c.Fetch(b.Context(), again); err != nil || a.Status != provision.Content {
					b.Errorf("got status %d, %v; want a config", a.Status, err)
					return
				}
				worst = max(worst, time.Since(began))
				runtime.Gosched()
			}
		})
		for _, d := range devices {
			c.config(b, d)
		}
		close(stop)
		done.Wait()
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/rebuild")
	b.ReportMetric(float64(worst.Microseconds())/1000, "worst-wait-ms")
	b.ReportMetric(float64(served)/float64(b.N), "served-meanwhile/rebuild")
}

// mixedDevices are phones of all vendors in turn, and of each vendor's models in
// turn.
func mixedDevices(b *testing.B) []phone.Device {
	b.Helper()
	makers := vendors.All().Makers()
	list := make([]phone.Device, manyDevices)
	for i := range list {
		m := makers[i%len(makers)]
		models := m.Models.List()
		oui := [3]byte{2} // locally administered, for makers none is known of
		if len(m.OUIs) > 0 {
			oui = m.OUIs[0]
		}
		list[i] = phone.Device{
			MAC: phone.MAC{oui[0], oui[1], oui[2], 0, byte(i >> 8), byte(i)}, Vendor: m.Vendor, Model: models[i/len(makers)%len(models)].Name, Label: "Desk",
			Lines: []phone.Line{{Registrar: setRegistrar, User: setUser, Password: phone.NewSecret(setPassword)}},
		}
	}
	return list
}
