package vendors_test

import (
	"slices"
	"testing"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// TestOwnNamesAreHeld: no name this box writes has anything in it that somebody
// entered, and each is one its format holds, for formats look at operators' names
// alone.
func TestOwnNamesAreHeld(t *testing.T) {
	each(t, func(t *testing.T, m vendors.Maker, s samples) {
		for _, stage := range []vendors.Stage{vendors.Holding, vendors.Full} {
			var plain []string
			for _, text := range append([]string{"9"}, breakers...) {
				in := filled(t, s)
				in.Stage = stage
				in.Site.Name, in.Site.NTP, in.Site.SBC, in.Site.Emergency = text, text, "a.example", []string{"9" + text}
				in.Book = vendors.BookSource{Name: text, URL: "http://" + text, Login: vendors.Login{User: text, Password: phone.NewSecret(text)}}
				in.XSI, in.Login = in.Book.Login, in.Book.Login
				in.Hold = vendors.Hold{Text: text, User: text, Password: phone.NewSecret(text), Hotline: text}
				in.Device.Label, in.Device.AdminPassword = text, phone.NewSecret(text)
				list, err := vendors.All().Explain(in)
				if err != nil {
					continue // refused before it came to a name
				}
				names := make([]string, len(list))
				for i, p := range list {
					if names[i] = p.Name; !m.HoldsName(p.Name) {
						t.Errorf("stage %d, %q: its format does not hold %q", stage, text, p.Name)
					}
				}
				if text == "9" {
					plain = names
				}
				for _, name := range names {
					if text != "" && !slices.Contains(plain, name) {
						t.Errorf("stage %d: %q is a name for the text %q alone", stage, name, text)
					}
				}
			}
		}
	})
}

// TestRendersShareNothing: what a render gives stays as it is whatever is rendered
// after it, and is what a table gives that never rendered anything else; so does
// one after another that was refused half way.
func TestRendersShareNothing(t *testing.T) {
	type rendered struct{ got, was []byte }
	var all []rendered
	spoilt := phone.NewSecret("a\nb")
	table := vendors.All()
	for range 2 {
		for _, s := range allSamples() {
			maker, _ := table.Of(s.vendor)
			for _, stage := range []vendors.Stage{vendors.Full, vendors.Holding} {
				in := filled(t, s)
				in.Stage = stage
				bad := in
				bad.Login.Password, bad.Hold.Password = spoilt, spoilt
				_, _ = table.Render(bad) // few makers write neither
				got, err := table.Render(in)
				if err != nil {
					t.Fatal(err)
				}
				fresh, err := vendors.NewTable(maker).Render(in)
				if err != nil || string(got) != string(fresh) || slices.Contains(got, 0) {
					t.Errorf("%s, stage %d: got %d bytes, a new table gives %d (%v)", s.vendor, stage, len(got), len(fresh), err)
				}
				all = append(all, rendered{got, slices.Clone(got)})
			}
		}
	}
	for _, r := range all {
		if !slices.Equal(r.got, r.was) {
			t.Fatalf("a config was changed by a later one:\n%s", r.got)
		}
	}
}
