// Package httpd is the HTTP and HTTPS door: phones fetch their files here, at
// /cfg/<file> or at /<file>. It checks what can be checked without a secret
// (the request's shape, and of a login the realm, nonce, nc, uri, algorithm and
// qop), puts one question to the desk and writes the answer down. It decides
// nothing.
//
// PUT and POST are for what phones upload. The desk has to accept the sender
// before a byte of the body is read; while it is, the request holds one of a few
// slots for files and no place at the desk. Refused, it is answered as a refused
// fetch; a name nobody uploads gets 405, as any other method does. A path token
// ("t/<token>/<file>") is handed on in the file's name and left out of logs.
//
// It follows RFC 9110 (GET and HEAD, ranges, entity tags), RFC 7616 (Digest with
// MD5 and SHA-256, qop=auth) and RFC 7617 (Basic, over TLS only). A login that
// fails here for any reason is no attempt: the desk then sees a caller without
// one. Every refusal is the same 401 and every unknown or impossible name the
// same 404, byte for byte, but for the nonce and the stale flag. stale depends on
// the nonce alone, never on a device.
//
// Nonces are numbered and signed with a key of this process, so a flood of
// challenges costs no memory. Which nc a nonce has seen stands in a ring of fixed
// size; a nonce that has left the ring is stale, so forgetting never admits a
// replay. Age is counted on the monotonic clock: setting the box's clock changes
// nothing.
//
// Over TLS a caller is asked for a client certificate and may go on without one.
// What it presents is handed to the desk unverified; TLS has only proved that the
// caller has its key, which holds for a resumed session too.
//
// Nobody can keep the others out by keeping connections. Each front has a room of
// its own; where it is full, or the share of one address, a newcomer takes the
// place of the connection that has waited longest for its caller (for a request,
// the rest of one, or its answer to be taken), of the address that holds most. An
// IPv6 address counts as its /64. A request that is being answered is never cut,
// and has a place at the desk only until the desk has spoken; with no place there
// the answer is 503. A body is read to a bound and thrown away before that.
//
// Known deviations, as spec says / devices do / we do:
//
//   - RFC 7616 section 3.7: the challenge a server likes best comes first, which
//     is SHA-256 / old phones read the first challenge only, and choke on an
//     algorithm they do not know / MD5 comes first for callers that introduce
//     themselves as a desk phone, SHA-256 first for all others.
//   - RFC 7616 section 3.4: nc and qop are bare tokens, the rest is quoted / phones
//     quote all or nothing / both are read.
//   - RFC 7616 section 3.3: stale means that the nonce alone was at fault / after
//     a restart of the box phones hold nonces of the old key, and take a plain 401
//     for a wrong password / every well-formed login whose nonce is not good is
//     told stale=true.
//   - RFC 8446 section 4.4.2.4 and RFC 5246 section 7.4.6 leave it to the server
//     what a bad client certificate leads to / phones present expired, oddly
//     encoded and SHA-1-signed ones / only possession of the key counts here.
//     crypto/tls does end the handshake over a certificate it cannot parse, an RSA
//     key over 8192 bits, a DSA key, or a proof of possession by SHA-1 in TLS 1.2;
//     such a caller is not asked again for a day, so its next try goes through.
//     For phones that give up on their own there is NoClientCertificates.
//   - RFC 2069 logins without qop, auth-int, the -sess algorithms, userhash and
//     username* are not offered and not accepted.
//   - Ranges, entity tags and content are sent as they are: never gzip, which
//     phones announce and do not always undo.
package httpd
