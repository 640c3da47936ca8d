// Package tftpd is the TFTP door: phones that speak nothing better fetch their
// files here. It follows RFC 1350, RFC 2347 (options), RFC 2348 (blksize) and RFC
// 2349 (tsize; timeout is not taken up, as RFC 2347 allows). It is read only, asks
// the desk for every name and never opens a file. What is not content is one and
// the same "File not found", whatever the reason.
//
// The transfers themselves (options, blocks, netascii) are github.com/pin/tftp's,
// which was not written for a hostile LAN: it allocates and starts a transfer for
// every request, the same one repeated too, lets stray packets prolong a wait
// without end in its single-port mode, panics there when a packet meets the end of
// its transfer, and answers with the text of our errors. So it never sees the
// network. A relay stands before it as its only socket, and
//
//   - reads requests, turns away what is malformed, repeated or over a bound
//     before anything is allocated, and hands the library a request written anew
//     that holds nothing but what we serve;
//   - gives each transfer a socket of its own, bound to the address the phone
//     asked and connected to the phone, so that the kernel drops what others send
//     (or shares the main socket, with Config.SinglePort);
//   - lets through an acknowledgement only of the block sent last, once for each
//     time it was sent, so repeated ones cannot double the traffic (RFC 1123
//     section 4.2.3.1) and strays cannot keep a transfer alive;
//   - sends again what was not acknowledged in time, and gives up in the end;
//   - sends our own words where the library would send an error's.
//
// Each transfer is known to the library by a number in place of the phone's
// address, so a phone that starts again from the same port never meets its own
// past.
//
// Known deviations, as spec says / devices do / we do:
//
//   - RFC 1350 section 4: a new transfer has a new port / phones without a random
//     source ask again from the same one after a restart / the older transfer
//     ends at once.
//   - RFC 2348: blksize may be 8 to 511 / nobody asks for that / it is ignored, so
//     the transfer goes on with 512.
//   - RFC 1350 section 2: names are netascii / some phones write "/" or "cfg/"
//     before theirs / both are taken off.
//   - RFC 1350 section 4: a packet from a wrong port is answered with error 5 / the
//     kernel answers with ICMP port unreachable.
//
// Bounds are per address and in total; requests refused hold no slot. Where a bound
// is reached, a new request takes the place of a transfer that was never
// acknowledged: a phone acknowledges within a round trip, a laptop that asks from
// many addresses to keep the slots does not. Where all were acknowledged, it takes
// the place of one whose host (an IPv6 host is its /64) has at least two more. So
// the door is full only for as long as more hosts than there are slots hold one
// each and acknowledge, or some 2500 requests a second come from as many. With
// Config.SinglePort an acknowledgement can be forged along with the address.
package tftpd
