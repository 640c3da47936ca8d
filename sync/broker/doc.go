// Package broker is the fabric the platform stands on: NATS, embedded or a
// cluster of its own. It knows who may connect and what they may say, and no
// documents.
//
// # The log
//
// OpenLog keeps central.Log in one JetStream stream, one subject for each key
// and one message for each subject. What is appended at once is an atomic
// batch (NATS ADR-50) that expects the stream's last sequence, so two
// platforms never write past each other, and a reader never sees half of it:
// nats-server holds back reads while it stores a batch (2.15, isolateMu).
//
// The stream answers for what was acknowledged only where nats-server syncs
// every write (sync_interval: always). Its default, two minutes, lost every
// acknowledged write of an emulated power cut, on one node and on three.
//
// Keys hold what operators type. LogSubject makes a subject of them that has
// no dot, wildcard, space or control byte the key did not give it a place for.
package broker
