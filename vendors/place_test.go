package vendors_test

import (
	"strings"
	"testing"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// TestPlace: a model finds its vendor among those that share a first half or a
// brand, and is refused under another of them.
func TestPlace(t *testing.T) {
	for name, tc := range map[string]struct {
		mac, vendor, model string
		want, spelt        string
		refused            string
	}{
		"an adapter among phones":         {"000b82000001", "", "HT801", "grandstream-ht", "HT801", ""},
		"a DECT base":                     {"000413000001", "", "M900", "snom-dect", "M900", ""},
		"a phone with its builder's MAC":  {"000413000001", "", "P820", "gigaset-p", "P820", ""},
		"an older base":                   {"7c2f80000001", "", "N510", "gigaset-n510", "N510", ""},
		"a desk phone among bases":        {"7c2f80000001", "", "Maxwell 3", "gigaset-maxwell", "Maxwell 3", ""},
		"another language of Panasonic":   {"0080f0000001", "", "KX-TGP550T04", "panasonic-tgp", "KX-TGP550T04", ""},
		"the other dialect of Patton":     {"00a0ba000001", "", "SN4120", "patton-trinity", "SN4120", ""},
		"a gateway among phones":          {"00908f000001", "", "MP-118", "audiocodes-mp", "MP-118", ""},
		"an adapter of Cisco":             {"d0ec35000001", "", "ATA191", "cisco-ata", "ATA191", ""},
		"a phone of Cisco":                {"d0ec35000001", "", "CP-8851", "cisco-mpp", "CP-8851", ""},
		"digits alone":                    {"d0ec35000001", "", "8851", "cisco-mpp", "CP-8851", ""},
		"only the brand's":                {"002699000001", "", "SPA303", "cisco-spa", "SPA303", ""},
		"two firmwares of one phone":      {"002699000001", "", "CP-8851", "", "CP-8851", "--vendor cisco-mpp or --vendor cisco-sep"},
		"a series":                        {"001565000001", "", "T19", "yealink", "T19P", ""},
		"several of a series":             {"001565000001", "", "T46", "yealink", "T46", ""},
		"as phones spell it":              {"001565000001", "", "SIP-T46G", "yealink", "SIP-T46G", ""},
		"a model nobody knows":            {"000b82000001", "", "GXP9999", "grandstream", "GXP9999", ""},
		"no model":                        {"000b82000001", "", "", "grandstream", "", ""},
		"nobody's MAC":                    {"020000000001", "", "HT801", "", "HT801", ""},
		"named right":                     {"000b82000001", "grandstream-ht", "HT801", "grandstream-ht", "HT801", ""},
		"named right, other firmware":     {"002699000001", "cisco-sep", "CP-8851", "cisco-sep", "CP-8851", ""},
		"named, digits alone":             {"020000000001", "cisco-mpp", "8851", "cisco-mpp", "CP-8851", ""},
		"named wrong":                     {"000b82000001", "grandstream", "HT801", "grandstream", "HT801", "--vendor grandstream-ht"},
		"named wrong, nobody's MAC":       {"020000000001", "cisco-spa", "ATA191", "cisco-spa", "ATA191", "--vendor cisco-ata"},
		"named wrong, another brand":      {"000413000001", "snom", "p820", "snom", "p820", "--vendor gigaset-p"},
		"named wrong, digits alone":       {"d0ec35000001", "cisco-ata", "8851", "cisco-ata", "8851", "--vendor cisco-mpp or --vendor cisco-sep"},
		"named, and a model nobody knows": {"000b82000001", "grandstream", "GXP9999", "grandstream", "GXP9999", ""},
		"a vendor that is not served":     {"000b82000001", "acme", "HT801", "acme", "HT801", ""},
	} {
		v, model, err := vendors.All().Place(mac(t, tc.mac), phone.Vendor(tc.vendor), tc.model)
		if (err != nil) != (tc.refused != "") || err != nil && !strings.Contains(err.Error(), tc.refused) {
			t.Errorf("%s: got %v, want %q", name, err, tc.refused)
		}
		if string(v) != tc.want || model != tc.spelt {
			t.Errorf("%s: got %q %q, want %q %q", name, v, model, tc.want, tc.spelt)
		}
	}
}

// TestEveryModelFindsItsVendor: under a MAC of its vendor no model ends up as
// another vendor's, and one that two vendors serve is refused by naming both.
func TestEveryModelFindsItsVendor(t *testing.T) {
	table := vendors.All()
	for _, m := range table.Makers() {
		for _, oui := range m.OUIs {
			for _, model := range m.Models.List() {
				v, _, err := table.Place(phone.MAC{oui[0], oui[1], oui[2], 0, 0, 1}, "", model.Name)
				if err != nil && strings.Contains(err.Error(), string(m.Vendor)) {
					continue
				}
				if _, knows := table.Model(v, model.Name); err != nil || !knows {
					t.Errorf("%s %s: got %q and %v, want a vendor that knows it", m.Vendor, model.Name, v, err)
				}
			}
		}
	}
}

func TestBrands(t *testing.T) {
	table := vendors.All()
	for name, want := range map[string]phone.Vendor{
		"grandstream": "grandstream", "Grandstream-HT": "grandstream", "cisco": "cisco", "cisco-sep": "cisco", "linksys": "linksys",
		"gigaset-p": "gigaset", "panasonic-utg": "panasonic", "patton-trinity": "patton", "snom-dect": "snom", "audiocodes-mp": "audiocodes",
	} {
		if got, err := table.ParseBrand(name); err != nil || got != want {
			t.Errorf("%s: got %q and %v, want %q", name, got, err, want)
		}
	}
	if _, err := table.ParseBrand("acme"); err == nil || !strings.Contains(err.Error(), "cisco") || strings.Contains(err.Error(), "cisco-") {
		t.Errorf("got %v, want the brands", err)
	}
	if _, err := table.Parse("cisco"); err == nil || !strings.Contains(err.Error(), "cisco-mpp, cisco-spa, cisco-ata, cisco-sep") || strings.Contains(err.Error(), "yealink") {
		t.Errorf("got %v, want Cisco's vendors alone", err)
	}
	count := 0
	for _, b := range table.Brands() {
		count += len(table.OfBrand(b))
	}
	if want := len(table.Makers()); count != want {
		t.Errorf("got %d vendors in all brands, want %d", count, want)
	}
}
