package provision_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

func TestRedirectSheet(t *testing.T) {
	for f, wants := range map[auth.Factor]bool{auth.FactorOTP: true, auth.FactorBoth: true, auth.FactorPIN: false} {
		l := newTown(t, f, realTable)
		for _, m := range []phone.MAC{t46, t48} {
			if _, err := l.Add(t.Context(), operator, phone.Device{MAC: m, Vendor: "yealink", Model: "T46G"}); err != nil {
				t.Fatal(err)
			}
		}
		l.add(t, mac) // of another vendor
		if _, err := l.DemandTicket(t.Context(), operator, t48, true); err != nil {
			t.Fatal(err)
		}
		if _, err := l.SetBrand(t.Context(), operator, "yealink", "installer", phone.NewSecret("fake-yealink-otp")); err != nil {
			t.Fatal(err)
		}
		sheet, err := l.RedirectSheet(t.Context(), operator, "yealink-rps")
		if err != nil || len(sheet.Rows) != 2 || sheet.OTP != wants {
			t.Fatalf("%s: got %+v and %v", f, sheet, err)
		}
		slices.SortFunc(sheet.Rows, slices.Compare[[]string]) // the store in memory has no order
		first, second := strings.Join(sheet.Rows[0], " "), strings.Join(sheet.Rows[1], " ")
		if !strings.Contains(first, "http://10.20.0.1/cfg/") || strings.Contains(first, "fake-yealink-otp") != wants {
			t.Errorf("%s: got %q, want the OTP in it %v", f, first, wants)
		}
		if strings.Contains(second, "fake-yealink-otp") {
			t.Errorf("%s: the OTP is in the row of a phone of which a ticket is demanded", f)
		}
		if wants {
			wantKinds(t, l.store, "sheet-shown", "secrets-shown")
		} else {
			wantKinds(t, l.store, "sheet-shown")
		}
		if _, err := l.RedirectSheet(t.Context(), operator, "acme"); !errors.Is(err, provision.ErrInvalid) || !strings.Contains(err.Error(), "yealink-rps") {
			t.Errorf("got %v, want the names there are", err)
		}
	}
}

// TestNoSheetChangesAPassword: what a sheet cannot hold as it is, is not taken for a
// one-time password, and one that an older build took is not written.
func TestNoSheetChangesAPassword(t *testing.T) {
	l := newTown(t, auth.FactorOTP, realTable)
	if _, err := l.Add(t.Context(), operator, phone.Device{MAC: t46, Vendor: "yealink", Model: "T46G"}); err != nil {
		t.Fatal(err)
	}
	for _, first := range []string{"=", "+", "-", "@", "'", "'="} {
		for _, login := range [][2]string{{"installer", first + "fake-brand-otp"}, {first + "installer", "fake-brand-otp"}} {
			if _, err := l.SetBrand(t.Context(), operator, "yealink", login[0], phone.NewSecret(login[1])); !errors.Is(err, provision.ErrInvalid) || !strings.Contains(err.Error(), "begin with a letter") {
				t.Errorf("%q: got %v, want ErrInvalid and what to choose", login, err)
			}
			l.store.policy.Brands = map[phone.Vendor]auth.Brand{"yealink": {Vendor: "yealink", User: login[0], Password: phone.NewSecret(login[1]), Generation: 1}}
			_, err := l.RedirectSheet(t.Context(), operator, "yealink-rps")
			if !errors.Is(err, provision.ErrInvalid) || !strings.Contains(err.Error(), "lineside otp set yealink --generate") || strings.Contains(err.Error(), "fake-brand-otp") {
				t.Errorf("export of %q: got %v, want ErrInvalid, what to type, and no password", login, err)
			}
		}
	}
	if _, err := l.SetBrand(t.Context(), operator, "yealink", "in=st@ller", phone.NewSecret("fake-otp=+-@'")); err != nil {
		t.Errorf("such characters further on: got %v, want it taken", err)
	}
	if _, err := l.RedirectSheet(t.Context(), operator, "yealink-rps"); err != nil {
		t.Error(err)
	}
}
