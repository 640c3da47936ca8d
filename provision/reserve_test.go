package provision_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// addressLab is a desk whose LAN is 10.20.0.0/24, with two devices.
func addressLab(t *testing.T) (l *lab, a, b phone.MAC) {
	t.Helper()
	l = newLab(t, auth.FactorPIN, func(c *provision.Config, _ vendors.Table) {
		c.Reservable = func(_ phone.MAC, a netip.Addr) error {
			if !netip.MustParsePrefix("10.20.0.0/24").Contains(a) {
				return fmt.Errorf("%s is of another network", a)
			}
			return nil
		}
	})
	a, b = phone.MAC{2, 0, 0, 0, 0, 1}, phone.MAC{2, 0, 0, 0, 0, 2}
	l.add(t, a)
	l.add(t, b)
	return l, a, b
}

func (l *lab) give(t *testing.T, mac phone.MAC, addr string) error {
	t.Helper()
	_, err := l.Edit(t.Context(), operator, mac, 0, func(d *phone.Device) error {
		return d.Addr.UnmarshalText([]byte(addr))
	})
	return err
}

// reservations wants the addresses on record.
func (l *lab) reservations(t *testing.T, want map[phone.MAC]netip.Addr) *provision.Reserved {
	t.Helper()
	got, err := l.Reservations()
	if err != nil || fmt.Sprint(got.Of) != fmt.Sprint(want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	return got
}

func TestAddressOnRecord(t *testing.T) {
	l, a, b := addressLab(t)
	sixty := netip.MustParseAddr("10.20.0.60")
	before := l.reservations(t, map[phone.MAC]netip.Addr{})
	if err := l.give(t, a, "10.20.0.60"); err != nil {
		t.Fatal(err)
	}
	kept := l.reservations(t, map[phone.MAC]netip.Addr{a: sixty})
	if kept == before {
		t.Error("a change gave the same value as before, so nobody would look")
	}
	if again, _ := l.Reservations(); again != kept {
		t.Error("without a change there is another value")
	}
	for addr, want := range map[string]string{
		"10.20.0.60": "10.20.0.60 is kept for " + a.String() + " already", "10.99.0.1": "of another network", "fe80::1": "no IPv4 address", "224.0.0.1": "no IPv4 address",
	} {
		if err := l.give(t, b, addr); !errors.Is(err, provision.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", addr, err, want)
		}
	}
	if _, err := l.Edit(t.Context(), operator, a, 0, func(d *phone.Device) error { d.Label = "new"; return nil }); err != nil {
		t.Errorf("an edit that leaves the address: got %v", err)
	}
	if err := l.Remove(t.Context(), operator, a); err != nil {
		t.Fatal(err)
	}
	if err := l.give(t, b, "10.20.0.60"); err != nil {
		t.Errorf("the address of a device that was removed: got %v", err)
	}
	if err := l.give(t, b, ""); err != nil {
		t.Fatal(err)
	}
	l.reservations(t, map[phone.MAC]netip.Addr{})
	if !slices.Contains(l.store.kinds(), "device-changed") {
		t.Errorf("events %q, want device-changed", l.store.kinds())
	}
}

// TestImportSwapsAddresses: a file is looked at as a whole, and an address that
// two of its rows want is told at the second.
func TestImportSwapsAddresses(t *testing.T) {
	l, a, b := addressLab(t)
	for mac, addr := range map[phone.MAC]string{a: "10.20.0.60", b: "10.20.0.61"} {
		if err := l.give(t, mac, addr); err != nil {
			t.Fatal(err)
		}
	}
	rows := make([]phone.Device, 2)
	for i, mac := range []phone.MAC{a, b} {
		rec, err := l.Device(mac)
		if err != nil {
			t.Fatal(err)
		}
		rows[i] = rec.Device.Clone()
	}
	rows[0].Addr, rows[1].Addr = rows[1].Addr, rows[0].Addr
	if _, changed, err := l.Import(t.Context(), operator, rows); err != nil || changed != 2 {
		t.Errorf("a swap: got %d changed, %v, want 2", changed, err)
	}
	l.reservations(t, map[phone.MAC]netip.Addr{a: netip.MustParseAddr("10.20.0.61"), b: netip.MustParseAddr("10.20.0.60")})
	rows[1].Addr = rows[0].Addr
	if wrong := l.CheckImport(rows); wrong[0] != nil || wrong[1] == nil {
		t.Errorf("one address twice: got %v, want the second refused", wrong)
	}
	if _, _, err := l.Import(t.Context(), operator, rows); !errors.Is(err, provision.ErrInvalid) {
		t.Errorf("one address twice: got %v, want ErrInvalid", err)
	}
}

// TestTwoDevicesNeverGetOneAddress has many operators want the same at once.
func TestTwoDevicesNeverGetOneAddress(t *testing.T) {
	l, _, _ := addressLab(t)
	var all sync.WaitGroup
	won := make(chan phone.MAC, 16)
	for n := range 16 {
		mac := phone.MAC{2, 0, 0, 0, 1, byte(n)}
		all.Go(func() {
			dev := phone.Device{MAC: mac, Vendor: "plain", Addr: netip.MustParseAddr("10.20.0.77")}
			if _, err := l.Add(t.Context(), operator, dev); err == nil {
				won <- mac
			}
		})
	}
	all.Wait()
	if len(won) != 1 {
		t.Errorf("%d devices have the address, want 1", len(won))
	}
}
