// Package neigh keeps a copy of the kernel's neighbour table (ARP, RFC 826, and
// neighbour discovery, RFC 4861) as it changes, over rtnetlink(7). It tells the
// desk which hardware address really answers for an address on the LAN, which
// nobody can claim in a URL or a User-Agent.
//
// An address behind a router has no entry: the entry is the router's own. An
// attacker who also forges the Ethernet source address of another phone is not
// seen here; that is for port security on the switch.
package neigh
