// Package seal keeps secrets from everybody between the platform and one box,
// and makes documents the platform's own.
//
// A secret is sealed to a box's public key with HPKE (RFC 9180, base mode,
// DHKEM X25519, HKDF-SHA256, ChaCha20-Poly1305). What the secret belongs to is
// authenticated with it: site, key, device, kind and generation. A sealed value
// moved to another device, or kept and shown again as a newer generation, does
// not open. The sender keeps nothing that opens it again.
//
// A signature is Ed25519 (RFC 8032) over a context string, a zero byte and the
// message, so that a signature made for one purpose is none for another.
//
// The package knows no messages; sync/wire gives it bytes.
package seal
