package proto_test

import (
	"testing"

	"github.com/lineside/lineside/sync/proto"
)

// TestBehindOthers holds the rules that bound a copied or dishonest site; for
// honest ones other rules answer first, and the search does not miss them.
func TestBehindOthers(t *testing.T) {
	type lab struct {
		*world
		proto.CentralTx
	}
	held := func(w lab) proto.Sec { return w.centre.devices["d0"].Sec }
	for _, tc := range []struct {
		name string
		do   func(t *testing.T, w lab)
	}{
		{"a copy of a box shows an old token", func(t *testing.T, w lab) {
			first := proto.Greet(w, "A", proto.Hello{}, "one", 1)
			proto.Greet(w, "A", proto.Hello{Token: first.Token}, "two", 1)
			if r := proto.Greet(w, "A", proto.Hello{Token: "one"}, "lost", 1); r.Rolled {
				t.Error("got rolled for the token before, want none: the reply may have been lost")
			}
			proto.Greet(w, "A", proto.Hello{Token: "lost"}, "three", 1)
			for range 2 { // the reply that says so may be lost as well
				if r := proto.Greet(w, "A", proto.Hello{Token: "two"}, "four", 1); !r.Rolled {
					t.Error("got no rolled for an old token, want it")
				}
			}
			otp := proto.Confirm{Epoch: w.centre.meta.Epoch, ID: "d0", OTP: held(w).OTP, Tx: "x"}
			if r := proto.Allow(w, "A", otp); r.OK {
				t.Error("got yes before all was taken back, want no")
			}
			if _, ok := proto.Read(w, "A", proto.Pull{}); ok {
				t.Error("got documents before all was taken back, want none")
			}
			if more := proto.Void(w, "A", 10); more || held(w).Armed() {
				t.Errorf("got more %v, armed %v, want all void", more, held(w).Armed())
			}
			if _, ok := proto.Read(w, "A", proto.Pull{}); !ok {
				t.Error("got no documents after all was taken back, want them")
			}
		}},
		{"a generation the platform does not know is void", func(t *testing.T, w lab) {
			up := held(w)
			up.OTP = up.OTP.Next(0, "made up")
			proto.Take(w, "A", proto.Push{Items: []proto.Item{{ID: "d0", Sec: up}}})
			if s := held(w); s.OTP != up.OTP || s.Armed() {
				t.Errorf("got %+v, want its number adopted and void", s)
			}
		}},
		{"a number far above is made up", func(t *testing.T, w lab) {
			was, up := held(w), held(w)
			up.OTP.N, up.PIN.N = 1<<62, 1<<62
			proto.Take(w, "A", proto.Push{Items: []proto.Item{{ID: "d0", Sec: up}}})
			up = was
			up.PIN.Epoch = 1 << 40
			proto.Take(w, "A", proto.Push{Items: []proto.Item{{ID: "d0", Sec: up}}})
			if held(w) != was {
				t.Errorf("got %+v, want %+v", held(w), was)
			}
		}},
		{"another site's device", func(t *testing.T, w lab) {
			was, up := held(w), held(w)
			up.Used, up.Fails, up.Locked = true, 9, true
			proto.Take(w, "B", proto.Push{Items: []proto.Item{{ID: "d0", Sec: up}}})
			proto.Greet(w, "B", proto.Hello{Rolled: true, Burns: []proto.Burn{{ID: "d0", Mint: was.OTP.Mint}}}, "t", 1)
			r := proto.Allow(w, "B", proto.Confirm{Epoch: w.centre.meta.Epoch, ID: "d0", OTP: was.OTP, Tx: "x"})
			if r.OK || held(w) != was {
				t.Errorf("got %v and %+v, want no and %+v", r.OK, held(w), was)
			}
		}},
		{"a reply to an older request", func(t *testing.T, w lab) {
			w.talk(0)
			id, mint := proto.ID("d0"), held(w).OTP.Mint
			box := &w.sites[0]
			tx := &siteTx{&box.disk}
			box.link.Claim(tx, id, mint, true, proto.Rules{}, "first", "tx1")
			again, _ := box.link.Claim(tx, id, mint, true, proto.Rules{}, "second", "tx2")
			if again.Confirm.Tx != "tx1" {
				t.Errorf("got tx %s for the same attempt, want tx1", again.Confirm.Tx)
			}
			yes := &proto.ConfirmReply{Epoch: w.centre.meta.Epoch, OK: true}
			if g := box.link.Confirmed(tx, id, proto.Reply{ID: "first", Confirm: yes}); g != nil {
				t.Error("got a grant for the older request, want none")
			}
			if g := box.link.Confirmed(tx, id, proto.Reply{ID: "second", Confirm: yes}); g == nil {
				t.Error("got no grant for the request awaited, want one")
			}
			if g := box.link.Confirmed(tx, id, proto.Reply{ID: "second", Confirm: yes}); g != nil {
				t.Error("got a second grant for one attempt, want none")
			}
		}},
		{"more burns than one hello carries", func(t *testing.T, w lab) {
			box := &w.sites[0]
			box.disk.meta.Burns = make([]proto.Burn, 2*proto.MaxBurns+1)
			box.disk.meta.Burns[2*proto.MaxBurns] = proto.Burn{ID: "d0", Mint: held(w).OTP.Mint}
			w.ask(0)
			if got := len(w.net[0].ask.Hello.Burns); got != proto.MaxBurns {
				t.Errorf("got %d burns in one hello, want %d", got, proto.MaxBurns)
			}
			w.talk(0)
			if left := len(box.disk.meta.Burns); left != 0 || box.link.Phase() != proto.InStep || held(w).Armed() {
				t.Errorf("got %d burns left, phase %v, armed %v, want none, in step and void", left, box.link.Phase(), held(w).Armed())
			}
		}},
		{"a new epoch", func(t *testing.T, w lab) {
			proto.Restored(w, 5, 0)
			epoch := w.centre.meta.Epoch
			if s := held(w).At(epoch); s.Armed() || s.PIN != (proto.Gen{Epoch: epoch}) {
				t.Errorf("got %+v, want the OTP void and the PIN at %d", s, epoch)
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(setup{devices: 1}, budget{})
			tc.do(t, lab{w, &centreTx{&w.centre}})
		})
	}
}
