// Package update holds the rules by which a box takes a newer program and goes
// back from it: the form of a release and its signature, which release may
// follow what runs, the trial of it, and what counts as worse than before. It
// touches no disk and no network: slots, the box and the ledger are interfaces,
// and package main gives them.
//
// # A release
//
// One file, lineside-VERSION.release: a tar of manifest.json, its minisign
// signature manifest.json.minisig, and the artefacts the manifest names, in its
// order. Nothing behind the manifest is read before the signature holds, and
// nothing is believed of an artefact but its size and SHA-256 in there. The
// signature is minisign's (Ed25519 over the file or over its BLAKE2b-512,
// "Ed" and "ED"), so that Debian's minisign makes and checks the same.
//
// # Who may do what
//
// The box's own process, which the whole LAN talks to, downloads and stages. It
// runs as a user that can write no program. A helper, which runs as root for as
// long as an update takes and listens to nobody, copies what was staged to a
// place of its own, checks all of it there once more, writes the slot that is
// not in use, turns the box to it, and watches. So whoever has taken over the
// box's process can ask for an update that the makers signed and that is newer
// than what runs, and for nothing else.
//
// # The trial
//
// A program that was tried and not kept is turned back from: where it does not
// become READY, ends too often, or gives phones less than the one before did
// (Worse). What the helper has begun stands in the ledger, on disk, before it
// is done; Resume goes on from any point a power cut left. Of a trial that was cut
// short more than MaxTries times nothing good is assumed.
//
// # A known limit
//
// Who is on the LAN and asks in the name of phones that are silent meanwhile can
// make a trial look bad, and the update is turned back from. It costs the
// site the update until an operator applies it again, never a phone its config.
package update
