package fleet_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/fleet"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// crowd serves every Yealink of a plan, and counts how many ask at once.
type crowd struct {
	mu              sync.Mutex
	now, most, seen int
	refuse          string // a MAC that gets nothing
}

func (c *crowd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.now++
	c.seen++
	c.most = max(c.most, c.now)
	c.mu.Unlock()
	name := strings.TrimPrefix(r.URL.Path, "/")
	if !strings.HasSuffix(name, ".cfg") || strings.HasPrefix(name, "y") || strings.HasPrefix(name, c.refuse) {
		w.WriteHeader(http.StatusNotFound)
	} else {
		fmt.Fprint(w, yealinkConfig)
	}
	c.mu.Lock()
	c.now--
	c.mu.Unlock()
}

func TestRun(t *testing.T) {
	c := &crowd{refuse: "001565f00003"}
	srv := httptest.NewServer(c)
	t.Cleanup(srv.Close)
	plan := fleet.Plan{
		Phones: 60, First: 0xf00000, Vendors: []phone.Vendor{"yealink"}, Parallel: 8, Resync: true,
		Base: quick(fleet.Config{URL: srv.URL, Asks: 1}),
	}
	var mu sync.Mutex
	told := map[phone.MAC]bool{}
	r, err := fleet.Run(t.Context(), plan, vendors.All(), nil, func(e fleet.Event) {
		mu.Lock()
		defer mu.Unlock()
		told[e.MAC] = true
	})
	if err != nil {
		t.Fatal(err)
	}
	got := []int{r.Phones, r.Provisioned, r.Waiting, r.Failed, r.Resynced, r.Failures["no config"], r.Ready.Count, len(told)}
	if diff := cmp.Diff([]int{60, 59, 0, 1, 59, 1, 59, 60}, got); diff != "" {
		t.Errorf("phones, provisioned, waiting, failed, resynced, no config, timed, told (-want +got):\n%s", diff)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.most > plan.Parallel {
		t.Errorf("%d phones asked at once, want at most %d", c.most, plan.Parallel)
	}
	if len(r.Examples) != 1 || r.Examples[0].MAC.Hex() != c.refuse {
		t.Errorf("got examples %+v, want the phone refused", r.Examples)
	}
	checkPrinted(t, r)
}

func checkPrinted(t *testing.T, r fleet.Report) {
	t.Helper()
	var text strings.Builder
	if err := r.Write(&text); err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"provisioned", "59", "no config", "00:15:65:f0:00:03"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("report has no %q:\n%s", want, text.String())
		}
	}
	if strings.Contains(string(body), "secret\"") || strings.Contains(text.String(), "sip-secret") {
		t.Error("the report tells a password")
	}
}

// TestRunStopped ends a run whose phones were to start over an hour.
func TestRunStopped(t *testing.T) {
	srv := httptest.NewServer(&crowd{refuse: "none"})
	t.Cleanup(srv.Close)
	ctx, cancel := context.WithCancel(t.Context())
	plan := fleet.Plan{
		Phones: 10, Vendors: []phone.Vendor{"yealink"}, Spread: time.Hour,
		Base: quick(fleet.Config{URL: srv.URL, Asks: 1}),
	}
	r, err := fleet.Run(ctx, plan, vendors.All(), nil, func(e fleet.Event) {
		if strings.HasPrefix(e.Text, "provisioned") {
			cancel()
		}
	})
	if err == nil || r.Provisioned != 1 || r.Stopped != 9 {
		t.Errorf("got %v, %d provisioned, %d stopped; want an error, 1 and 9", err, r.Provisioned, r.Stopped)
	}
}

func TestPlan(t *testing.T) {
	configs, err := fleet.Plan{Phones: 4, First: 0x00fffe, Base: fleet.Config{URL: "http://127.0.0.1/"}}.Configs(vendors.All())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range configs {
		got = append(got, fmt.Sprintf("%s %s", c.Vendor, c.MAC))
	}
	want := []string{"yealink 00:15:65:00:ff:fe", "snom 00:04:13:00:ff:fe", "poly 00:04:f2:00:ff:fe", "yealink 00:15:65:00:ff:ff"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("phones (-want +got):\n%s", diff)
	}
	for _, bad := range []fleet.Plan{{Phones: -1}, {Phones: 1 << 20}, {Vendors: []phone.Vendor{"acme"}}} {
		if _, err := bad.Configs(vendors.All()); err == nil {
			t.Errorf("plan of %d phones of %v was taken", bad.Phones, bad.Vendors)
		}
	}
}

// TestVendors: every vendor listed can be played and is one a box serves, and a
// plan that names none takes them all.
func TestVendors(t *testing.T) {
	for _, v := range fleet.Vendors() {
		if got, err := fleet.ParseVendor(" " + strings.ToUpper(string(v))); got != v || err != nil {
			t.Errorf("got %q, %v; want %s", got, err, v)
		}
	}
	n := len(fleet.Vendors())
	configs, err := fleet.Plan{Phones: n, Base: fleet.Config{URL: "http://127.0.0.1/"}}.Configs(vendors.All())
	if err != nil || len(configs) != n {
		t.Fatalf("got %d phones, %v; want %d", len(configs), err, n)
	}
	for i, c := range configs {
		if c.Vendor != fleet.Vendors()[i] {
			t.Errorf("phone %d is a %s, want %s", i, c.Vendor, fleet.Vendors()[i])
		}
	}
	if v, err := fleet.ParseVendor("gigaset"); err == nil || !strings.Contains(err.Error(), fleet.VendorNames()) {
		t.Errorf("got %q, %v; want an error that lists what can be played", v, err)
	}
}

// BenchmarkRun is how many phones a second this simulation itself can play, so
// that nobody takes its limit for a box's.
func BenchmarkRun(b *testing.B) {
	srv := httptest.NewServer(&crowd{refuse: "none"})
	b.Cleanup(srv.Close)
	const phones = 1000
	plan := fleet.Plan{Phones: phones, Vendors: []phone.Vendor{"yealink"}, Base: fleet.Config{URL: srv.URL, Asks: 1}}
	for b.Loop() {
		r, err := fleet.Run(b.Context(), plan, vendors.All(), nil, nil)
		if err != nil || r.Provisioned != phones {
			b.Fatalf("%d of %d provisioned: %v", r.Provisioned, phones, err)
		}
	}
	b.ReportMetric(float64(phones)*float64(b.N)/b.Elapsed().Seconds(), "phones/s")
}
