// Package wire holds what site and platform say to each other: messages,
// subjects and limits, the same over every transport. The nouns of the rules
// (Gen, Sec, Cursor) are sync/proto's own; a second struct of the same fields
// would be the same thing twice. Devices, users and the rest travel in structs
// of this package, so that either side's domain can change alone.
//
// # One question, one answer
//
// A site asks, the platform answers; the platform asks nothing. A request is
// one JSON object with a version, an ID of its own and one part: hello, pull,
// push, confirm or act. The answer is signed by the platform over the site's name
// and the request's ID (Open), so that whoever carries it can neither change
// nor keep it. A refusal is a signed answer too: a reason in a word and one
// sentence for the operator.
//
// Documents are signed once more, each by itself (OpenDoc): they lie at the
// platform for years, and whoever keeps them there cannot change them either.
// A document names its site, its key and its version. Secrets in it are
// sealed to the site's key by sync/seal.
//
// Beside this the platform may send a hint, which says nothing but "ask".
//
// # Versions
//
// Version is the newest spoken here. A side reads what it does not know and
// leaves it; within one version fields are only added, with a zero value that
// means "as before".
//
//	1  2026-11  hello, pull, push, confirm; act, which may be refused as malformed
package wire
