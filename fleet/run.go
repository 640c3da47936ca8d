package fleet

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// Plan is a fleet to be put through its paces.
type Plan struct {
	// Phones is how many, default 1; at most 65,536 of each vendor.
	Phones int
	// Vendors take turns; default is all that can be played.
	Vendors []phone.Vendor
	// First is the number of the first phone, put into the last three octets
	// of its MAC; the next one has the next.
	First uint32
	// Base is every phone's Config; MAC, Vendor and, where a vendor has no
	// such model, Model are filled in.
	Base Config
	// Spread is over how long power comes back; zero is all at once.
	Spread time.Duration
	// Parallel bounds how many phones work at the same time, and so sockets
	// and goroutines; default 256. Phones beyond it wait for their turn, which
	// is not counted.
	Parallel int
	// Resync makes each phone that got a config fetch it once more with the
	// login it was given.
	Resync bool
}

// maxPhones bounds a plan, for each vendor.
const maxPhones = 65536

// Configs gives the plan's phones.
func (p Plan) Configs(table vendors.Table) ([]Config, error) {
	if p.Phones == 0 {
		p.Phones = 1
	}
	if len(p.Vendors) == 0 {
		p.Vendors = Vendors()
	}
	if p.Phones < 0 || p.Phones > maxPhones*len(p.Vendors) {
		return nil, fmt.Errorf("%d phones: write 1 to %d", p.Phones, maxPhones*len(p.Vendors))
	}
	configs := make([]Config, p.Phones)
	for i := range configs {
		c := p.Base
		c.Vendor = p.Vendors[i%len(p.Vendors)]
		maker, known := table.Of(c.Vendor)
		d, spoken := dialects()[c.Vendor]
		if !known || !spoken || len(maker.OUIs) == 0 {
			return nil, fmt.Errorf("vendor %.40q has no simulation; use one of %s", c.Vendor, VendorNames())
		}
		if len(p.Vendors) > 1 {
			c.Model, c.Firmware = "", ""
		}
		c.setDefaults(d)
		n, oui := p.First+uint32(i/len(p.Vendors)), maker.OUIs[0]
		c.MAC = phone.MAC{oui[0], oui[1], oui[2], byte(n >> 16), byte(n >> 8), byte(n)}
		configs[i] = c
	}
	return configs, nil
}

// Run boots every phone of the plan and reports. When ctx ends the phones stop
// and what there is so far is reported, with the error. person and tell are
// called from many goroutines at once.
func Run(ctx context.Context, plan Plan, table vendors.Table, person Person, tell func(Event)) (Report, error) {
	configs, err := plan.Configs(table)
	if err != nil {
		return Report{}, err
	}
	phones := make([]*Phone, len(configs))
	for i, c := range configs {
		if phones[i], err = New(c, table, person, tell); err != nil {
			return Report{}, err
		}
	}
	if plan.Parallel <= 0 {
		plan.Parallel = 256
	}
	start := time.Now()
	trips := plan.drive(ctx, phones)
	return newReport(trips, time.Since(start)), ctx.Err()
}

// trip is one phone's way.
type trip struct {
	boot   Result
	resync *Result
	done   bool
}

// drive lets Parallel workers take the phones in order, none before its time.
func (p Plan) drive(ctx context.Context, phones []*Phone) []trip {
	trips := make([]trip, len(phones))
	start, next := time.Now(), make(chan int)
	var workers sync.WaitGroup
	for range min(p.Parallel, len(phones)) {
		workers.Go(func() {
			for i := range next {
				trips[i] = p.travel(ctx, phones[i])
			}
		})
	}
	for i := range phones {
		due := start.Add(p.Spread * time.Duration(i) / time.Duration(len(phones)))
		if wait(ctx, time.Until(due)) != nil {
			break
		}
		next <- i
	}
	close(next)
	workers.Wait()
	return trips
}

func (p Plan) travel(ctx context.Context, ph *Phone) trip {
	res, err := ph.Boot(ctx)
	t := trip{boot: res, done: !errors.Is(err, context.Canceled)}
	if err == nil && p.Resync {
		again, _ := ph.Resync(ctx) // its Kind says what went wrong
		t.resync = &again
	}
	return t
}
