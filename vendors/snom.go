package vendors

import "github.com/lineside/lineside/phone"

func snom() Maker {
	return Maker{Vendor: "snom", File: func(string) (File, bool) { return File{}, false }, Sequence: func(phone.MAC, string) []string { return nil }}
}
