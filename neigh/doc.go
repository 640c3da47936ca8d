// Package neigh keeps a copy of the kernel's neighbour table (ARP, RFC 826, and
// neighbour discovery, RFC 4861) as it changes, over rtnetlink(7). It tells the
// desk which hardware address really answers for an address on the LAN, which
// nobody can claim in a URL or a User-Agent.
//
// Addresses keeps in the same way which IPv6 addresses an interface has, and says
// which of them phones are told.
//
// An address behind a router has no entry: the entry is the router's own. An
// entry is what the last ARP packet said, and ARP can be forged by payload
// alone; so the desk calls a MAC proven only where its lease says the same. Who
// forges both DHCP and ARP in a phone's name is not seen here: that is for port
// security, DHCP snooping and ARP inspection on the switch.
package neigh
