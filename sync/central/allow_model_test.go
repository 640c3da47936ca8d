package central_test

import (
	"maps"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/wire"
)

// fact is one success the naive list keeps. One that is past was followed by
// another, or swept: it need not count any more.
type fact struct {
	site  int
	net   netip.Prefix
	until time.Time
	past  bool
}

// TestAllowModel: whatever sites say and the clock does, the list says what a
// naive one says that keeps every success by itself.
func TestAllowModel(t *testing.T) {
	addresses := []string{"203.0.113.1", "203.0.113.2", "2a02:8109:1:2::1", "2a02:8109:1:2::2", "192.168.1.1"}
	l := newClockLab(t)
	rapid.Check(t, func(r *rapid.T) {
		l.now = noon
		sites := []string{l.site("a"), l.site("b"), l.site("c")}
		defer func() { // what they vouched for ends with them
			for _, id := range sites {
				_ = l.p.Revoke(id)
			}
		}()
		revoked := map[int]bool{}
		var facts []fact
		counts := func(f fact, early time.Duration) bool {
			return !revoked[f.site] && l.now.Before(f.until.Add(-early)) && !f.until.After(l.now.Add(8*time.Hour+5*time.Minute))
		}
		said := map[int][]wire.Event{}
		var follower follower
		r.Repeat(map[string]func(*rapid.T){
			"tell": func(r *rapid.T) {
				i, from := rapid.IntRange(0, 2).Draw(r, "site"), addr(rapid.SampledFrom(addresses).Draw(r, "from"))
				ago := time.Duration(rapid.IntRange(-10, 12*60).Draw(r, "ago")) * time.Minute
				l.seq[sites[i]]++
				whose := rapid.SampledFrom([]int{i, i, i, 0}).Draw(r, "whose")
				e := wire.Event{Seq: l.seq[sites[i]], At: l.now.Add(-ago), MAC: l.phones[sites[whose]], Kind: rapid.SampledFrom([]string{wire.KindPIN, wire.KindProvisioned, wire.KindVisitor}).Draw(r, "kind")}
				said[i] = append(said[i], e)
				l.push(sites[i], from.String(), wire.Push{Incarnation: "i", Clock: l.now, Events: []wire.Event{e}})
				if whose != i || e.Kind == wire.KindVisitor || ago < -5*time.Minute || ago >= 8*time.Hour || from.IsPrivate() || revoked[i] {
					return
				}
				bits := 32
				if from.Is6() {
					bits = 64
				}
				net, _ := from.Prefix(bits)
				next := fact{site: i, net: net, until: l.now.Add(8*time.Hour - max(ago, 0))}
				for j, f := range facts {
					if f.site != i || f.net != net {
						continue
					}
					if counts(f, 0) && !f.past && !next.until.After(f.until) {
						next.past = true
					} else {
						facts[j].past = true
					}
				}
				facts = append(facts, next)
			},
			"replay": func(r *rapid.T) {
				i := rapid.IntRange(0, 2).Draw(r, "site")
				l.push(sites[i], rapid.SampledFrom(addresses).Draw(r, "from"), wire.Push{Incarnation: "i", Clock: l.now, Events: said[i]})
			},
			"time": func(r *rapid.T) {
				l.now = l.now.Add(time.Duration(rapid.IntRange(1, 300).Draw(r, "minutes")) * time.Minute)
			},
			"leap": func(r *rapid.T) {
				l.now = l.now.Add(time.Duration(rapid.IntRange(-400, 400).Draw(r, "hours")) * time.Hour)
			},
			"sweep": func(r *rapid.T) {
				if err := l.p.SweepAllow(); err != nil {
					r.Fatal(err)
				}
				for j, f := range facts {
					facts[j].past = f.past || !counts(f, 0)
				}
			},
			"restart": func(*rapid.T) { l.again() },
			"revoke": func(r *rapid.T) {
				i := rapid.IntRange(0, 2).Draw(r, "site")
				if rapid.IntRange(0, 3).Draw(r, "really") == 0 {
					revoked[i] = true
					if err := l.p.Revoke(sites[i]); err != nil {
						r.Fatal(err)
					}
				}
			},
			"": func(r *rapid.T) {
				follower.follow(l.p)
				if all := full(l.p); !maps.Equal(follower.held, all) {
					r.Fatalf("a follower holds %v, want %v", follower.held, all)
				}
				for _, a := range addresses {
					must, may := false, false
					for _, f := range facts {
						if f.net.Contains(addr(a)) {
							must = must || !f.past && counts(f, 10*time.Minute)
							may = may || counts(f, 0)
						}
					}
					v := l.p.Allowed(addr(a))
					if v.Allowed && !may || !v.Allowed && must {
						r.Fatalf("%s at %v: got %+v, want allowed %v", a, l.now, v, must)
					}
					if v.Allowed && v.Until.After(l.now.Add(8*time.Hour+5*time.Minute)) {
						r.Fatalf("%s: allowed for longer than anything is: %+v", a, v)
					}
				}
			},
		})
	})
}

// follower holds the list by its changes alone.
type follower struct {
	cursor string
	held   map[netip.Prefix]central.AllowRange
}

func (f *follower) follow(p *central.Platform) {
	c, _ := p.FollowAllow(f.cursor)
	if c.Full {
		f.held = map[netip.Prefix]central.AllowRange{}
	}
	for _, one := range c.Changes {
		if one.Gone {
			delete(f.held, one.Prefix)
		} else {
			f.held[one.Prefix] = one.AllowRange
		}
	}
	f.cursor = c.Cursor
}

func full(p *central.Platform) map[netip.Prefix]central.AllowRange {
	var f follower
	f.follow(p)
	return f.held
}
