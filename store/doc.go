// Package store keeps everything that must outlive a power cut in one bbolt
// file, and the leases of the last minute in a journal beside it: devices with their enrolment, the site's policy, leases, what was last
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
// # The lease journal
//
// A building's power-up is thousands of leases, and a commit of the database
// writes and flushes twice: pages, then the head page. So leases, and nothing
// else, are appended to a file beside it (the database's name and ".leases"), a
// block with its checksum for each commit, with one flush. Readers see them at
// once, as ever. A block begins on a page of its own, and within a round no page
// is written again, so that a torn write can harm none but the block that nobody
// was answered for.
//
//   - A round begins with a commit of leases to the database, which puts the
//     round's random name into the meta record. Blocks of that name count beyond
//     the database, blocks of any other are left-overs.
//   - It ends when the file's bound is reached (4 MiB), once a minute, before a
//     copy is made, when the box stops, and at the next start after one that was
//     cut: in one commit the database takes over all leases of the round and
//     forgets its name, or names the next one. The file is then written anew from
//     its beginning. There is no moment at which neither of the two files counts,
//     and replaying a round again gives the same.
//   - After any error of the disk the round is over: the next leases go to the
//     database, together with all that the journal has beyond it, or are refused.
//   - A block holds the box's time as well, so the mark below is never older than
//     the last lease.
//   - While a round is open the meta record has schema 2, so that an older build,
//     which would give away addresses of the journal, refuses the file. Once the
//     box was stopped, or a minute after the last lease, it has schema 1 again.
//   - A block that is damaged although later ones are whole, or a journal that is
//     gone, keeps no box from starting: Report says that leases may be missing. A
//     last block that is damaged cannot be told from one that was never whole.
//
// Where the file cannot be made, leases go to the database one commit each. A
// copy knows no journal, and a database set aside takes its own with it.
//
// # The audit log
//
// Each entry holds the SHA-256 of itself and the entry before (audit.Entry's
// Chain), written in the transaction the entry describes. The chain record
// holds both ends: the anchor, which is the last entry dropped to make room, and
// the head, the last there is. It is sealed with an HMAC under a key made from
// the site key, so that who can write to the file, but has no key, cannot cut
// the log short at either end, nor change an entry and hash the rest anew. Open
// looks at the ends only; VerifyAudit follows the whole chain. A log that was
// changed is told, never mended: the record keeps the first entry that cannot be
// vouched for, until that is pruned. What nothing in the file can show is a
// whole file put back from an earlier day.
//
// The newest 260,000 entries are kept, so whoever can have entries written at
// will can have all others dropped. Each such cause has a budget (audit.Budget),
// kept at the door it comes in by; what goes beyond is counted, and the numbers
// are in the log. At their worst, all at once and every day, they come to
//
//	refusals of callers that go by a device's MAC    48 a day
//	refusals of all others                           24
//	sums of refusals that had no room                24
//	emergency calls                                  24
//	lists of devices without a PIN                   24
//	calls of one token below an admin's              48, of two entries each
//	phones that fetched, for the platform             24
//	phones not set up that asked, for the platform    12
//	mail that failed                                   1
//	sign-ins of one account                           12
//	sign-ins refused                                  12
//	passwords forgotten                               12
//	calls of one user on their own page               12
//	                                                325 a day
//
// and 2,443 at once after a start: 239,693 in two years, which leaves room for
// 20,307 others, the log of a site of some thousands of enrolments. What no
// budget bounds is bounded otherwise: wrong PINs by the lock-outs of their
// device, configs given out again by the device's proof. An admin can fill the
// log: that shows as the condition audit-short, and in what audit --verify says
// of its beginning.
//
// # Time
//
// Boxes have no clock battery. Now is the box's own time, kept on disk with each
// commit and once a minute besides. It goes on with the monotonic clock and
// follows the wall clock forward only:
//
//   - at once, by up to five minutes in a run, by up to seven days between two
//     runs, by any length if the kernel says that somebody sets the clock (NTP),
//     and by any length from a time before 2026, which is no time at all;
//   - else once a leap has stood for an hour. A leap taken back before leaves
//     no trace.
//
// Behind the mark a wall clock counts as not set: time goes on from the mark.
// So a lock-out lasts at least its length whenever the clock is behind, and
// nothing granted for a time lasts longer than it was to. A leap ahead that was
// believed is time that has passed, for lock-outs too: one that stood for an
// hour, one of up to a week between two runs, one of five minutes within a run.
// If a wrong time has been believed all the same, the next start under a clock
// that somebody sets goes back to the right one, moves every time in devices and
// policy that lies ahead of it by the same length, and says so in the audit log.
// Leases and sightings are not moved: they are the DHCP server's and the desk's,
// and no proof.
//
// # Damage and copies
//
// Open checks that every tree of pages ends, reads every record and checks the
// page structure. A damaged file is set aside, never deleted, and the last good
// copy takes its place. A copy carries a mark that it is one, whichever way it
// was brought back: at its first Open every unused one-time password in it is
// burnt, every PIN entered but not yet used is forgotten, every token of the
// API is removed, and so are mail not yet sent and temporary passwords of people,
// because the time between may have used, revoked or sent them. No copy has who is
// signed in; who may sign in, and by which password, is as it was then, and said
// to be.
//
// # The site key
//
// Rotate puts everything under a new key while nobody has the database open:
// each sealed value, the key check, the seal of the audit log's two ends, and
// the good copy. Policy.Key, from which holding accounts are made, stays what it
// is. The new database is a new file, because pages no longer used keep what
// stood in them, and takes the old one's place by one rename; from before that
// until the new key is in its own place, both keys are on disk and LoadKey asks
// the database which of them counts. Tokens of the API are kept as hashes,
// sealed for their name and role.
//
// # Left to others
//
// What a change means (auth, provision), when to make a good copy (the caller
// of KeepGood), and an anchor outside the file against a rollback of the whole
// disk (sync). Backups and files set aside stay under the key they were made
// with; RestoreUnder brings them under the present one.
package store
