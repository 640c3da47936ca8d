package central

import (
	"fmt"
	"strings"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/wire"
)

// bucketBrands are brands' one-time passwords by the brand's name.
const bucketBrands = "brands"

// brand is what is kept of one.
type brand struct {
	Body    wire.Brand        `json:"body"`
	Secrets map[string][]byte `json:"secrets,omitempty"`
}

// BrandInfo is a brand's one-time password without the password.
type BrandInfo struct {
	Brand string `json:"brand"`
	User  string `json:"user"`
}

func (t *tx) brand(name string) (b brand, ok bool) {
	ok = t.get(bucketBrands, name, &b)
	return b, ok
}

// Brands lists them.
func (p *Platform) Brands() (list []BrandInfo, err error) {
	err = p.view(func(t *tx) {
		t.walk(bucketBrands, "", "", func(name string, value []byte) bool {
			var b brand
			list = append(list, BrandInfo{Brand: name})
			ok := t.read(value, &b)
			list[len(list)-1].User = b.Body.User
			return ok
		})
	})
	return list, err
}

// maxBrands bounds them; there are not that many makers.
const maxBrands = 100

// SetBrand sets a brand's one-time password at every site.
func (o Operator) SetBrand(name, user string, password phone.Secret) error {
	var wrong InvalidError
	if name == "" || len(name) > 32 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		wrong.Add("brand: write the maker's name in lower case, such as yealink")
	}
	if user == "" || len(user) > phone.MaxText {
		wrong.Add(fmt.Sprintf("user: write 1 to %d characters", phone.MaxText))
	}
	if n := len(password.Reveal()); n < 8 || n > phone.MaxPassword {
		wrong.Add(fmt.Sprintf("password: write 8 to %d characters; every phone of the brand is let in by it once", phone.MaxPassword))
	}
	if err := wrong.Err(); err != nil {
		return err
	}
	id := wire.DocID(wire.BrandDoc, name)
	err := o.change(Deed{What: "brand's password set", Key: name}, func(t *tx, _ *Deed) {
		count := 0
		t.walk(bucketBrands, "", "", func(string, []byte) bool { count++; return true })
		if _, known := t.brand(name); !known && count >= maxBrands {
			t.fail(fmt.Errorf("set a brand's password: %w", ErrFull))
		}
		t.put(bucketBrands, name, brand{wire.Brand{User: user}, t.keepSecrets(id, nil, Made{"otp": password})})
		t.spread(id)
	})
	return o.p.goOnAfter(err)
}

// RemoveBrand takes a brand's one-time password from every site.
func (o Operator) RemoveBrand(name string) error {
	id := wire.DocID(wire.BrandDoc, name)
	err := o.change(Deed{What: "brand's password removed", Key: name}, func(t *tx, _ *Deed) {
		if _, ok := t.brand(name); !ok {
			t.fail(fmt.Errorf("a password of the brand %s: %w", name, ErrUnknown))
			return
		}
		t.del(bucketBrands, name)
		t.spread(id)
	})
	return o.p.goOnAfter(err)
}
