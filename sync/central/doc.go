// Package central is the reference central platform: the sites, what each of
// them is to hold, and what they sent up. It is small and real, usable by
// itself, and the contract for platforms that have a portal already.
//
// # What it keeps
//
// The truth is a log (Log; package broker keeps it in a JetStream stream): one
// key for each site, device, document, event. What is asked is answered from a
// view of it in one bbolt file, made from the log and nothing else: it is
// brought up to the log at start, follows what other processes of the platform
// write, and is made anew where it is missing, of another form, or of another
// past. A document is signed and its secrets sealed to the site's key when it is
// written, so that a site that lacks a hundred thousand of them costs no
// cryptography. The platform's own copy of a secret is sealed to the platform's
// own key, which lies in a file of its own beside the view: a copy of the log
// alone opens nothing.
//
// # How it is written
//
// One goroutine commits what waits, as one batch: each update runs on the view's
// one write transaction, one that fails is taken back alone, what the others
// wrote is appended behind the revision the view stands at, and only then the
// view is committed. A batch that came too late, because another process wrote,
// is run again on the newer state. So an update may run several times and only
// computes; nothing random that matters is drawn inside. Each batch ends with
// its writer's record, which tells whether a batch whose answer was lost is in
// the log after all.
//
// # When the log was put back
//
// A log that ends before what the view has read, or is another one, or holds a
// start of the platform that the view should have read of and has not, was put
// back from a copy. The view is made anew, and a new epoch begins (R8). A
// process whose view was lost with it learns it from the sites' cursors (R7).
// Starts are written to the log, so those of several processes are in one order,
// and a cursor that one of them handed out stands at each.
//
// # Who is believed
//
// A site proves itself with the key it made when it joined, over every
// transport. What it asks is about itself alone: the rules take its word for
// its own devices only. A cursor counts only with the platform's mark on it,
// because one from the future would make the platform begin a new epoch.
//
// # Who is whitelisted
//
// A site's box vouches for the network it comes from: a PIN or a provisioning
// there allows its address, with IPv6 its /64, until 8 h after it happened. Which
// address that is, is the platform's own sight of the connection the news came
// over, never a site's word; a proxy is believed only where it is named
// (Proxies). A time of an event counts as far as the box's clock can be believed
// (happened). One limit: of a box without a set clock that was also without
// power, an event stamped in between may count as newer than it is.
//
// Ends are looked at when somebody asks, so nothing has to run for one to come.
// An end further off than any can be was made by a clock that was ahead, and
// does not count. Clocks of several processes may differ by five minutes.
package central
