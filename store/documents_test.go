package store_test

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/store"
)

func TestPolicyIsMintedAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s := open(t, path)
	minted := s.Policy()
	if minted.FirstContact != auth.FactorPIN || len(minted.Key.Reveal()) != 64 || minted.Rev == 0 {
		t.Errorf("minted %+v", minted)
	}
	want, err := s.ChangePolicy(t.Context(), func(p auth.Policy) (auth.Policy, []audit.Record, error) {
		p.FirstContact, p.PINOnScreen, p.TicketLife = auth.FactorOTP, true, 24*time.Hour
		p.Brands["snom"] = auth.Brand{Vendor: "snom", User: "set", Password: phone.NewSecret("up"), Generation: 1, Set: start, FormerUser: "former", FormerPassword: phone.NewSecret("former-password")}
		p.Allow = append(p.Allow, auth.Allow{Prefix: netip.MustParsePrefix("10.0.0.0/24"), Note: "office", Since: start})
		return p, []audit.Record{{Event: audit.BrandSet{Vendor: "snom", Generation: 1}}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	same, err := s.ChangePolicy(t.Context(), func(p auth.Policy) (auth.Policy, []audit.Record, error) { return p, nil, nil })
	if err != nil || same.Rev != want.Rev {
		t.Errorf("unchanged policy has rev %d, %v, want %d", same.Rev, err, want.Rev)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, open(t, path).Policy(), equal); diff != "" {
		t.Errorf("policy after reopening (-want +got):\n%s", diff)
	}
	if minted.Key.Reveal() != want.Key.Reveal() || len(minted.Brands) != 0 {
		t.Error("an edit reached into the policy it was given")
	}
}

func TestLeases(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s := open(t, path)
	lease := func(n int, state phone.LeaseState) phone.Lease {
		return phone.Lease{
			Addr: netip.AddrFrom4([4]byte{10, 0, 0, byte(n)}), MAC: mac(n), ClientID: []byte{1, byte(n)}, State: state,
			Start: start, Expires: start.Add(time.Hour), Host: "SEP", Class: "yealink", Vendor: "yealink", Model: "T46G",
		}
	}
	all := []phone.Lease{lease(3, phone.Bound), lease(1, phone.Bound), lease(2, phone.Released)}
	all[1].MAC = phone.MAC{0xff, 1} // a group address: strange, but a client may send it
	if err := s.SaveLeases(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveLeases(t.Context(), []phone.Lease{lease(3, phone.Declined), lease(4, phone.Bound)}); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteLeases(t.Context(), []netip.Addr{lease(4, "").Addr, lease(9, "").Addr}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	got, err := s.Leases()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]phone.Lease{all[1], all[2], lease(3, phone.Declined)}, got, equal); diff != "" {
		t.Errorf("leases after reopening (-want +got):\n%s", diff)
	}
	for addr, want := range map[string]bool{"10.0.0.1": true, "::ffff:10.0.0.1": true, "10.0.0.2": false, "10.0.0.3": false, "10.0.0.9": false} {
		if _, ok := s.LeaseOf(netip.MustParseAddr(addr)); ok != want {
			t.Errorf("lease of %s: %v, want %v", addr, ok, want)
		}
	}
	if err := s.SaveLeases(t.Context(), []phone.Lease{{MAC: mac(1)}}); err == nil {
		t.Error("a lease without an address was taken")
	}
}

func TestSeenIsBounded(t *testing.T) {
	s, err := store.Open(filepath.Join(t.TempDir(), "db"), testKey(t), store.Config{SeenKeep: 16}, store.Tools{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for n := range 20 {
		one := phone.Seen{MAC: mac(n), At: start.Add(time.Duration(n) * time.Minute), First: start, Addr: netip.MustParseAddr("10.0.0.1"), Front: "tftp", Agent: "a", Count: n}
		for range 2 { // the second time it is not one more
			if err := s.SaveSeen(t.Context(), []phone.Seen{one}); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := s.Seen()
	if err != nil {
		t.Fatal(err)
	}
	if len(got) > 16 || len(got) < 14 || got[len(got)-1].MAC != mac(19) || got[0].MAC == mac(0) {
		t.Errorf("%d sightings from %v to %v kept, want the latest, at most 16", len(got), got[0].MAC, got[len(got)-1].MAC)
	}
	if last := got[len(got)-1]; last.Count != 19 || last.Agent != "a" || !last.First.Equal(start) {
		t.Errorf("read back %+v", last)
	}
}

func TestAuditReading(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "db"))
	by := audit.Actor{Front: "http", Name: "erika", Remote: netip.MustParseAddr("10.0.0.9"), Identity: "ip:10.0.0.9"}
	for n := range 10 {
		if err := s.Record(t.Context(), audit.Record{MAC: mac(n % 2), By: by, Event: audit.Refused{Reason: "unknown", File: mac(1).Hex(), Times: n}}); err != nil {
			t.Fatal(err)
		}
	}
	list := func(all []audit.Entry, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		var seqs []uint64
		for _, e := range all {
			seqs = append(seqs, e.Seq)
		}
		return fmt.Sprint(seqs)
	}
	for name, got := range map[string][2]string{
		"all":            {list(s.Audit(t.Context(), 0, phone.MAC{}, 0)), "[1 2 3 4 5 6 7 8 9 10]"},
		"since":          {list(s.Audit(t.Context(), 7, phone.MAC{}, 2)), "[8 9]"},
		"one device":     {list(s.Audit(t.Context(), 3, mac(1), 0)), "[4 6 8 10]"},
		"tail":           {list(s.AuditTail(t.Context(), phone.MAC{}, 3)), "[8 9 10]"},
		"tail of device": {list(s.AuditTail(t.Context(), mac(0), 2)), "[7 9]"},
		"beyond the end": {list(s.Audit(t.Context(), 10, phone.MAC{}, 0)), "[]"},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: got %s, want %s", name, got[0], got[1])
		}
	}
	all := entries(t, s)
	if diff := cmp.Diff(by, all[0].By, equal); diff != "" {
		t.Error(diff)
	}
	if want := `{"reason":"unknown","file":"001565000001","times":3}`; string(all[3].What) != want {
		t.Errorf("got %s, want %s", all[3].What, want)
	}
}

func TestAuditIsBoundedAndStaysGapless(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s, err := store.Open(path, testKey(t), store.Config{AuditKeep: 100}, store.Tools{})
	if err != nil {
		t.Fatal(err)
	}
	events := make([]audit.Record, 400)
	for i := range events {
		events[i] = audit.Record{Event: audit.Refused{Reason: "unknown", Times: i}}
	}
	for range 10 {
		if err := s.Record(t.Context(), events...); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	all := entries(t, open(t, path))
	if len(all) < 100 || len(all) >= 100+1024 || all[len(all)-1].Seq != 4000 {
		t.Errorf("%d entries up to %d kept, want the last 100 to 1,123 up to 4000", len(all), all[len(all)-1].Seq)
	}
	for i := range all {
		if all[i].Seq != all[0].Seq+uint64(i) {
			t.Fatalf("entry %d after %d", all[i].Seq, all[i-1].Seq)
		}
	}
}
