// Package mail carries messages of the box to one SMTP server: a text to one
// person at a time. It knows no accounts and writes no texts.
//
// Send puts a message on disk and returns; Serve hands it over. What the server
// took is deleted. What it did not take yet is tried again after a minute, two,
// four and so on, at most an hour, each a fifth longer or shorter, until it is
// 24 hours old: by then a temporary password in it is dead. What it will never
// take (5yz) is not tried again by itself, but kept as long, so that an operator
// who mends the settings can have it tried. Both are told: an event in the audit
// log and a condition with what to do.
//
// Formats: RFC 5321 (SMTP), 3207 (STARTTLS), 8314 (TLS from the start), 4954
// (AUTH), 5322 and 2047 (the message), 3834 (Auto-Submitted).
//
// TLS is as the settings say and never less: where STARTTLS is wanted and not
// offered, or the certificate is not the server's, nothing is sent. A login goes
// over TLS, or to this machine itself.
//
// # What can happen twice
//
// SMTP cannot say "took it, as you know already". Power that is cut, or a
// connection that breaks, between the server's yes and the letter's removal from
// the disk leaves a letter that is sent again. It then has the same Message-ID
// and Date, by which mail programs and servers know it for the same.
//
// # Bounds
//
// At most 4,096 letters wait, of 4 KiB text each. A newer message about the same
// thing takes the older one's place, so nobody fills the queue by asking again.
// Of what the server says, 256 KiB are read for a letter, and 200 characters
// kept. Each step of a conversation has a minute.
//
// Left to others: who may write to whom (accounts), where letters lie (store),
// the settings file (cmd).
package mail
