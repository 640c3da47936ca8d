// Package outlet keeps a UDP socket's way out open. A packet to an address of
// the LAN that nobody has stays in the socket's share of memory until ARP or
// neighbour discovery gives up, three seconds later (udp(7), SO_SNDBUF in
// socket(7)): with the usual 208 KiB, 160 answers to forged addresses hold back
// everybody else's.
package outlet
