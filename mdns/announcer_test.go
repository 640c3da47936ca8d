package mdns_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

const in, toMe = dnsmessage.ClassINET, dnsmessage.ClassINET | 1<<15

var everybody = &net.UDPAddr{IP: net.IPv4(224, 0, 0, 251), Port: 5353}

func TestAnswers(t *testing.T) {
	const service = "St Pölten._lineside._tcp.local."
	for name, tt := range map[string]struct {
		from string
		ask  func(testing.TB) []byte
		to   string // "" for silence
		want string
	}{
		"the host's address, to all":   {"10.0.0.9:5353", asks(dnsmessage.TypeA, in, "lineside.local."), "224.0.0.251:5353", "A lineside.local."},
		"in capitals, to the asker":    {"10.0.0.9:5353", asks(dnsmessage.TypeA, toMe, "LineSide.Local."), "10.0.0.9:5353", "A lineside.local."},
		"plain DNS":                    {"10.0.0.9:40000", asks(dnsmessage.TypeA, in, "lineside.local."), "10.0.0.9:40000", "A lineside.local."},
		"no IPv6 address":              {"10.0.0.9:5353", asks(dnsmessage.TypeAAAA, in, "lineside.local."), "224.0.0.251:5353", "47 lineside.local. + A lineside.local."},
		"which services there are":     {"10.0.0.9:5353", asks(dnsmessage.TypePTR, in, "_lineside._tcp.local."), "224.0.0.251:5353", "PTR _lineside._tcp.local. + SRV " + service + " TXT " + service + " A lineside.local."},
		"which kinds there are":        {"10.0.0.9:5353", asks(dnsmessage.TypePTR, in, "_services._dns-sd._udp.local."), "224.0.0.251:5353", "PTR _services._dns-sd._udp.local. PTR _services._dns-sd._udp.local."},
		"where a service is":           {"10.0.0.9:5353", asks(dnsmessage.TypeSRV, in, service), "224.0.0.251:5353", "SRV " + service + " + A lineside.local."},
		"everything of a service":      {"10.0.0.9:5353", asks(dnsmessage.TypeALL, in, service), "224.0.0.251:5353", "SRV " + service + " TXT " + service + " + A lineside.local."},
		"another's name":               {"10.0.0.9:5353", asks(dnsmessage.TypeA, in, "printer.local."), "", ""},
		"from another network":         {"192.0.2.9:5353", asks(dnsmessage.TypeA, toMe, "lineside.local."), "", ""},
		"a service the asker knows of": {"10.0.0.9:5353", knowing("_lineside._tcp.local.", service), "", ""},
		"another class":                {"10.0.0.9:5353", asks(dnsmessage.TypeA, dnsmessage.ClassCHAOS, "lineside.local."), "", ""},
		"bytes that are no DNS":        {"10.0.0.9:5353", func(testing.TB) []byte { return []byte("hello") }, "", ""},
		"a packet beyond any LAN's": {"10.0.0.9:5353", func(t testing.TB) []byte {
			return append(ask(t, dnsmessage.TypeA, in, "lineside.local."), make([]byte, 2000)...)
		}, "", ""},
		"somebody who wants the name":   {"10.0.0.9:5353", func(t testing.TB) []byte { return claims(t, "lineside.local.", "10.0.0.9", true) }, "224.0.0.251:5353", "A lineside.local."},
		"the same name's own other use": {"10.0.0.9:5353", asks(dnsmessage.TypeSRV, in, "lineside.local."), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &wire{}
				m, stop := w.start(t, "10.0.0.1")
				defer stop()
				stranger := w.join(tt.from)
				settle()
				before := len(w.said("10.0.0.1:5353"))
				_, _ = stranger.WriteTo(tt.ask(t), everybody)
				settle()
				got := w.said("10.0.0.1:5353")[before:]
				if tt.to == "" {
					if len(got) != 0 {
						t.Errorf("got %d answers, want silence", len(got))
					}
					return
				}
				if len(got) != 1 || got[0].to.String() != tt.to {
					t.Fatalf("got %d answers %v, want one to %s", len(got), got, tt.to)
				}
				if s := summary(read(t, got[0].data)); s != tt.want {
					t.Errorf("got %q, want %q", s, tt.want)
				}
				if m.story() != "+lineside.local." {
					t.Errorf("got %q, want the name kept", m.story())
				}
			})
		})
	}
}

func asks(kind dnsmessage.Type, class dnsmessage.Class, names ...string) func(testing.TB) []byte {
	return func(t testing.TB) []byte { return ask(t, kind, class, names...) }
}

// knowing asks for a kind of service and says that one is known.
func knowing(kind, service string) func(testing.TB) []byte {
	return func(t testing.TB) []byte {
		m := read(t, ask(t, dnsmessage.TypePTR, in, kind))
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Class: in, TTL: 4000},
			Body:   &dnsmessage.PTRResource{PTR: dnsmessage.MustNewName(service)},
		}}
		return pack(t, m)
	}
}

