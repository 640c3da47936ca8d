// Package provision is the front desk. Every door (DHCP, TFTP, HTTP) and every
// operator asks Desk in the same words; the desk alone identifies the caller
// (vendors), loads the device (store), decides (auth), persists with the audit
// record, and renders (vendors). Doors hand over facts and write bytes.
//
// Deny by default: any error between question and answer means no config. A
// change of state is on disk, with its audit record, before the answer leaves.
//
// What a caller is told never depends on whether the box knows the device:
// unknown MACs walk the same way as a device in "needed", and all refusals of
// a door are one answer. Where a device's state costs a write before the answer, as
// a wrong PIN does, a stranger's costs one too.
package provision
