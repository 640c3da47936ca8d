package pages

import (
	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// brandsPage is the one-time password of each brand.
type brandsPage struct {
	Tab  string
	OTPs []admin.OTP
}

func getBrands(v *visit) error {
	otps, err := v.api.OTPs(v.ctx())
	if err != nil {
		return err
	}
	return v.show("brands", brandsPage{"brands", otps})
}

// brandPage is where one of them is set.
type brandPage struct {
	admin.OTP
	Form *form
}

// brand is the one of the path, as it is now.
func (v *visit) brand() (*brandPage, error) {
	otps, err := v.api.OTPs(v.ctx())
	if err != nil {
		return nil, err
	}
	for _, o := range otps {
		if string(o.Vendor) == v.r.PathValue("vendor") {
			return &brandPage{OTP: o, Form: filled("user", o.User)}, nil
		}
	}
	return nil, noPage(v)
}

func getBrand(v *visit) error {
	data, err := v.brand()
	if err != nil {
		return err
	}
	return v.show("brand", data)
}

// postBrand sets it: what was written, or one that is made up and shown this once.
func postBrand(v *visit) error {
	data, err := v.brand()
	if err != nil {
		return err
	}
	if data.Form, err = v.form("user", "password"); err != nil {
		return err
	}
	password := v.secret("password")
	set, err := v.api.SetOTP(v.ctx(), data.Vendor, admin.OTPInput{User: data.Form.Get("user"), Password: password.Reveal(), Generate: password.IsZero()})
	switch {
	case err != nil:
		return v.again("brand", data, data.Form, err)
	case set.Password == "":
		return v.done("/tickets/brands", "brands.set", vendorWord(set.Vendor))
	}
	return v.show("brand-made", handover{For: vendorWord(set.Vendor), SignIn: set.User, Password: secret(set.Password), Back: "/tickets/brands"})
}

func postBrandRemove(v *visit) error {
	data, err := v.brand()
	if err != nil {
		return err
	}
	name := vendorWord(data.Vendor)
	if ok, err := v.sure(v.say("brands.remove.sure", name), v.say("brands.remove")); !ok {
		return err
	}
	if err := v.api.RemoveOTP(v.ctx(), data.Vendor); err != nil {
		return err
	}
	return v.done("/tickets/brands", "brands.removed", name)
}

// vendorWord is a vendor's name as people write it.
func vendorWord(v phone.Vendor) string { return sentence(string(v))[:len(v)] }
