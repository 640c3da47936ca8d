// Package admin is the operators' door: the HTTP API under /api/v1, in JSON.
// The command line reaches it over a unix socket, scripts over an HTTPS
// listener of its own. It parses what an operator wrote, asks the desk
// (provision), and says the outcome in words an operator can act on; it decides
// nothing about phones and keeps no state of its own.
//
// On the unix socket, whoever can open the file is the operator, and an admin;
// the kernel says who that is (SO_PEERCRED) and the audit log keeps the name. On
// HTTPS a caller shows a token as `Authorization: Bearer` (RFC 6750 section
// 2.1); without one everything but the front page and the API's description is
// refused with one and the same answer, whether the path exists or not. The
// token in the file is an admin's; those made at run time have the role they
// were made for (Role), and the audit log names them. Each route says in the
// table the least role it asks for; what asks for none is nobody's.
//
// Secrets go in and do not come out: an answer says has_password where a
// password is set, and names an override without its value, which may be one. Five
// answers are made to show a secret, each to an operator who asked for it by name,
// and each is in the audit log before it leaves: a PIN not yet used, the sheet of all of these, a config
// rendered with reveal=true, a device's overrides with reveal=true, and the CSV
// export with the PINs of phones not yet authenticated. A generated brand OTP is shown once, in
// the answer to the call that made it. A backup is on record as well: the
// secrets in it are sealed under the site key, which no call gives.
//
// Formats: JSON as RFC 8259, decoded strictly; changes of a device as a merge
// patch (RFC 7396) guarded by entity tags (RFC 9110 section 13.1.1); CSV as
// RFC 4180; the digest that ends a backup as RFC 9530.
//
// Known deviations. CSV: the RFC says commas / German and French spreadsheets
// write semicolons and a byte order mark / we read both and write commas. Merge
// patch: the RFC replaces arrays whole / a line's password cannot be read back,
// so a client could not repeat it / a line patched without a password keeps the
// one of the same user at the same registrar.
package admin
