// Package dhcpopt is the DHCPv4 server of the phones' LAN: it gives addresses
// from a pool of its own and tells desk phones, and only them, where their
// provisioning box is.
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
// answered from memory, by a record that is on disk already. Two goroutines do
// all the work: one receives, one commits.
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
// three quarters are taken their first lease is short. The operator is told how
// many addresses unknown devices hold.
//
// What remains: who forges the source address too (a raw socket on the LAN) can
// give back a phone's lease, and who does that or plays a relay can decline it
// after a forged REQUEST. The phone has the address again, or is told to start
// over, when it next asks; to others it goes last. Who sends more than
// the socket takes in is beyond what a server can mend; the switch is not.
//
// # Known deviations
//
//   - The RFC says a client identifier alone names a client. Devices copy them
//     when cloned, and a stranger can copy one on purpose. We take identifier
//     and hardware address together, so no lease ever passes from one hardware
//     address to another while it lives.
//   - The RFC says a client's current address comes before all else. Operators
//     expect a reservation to win, so a client that starts over (DISCOVER, or
//     REQUEST after a reboot) is led to its reserved address; a running lease
//     is still renewed where it is.
//   - The RFC wants an address probed before it is offered. Probes cost every
//     phone a second at power-up; we trust the pool, and a DECLINE puts an
//     address to rest and tells the operator.
//   - The RFC lets a server shorten a lease at renewal. Anybody can ask for less
//     in a phone's name, so here a renewal only lengthens; what the client is
//     told is what it asked for.
//   - Some clients send RELEASE after they have dropped the address, and RFC
//     5107 relays pass it on. Both are ignored; the lease ends by itself.
//   - Options in sname and file (option 52) are not read: no known phone sends
//     its own that way.
//
// Left to others: relaying to an existing server and answering beside one
// (modes "relay" and "inform"), and snippets for foreign servers.
package dhcpopt
