// Package fleet simulates desk phones: for the demo, for tests, and to load a
// box before its real phones arrive. It is the client side only, and it is
// written from the phones' side: what a Yealink, snom or Poly does with what it
// is told is taken from the makers' administrator guides and from public
// provisioning projects, and the parsers of their configs share nothing with
// the templates that write them.
//
// A Phone gets an address by DHCP (RFC 2131), reads the options its maker
// reads, asks for its files by TFTP (RFC 1350) or HTTP, answers a challenge by
// Digest (RFC 7616) or Basic with the login in its flash, else asks the Person
// beside it, and applies what its files set once the last one is there. Run
// puts many of them through that and gives a Report.
//
// Load is DHCP alone: any number of clients behind one relay agent, at a rate,
// to see what a server does when a building powers up.
//
// So that no root is needed, a phone is its own DHCP relay agent: it sends
// from a port of its own with giaddr set and the relay source port sub-option
// (RFC 8357) in option 82, and the server answers to that port. It then fetches
// from the address it was leased where this host has that address, as it has
// all of 127.0.0.0/8, and from any other where it has not.
//
// Known deviations: a real phone waits minutes between boots and asks for
// firmware, languages and pictures; these do not. FTP, Poly's default where an
// option names no scheme, is not spoken. Files on another host than the one
// that served the config are left alone.
package fleet
