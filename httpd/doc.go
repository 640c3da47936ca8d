// Package httpd is the HTTP and HTTPS door: phones fetch their files here, at
// /cfg/<file> or at /<file>. It checks what can be checked without a secret
// (the request's shape, and of a login the realm, nonce, nc, uri, algorithm and
// qop), puts one question to the desk and writes the answer down. It decides
// nothing.
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
//   - RFC 2069 logins without qop, auth-int, the -sess algorithms, userhash and
//     username* are not offered and not accepted.
//   - Ranges, entity tags and content are sent as they are: never gzip, which
//     phones announce and do not always undo.
package httpd
