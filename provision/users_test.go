package provision_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

func TestUsersAndTheirDevices(t *testing.T) {
	l := newTown(t, auth.FactorPIN, townTable)
	l.people(t, anna())
	wantKinds(t, l.store, "user-added")
	if _, err := l.AddUser(t.Context(), operator, anna()); !errors.Is(err, provision.ErrUserExists) {
		t.Errorf("the same again: got %v, want ErrUserExists", err)
	}
	twin := anna()
	twin.ID = "bert"
	if _, err := l.AddUser(t.Context(), operator, twin); !errors.Is(err, provision.ErrExtensionTaken) || !strings.Contains(err.Error(), "anna and bert") {
		t.Errorf("a taken extension: got %v, want ErrExtensionTaken with both", err)
	}
	dev := phone.Device{MAC: mac, Vendor: "plain", Owner: "nobody"}
	_, err := l.Add(t.Context(), operator, dev)
	if !errors.Is(err, provision.ErrInvalid) || !strings.Contains(err.Error(), `no user "nobody"`) {
		t.Fatalf("an owner that is none: got %v", err)
	}
	dev.Owner = "anna"
	if _, err := l.Add(t.Context(), operator, dev); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Edit(t.Context(), operator, mac, 0, func(d *phone.Device) error { d.Owner = "bert"; return nil }); !errors.Is(err, provision.ErrInvalid) {
		t.Errorf("an edit to an owner that is none: got %v", err)
	}
	if err := l.RemoveUser(t.Context(), operator, "anna"); !errors.Is(err, provision.ErrUserOwns) || !strings.Contains(err.Error(), mac.String()) {
		t.Errorf("removing an owner: got %v, want ErrUserOwns with the MAC", err)
	}
	if _, err := l.Edit(t.Context(), operator, mac, 0, func(d *phone.Device) error { d.Owner = ""; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := l.RemoveUser(t.Context(), operator, "anna"); err != nil {
		t.Fatal(err)
	}
	wantKinds(t, l.store, "user-removed")
	if err := l.RemoveUser(t.Context(), operator, "anna"); !errors.Is(err, phone.ErrUnknownUser) {
		t.Errorf("again: got %v, want ErrUnknownUser", err)
	}
}

// TestOwnersFromBefore: a box that had owners before it had users can still be
// edited.
func TestOwnersFromBefore(t *testing.T) {
	l := newTown(t, auth.FactorPIN, townTable)
	rec := l.add(t, mac)
	rec.Device.Owner = "Somebody Else"
	l.store.devices[mac] = rec
	if _, err := l.Edit(t.Context(), operator, mac, 0, func(d *phone.Device) error { d.Label = "x"; return nil }); err != nil {
		t.Errorf("got %v, want the old owner left alone", err)
	}
}

func TestUserEdit(t *testing.T) {
	l := newTown(t, auth.FactorPIN, townTable)
	l.people(t, anna())
	u, _ := l.User("anna")
	if _, err := l.EditUser(t.Context(), operator, "anna", u.Rev+1, func(u *phone.User) error { u.First = "X"; return nil }); !errors.Is(err, provision.ErrStale) {
		t.Errorf("another revision: got %v, want ErrStale", err)
	}
	for range phone.MaxPortalTries {
		if ok, err := l.TryPortalPIN(t.Context(), operator, "anna", phone.NewSecret("1357")); ok || err != nil {
			t.Fatalf("a wrong PIN: got %v and %v", ok, err)
		}
	}
	wantKinds(t, l.store, "portal-tried", "portal-tried", "portal-tried", "portal-tried", "portal-tried")
	if ok, _ := l.TryPortalPIN(t.Context(), operator, "anna", phone.NewSecret("2468")); ok {
		t.Error("the sixth try was taken")
	}
	if ok, err := l.TryPortalPIN(t.Context(), operator, "nobody", phone.NewSecret("2468")); ok || err != nil {
		t.Errorf("a user there is none of: got %v and %v, want the answer of a wrong PIN", ok, err)
	}
	if _, err := l.EditUser(t.Context(), operator, "anna", 0, func(u *phone.User) error { u.PortalPIN = phone.NewSecret("97531"); return nil }); err != nil {
		t.Fatal(err)
	}
	if ok, _ := l.TryPortalPIN(t.Context(), operator, "anna", phone.NewSecret("97531")); !ok {
		t.Error("a new PIN did not unlock")
	}
	if _, err := l.EditUser(t.Context(), operator, "anna", 0, func(u *phone.User) error { u.WebPassword = phone.NewSecret("short1"); return nil }); !errors.Is(err, provision.ErrInvalid) {
		t.Errorf("a short password: got %v, want ErrInvalid", err)
	}
}

func TestImportUsersIsAllOrNone(t *testing.T) {
	l := newTown(t, auth.FactorPIN, townTable)
	l.people(t, anna())
	row := anna()
	row.First, row.WebPassword = "Anne", phone.Secret{}
	bert := phone.User{ID: "bert", Extension: "711"}
	bad := phone.User{ID: "c", Extension: "x"}
	if _, _, err := l.ImportUsers(t.Context(), operator, []phone.User{row, bert, bad}); !errors.Is(err, provision.ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid", err)
	}
	if u, _ := l.User("anna"); len(l.Users()) != 1 || u.First != "Anna" {
		t.Errorf("got %v, want nothing changed", l.Users())
	}
	added, changed, err := l.ImportUsers(t.Context(), operator, []phone.User{row, bert})
	if u, _ := l.User("anna"); added != 1 || changed != 1 || err != nil || u.First != "Anne" || u.WebPassword != anna().WebPassword {
		t.Errorf("got %d added, %d changed, %v and %+v, want 1, 1 and the password kept", added, changed, err, u)
	}
	if _, _, err := l.ImportUsers(t.Context(), operator, []phone.User{bert, bert}); !errors.Is(err, provision.ErrInvalid) {
		t.Errorf("a user listed twice: got %v, want ErrInvalid", err)
	}
	// Two users may exchange their extensions in one import.
	row.Extension, bert.Extension = "711", "710"
	if _, _, err := l.ImportUsers(t.Context(), operator, []phone.User{row, bert}); err != nil {
		t.Errorf("an exchange: got %v", err)
	}
}

// TestOwnersPasswordIsInTheConfig, and in no other device's; a new one makes
// exactly the owner's configs anew.
func TestOwnersPasswordIsInTheConfig(t *testing.T) {
	l := newTown(t, auth.FactorOTP, townTable)
	l.people(t, anna(), phone.User{ID: "bert", Extension: "711"})
	other := phone.MAC{0, 0x15, 0x65, 1, 1, 1}
	for m, owner := range map[phone.MAC]string{mac: "anna", other: "bert"} {
		l.add(t, m)
		if _, err := l.Edit(t.Context(), operator, m, 0, func(d *phone.Device) error { d.Owner = owner; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	logins := map[phone.MAC][]string{}
	for m, from := range map[phone.MAC]string{mac: "10.20.0.57", other: "10.20.0.58"} {
		user, password := loginIn(t, l.get(t, m, from, "installer", "fake-brand-otp"))
		logins[m] = []string{user, password}
		l.get(t, m, from, user, password)
	}
	first := l.get(t, mac, "10.20.0.57", logins[mac]...)
	if got, want := wordIn(t, first, "book"), "http://10.20.0.1/dir/plain,710:fakepass1"; got != want {
		t.Errorf("got book %s, want %s", got, want)
	}
	if got := wordIn(t, l.get(t, other, "10.20.0.58", logins[other]...), "book"); got != ",:" {
		t.Errorf("an owner without a password: got book %s, want none", got)
	}
	before := l.renders.Load()
	if _, err := l.EditUser(t.Context(), operator, "anna", 0, func(u *phone.User) error { u.WebPassword = phone.NewSecret("fakepass2"); return nil }); err != nil {
		t.Fatal(err)
	}
	if got := wordIn(t, l.get(t, mac, "10.20.0.57", logins[mac]...), "book"); !strings.HasSuffix(got, ":fakepass2") {
		t.Errorf("got book %s, want the new password", got)
	}
	l.get(t, other, "10.20.0.58", logins[other]...)
	if got := l.renders.Load() - before; got != 1 {
		t.Errorf("rendered %d configs anew, want the owner's one", got)
	}
	shown, err := l.Preview(mac, "", false)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range shown {
		if strings.Contains(p.Body, "fakepass") {
			t.Errorf("the preview of %s shows a password: %s", p.File, p.Body)
		}
	}
	wantStage(t, "full", first, vendors.Full)
}
