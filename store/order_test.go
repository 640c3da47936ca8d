package store_test

import (
	"bytes"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// TestRecordsFollowEveryChange: whatever is added, changed and removed, alone or
// many at once, the list has what each record is now, in order of MAC.
func TestRecordsFollowEveryChange(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "db"))
	random := rand.New(rand.NewPCG(1, 2))
	want := map[phone.MAC]string{}
	for round := range 60 {
		changed := map[phone.MAC]string{}
		for range []int{1, 3, 200}[round%3] {
			changed[phone.MAC{0, 1, 2, 3, 4, byte(random.IntN(256))}] = []string{"", "a", "b"}[random.IntN(3)]
		}
		var macs []phone.MAC
		for mac := range changed {
			macs = append(macs, mac)
		}
		_, err := s.Change(t.Context(), func(old auth.Record) (*auth.Record, []audit.Record, error) {
			label := changed[old.Device.MAC]
			if label == "" {
				return nil, nil, nil
			}
			old.Device.Label = label
			return &old, nil, nil
		}, macs...)
		if err != nil {
			t.Fatal(err)
		}
		for mac, label := range changed {
			if want[mac] = label; label == "" {
				delete(want, mac)
			}
		}
		got, last := map[phone.MAC]string{}, phone.MAC{}
		for _, rec := range s.Records() {
			if bytes.Compare(rec.Device.MAC[:], last[:]) <= 0 {
				t.Fatalf("round %d: %s stands behind %s", round, rec.Device.MAC, last)
			}
			last = rec.Device.MAC
			got[last] = rec.Device.Label
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("round %d (-want +got):\n%s", round, diff)
		}
	}
}
