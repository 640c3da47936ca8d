package store_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lineside/lineside/phone"
)

// TestLeasesDoNotGrowTheFile gives the same addresses over and over, to other
// clients each time: a lease takes the place of the one before, and the pages
// of before are used again, so nothing is left to be compacted.
func TestLeasesDoNotGrowTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s := open(t, path)
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	round := func(n int) int64 {
		leases := make([]phone.Lease, 2000)
		for i := range leases {
			leases[i] = phone.Lease{
				Addr: netip.AddrFrom4([4]byte{10, 20, byte(i >> 8), byte(i)}), MAC: phone.MAC{2, byte(n), 0, 0, byte(i >> 8), byte(i)},
				State: phone.Bound, Start: at, Expires: at.Add(time.Duration(n) * time.Hour), Class: "yealink", Vendor: "yealink",
			}
		}
		if err := s.SaveLeases(t.Context(), leases); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	var early, late int64
	for n := range 40 {
		if late = round(n); n == 4 {
			early = late
		}
	}
	if late != early {
		t.Errorf("the file has %d bytes after 40 rounds, want the %d it had after 5", late, early)
	}
	all, err := s.Leases()
	if err != nil || len(all) != 2000 {
		t.Errorf("got %d leases, %v; want 2000", len(all), err)
	}
}
