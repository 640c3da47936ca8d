package store

import (
	"errors"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

var save = flag.Bool("save", false, "write a missing testdata/v2.db")

// These are files as each schema wrote them, with one device, one lease, one
// sighting, a policy and an audit log. They are never written anew: what a box
// in the field has on its disk does not change with the code.
const (
	savedV1 = "testdata/v1.db"
	savedV2 = "testdata/v2.db"
)

// savedAt is when they were written.
var savedAt = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func TestOpensSavedFileOfSchema1(t *testing.T) {
	s := openSaved(t, savedV1)
	log, err := s.Audit(t.Context(), 0, phone.MAC{}, 0)
	if err != nil || len(log) != 3 || log[1].Kind != "brand-otp-set" || log[2].Kind != "audit-chain-started" || string(log[2].What) != `{"entries":2}` {
		t.Errorf("audit log %+v, %v", log, err)
	}
	if got, want := verify(t, s), (audit.Check{Entries: 3, First: 1, Last: 3, OK: true, Oldest: savedAt}); got != want {
		t.Errorf("verifying: got %+v, want %+v", got, want)
	}
}

func TestOpensSavedFileOfSchema2(t *testing.T) {
	if _, err := os.Stat(savedV2); errors.Is(err, os.ErrNotExist) && *save {
		saveFile(t, savedV2)
	}
	s := openSaved(t, savedV2)
	if got := verify(t, s); !got.OK || got.Last != 2 || got.Entries != 2 {
		t.Errorf("verifying: got %+v, want two entries, whole", got)
	}
	if !s.mark.Equal(savedAt) {
		t.Errorf("the time on disk is %s, want %s", s.mark, savedAt)
	}
}

// openSaved opens a copy of a saved file and makes sure that all is there that
// every one of them holds.
func openSaved(t *testing.T, name string) *Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "db")
	if err := copyFile(name, path); err != nil {
		t.Fatal(err)
	}
	s := openTest(t, path, Config{})
	if s.Report() != (Report{}) {
		t.Errorf("report %+v, want none", s.Report())
	}
	rec, err := s.Device(testMAC(1))
	want := testRecord(1)
	want.Rev = rec.Rev
	if err != nil || !sameDevice(rec, want) || rec.Rev == 0 {
		t.Errorf("device %+v, %v", rec, err)
	}
	if p := s.Policy(); p.FirstContact != auth.FactorOTP || !p.Brands["snom"].Password.Equal(phone.NewSecret("brand-password")) {
		t.Errorf("policy %+v", p)
	}
	leases, err := s.Leases()
	if err != nil || len(leases) != 1 || leases[0].Host != "SNOM-D385" {
		t.Errorf("leases %+v, %v", leases, err)
	}
	seen, err := s.Seen()
	if err != nil || len(seen) != 1 || seen[0].Agent != "snomD385" {
		t.Errorf("sightings %+v, %v", seen, err)
	}
	return s
}

// saveFile writes a file of the newest schema.
func saveFile(t *testing.T, name string) {
	t.Helper()
	s := openTest(t, filepath.Join(t.TempDir(), "db"), Config{Now: func() time.Time { return savedAt }})
	set(t, s, testRecord(1))
	_, err := s.ChangePolicy(t.Context(), func(p auth.Policy) (auth.Policy, []audit.Record, error) {
		p.FirstContact = auth.FactorOTP
		p.Brands["snom"] = auth.Brand{Vendor: "snom", User: "brand", Password: phone.NewSecret("brand-password"), Generation: 1}
		return p, []audit.Record{{Event: audit.BrandSet{Vendor: "snom", Generation: 1}}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SaveLeases(t.Context(), []phone.Lease{{Addr: netip.MustParseAddr("10.0.0.7"), MAC: testMAC(1), State: phone.Bound, Host: "SNOM-D385"}}); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveSeen(t.Context(), []phone.Seen{{MAC: testMAC(1), Front: "http", Agent: "snomD385", Count: 3}}); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	err = s.db.View(func(tx *bolt.Tx) error {
		_, err := tx.WriteTo(f)
		return err
	})
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestUpgradeRunsEachStepOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s := openTest(t, path, Config{})
	set(t, s, testRecord(1))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var ran []string
	step := func(name string, err error) migration {
		return func(tx *bolt.Tx, _ migrating) error {
			ran = append(ran, name)
			if _, errMake := tx.CreateBucketIfNotExists([]byte(name)); errMake != nil {
				return errMake
			}
			return err
		}
	}
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	no := errors.New("no")
	with := migrating{testKey(), time.Now()}
	if err := upgrade(db, with, append(migrations[:len(migrations):len(migrations)], step("one", nil), step("two", no))); !errors.Is(err, no) {
		t.Errorf("got %v, want the step's own error", err)
	}
	_ = db.View(func(tx *bolt.Tx) error {
		if tx.Bucket([]byte("one")) != nil {
			t.Error("half an upgrade was kept")
		}
		return nil
	})
	ran = nil
	table := append(migrations[:len(migrations):len(migrations)], step("one", nil), step("two", nil))
	for range 2 {
		if err := upgrade(db, with, table); err != nil {
			t.Fatal(err)
		}
	}
	if len(ran) != 2 || ran[0] != "one" || ran[1] != "two" {
		t.Errorf("ran %v, want one and two, once", ran)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, testKey(), Config{}, Tools{}); !errors.Is(err, ErrNewer) {
		t.Errorf("a file of a later schema gave %v, want ErrNewer", err)
	}
	if aside, _ := filepath.Glob(path + ".*"); len(aside) > 0 {
		t.Errorf("a newer file was set aside: %v", aside)
	}
}
