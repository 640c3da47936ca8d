package provision_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// family are phones of one brand that speak four languages.
var family = map[phone.MAC]phone.Device{
	{0, 0x0b, 0x82, 0, 0, 1}: {Vendor: "grandstream", Model: "GXP2130"},
	{0, 0x0b, 0x82, 0, 0, 2}: {Vendor: "grandstream-ht", Model: "HT801"},
	{0, 0x0b, 0x82, 0, 0, 3}: {Vendor: "grandstream-gw", Model: "HT814"},
	{0, 0x0b, 0x82, 0, 0, 4}: {Vendor: "grandstream-dp", Model: "DP750"},
}

// familyTable is the real one beside the town's.
func familyTable(l *lab) vendors.Table {
	return vendors.NewTable(slices.Concat(realTable(l).Makers(), vendors.All().OfBrand("grandstream"), vendors.All().OfBrand("gigaset"))...)
}

func newFamily(t *testing.T) *lab {
	t.Helper()
	l := newTown(t, auth.FactorOTP, familyTable)
	for m, dev := range family {
		dev.MAC = m
		if _, err := l.Add(t.Context(), operator, dev); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// TestBrandSheet: a redirect service's sheet has all phones of its brand, with
// the brand's password, whatever language they speak.
func TestBrandSheet(t *testing.T) {
	l := newFamily(t)
	if _, err := l.Add(t.Context(), operator, phone.Device{MAC: t46, Vendor: "yealink", Model: "T46G"}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.SetBrand(t.Context(), operator, "grandstream", "installer", phone.NewSecret("fake-brand-otp")); err != nil {
		t.Fatal(err)
	}
	sheet, err := l.RedirectSheet(t.Context(), operator, "grandstream-gdms")
	if err != nil || len(sheet.Rows) != len(family) || !sheet.OTP {
		t.Fatalf("got %+v and %v, want %d rows with the OTP", sheet, err, len(family))
	}
	for _, row := range sheet.Rows {
		if len(row) != len(sheet.Columns) || !strings.Contains(strings.Join(row, " "), "fake-brand-otp") {
			t.Errorf("got %q, want the OTP in it", row)
		}
	}
	names := strings.Join(l.RedirectSheets(), " ")
	if strings.Count(names, "grandstream") != 1 || strings.Count(names, "gigaset") != 1 || strings.Count(names, "snom") != 1 {
		t.Errorf("got %s, want each sheet once", names)
	}
}

// TestBrandOTP: what is set under a vendor's name is its brand's, and counts for
// all of the brand; one kept for a vendor alone counts until then.
func TestBrandOTP(t *testing.T) {
	l := newFamily(t)
	for m := range family {
		if _, err := l.AllowOTP(t.Context(), operator, m, false); err == nil || !strings.HasSuffix(err.Error(), "lineside otp set grandstream --generate") {
			t.Errorf("%s: got %v, want the brand named", m, err)
		}
	}
	l.store.policy.Brands = map[phone.Vendor]auth.Brand{"grandstream-ht": {Vendor: "grandstream-ht", User: "old", Password: phone.NewSecret("fake-old-otp"), Generation: 7}}
	for m, dev := range family {
		if _, err := l.AllowOTP(t.Context(), operator, m, false); (err == nil) != (dev.Vendor == "grandstream-ht") {
			t.Errorf("%s before: got %v", dev.Vendor, err)
		}
	}
	b, err := l.SetBrand(t.Context(), operator, "grandstream-gw", "installer", phone.NewSecret("fake-brand-otp"))
	if err != nil || b.Vendor != "grandstream" || b.Generation != 8 {
		t.Fatalf("got %s, generation %d, %v; want grandstream, 8", b.Vendor, b.Generation, err)
	}
	p := l.Policy()
	if len(p.Brands) != 1 {
		t.Errorf("got %d passwords, want the brand's alone", len(p.Brands))
	}
	for m, dev := range family {
		if _, err := l.AllowOTP(t.Context(), operator, m, false); err != nil {
			t.Errorf("%s: got %v", dev.Vendor, err)
		}
	}
}

// TestBrandOTPOpens each phone of the brand its own vendor's config, once.
func TestBrandOTPOpens(t *testing.T) {
	l := newFamily(t)
	if _, err := l.SetBrand(t.Context(), operator, "grandstream", "installer", phone.NewSecret("fake-brand-otp")); err != nil {
		t.Fatal(err)
	}
	for m, dev := range family {
		from := "10.20.0." + strconv.Itoa(100+int(m[5]))
		l.lease(from, m)
		file := "cfg" + m.Hex() + ".xml"
		if a := l.fetch(t, file, from, "installer", "another-fake-otp"); a.Status != provision.Challenge {
			t.Errorf("%s, another password: got %v, want a challenge", dev.Vendor, a.Status)
		}
		if a := l.fetch(t, file, from, "installer", "fake-brand-otp"); a.Status != provision.Content || len(a.Body) == 0 {
			t.Errorf("%s: got %v with %d bytes, want its config", dev.Vendor, a.Status, len(a.Body))
		}
		rec, err := l.Device(m)
		if err != nil || !rec.Enrolment.OTP.Used {
			t.Errorf("%s: got %+v and %v, want its OTP used", dev.Vendor, rec.Enrolment.OTP, err)
		}
	}
}
