// Package backup is the form of a backup file: a tar (POSIX.1-1988 ustar, or pax
// where a name needs it) of
//
//	lineside.db          the store's copy of itself, first
//	templates/NAME.conf  each of the operator's templates
//	templates/.good/NAME.conf  what is in force in the place of one that is no good
//	settings/lineside.toml  the operator's settings, sealed by the box
//	settings/settings.toml  what was set over them on the page, sealed likewise
//	contents.json        what came before it, with sizes and SHA-256, and what
//	                     the box had and the backup has not; last
//
// and nothing else. A file with any other member, with one twice, or whose
// contents do not agree is refused as a whole: what is missing from a backup is
// noticed too late. Older backups are the database alone; Sniff tells them
// apart.
//
// The database's secrets are sealed under the site key, which is not in it. The
// hashes guard against damage, not against whoever can write the file.
package backup
