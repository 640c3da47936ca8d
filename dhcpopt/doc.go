// Package dhcpopt is the box's part in DHCP on the phones' LAN: it tells desk
// phones, and only them, where their provisioning box is. What else it does in
// DHCPv4 is the mode's:
//
//   - server: it gives addresses from a pool of its own, and from one for each
//     network behind a relay agent (Scope).
//   - relay: it carries messages to existing servers elsewhere (Relay) and puts
//     the options into the OFFERs and ACKs of phones.
//   - inform: it stands beside the LAN's own server, answers the INFORM of
//     phones and makes a second offer to those that read one; it gives no address.
//   - off: Snippet writes what the existing server is to be told.
//
// In each of them Watch listens to what others do on the LAN, and Probe asks
// what a new phone would be offered.
//
// It follows RFC 2131 (protocol) and RFC 2132 (options), with RFC 3046 (relay
// agent information, echoed), RFC 3396 (long options), RFC 6842 (client
// identifier in replies) and RFC 8357 (relay source port). Which options lead
// a vendor's phones here is the desk's to say; which client is a phone, too.
//
// A packet takes three steps, each a function of its own: is it for us
// (parse), what does the pool say (the handlers in answer.go), and what is the
// answer (reply.go). DISCOVER and INFORM are answered from memory at once.
// REQUEST, RELEASE and DECLINE change a lease, so their answers wait in a
// bounded queue for one commit that makes everything gathered durable; no ACK
// leaves before its lease is on disk. Leases are stored for one part in a
// hundred longer than they are promised, so whoever asks again meanwhile is
// answered from memory, by a record that is on disk already. Three goroutines do
// all the work: one receives, one answers, one commits, or in inform mode sends
// second offers. Between the first two stands a ring that drops the oldest packet
// when it is full. Packets are taken off the socket, and answers put on it, as
// many at a time as there are.
//
// # Relay
//
// A client's message leaves with this box as its relay (giaddr), one more hop
// and option 82 (RFC 3046), and is otherwise as it came. One that has a relay
// already keeps it; one that carries option 82 without a relay is dropped unless
// settings trust the switch that put it there. An answer is taken from the named
// servers only, loses this box's option 82, and goes on as it is to what is no
// phone. A phone's OFFER and ACK get the options in place of what the server has
// under the same numbers, wherever that stands (options, file, sname), as long
// as they fit what the phone takes (option 57, 576 bytes where it says nothing).
//
// A renewal goes from the phone to the server by itself, past any relay, and so
// does its ACK: it has none of the options. Phones keep what they were told when
// they started, and ask by broadcast, through the relay, when they start again
// or when nobody renews their lease.
//
// The first server in settings is asked as long as it answers. One that leaves
// three questions and four seconds unanswered is passed over and tried every ten
// seconds; a client that has waited for six seconds is carried to all of them.
//
// A box with one interface hears the servers on the phones' LAN, by the router
// there. From that side an answer is carried only where it comes from the address
// of a server that was asked, within ten seconds of the question, and it proves
// nobody (below). A laptop that forges one needs the client's number, which it has
// from the same broadcast that it could answer itself, and reaches that client
// alone. It gains two things. The answer comes from the box, also where the switch
// keeps machines apart or drops what servers' ports send to clients but not what
// they send to the box: DHCP snooping has to look at both (RFC 2131's messages
// by their type, not by their port). And a dead server whose address it takes
// does not count as silent: clients go to the others when they have waited six
// seconds. A flood of made-up clients can make the box forget questions, so that
// their answers are not carried; the clients ask again.
//
// The ACKs that pass say to whom addresses were given (Witness), which proves
// phones as the box's own leases do. What counts is an ACK that a laptop on the
// LAN cannot make: from a server's address and not by the LAN's interface, in
// answer to a REQUEST that was carried to that server a few seconds before. It
// counts to the end of the lease as it was given, so through the first renewals,
// which are not seen; what lives on after that is not guessed at. A laptop that
// asks in a phone's name under another identifier can take that proof away by
// letting a lease run out, but not get it. Who is let through by a router that
// forwards packets from the LAN under a server's address could forge ACKs: such a
// router has to check source addresses (RFC 2827).
//
// # One laptop against the phones
//
// A hardware address is what the sender writes. So a message in a phone's name
// must not keep the phone from its address:
//
//   - Budgets per hardware address and kind of message count only while the
//     server is loaded, and even then a sender beyond its budget has its share
//     of what the server can do.
//   - A running lease is neither moved nor shortened by a REQUEST. RELEASE must
//     come from the address it gives back, DECLINE within a minute of the ACK
//     and from no other machine's address; one part in sixteen of the pool can
//     rest at once, and what has rested longest comes back first.
//   - A hardware address can hold a few addresses under made-up client
//     identifiers; without one, or with the one that repeats the hardware
//     address, it is always served.
//   - Repeated REQUESTs for one address cost no commits, and leave half the
//     queue to others.
//
// Nor can made-up hardware addresses drain the pool. A tenth of it is kept from
// strangers; half of that is kept from all but devices that are set up here or
// were when they had a lease. Once it is half full, devices that are not set up
// get new addresses so slowly that the second half lasts for minutes, and once
// three quarters are taken their first lease is short. From there on nothing is
// kept for who merely asks: an OFFER to such a device is loose, and the REQUEST
// decides. Half of what there is goes to those that were put off eight seconds
// ago or more and come back, as clients do and made-up hardware addresses do not.
// Who had an address before is not held up, unless it gave it back at once.
// So twenty new phones start within a minute or so under a thousand made-up ones a
// second. Who remembers its made-up addresses, and takes what they are offered,
// holds up phones that are not set up for as long as the second half of the pool
// lasts, and then has all but what is kept: that is for port security on the
// switch. The operator is told when new devices wait, when offers go untaken, and
// how many addresses unknown devices hold.
//
// What remains: who forges the source address too (a raw socket on the LAN) can
// give back a phone's lease, and who does that or plays a relay can decline it
// after a forged REQUEST. The phone has the address again, or is told to start
// over, when it next asks; to others it goes last. Who sends more than
// the socket takes in is beyond what a server can mend; the switch is not.
//
// # DHCPv6
//
// Six answers INFORMATION-REQUEST (RFC 8415 section 18.3.6) on the LAN's own link
// with the URL of the configs (option 59, RFC 5970) and, under the maker's
// enterprise number and the one the phone names, the values of DHCPv4 in option
// 17. It is told nothing by a stranger that would make it speak: what is not a
// phone by its vendor class, user class or hardware address gets silence, as do
// packets from off the link, to a unicast address, from a relay, and requests for
// addresses, which it never gives. The answer goes to the client's own port, is
// little longer than the question, and costs no state. It leaves in a frame to the
// hardware address the question came from, so no neighbour is looked for: the
// kernel looks for a few at a time, and under a thousand made-up link-local
// addresses a second no phone would be among them. Without CAP_NET_RAW the kernel
// has to, for fifty a second. While the box lacks the address phones are led to it
// is silent here as in DHCPv4.
//
// # Known deviations
//
//   - The RFC says a client identifier alone names a client. Devices copy them
//     when cloned, and a stranger can copy one on purpose. We take identifier
//     and hardware address together, so no lease ever passes from one hardware
//     address to another while it lives. An address reserved for a device is the
//     exception, since boot loader and firmware may name themselves differently:
//     it goes to the identifier that asks, but from one whose lease runs only to
//     a client without identifier or with its hardware address as one.
//   - The RFC says a client's current address comes before all else. Operators
//     expect a reservation to win, so a client that starts over (DISCOVER, or
//     REQUEST after a reboot) is led to its reserved address, and so is one that
//     renews another, by a NAK, once the reserved one is free. Who has an address
//     that was reserved for somebody else meanwhile, or that is of no pool any
//     more, is led away in the same way; until it has gone, or its lease is over,
//     the address is its own, across restarts too.
//   - The RFC wants an address probed before it is offered. Probes cost every
//     phone a second at power-up; we trust the pool, and a DECLINE puts an
//     address to rest and tells the operator.
//   - The RFC lets a server shorten a lease at renewal. Anybody can ask for less
//     in a phone's name, so here a renewal only lengthens; what the client is
//     told is what it asked for.
//   - Some clients send RELEASE after they have dropped the address, and RFC
//     5107 relays pass it on. Both are ignored; the lease ends by itself.
//   - Options in sname and file (option 52) of a client's message are not read:
//     no known phone sends its own that way.
//   - RFC 5107 lets a relay put its own address into option 54, so that it sees
//     renewals. We do not: phones could not renew while the box is down. So what a
//     relay saw given is forgotten at the end of a lease that may live on.
//   - RFC 8415 has a server answer every client and relay. Other clients have
//     another server, and phones behind a router hear of the box by DHCPv4.
//   - A second offer has no address in it, which RFC 2131 does not know. It leaves
//     a second after the question, so that clients that take the first offer have
//     the other server's. Who takes it for a real one all the same asks this box
//     for the address, is told to start over, and gets no second offer for ten
//     minutes.
package dhcpopt
