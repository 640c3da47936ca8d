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
// leaves before its lease is on disk. Two goroutines do all the work: one
// receives, one commits.
//
// What strangers can do is bounded: messages per hardware address, addresses
// per hardware address, how long an offer holds, how many addresses a DECLINE
// can put to rest, and the last tenth of the pool, which only phones and
// clients already known are given.
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
//   - Options in sname and file (option 52) are not read: no known phone sends
//     its own that way.
//
// Left to others: relaying to an existing server and answering beside one
// (modes "relay" and "inform"), and snippets for foreign servers.
package dhcpopt
