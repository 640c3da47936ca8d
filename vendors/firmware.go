package vendors

import "strings"

// Upgrade is how a config tells a vendor's phones which firmware to install.
type Upgrade uint8

// Ways to tell.
const (
	// NoUpgrade: no parameter is known that takes a file alone; some want its
	// version too, which a file does not say.
	NoUpgrade Upgrade = iota
	// UpgradeByURL: the config names the file.
	UpgradeByURL
	// UpgradeByName: the config has the file's name alone, and phones ask the
	// server of their configs for it.
	UpgradeByName
	// UpgradeByVersion: the config names the file and its version; phones install
	// it where they run another.
	UpgradeByVersion
	// UpgradeByFolder: the config names the folder, and phones ask there for a
	// file by a name of their own.
	UpgradeByFolder
)

// upgrade is the firmware the phone is told of, in full configs only.
func (in Input) upgrade() (FirmwareSource, bool) {
	return in.Firmware, in.Stage == Full && in.Firmware.URL != ""
}

// folder is the URL of the folder the firmware lies in, without a slash behind.
func (f FirmwareSource) folder() string {
	return strings.TrimSuffix(strings.TrimSuffix(f.URL, f.File), "/")
}

// bareFolder is folder without its scheme, for phones that have a parameter of its
// own for that or know but one.
func (f FirmwareSource) bareFolder() string {
	_, rest, _ := strings.Cut(f.folder(), "://")
	return rest
}
