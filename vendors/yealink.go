package vendors

import "github.com/lineside/lineside/phone"

func yealink() Maker {
	return Maker{Vendor: "yealink", File: func(string) (File, bool) { return File{}, false }, Sequence: func(phone.MAC, string) []string { return nil }}
}
