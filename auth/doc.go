// Package auth is the law of the box: what a phone must show, what it is given
// for it, and what that changes. It is pure. The time is an argument, random
// values are handed in, and nothing here reads, writes or waits; so the whole
// of it can be tested as a table.
//
// Decide answers one request for a config. The other functions are what
// operators and handsets do to a device's Enrolment: EnterPIN, Suspend, Reset,
// Unblock, Block, AllowOTP, and MakeTicket with what becomes of a ticket. Each returns the new Enrolment and leaves the old one as
// it was; the caller persists it, with an audit event, before it answers.
//
// A denial is an outcome and not an error: a wrong PIN changes the Enrolment
// like a right one.
package auth
