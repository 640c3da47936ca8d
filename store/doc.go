// Package store keeps everything that must outlive a power cut in one bbolt
// file: devices with their enrolment, the site's policy, leases, what was last
// seen of each phone, and the audit log.
//
// # Promises
//
// A call that changes something returns after the change is on disk together
// with its audit events, or with an error and no trace of it. Changes that
// arrive while a commit runs share the next one, so durability costs one flush
// for all of them and a lone writer never waits for company. Reading never
// waits for the disk: devices, policy and leases are in memory as the last
// commit left them, and what is in memory is read back from the very bytes
// that were written, so that a restart finds what readers were told.
//
// # The file
//
// Buckets by noun. A value is one JSON object with its schema version "v",
// a line feed, and the CRC-32C of what stands before, in eight hex digits: the
// database's own checksums cover only its two head pages. Secrets are sealed
// one by one with XChaCha20-Poly1305 under the site key, bound to bucket,
// record and field, so that none can be moved to another device. Structs of
// the domain are never stored; mirror types here name every stored field.
//
// # Damage and copies
//
// Open reads every record and checks the page structure. A damaged file is set
// aside, never deleted, and the last good copy takes its place. A copy carries
// a mark that it is one, whichever way it was brought back: at its first Open
// every unused one-time password in it is burnt and every PIN entered but not
// yet used is forgotten, because the time between may have used them up.
//
// # Left to others
//
// What a change means (auth, provision), when to make a good copy (the caller
// of KeepGood), and an anchor outside the file against a rollback of the whole
// disk (sync).
package store
