// Package phone holds the field's nouns: the hardware address, vendor, device,
// line, lease, site and secret of a desk phone, with their parsing and
// validity. It does no I/O and imports nothing of ours, so that every other
// package can speak its words.
//
// Text from outside is parsed into these types once, at the edge: inside the
// program a MAC is never a string and a secret never a plain one.
package phone
