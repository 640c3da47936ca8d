package fleet

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/lineside/lineside/phone"
)

// Report is what became of a fleet.
type Report struct {
	Phones      int `json:"phones"`
	Provisioned int `json:"provisioned"`
	Waiting     int `json:"waiting"`
	Failed      int `json:"failed"`
	// Stopped is phones that had not finished, or begun, when the run was ended.
	Stopped int `json:"stopped"`
	// Resynced is phones that fetched their config again with their new login.
	Resynced int                  `json:"resynced"`
	Failures map[string]int       `json:"failures,omitempty"` // by Kind
	Vendors  map[phone.Vendor]int `json:"vendors"`            // phones with a config
	Files    int                  `json:"files"`
	Bytes    int                  `json:"bytes"`
	Took     time.Duration        `json:"took_ns"`
	DHCP     Spread               `json:"dhcp"`  // to an address
	Ready    Spread               `json:"ready"` // from power-on to a config
	Again    Spread               `json:"again"` // one resync
	// Examples are the first failure of each kind.
	Examples []Result `json:"examples,omitempty"`
}

// Spread is how long something took.
type Spread struct {
	Count int           `json:"count"`
	P50   time.Duration `json:"p50_ns"`
	P99   time.Duration `json:"p99_ns"`
	Max   time.Duration `json:"max_ns"`
}

func newReport(trips []trip, took time.Duration) Report {
	r := Report{Phones: len(trips), Took: took, Failures: map[string]int{}, Vendors: map[phone.Vendor]int{}}
	var dhcp, ready, again []time.Duration
	for _, t := range trips {
		r.add(t)
		if t.boot.DHCP > 0 {
			dhcp = append(dhcp, t.boot.DHCP)
		}
		if t.boot.ready() {
			ready = append(ready, t.boot.Took)
		}
		if t.resync != nil && t.resync.ready() {
			again = append(again, t.resync.Took)
		}
	}
	r.DHCP, r.Ready, r.Again = spread(dhcp), spread(ready), spread(again)
	return r
}

func (r Result) ready() bool { return r.Outcome == Provisioned || r.Outcome == Waiting }

func (r *Report) add(t trip) {
	if !t.done {
		r.Stopped++
		return
	}
	for _, f := range t.boot.Files {
		r.Files, r.Bytes = r.Files+f.Asks, r.Bytes+f.Bytes
	}
	switch t.boot.Outcome {
	case Provisioned:
		r.Provisioned++
		r.Vendors[t.boot.Vendor]++
	case Waiting:
		r.Waiting++
		r.Vendors[t.boot.Vendor]++
	default:
		r.fail(t.boot, t.boot.Kind)
	}
	if t.resync == nil {
		return
	}
	if t.resync.ready() {
		r.Resynced++
		return
	}
	r.fail(*t.resync, "resync: "+t.resync.Kind)
}

func (r *Report) fail(res Result, kind string) {
	r.Failed++
	r.Failures[kind]++
	if r.Failures[kind] == 1 {
		r.Examples = append(r.Examples, res)
	}
}

// spread sorts ds in place. P99 is the smallest value that 99 of 100 do not
// exceed.
func spread(ds []time.Duration) Spread {
	if len(ds) == 0 {
		return Spread{}
	}
	slices.Sort(ds)
	at := func(percent int) time.Duration { return ds[(len(ds)*percent+99)/100-1] }
	return Spread{Count: len(ds), P50: at(50), P99: at(99), Max: ds[len(ds)-1]}
}

// Write prints r for people.
func (r Report) Write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "phones\t%d in %s\n", r.Phones, round(r.Took))
	fmt.Fprintf(t, "provisioned\t%d\n", r.Provisioned)
	fmt.Fprintf(t, "waiting for a PIN\t%d\n", r.Waiting)
	fmt.Fprintf(t, "failed\t%d\n", r.Failed)
	if r.Stopped > 0 {
		fmt.Fprintf(t, "stopped\t%d\n", r.Stopped)
	}
	for _, v := range slices.Sorted(maps.Keys(r.Vendors)) {
		fmt.Fprintf(t, "  with a config, %s\t%d\n", v, r.Vendors[v])
	}
	fmt.Fprintf(t, "files asked for\t%d, %d bytes\n", r.Files, r.Bytes)
	for _, s := range []struct {
		name string
		Spread
	}{{"address by DHCP", r.DHCP}, {"power-on to config", r.Ready}, {"resync", r.Again}} {
		if s.Count > 0 {
			fmt.Fprintf(t, "%s\tp50 %s, p99 %s, longest %s (%d)\n", s.name, round(s.P50), round(s.P99), round(s.Max), s.Count)
		}
	}
	kinds := slices.SortedFunc(maps.Keys(r.Failures), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.Failures[b], r.Failures[a]), cmp.Compare(a, b))
	})
	for _, k := range kinds {
		fmt.Fprintf(t, "  %s\t%d\n", k, r.Failures[k])
	}
	for _, e := range r.Examples {
		fmt.Fprintf(t, "  for example\t%s %s %s: %s\n", e.Vendor, e.Model, e.MAC, e.Kind)
	}
	return t.Flush()
}

func round(d time.Duration) time.Duration {
	if d > time.Second {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(100 * time.Microsecond)
}
