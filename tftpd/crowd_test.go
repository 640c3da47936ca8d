package tftpd

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// A laptop with many addresses of its own asks and asks and never acknowledges,
// or acknowledges one block and leaves it at that. All the while honest phones are
// served, and one that has begun and takes its time is not pushed out.
func TestCrowd(t *testing.T) {
	for _, tt := range []struct {
		name           string
		hosts, sockets int
		acks           bool
	}{
		{"silent, few addresses", 70, 4, false},
		{"silent, an address each", 300, 1, false},
		{"one acknowledgement each", 70, 4, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bothPorts(t, Config{Timeout: time.Minute, StopWithin: time.Millisecond}, func(t *testing.T, d *door, _ *fakeDesk) {
				slow := d.phone(t, "127.0.0.2")
				slow.ask("open.cfg", "octet")
				_, from := slow.data(1)
				slow.send(ack(1), from)
				slow.data(2)

				crowd := newCrowd(t, d, tt.hosts, tt.sockets, tt.acks)
				for range 256 {
					crowd.ask()
				}
				d.running(t, "256")
				ended := crowd.flood(1000)
				fetched, tick := 0, time.NewTicker(5*time.Millisecond)
				defer tick.Stop()
				for flooded := true; flooded || fetched < 20; fetched++ {
					select {
					case <-ended:
						flooded = false
					default:
					}
					p := d.phone(t, "127.0.0.1")
					if got, ok := p.insist("open.cfg"); !ok || got != string(testBody) {
						t.Fatalf("fetch %d: got %d bytes, whole %v; want %d", fetched, len(got), ok, len(testBody))
					}
					_ = p.conn.Close()
					<-tick.C
				}
				for block := uint16(2); block < 5; block++ {
					slow.send(ack(block), from)
					slow.data(block + 1)
				}
			})
		})
	}
}

// crowd is many sockets of one laptop.
type crowd struct {
	phones []*phone
	acks   bool // acknowledge the first block
	asked  int
}

func newCrowd(t *testing.T, d *door, hosts, sockets int, acks bool) *crowd {
	c := &crowd{acks: acks}
	for i := range hosts * sockets {
		host := i % hosts
		c.phones = append(c.phones, d.phone(t, fmt.Sprintf("127.1.%d.%d", host/200, 1+host%200)))
	}
	return c
}

// ask has the next of the crowd ask.
func (c *crowd) ask() {
	round, i := c.asked/len(c.phones), c.asked%len(c.phones)
	p := c.phones[i]
	c.asked++
	// Another name each round: a new request, not a repeated one.
	_, _ = p.conn.WriteToUDPAddrPort(rrq([]string{"open.cfg", "other.cfg"}[round%2], "octet"), p.door)
	for c.acks {
		b, from, err := p.listen(5 * time.Millisecond)
		if err != nil {
			return
		}
		if len(b) >= 4 && binary.BigEndian.Uint16(b) == opData && binary.BigEndian.Uint16(b[2:]) == 1 {
			_, _ = p.conn.WriteToUDPAddrPort(ack(1), from)
			return
		}
	}
}

// flood goes on asking n times, once a millisecond at most.
func (c *crowd) flood(n int) (ended <-chan struct{}) {
	end := make(chan struct{})
	go func() {
		defer close(end)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for range n {
			<-tick.C
			c.ask()
		}
	}()
	return end
}

// insist fetches a file as phones do: where nothing comes it asks again, five
// times.
func (p *phone) insist(name string) (file string, whole bool) {
	for range 5 {
		p.ask(name, "octet")
		b, from, err := p.listen(500 * time.Millisecond)
		for next := uint16(1); err == nil && len(b) >= 4 && binary.BigEndian.Uint16(b) == opData; {
			block := binary.BigEndian.Uint16(b[2:])
			p.send(ack(block), from)
			if block == next {
				file, next = file+string(b[4:]), next+1
				if len(b) < 516 {
					return file, true
				}
			}
			b, from, err = p.listen(500 * time.Millisecond)
		}
		file = ""
	}
	return "", false
}