func summary(m dnsmessage.Message) string {
	var parts []string
	list := func(rs []dnsmessage.Resource) {
		for _, r := range rs {
			parts = append(parts, strings.TrimPrefix(r.Header.Type.String(), "Type")+" "+r.Header.Name.String())
		}
	}
	list(m.Answers)
	if len(m.Additionals) > 0 {
		parts = append(parts, "+")
		list(m.Additionals)
	}
	return strings.Join(parts, " ")
}

// settle lets everything that is under way happen: longer than it takes to get a
// name.
func settle() {
	time.Sleep(10 * time.Second) // in a bubble, where it takes no time
	synctest.Wait()
}

func TestSecondBoxTakesTheNextName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		first, stopFirst := w.start(t, "10.0.0.1")
		settle()
		second, stopSecond := w.start(t, "10.0.0.2")
		defer stopSecond()
		settle()
		if first.story() != "+lineside.local." || second.story() != "+lineside-2.local." {
			t.Errorf("got %q and %q, want lineside.local and lineside-2.local", first.story(), second.story())
		}
		if c := second.board.List(); len(c) != 1 || c[0].Code != "mdns-name-taken" || !strings.Contains(c[0].Do, "lineside-2.local") {
			t.Errorf("got conditions %+v, want mdns-name-taken with the name", c)
		}
		stopFirst()
		if first.story() != "+lineside.local. -lineside.local." {
			t.Errorf("got %q, want goodbye said", first.story())
		}
		second.Again()
		settle()
		if want := "+lineside-2.local. -lineside-2.local. +lineside.local."; second.story() != want {
			t.Errorf("got %q, want %q", second.story(), want)
		}
		if c := second.board.List(); len(c) != 0 {
			t.Errorf("got conditions %+v, want none once the name is its own", c)
		}
	})
}

// TestTheFirstNameComesBack: who took it and went is forgotten within the hour;
// a machine that keeps it costs the box neither its second name nor a goodbye.
func TestTheFirstNameComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		_, stopFirst := w.start(t, "10.0.0.1")
		settle()
		second, stopSecond := w.start(t, "10.0.0.2")
		defer stopSecond()
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		if got, want := second.story(), "+lineside-2.local."; got != want {
			t.Errorf("while another has the name: got %q, want %q", got, want)
		}
		stopFirst()
		time.Sleep(time.Hour)
		settle()
		if got, want := second.story(), "+lineside-2.local. -lineside-2.local. +lineside.local."; got != want {
			t.Errorf("once it is free: got %q, want %q", got, want)
		}
	})
}

func TestBoxesStartedTogether(t *testing.T) {
	for i := range 20 { // each with other delays
		synctest.Test(t, func(t *testing.T) {
			w := &wire{}
			names := make(map[string]int)
			var all []*machine
			for n := range 3 {
				m, stop := w.start(t, fmt.Sprintf("10.0.0.%d", n+1))
				defer stop()
				all = append(all, m)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			for _, m := range all {
				story := strings.Fields(m.story())
				names[story[len(story)-1]]++
			}
			if len(names) != 3 {
				t.Errorf("round %d: got %v, want three names", i, names)
			}
		})
	}
}

func TestWhoClaimsTheNameCanOnlyMoveIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		m, stop := w.start(t, "10.0.0.1")
		defer stop()
		stranger := w.join("10.0.0.66:5353")
		settle()
		for range 36000 { // an hour
			for n := range 4 {
				name := "lineside.local."
				if n > 0 {
					name = fmt.Sprintf("lineside-%d.local.", n+1)
				}
				_, _ = stranger.WriteTo(claims(t, name, "10.0.0.66", false), everybody)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if n := len(w.said("10.0.0.1:5353")); n > 1000 {
			t.Errorf("the box sent %d packets in an hour, want few", n)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if s := strings.Fields(m.story()); len(s) == 0 || !strings.HasPrefix(s[len(s)-1], "+lineside") {
			t.Errorf("got %q, want a name held once the stranger is quiet", s)
		}
	})
}

func TestFloodIsAnsweredSparingly(t *testing.T) {
	for name, tt := range map[string]struct {
		class dnsmessage.Class
		most  int // answers in the ten seconds
	}{"to all": {in, 11}, "to the asker": {toMe, 220}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &wire{}
				_, stop := w.start(t, "10.0.0.1")
				defer stop()
				stranger := w.join("10.0.0.66:5353")
				settle()
				before := len(w.said("10.0.0.1:5353"))
				many := make([]string, 32)
				for i := range many {
					many[i] = "_lineside._tcp.local."
				}
				b := ask(t, dnsmessage.TypePTR, tt.class, many...)
				for range 20000 { // two thousand a second
					_, _ = stranger.WriteTo(b, everybody)
					time.Sleep(500 * time.Microsecond)
				}
				if n := len(w.said("10.0.0.1:5353")) - before; n == 0 || n > tt.most {
					t.Errorf("got %d answers, want some and at most %d", n, tt.most)
				}
			})
		})
	}
}
