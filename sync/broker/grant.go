package broker

import (
	"net"
	"net/netip"
	"time"
)

// grant is the time a connection has.
type grant struct {
	standing bool      // in line
	until    time.Time // by then it has proved itself, or has gone
}

// grant gives a connection the time of a handshake behind so long a wait. The
// deadline goes when the handshake ends: nats-server and net/http lift it.
func (d *door) grant(c net.Conn, wait time.Duration) {
	until := time.Now().Add(wait + tlsWait)
	_ = c.SetDeadline(until) // of a closed connection: it ends by itself
	if peer := portOf(c.RemoteAddr()); peer.IsValid() {
		d.note(peer, grant{standing: wait > 0, until: until.Add(authSeconds * time.Second)})
	}
}

func (d *door) note(peer netip.AddrPort, g grant) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dropLocked(peer)
	if d.begun[peer] = g; !g.standing {
		d.inside++
	}
}

// done forgets who has said who he is.
func (d *door) done(peer netip.AddrPort) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dropLocked(peer)
}

func (d *door) dropLocked(peer netip.AddrPort) {
	if g, ok := d.begun[peer]; ok && !g.standing {
		d.inside--
	}
	delete(d.begun, peer)
}

// maxInside is how many may have had their turn without having said who they
// are before the others come in slowly. All of them may be asked about in the
// same moment, and the last of them is answered before he gives up.
const maxInside = 256

func (d *door) full() bool { return d.within() >= maxInside }

// within is how many have had their turn and have not said who they are.
func (d *door) within() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.inside
}

// forget drops what was granted once its time is over.
func (d *door) forget(now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for peer, g := range d.begun {
		if now.After(g.until) {
			d.dropLocked(peer)
		}
	}
}

// hasBegun says that a connection has begun its handshake, and may take its
// time, and whether it stands in line.
func (d *door) hasBegun(peer netip.AddrPort) (begun, standing bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	g, ok := d.begun[peer]
	return ok, g.standing
}
