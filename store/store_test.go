package store_test

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/store"
)

var (
	_ provision.Devices   = (*store.Store)(nil)
	_ provision.Policies  = (*store.Store)(nil)
	_ provision.Sightings = (*store.Store)(nil)
	_ provision.Recorder  = (*store.Store)(nil)
	_ provision.Leases    = (*store.Store)(nil)
	_ interface {
		Leases() ([]phone.Lease, error)
		SaveLeases(ctx context.Context, leases []phone.Lease) error
	} = (*store.Store)(nil)
)

var start = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// equal compares what the store gives: secrets by value, nil and empty alike.
var equal = cmp.Options{
	cmp.Comparer(func(a, b phone.Secret) bool { return a.Reveal() == b.Reveal() }),
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
	cmpopts.EquateEmpty(),
}

func testKey(t testing.TB) store.Key {
	t.Helper()
	key, err := store.NewKey([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func open(t testing.TB, path string) *store.Store {
	t.Helper()
	s, err := store.Open(path, testKey(t), store.Config{Now: func() time.Time { return start }}, store.Tools{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func mac(n int) phone.MAC {
	return phone.MAC{0x00, 0x15, 0x65, byte(n >> 16), byte(n >> 8), byte(n)}
}

// add sets a device up through Change, as the desk does.
func add(t testing.TB, s *store.Store, m phone.MAC) auth.Record {
	t.Helper()
	recs, err := s.Change(t.Context(), func(auth.Record) (*auth.Record, []audit.Record, error) {
		return &auth.Record{
			Device: phone.Device{
				MAC: m, Vendor: "yealink", Model: "T46G", Created: start,
				Lines:     []phone.Line{{Registrar: "sip.example.net", User: "u", Password: phone.NewSecret("sip-" + m.Hex())}},
				Overrides: map[string]string{"features.dnd_mode": "1"},
			},
			Enrolment: auth.Enrolment{State: auth.Needed, PIN: phone.NewSecret("424242"), OTP: auth.Arming{Generation: 1}},
		}, []audit.Record{{MAC: m, By: audit.Actor{Front: "cli"}, Event: audit.DeviceAdded{Vendor: "yealink"}}}, nil
	}, m)
	if err != nil {
		t.Fatal(err)
	}
	return recs[0]
}

func entries(t testing.TB, s *store.Store) []audit.Entry {
	t.Helper()
	all, err := s.Audit(context.Background(), 0, phone.MAC{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestChangeIsThereAfterReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s := open(t, path)
	want := add(t, s, mac(1))
	add(t, s, mac(2))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	if r := s.Report(); r != (store.Report{}) {
		t.Errorf("report %+v, want none", r)
	}
	got, err := s.Device(mac(1))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, equal); diff != "" {
		t.Errorf("record after reopening (-want +got):\n%s", diff)
	}
	log := entries(t, s)
	if len(log) != 2 || log[0].Seq != 1 || log[1].Seq != 2 || log[0].Kind != "device-added" || log[1].MAC != mac(2) || !log[0].At.Equal(start) {
		t.Errorf("audit log %+v, want two device-added", log)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
	}
}

func TestDeviceUnknown(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "db"))
	if _, err := s.Device(mac(1)); !errors.Is(err, phone.ErrUnknownDevice) {
		t.Errorf("got %v, want ErrUnknownDevice", err)
	}
}

func TestAllIsInOrder(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "db"))
	for _, n := range []int{700, 3, 70_000, 1} {
		add(t, s, mac(n))
	}
	all, err := s.All()
	if err != nil {
		t.Fatal(err)
	}
	var got []phone.MAC
	for _, rec := range all {
		got = append(got, rec.Device.MAC)
	}
	if diff := cmp.Diff([]phone.MAC{mac(1), mac(3), mac(700), mac(70_000)}, got); diff != "" {
		t.Error(diff)
	}
}

func TestRejectedChangeLeavesNoTrace(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "db"))
	before := []auth.Record{add(t, s, mac(1)), add(t, s, mac(2))}
	no := errors.New("no")
	label := func(text string) provision.EditFunc {
		return func(old auth.Record) (*auth.Record, []audit.Record, error) {
			old.Device.Label = text
			old.Device.Overrides["features.dnd_mode"] = "spoilt" // must reach nobody
			return &old, []audit.Record{{MAC: old.Device.MAC, Event: audit.DeviceChanged{Fields: []string{"label"}}}}, nil
		}
	}
	for _, tt := range []struct {
		name string
		edit provision.EditFunc
		want error
	}{
		{"by an error for the second device", func(old auth.Record) (*auth.Record, []audit.Record, error) {
			if old.Device.MAC == mac(2) {
				return nil, nil, no
			}
			return label("x")(old)
		}, no},
		{"by a panic for the second device", func(old auth.Record) (*auth.Record, []audit.Record, error) {
			if old.Device.MAC == mac(2) {
				panic("edit went wrong")
			}
			return label("x")(old)
		}, nil},
		{"by a record of another device", func(old auth.Record) (*auth.Record, []audit.Record, error) {
			old.Device.MAC = mac(3)
			return &old, nil, nil
		}, nil},
		{"by an event that says nothing", func(old auth.Record) (*auth.Record, []audit.Record, error) {
			old.Device.Label = "x"
			return &old, []audit.Record{{MAC: old.Device.MAC}}, nil
		}, nil},
		{"by an older one-time password", func(old auth.Record) (*auth.Record, []audit.Record, error) {
			old.Enrolment.OTP.Generation = 0
			return &old, nil, nil
		}, store.ErrRevived},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := s.Change(t.Context(), tt.edit, mac(1), mac(2))
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("got error %v, want %v", err, tt.want)
			}
			after, err := s.All()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, after, equal); diff != "" {
				t.Errorf("records changed (-before +after):\n%s", diff)
			}
			if n := len(entries(t, s)); n != 2 {
				t.Errorf("%d audit entries, want the first 2", n)
			}
		})
	}
}

func TestRevIsNeverGivenTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s := open(t, path)
	given := map[uint64]bool{}
	use := func(rev uint64) {
		t.Helper()
		if given[rev] || rev == 0 {
			t.Errorf("rev %d given twice", rev)
		}
		given[rev] = true
	}
	for range 3 {
		use(add(t, s, mac(1)).Rev)
		p, err := s.ChangePolicy(t.Context(), func(p auth.Policy) (auth.Policy, []audit.Record, error) {
			p.Claimed = !p.Claimed
			return p, nil, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		use(p.Rev)
		gone, err := s.Change(t.Context(), func(auth.Record) (*auth.Record, []audit.Record, error) { return nil, nil, nil }, mac(1))
		if err != nil || gone[0].Rev != 0 {
			t.Fatalf("delete gave %v, %v", gone, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, path)
	}
}

func TestConsumedOTPStaysConsumed(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "db"))
	add(t, s, mac(1))
	used := func(yes bool) error {
		_, err := s.Change(t.Context(), func(old auth.Record) (*auth.Record, []audit.Record, error) {
			old.Enrolment.OTP.Used = yes
			return &old, nil, nil
		}, mac(1))
		return err
	}
	if err := used(true); err != nil {
		t.Fatal(err)
	}
	if err := used(false); !errors.Is(err, store.ErrRevived) {
		t.Errorf("got %v, want ErrRevived", err)
	}
}

func TestEndedContextRunsNothing(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "db"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Change(ctx, func(auth.Record) (*auth.Record, []audit.Record, error) {
		t.Error("edit ran")
		return nil, nil, nil
	}, mac(1))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestChangeAfterClose(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "db"))
	add(t, s, mac(1))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveLeases(t.Context(), []phone.Lease{{Addr: netip.MustParseAddr("10.0.0.1")}}); !errors.Is(err, store.ErrClosed) {
		t.Errorf("save gave %v, want ErrClosed", err)
	}
	if _, err := s.Audit(t.Context(), 0, phone.MAC{}, 1); !errors.Is(err, store.ErrClosed) {
		t.Errorf("audit gave %v, want ErrClosed", err)
	}
	if _, err := s.Device(mac(1)); err != nil {
		t.Errorf("device gave %v, want it from memory", err)
	}
}

// TestWritersAndReadersTogether has writers raise counters of shared devices
// while others read: nothing is lost, every answer is a committed state.
func TestWritersAndReadersTogether(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "db"))
	const devices, writers, each = 4, 16, 25
	for n := range devices {
		add(t, s, mac(n))
	}
	var writing, reading sync.WaitGroup
	done := make(chan struct{})
	for range 2 {
		reading.Go(func() {
			last := map[phone.MAC]uint64{}
			for {
				select {
				case <-done:
					return
				default:
				}
				for n := range devices {
					rec, err := s.Device(mac(n))
					if err != nil || rec.Rev < last[mac(n)] {
						t.Errorf("device %d: rev %d after %d, %v", n, rec.Rev, last[mac(n)], err)
						return
					}
					last[mac(n)] = rec.Rev
				}
			}
		})
	}
	for w := range writers {
		writing.Go(func() {
			for i := range each {
				m := mac((w + i) % devices)
				recs, err := s.Change(t.Context(), func(old auth.Record) (*auth.Record, []audit.Record, error) {
					old.Enrolment.Epoch++
					return &old, []audit.Record{{MAC: m, Event: audit.Reset{Epoch: old.Enrolment.Epoch}}}, nil
				}, m)
				if err != nil {
					t.Error(err)
					return
				}
				if now, _ := s.Device(m); now.Rev < recs[0].Rev {
					t.Errorf("acknowledged rev %d, readers still see %d", recs[0].Rev, now.Rev)
				}
			}
		})
	}
	writing.Wait()
	close(done)
	reading.Wait()
	total := 0
	all, _ := s.All()
	for _, rec := range all {
		total += int(rec.Enrolment.Epoch)
	}
	if total != writers*each {
		t.Errorf("%d changes arrived, want %d", total, writers*each)
	}
	for i, e := range entries(t, s) {
		if e.Seq != uint64(i+1) {
			t.Fatalf("audit entry %d has number %d", i+1, e.Seq)
		}
	}
}

func TestOpenTellsTwoApart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s := open(t, path)
	add(t, s, mac(1))
	if _, err := store.Open(path, testKey(t), store.Config{}, store.Tools{}); !errors.Is(err, store.ErrInUse) {
		t.Errorf("second open gave %v, want ErrInUse", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	other, _ := store.NewKey(make([]byte, 31))
	if !other.IsZero() {
		t.Error("a key of 31 bytes was taken")
	}
	other, _ = store.NewKey([]byte("another key that has 32 bytes..."))
	if _, err := store.Open(path, other, store.Config{}, store.Tools{}); !errors.Is(err, store.ErrKey) {
		t.Errorf("open with another key gave %v, want ErrKey", err)
	}
	if _, err := open(t, path).Device(mac(1)); err != nil {
		t.Errorf("after both: %v", err)
	}
}
