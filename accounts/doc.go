// Package accounts says who may sign in to the box's pages, and keeps them signed
// in. There are operators' accounts, made by admins, the first with the set-up
// code, and the site's users, who sign in by their ID to their own page (see
// phone.User; the password for that is kept here and is not the web-access
// password of their phones). What a password has to be and what a sign-in comes
// to is auth's to say, what a role may do is the table's in admin.
//
// # Set-up code
//
// While there is no operator's account a code stands for one. It is made anew at
// each start, lies in memory alone, and is shown in the log line of the start, in
// `lineside status` and by `lineside account setup-code`: on disk there is nothing
// to steal, and a line in an old log is worth nothing. It has 80 random bits. The
// first account made, by the code or by the command line, ends it.
//
// # Wrong passwords
//
// Nobody is to be kept out by what somebody else tries, and nobody is to learn
// which names there are.
//
//   - An address (of IPv6 the /64) has five tries, then waits, a minute to half an
//     hour. It is told so, as that says nothing of any name. On the box's own link
//     every host has addresses of the same /64, so each counts for itself, and the
//     /64 has a hundred tries, which who is known at an address does not wait for.
//   - An account has twenty tries from networks its person never signed in from.
//     Then passwords from such networks are not looked at for as long, and the
//     answer is that to a wrong one. From a network the person knows, the right
//     one is always looked at; so is a temporary password, wherever it comes from,
//     for it has 80 random bits. So whoever is kept out at a new place asks for one.
//   - A name there is not costs the same work: one Argon2id hash is computed for
//     every try that is looked at, two at once at the most, and one of the two is
//     for people at networks they know.
//
// The counts are in memory. Somebody who cuts the power for each five tries has
// some thousands a day, which a password by the rules outlasts.
//
// # Forgotten passwords
//
// A stranger's word makes nothing void: the temporary password that is mailed
// lies beside the person's own until it is used, or a day is over. It is mailed by
// a worker, so that the page answers at once whether there is such a name or not.
// An admin's reset makes the own password void.
//
// # Sessions
//
// A session is 32 random bytes of which the store has the SHA-256. It ends when
// nothing was done for half an hour, after twelve hours, by signing out, and by
// whatever changes the account's password or role: that raises the account's
// epoch in the same transaction, and a session of another epoch is none. When
// somebody was last seen is written every few minutes and may be lost; the
// session then ends early. No copy of the database has sessions.
package accounts
