package broker

import (
	"crypto/tls"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// TestUnproven: who is cut off of those that have not proved who they are.
func TestUnproven(t *testing.T) {
	now := time.Now()
	d := newDoor(100)
	peer := func(ip string, port int) netip.AddrPort {
		return netip.AddrPortFrom(netip.MustParseAddr(ip), uint16(port))
	}
	d.begun[peer("198.51.100.1", 1)] = grant{standing: true}
	d.begun[peer("198.51.100.2", 2)] = grant{}
	d.begun[peer("203.0.113.7", 12)] = grant{}
	old, lately := now.Add(-time.Minute), now.Add(-time.Second)
	conn := func(cid uint64, ip string, port int, account string, start time.Time) *server.ConnInfo {
		return &server.ConnInfo{Cid: cid, IP: ip, Port: port, Account: account, Start: start}
	}
	all := []*server.ConnInfo{
		conn(1, "198.51.100.1", 1, "", old),            // stands in line
		conn(2, "198.51.100.2", 2, "", old),            // had its turn
		conn(3, "198.51.100.3", 3, accountEdge, old),   // a box
		conn(4, "127.0.0.1", 4, "", old),               // of this machine
		conn(5, "198.51.100.5", 5, "", old),            // says nothing
		conn(6, "198.51.100.6", 6, "", lately),         // has come just now
		conn(10, "203.0.113.7", 10, "", lately),        // more than a share
		conn(11, "203.0.113.7", 11, "", lately),        // of one address
		conn(12, "::ffff:203.0.113.7", 12, "", lately), // which has begun
	}
	for name, c := range map[string]struct {
		share int
		want  []uint64
	}{
		"there is room":  {100, []uint64{5}},
		"there are many": {1, []uint64{5, 10, 11}},
	} {
		t.Run(name, func(t *testing.T) {
			got := unproven(all, c.share, now.Add(-tlsWait), d)
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %d cut off, want %d", got, c.want)
			}
		})
	}
}

// TestGrantsAreForgotten: nothing is kept of who has had his time.
func TestGrantsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, c := newDoor(100), &dated{Conn: mute(t)}
		d.grant(c, doorWait)
		if begun, standing := d.hasBegun(c.peer()); !begun || !standing {
			t.Errorf("got begun %v and standing %v, want both", begun, standing)
		}
		d.grant(c, 0)
		if begun, standing := d.hasBegun(c.peer()); !begun || standing {
			t.Errorf("got begun %v and standing %v, want the first alone", begun, standing)
		}
		d.forget(time.Now())
		if n := len(d.begun); n != 1 {
			t.Errorf("%d are kept within their time, want 1", n)
		}
		d.forget(time.Now().Add(tlsWait + authSeconds*time.Second + 1))
		if n := len(d.begun); n != 0 {
			t.Errorf("%d are kept after their time, want none", n)
		}
	})
}

// TestTimeInLine: the time in line is not taken from that of the handshake.
func TestTimeInLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(100)
		conf := d.guard(&tls.Config{Certificates: []tls.Certificate{ownCertificate(t)}})
		near, far := net.Pipe()
		server := &dated{Conn: near}
		_ = server.SetDeadline(time.Now().Add(tlsWait)) // as nats-server does
		var all sync.WaitGroup
		defer all.Wait()
		all.Go(func() { _ = tls.Client(far, &tls.Config{InsecureSkipVerify: true}).Handshake(); _ = far.Close() })
		time.AfterFunc(doorWait/2, d.unlock)
		began := time.Now()
		if err := tls.Server(server, conf).Handshake(); err != nil {
			t.Errorf("a box that stood in line for %s: %v", time.Since(began), err)
		}
		if took := time.Since(began); took < doorWait/2 {
			t.Errorf("the handshake took %s, want at least the %s the doors were shut", took, doorWait/2)
		}
		want := []time.Duration{tlsWait, doorWait + tlsWait, doorWait/2 + tlsWait}
		if got := server.deadlines(began); !slices.Equal(got, want) {
			t.Errorf("got deadlines %s, want %s", got, want)
		}
		_ = near.Close()
	})
}

// dated is a connection from a known port that notes its deadlines.
type dated struct {
	net.Conn
	mu  sync.Mutex // guards all
	all []time.Time
}

func (c *dated) peer() netip.AddrPort { return netip.MustParseAddrPort("198.51.100.1:4711") }

func (c *dated) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.peer()) }

func (c *dated) SetDeadline(until time.Time) error {
	c.mu.Lock()
	c.all = append(c.all, until)
	c.mu.Unlock()
	return c.Conn.SetDeadline(until)
}

// deadlines are those that were set, counted from a time.
func (c *dated) deadlines(from time.Time) (all []time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, until := range c.all {
		all = append(all, until.Sub(from))
	}
	return all
}

// mute is a connection nobody speaks on.
func mute(t *testing.T) net.Conn {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	return near
}
