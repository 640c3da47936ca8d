package vendors

// DHCP options of RFC 2132, RFC 5859 and of use.
const (
	optVendorSpecific = 43
	optServerName     = 66
	optBootFile       = 67
	optTFTPServers    = 150
	optProvisionURL   = 160
)

// maxOption is the longest value: phones do not join split options (RFC 3396).
const maxOption = 255

// textOption makes an option of plain text, if it fits.
func textOption(options []Option, code uint8, value string) []Option {
	if value == "" || len(value) > maxOption {
		return options
	}
	return append(options, Option{Code: code, Value: []byte(value), Always: true})
}

// tftpOption makes option 150, four bytes an address, for phones that name it:
// only then is it sent, since others take it for a string.
func tftpOption(options []Option, box Box) []Option {
	addr := box.Addr.Unmap()
	if !addr.Is4() {
		return options
	}
	b := addr.As4()
	return append(options, Option{Code: optTFTPServers, Value: b[:]})
}

// urlOptions leads vendors that read a whole URL in 66 and in 160. The scheme
// is always there: without one Yealink takes TFTP and Poly FTP.
func urlOptions(box Box) []Option {
	options := textOption(nil, optServerName, box.URL)
	options = textOption(options, optProvisionURL, box.URL)
	return tftpOption(options, box)
}
