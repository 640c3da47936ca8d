// Package mdns tells the LAN by multicast DNS (RFC 6762) and DNS service
// discovery (RFC 6763) where the box is: the host lineside.local and its services
// _http._tcp, _https._tcp and _lineside._tcp, whose TXT names version and site.
//
// # Who does what
//
// The module zeroconf publishes the records and takes them back when the box
// stops. It does no more here, because of what its version 1.0.0 leaves out: it
// looks for nobody who has the name already, answers nobody who asks for the
// host's address, takes questions from every interface, and answers each
// question of each packet with a multicast of its own, so that one small packet
// makes many large ones, which every phone on the LAN has to read. Its sockets
// are therefore made deaf (deafen), and this package listens by a socket of its
// own: it probes before it publishes (RFC 6762 section 8.1), gives way to who has
// the name (section 9), and answers within bounds.
//
// # Names
//
// The first box on a LAN is lineside.local. One that finds the name taken, or
// loses it to another, is lineside-2.local, and so on; its services are then
// called by the site's name and the same number. Each hour it asks whether the
// first name is free again, and if so takes that.
//
// # What a stranger can do
//
// Nothing here decides anything, and nothing waits for it. A packet is at most
// 1,500 bytes, a second has so many packets and answers, one record is multicast
// once a second at most (section 6), and who is not on the LAN is not answered
// at all. A flood can make the box hard to find by name for as long as it lasts.
// Whoever claims the name can make the box take another, some times an hour.
//
// # Known deviations
//
// The specification has a loser of simultaneous probes wait a second and probe
// again, and so does this; it compares the address alone, for that is the only
// record in which two boxes of one name differ. Names that hold a dot within a
// label are not asked for or understood: the site's name loses its dots.
package mdns
