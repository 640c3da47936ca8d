// Package smtplab runs a real SMTP server, Debian's Exim, for tests: with a
// certificate of its own CA, a login, a greylist and a mailbox, on a port of
// loopback that nobody chose. It needs root, because Exim gives up root's rights
// by itself and takes a configuration of somebody else's choice from root alone.
//
// Exim is started for each connection, as by inetd: so no process is left, no
// port is fixed, and taking the server down is closing a listener.
//
//	nobody@…     is refused for good (550)
//	grey@…       is put off (451) until Server.Whitelist
//	virus@…      is refused only once the text is there (550 after DATA)
//	all others   go to the mailbox
package smtplab
