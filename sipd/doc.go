// Package sipd is the box's own SIP service: registrar of phones on hold, way
// out for emergency calls, messenger that tells phones to fetch again, and the
// answer to phones that ask for their config by multicast (SIP PnP).
//
// It follows RFC 3261 (SIP), 3265/6665 (NOTIFY), 3581 (rport), 5031 (service
// URNs), 6442 (Geolocation) and the makers' notes on ua-profile by multicast.
// Messages and transactions are sipgo's; everything that decides is here.
//
// # Emergency first
//
// A request is looked at before it is parsed. An INVITE to an emergency number
// of the site, however spelled, is let through before any limit, asks for no
// login and passes no call counter of other calls. It goes to the site's SBCs
// one after the other, as a call of the box's own (B2BUA) whose sound flows
// between phone and SBC directly. An SBC that says nothing for three seconds is
// passed over, and so is one that says nothing but "trying" for six: 100 is hop by
// hop, and nobody behind it was heard. When none takes the call, the caller hears so
// as early media, for some seconds, then gets 503 with a Warning; never 200, which
// would keep the phone from another way it knows.
//
// An address begins eight such calls at once and one every five seconds in the long
// run, and has four at a time; all addresses that are not known begin 400 and 50 a
// second. Each INVITE of another transaction counts, whatever its Call-ID. By packets
// anybody can write anybody's address, so these shares, which a forger may use up in
// a phone's name, refuse nobody: beyond them, and where there is no room, a caller is
// asked to show that it is where it says. A registered phone is challenged (401), any
// other sent to the box once more by a URI with a nonce for its address (302). Who
// shows that, or calls by a connection, has shares of its own, and alone may have the
// place of a call that was never confirmed: of those without proof the newest goes.
// Beyond its own shares it is answered 503 before an SBC hears of it. *RFC 3261 says*
// that a user agent follows a 302 (section 8.1.3.4); *some phones do* so only where
// their settings allow; *we do* it all the same, for who is not on hold here has no
// account to be challenged for, and is asked only while the box is under attack.
//
// A call for help that cannot be read is mended: the number of its request line,
// even of one in small letters or without a version, each header that can be read
// by itself, something that does for the others, and its SDP.
//
// # SBCs by connections
//
// A connection to an SBC stands for days and may be dead without either end having
// heard; a stream repeats no INVITE. So a call that is lost with a connection is made
// once more by a new one, at once where it broke, after the other SBCs where it was
// silent.
//
// By TLS an SBC has to show a certificate for its name, with a chain to a root that is
// trusted. The dates decide nothing. Boxes have no clock battery, so the box may take
// any day for today, and a certificate that nobody renewed is a likelier cause of a
// call for help that does not go out than a key that was stolen and has expired since:
// what dates guard against here is an attacker on the way with such a key, who would
// hear of the call and could not answer it as the emergency centre does. The operator
// is told from 30 days before the end on.
//
// # The PIN call
//
// A call to any other number, of a phone that shows its holding account's login,
// is answered at once by voice and asked for the PIN; the desk looks at each
// entry, for this device and the caller's layer-2 identity. After the BYE the
// phone is told to fetch. A visitor hears the phone's MAC and enters nothing.
// Exactly an emergency number, followed by # or by three seconds of silence, is
// bridged from within the call, its sound through the box.
//
// # What a stranger meets
//
// A REGISTER or INVITE that shows no nonce of ours, given to the address it comes
// from, is answered 401 at the doorstep: nothing is kept of it, and addresses
// share no rate, so that a new phone gets in while sources are forged. Packets
// from outside the LAN, of scanners, and beyond a source's or the site's rate are
// dropped without an answer; but at their rate what is within a call passes, by the
// tag the box gave it, and an SBC's answer, by the branch. REGISTER and INVITE of anybody are
// answered 401, alike and with the same work for accounts that exist and that
// do not; so is a right password from an address that layer 2 says is another
// device. Nothing is sent to an address that a header names: answers and
// requests go to where the phone's own packets came from.
//
// A multicast question is answered at the doorstep as well, with the 200 and the
// NOTIFY: it cannot be asked for a proof. Each address, by whatever ports, has a
// share of its own, and nothing is kept but the NOTIFY to repeat. The box asks the
// group itself, as new phones do, every ten minutes: who answers is another PnP
// server (ProbePnP).
//
// # Around the library
//
// sipgo spec: a server of many transports. We found, and do: it does not
// recover panics, so every handler and the look before parsing do; it refuses
// UDP messages above 1,300 bytes, which a big INVITE is, so that bound is
// lifted; it keeps an entry per remote address and port for ever, so sources
// are counted and taken out; a read filter that returns an error ends the
// listener, so dropping is returning nothing; its log repeats whole datagrams,
// so it is given a handler with a rate; its readers do not recover either, so
// each message, of streams too, is read with its own parsers first, where a panic
// ends one connection; it runs handlers side by side, so INFOs wait for their
// turn by CSeq.
//
// # Left to others
//
// Who a phone is, what it is told and in which turn (provision); what is kept
// over a restart (store, through Records); sound, keys and the talk of a PIN call
// (voice). Without a Voice, or before an SBC has answered once, calls to other
// numbers are answered 480: PIN by telephone is switched off.
package sipd
