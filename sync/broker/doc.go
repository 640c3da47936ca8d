// Package broker is the fabric the platform stands on: NATS, embedded or a
// cluster of its own. It knows who may connect and what they may say, and no
// documents.
//
// # Accounts
//
// SYS watches the servers, AUTH answers who a connection is, CORE has
// JetStream and the platform's own processes, EDGE has the boxes. A box may ask
// on s.<id>.rpc.*, and hear s.<id>.n and s.<id>.in.>; nothing else. Permissions
// for single prefixes within an account that has JetStream leak (a consumer
// delivers to subjects its maker may not publish to, and reads others' by
// name), so boxes are in one that has none. ServerConf writes the settings of
// a server; the embedded one runs on the same text.
//
// # Who is let in
//
// nats-server asks the platform (auth callout): the box has signed the
// server's nonce with the key it joined with, and Doorkeeper.Admit says whose
// that is, having noted where it comes from. Refused, every stranger hears the
// same. A fault of the platform's own is no refusal: nothing is answered, and
// the box comes again. What is older than three seconds is not answered either,
// or a fleet that comes back at once never gets in.
//
// Doors open last. A TLS handshake waits until there is somebody to be asked
// about who comes, and one address may begin only so many in a second. Then it
// stands in line for a place, and goes on once those let in before have their
// answers: a fleet that comes back at once is served one after the other and
// not all in vain. Work waits there where it has cost nothing yet, for a minute:
// who is turned away costs it anew. TLS has no words for when to come again
// before it has begun, so a full line answers with an alert, and the box's
// back-off spreads the rest. Who connects and says nothing is cut off after eight
// seconds, and once there are many such sooner, beyond the share of an address.
// A load
// balancer has doors of its own, where it alone is heard and its PROXY header
// is believed. A site has one connection and may have four.
//
// # What is asked
//
// The subject says who asks; nats-server has checked it. The message says who
// wants the answer, and is not believed: an answer goes to s.<same id>.in.
// alone. So many requests of a site wait, so many of all, the oldest goes
// first; a fault costs one.
//
// Revoked means kicked: through SYS, at every server of a cluster, and once
// more by a look at all connections every five minutes.
//
// # The log
//
// OpenLog keeps central.Log in one JetStream stream, one subject for each key
// and one message for each subject. What is appended at once is all there or
// not: as one message of the journal, which holds several entries, or as an
// atomic batch (NATS ADR-50). Either expects the stream's last sequence, so two
// platforms never write past each other, and a reader never sees half of it:
// nats-server holds back reads while it stores a batch (2.15, isolateMu).
//
// nats-server 2.15 stages the batch of a stream on one node in a file store of
// its own, which is made and removed for it: six flushes and a dozen files, 11
// to 18 ms for six entries on a busy machine where a message takes 0.5. So a
// small change is a message: cfg.=j.<slot>, its sequence modulo 512. The first
// append that finds no room (512 messages, 900 keys, 4 MiB), or has more than a
// message holds, folds: it is a batch, and the newest of every key of the journal
// goes with it, each under its own subject. So journal messages that count
// follow each other at the stream's end, who writes knows them from there alone,
// and who reads drops those that a batch stands behind: what they said, it says.
// Nothing has to be deleted, and a crash leaves the one or the other.
//
// Where several nodes keep the stream every append is a batch: there it is one
// entry of their common log. A stream of a build without a journal (form 1) on
// one node becomes form 2 when it is opened; its name moves in the metadata, so
// that such a build does not open it any more: go back to a backup for that, and
// stop platforms of builds before on a stream of one node they share.
//
// The stream answers for what was acknowledged only where nats-server syncs
// every write (sync_interval: always). Its default, two minutes, lost every
// acknowledged write of an emulated power cut, on one node and on three.
//
// Keys hold what operators type. LogSubject makes a subject of them that has
// no dot, wildcard, space or control byte the key did not give it a place for.
package broker
