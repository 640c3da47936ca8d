package vendors

import (
	"strings"

	"github.com/lineside/lineside/phone"
)

// leadingMAC cuts a MAC of twelve digits off the front of a file name.
func leadingMAC(name string) (mac phone.MAC, rest string, ok bool) {
	if len(name) < 12 {
		return phone.MAC{}, "", false
	}
	mac, err := phone.ParseMAC(name[:12])
	if err != nil {
		return phone.MAC{}, "", false
	}
	return mac, name[12:], true
}

// upperHex is the MAC in capitals, as several makers put it in file names and
// sheets.
func upperHex(mac phone.MAC) string { return strings.ToUpper(mac.Hex()) }
