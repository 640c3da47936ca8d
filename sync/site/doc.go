// Package site is the box's side of the link to the central platform: it reads
// what the platform has for this site, sends up what happened here, and asks
// before a one-time password is accepted. The rules are sync/proto's; this
// package gives them a database, an anchor file, a connection and time.
//
// # What is kept
//
// In the box's database, in one transaction with what the rules decided: where
// both sides stand, and of every document its state in the rules, the signed
// document itself, and whether the desk has still to be told of it. So a crash
// between reading a document and acting on it loses nothing: the desk is told
// again at the next start. The anchor lies beside the database and is written
// first, flushed, before any one-time password counts.
//
// # What is believed
//
// Nothing that the platform did not sign for this site and this request. A
// page with one document that does not verify is not read at all: whoever
// carries it is not the platform, and the operator is told.
//
// # Connections
//
// The transport dials, asks and hears hints; Serve alone decides when. It
// greets, reads what it lacks, sends all it knows, and from then on waits for a
// hint, a change here, or ten minutes. A lost connection is dialled again after
// 2 s, doubled each time up to what the platform asked for, always at a random
// point within: the whole fleet comes back at once.
package site
