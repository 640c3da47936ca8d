package phone_test

import (
	"strings"
	"testing"

	"github.com/lineside/lineside/phone"
)

func anna() phone.User {
	return phone.User{
		ID: "anna", Extension: "710", First: "Anna", Last: "Müller", Email: "anna@example.net", AlternateID: "4711",
		WebPassword: phone.NewSecret("fakepass1"), PortalPIN: phone.NewSecret("2468"),
	}
}

func TestUserValidate(t *testing.T) {
	if err := anna().Validate(); err != nil {
		t.Fatalf("got %v, want a good user", err)
	}
	tests := map[string]struct {
		change func(*phone.User)
		says   string
	}{
		"no ID":                 {func(u *phone.User) { u.ID = "" }, "id:"},
		"capital in the ID":     {func(u *phone.User) { u.ID = "Anna" }, "id:"},
		"path in the ID":        {func(u *phone.User) { u.ID = "../anna" }, "id:"},
		"no extension":          {func(u *phone.User) { u.Extension = "" }, "extension:"},
		"letters as extension":  {func(u *phone.User) { u.Extension = "7a0" }, "extension:"},
		"line break in a name":  {func(u *phone.User) { u.First = "An\nna" }, "first_name:"},
		"long name":             {func(u *phone.User) { u.Last = strings.Repeat("x", 300) }, "last_name:"},
		"no mail address":       {func(u *phone.User) { u.Email = "anna" }, "email:"},
		"mail header injected":  {func(u *phone.User) { u.Email = "a@b.example\r\nBcc: c" }, "email:"},
		"short password":        {func(u *phone.User) { u.WebPassword = phone.NewSecret("fake1") }, "web_password:"},
		"password of letters":   {func(u *phone.User) { u.WebPassword = phone.NewSecret("fakefakefake") }, "web_password:"},
		"password of digits":    {func(u *phone.User) { u.WebPassword = phone.NewSecret("1234567890") }, "web_password:"},
		"password with a blank": {func(u *phone.User) { u.WebPassword = phone.NewSecret("fake pass 1") }, "web_password:"},
		"short portal PIN":      {func(u *phone.User) { u.PortalPIN = phone.NewSecret("123") }, "portal_pin:"},
		"long portal PIN":       {func(u *phone.User) { u.PortalPIN = phone.NewSecret("12345678901") }, "portal_pin:"},
		"extension as PIN":      {func(u *phone.User) { u.Extension, u.PortalPIN = "7100", phone.NewSecret("7100") }, "portal_pin:"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			u := anna()
			tt.change(&u)
			err := u.Validate()
			if err == nil || !strings.HasPrefix(err.Error(), tt.says) {
				t.Errorf("got %v, want it to begin with %q", err, tt.says)
			}
			if err != nil && strings.Contains(err.Error(), "fake") {
				t.Errorf("%v: shows a password", err)
			}
		})
	}
}

func TestFiveWrongPortalPINsLock(t *testing.T) {
	u, wrong, right := anna(), phone.NewSecret("1357"), phone.NewSecret("2468")
	for n := range phone.MaxPortalTries - 1 {
		if u, _ = u.TryPIN(wrong); u.Locked() {
			t.Fatalf("locked after %d wrong ones, want %d", n+1, phone.MaxPortalTries)
		}
	}
	again, ok := u.TryPIN(right)
	if !ok || again.Fails != 0 {
		t.Errorf("the right one after four wrong: got %v with %d fails, want it taken and none", ok, again.Fails)
	}
	if u, _ = u.TryPIN(wrong); !u.Locked() {
		t.Fatal("the fifth wrong one did not lock")
	}
	if _, ok := u.TryPIN(right); ok {
		t.Error("a locked user's PIN was taken")
	}
	if _, ok := (phone.User{}).TryPIN(phone.Secret{}); ok {
		t.Error("no PIN opened a portal without one")
	}
}

func TestUserName(t *testing.T) {
	for want, u := range map[string]phone.User{
		"Anna Müller": {First: "Anna", Last: "Müller", Extension: "710"}, "Müller": {Last: "Müller"}, "710": {Extension: "710"},
	} {
		if got := u.Name(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
