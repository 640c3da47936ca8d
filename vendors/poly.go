package vendors

import "github.com/lineside/lineside/phone"

func poly() Maker {
	return Maker{Vendor: "poly", File: func(string) (File, bool) { return File{}, false }, Sequence: func(phone.MAC, string) []string { return nil }}
}
