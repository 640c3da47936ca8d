// Package vendors knows the brands of desk phones: how each is recognised (DHCP
// option 60, host name, OUI, User-Agent, file name), which DHCP options it
// reads, which files it asks for, and how its configs are written.
//
// Every brand is a Maker, listed by hand in All. The package holds no state but
// what Factory remembers of chains and the room configs are written in, and reads nothing but the zone database of
// package time and the file systems LoadCAs and LoadLayers are given: a name or
// header comes in, facts or config bytes go out. Who may have a config is not
// decided here; package provision asks for a Render only after auth has
// decided.
//
// # Rendering
//
// A config is a list of parameters first and bytes last:
//
//	build    what this box says, from Input alone           <vendor>_config.go
//	layers   operators' templates, full configs only        LoadLayers
//	override the device's own parameters, full configs only phone.Device
//	settle   the vendor's shape for what operators wrote    <vendor>_config.go
//	format   escaping and syntax, one writer for each       lines.go, flatxml.go, …
//
// No two parameters of a file have the same name: what an operator says takes
// the place of ours. Values meet their syntax in the format's one escaper and
// nowhere else, so nobody's text can add a line, a tag, an attribute or a
// parameter; a value the syntax cannot hold is an error instead of a file. So is
// a device with a text that its phone would replace by something it knows: each
// maker's macros stand in macros.go. What the holding config sets the full config sets as well, since most phones keep
// what a later file leaves out (Maker.Forgets says whose do not). Explain says
// which parameter came from where.
//
// # A new vendor
//
//	<vendor>.go          the Maker, recognition, file names, sequence
//	<vendor>_models.go   its models, by modelsOf
//	<vendor>_config.go   build and, where needed, raw and settle; its format
//	<vendor>_test.go     its samples, as a function <vendor>Samples
//	testdata/<vendor>-…  golden files of common, boot, holding and full
//
// and one line each in All (table.go) and allSamples (samples_test.go). The
// harness then tries it with every property of the package; a vendor without
// samples fails it. A phone that cannot show a login has Fetch.Auth NoAuth and
// writes Input.fetchURL, which has a token in its path; one that only speaks
// TFTP says so in Fetch.By. A new syntax is a format in a file of its own with a
// case in export_test.go and an independent reader in format_test.go.
//
// A factory certificate says which phone it lies in. Factory believes it where
// the maker's own CA stands behind it (RFC 5280 section 6) and the whole common
// name is a MAC. The CAs are the operator's to give; none is shipped.
//
// Facts come from the makers' administrator guides (Yealink T2 to T5, snom
// service pages for firmware 7 to 10, Polycom UC Software 4 to 9) and from
// public provisioning projects; what no source confirmed is in the maker's
// Unverified list, and each such guess stands in one place in the code.
//
// Known deviations:
//
//   - RFC 3925 says that an enterprise number goes into option 124; Poly phones
//     put it into option 60; we read it there.
//   - RFC 2132 says that option 66 is a TFTP server's name; phones take a URL;
//     we always send one with its scheme.
//   - RFC 5280 section 6.1.3 wants a certificate to be within its dates / a box
//     has no clock battery, and phones outlive theirs / dates are not looked at:
//     the leaf is judged as of its first day, its issuers as of any.
//   - RFC 5280 section 4.2.1.12 limits what a certificate is for / makers mark
//     factory certificates for servers, for e-mail or for nothing / any extended
//     key usage will do.
//   - RFC 5280 section 6.3 asks whether it was revoked / no maker tells, and a
//     site must work without the Internet / nobody is asked. A CA whose phones
//     are not to be believed any more is taken out of the folder.
//   - Chains signed with SHA-1 or MD5, as the oldest phones carry, are refused;
//     such a phone shows something else.
//   - The guides know boot files (Yealink) and setting containers (snom);
//     firmware differs on both; we serve neither.
package vendors
