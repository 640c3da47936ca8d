// Package vendors knows the brands of desk phones: how each is recognised (DHCP
// option 60, OUI, User-Agent, file name), which DHCP options it reads, which
// files it asks for, and how its configs are written.
//
// Every brand is a Maker, one file each with its templates beside it, and is
// listed by hand in All. The package does no I/O and holds no state: a name or
// header comes in, facts or config bytes go out. Who may have a config is not
// decided here; package provision asks for a Render only after auth has
// decided.
//
// Facts come from the makers' administrator guides and from public
// provisioning projects; what no source confirmed is marked Unverified in the
// tables, and each such guess stands in one place.
package vendors
