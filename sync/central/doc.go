// Package central is the reference central platform: the sites, what each of
// them is to hold, and what they sent up. It is small and real, usable by
// itself, and the contract for platforms that have a portal already.
//
// # What it keeps
//
// One bbolt file, the view: sites, devices with their state in the rules
// (sync/proto), and every site's documents in the order they were written,
// each signed and its secrets sealed to the site's key when it is written, so
// that a site that lacks a hundred thousand of them costs no cryptography. The
// platform's own copy of a secret is sealed to the platform's own key, which
// lies in a file of its own beside the database: a copy of the database alone
// opens nothing.
//
// # Who is believed
//
// A site proves itself with the key it made when it joined, over every
// transport. What it asks is about itself alone: the rules take its word for
// its own devices only. A cursor counts only with the platform's mark on it,
// because one from the future would make the platform begin a new epoch.
//
// # Not there yet
//
// The stream of NATS JetStream as what the view is rebuilt from, the NATS
// transport, the allow-list, users, tickets and the operators' API.
package central
