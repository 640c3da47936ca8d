package store

import (
	"net/netip"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/phone"
)

func TestBindingsSurviveARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lineside.db")
	key := testKey()
	s, err := Open(path, key, Config{}, Tools{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Bindings(); err != nil || len(got) != 0 {
		t.Fatalf("bindings of a new file: got %v, %v, want none", got, err)
	}
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	one := phone.Binding{
		MAC: phone.MAC{0, 0x15, 0x65, 1, 2, 3}, Contact: "sip:0015@10.20.0.50:5060", Source: netip.MustParseAddrPort("10.20.0.50:5060"),
		Local: netip.MustParseAddrPort("10.20.0.1:5060"), Transport: phone.UDP, CallID: "a@b", Agent: "Yealink SIP-T46G", Vendor: "yealink",
		Model: "T46G", Since: at, Expires: at.Add(time.Minute),
	}
	other := one
	other.MAC[5] = 4
	for _, step := range []struct {
		keep []phone.Binding
		gone []phone.MAC
	}{{keep: []phone.Binding{one, other}}, {gone: []phone.MAC{other.MAC}}, {gone: []phone.MAC{{1}}}} {
		if err := s.SaveBindings(t.Context(), step.keep, step.gone); err != nil {
			t.Fatal(err)
		}
	}
	sbcAddrs := []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:5061"), netip.MustParseAddrPort("192.0.2.2:5061")}
	if err := s.SaveSBCAnswered(t.Context(), "sbc.example.net", at, sbcAddrs); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(path, key, Config{}, Tools{}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	got, err := s.Bindings()
	if diff := cmp.Diff([]phone.Binding{one}, got, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); err != nil || diff != "" {
		t.Errorf("bindings after a restart (-want +got), %v:\n%s", err, diff)
	}
	for name, want := range map[string]time.Time{"sbc.example.net": at, "other": {}} {
		got, addrs, err := s.SBCAnswered(name)
		if err != nil || !got.Equal(want) || slices.Equal(addrs, sbcAddrs) == want.IsZero() {
			t.Errorf("%s answered: got %v at %v, %v, want %v", name, got, addrs, err, want)
		}
	}
}