func TestWeakest(t *testing.T) {
	now := time.Now()
	type one struct {
		host         string
		age          time.Duration
		acked, fixed bool
	}
	const long, short = time.Second, grace / 2
	for _, tt := range []struct {
		name string
		all  []one
		want int // -1: nobody
	}{
		{"nobody there", nil, -1},
		{"oldest of the silent", []one{{"10.0.0.1", 2 * long, true, false}, {"10.0.0.2", long, false, false}, {"10.0.0.3", long, false, false}}, 1},
		{"silent of the host with most", []one{{"10.0.0.1", long, false, false}, {"10.0.0.2", long, false, false}, {"10.0.0.2", long, true, false}}, 1},
		{"all are new", []one{{"10.0.0.1", short, false, false}, {"10.0.0.2", short, false, false}}, -1},
		{"new, of a host with two more", []one{{"10.0.0.1", short, false, false}, {"10.0.0.1", short, false, false}}, 0},
		{"new, of a host with one more than the newcomer's", []one{{"10.0.0.9", short, true, false}, {"10.0.0.1", short, false, false}, {"10.0.0.1", short, false, false}}, -1},
		{"all acknowledged, one each", []one{{"10.0.0.1", long, true, false}, {"10.0.0.2", long, true, false}}, -1},
		{"all acknowledged, host with most", []one{{"10.0.0.1", long, true, false}, {"10.0.0.2", long, true, false}, {"10.0.0.2", long, true, false}}, 1},
		{"a /64 is one host", []one{{"2001:db8::1", long, true, false}, {"2001:db8::2", long, true, false}, {"10.0.0.2", long, true, false}}, 0},
		{"desk still thinks", []one{{"10.0.0.1", long, false, true}, {"10.0.0.1", long, false, true}}, -1},
	} {
		var all []claim
		for i, o := range tt.all {
			tr := &transfer{number: uint64(i), start: now.Add(-o.age)}
			all = append(all, claim{transfer: tr, host: hostOf(netip.MustParseAddr(o.host)), acked: o.acked, fixed: o.fixed})
		}
		got := -1
		if out := weakest(all, netip.MustParseAddr("10.0.0.9"), now); out != nil {
			got = int(out.number)
		}
		if got != tt.want {
			t.Errorf("%s: weakest = %d, want %d", tt.name, got, tt.want)
		}
	}
}

// A transfer that was heard of, or whose desk still thinks, when its turn came
// stays.
func TestYield(t *testing.T) {
	sent := []byte("\x00\x03\x00\x01")
	for _, tt := range []struct {
		name string
		t    *transfer
		want bool
	}{
		{"silent as before", &transfer{sent: sent}, true},
		{"acknowledged meanwhile", &transfer{sent: sent, acked: true}, false},
		{"over meanwhile", &transfer{sent: sent, over: true}, false},
		{"desk still thinks", &transfer{}, false},
	} {
		if got := tt.t.yield(false); got != tt.want {
			t.Errorf("%s: yield = %v, want %v", tt.name, got, tt.want)
		}
	}
}

// Who never answers is given up sooner than who fell silent.
func TestUnheardIsGivenUpSooner(t *testing.T) {
	now := time.Now()
	for _, tt := range []struct {
		acked bool
		want  int
	}{{false, unheardRetries}, {true, 5}} {
		tr := &transfer{sent: []byte("\x00\x03\x00\x01"), awaited: true, acked: tt.acked, until: now.Add(time.Minute)}
		tries := 0
		for b, _ := tr.again(5, now); b != nil; b, _ = tr.again(5, now) {
			tries++
		}
		if tries != tt.want {
			t.Errorf("acknowledged %v: sent again %d times, want %d", tt.acked, tries, tt.want)
		}
	}
}
