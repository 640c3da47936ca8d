package proto_test

import (
	"fmt"
	"slices"

	"github.com/lineside/lineside/sync/proto"
)

// step is one thing that can happen next.
type step struct {
	name string
	do   func(*world)
}

// steps is all that can happen in w.
func (w *world) steps() []step {
	var out []step
	add := func(can bool, name string, do func(*world)) {
		if can {
			out = append(out, step{name, do})
		}
	}
	for d := range w.setup.devices {
		id := proto.ID(fmt.Sprint("d", d))
		h := w.centre.devices[id]
		add(w.left.mints > 0, "centre arms "+string(id), func(w *world) {
			w.left.mints--
			w.onCentre(func(tx proto.CentralTx) { proto.Arm(tx, id, w.mint()) })
		})
		add(w.left.resets > 0, "centre resets the PIN of "+string(id), func(w *world) {
			w.left.resets--
			w.onCentre(func(tx proto.CentralTx) { proto.NewPIN(tx, id) })
		})
		to := siteName(1)
		if h.Home == to {
			to = siteName(0)
		}
		add(w.left.moves > 0, fmt.Sprintf("centre moves %s to %s", id, to), func(w *world) {
			w.left.moves--
			w.onCentre(func(tx proto.CentralTx) { proto.Settle(tx, id, to, w.mint()) })
		})
	}
	out = append(out, w.centreFaults()...)
	for i := range w.sites {
		out = append(out, w.strides(i)...)
		out = append(out, w.siteSteps(i)...)
	}
	return append(out, w.letters()...)
}

// strides are several steps at once that most often go together. Without them
// a search is lost in the order of letters and hardly meets what happens days
// apart.
func (w *world) strides(i int) []step {
	s := &w.sites[i]
	name := func(what string) string { return fmt.Sprintf("%s %s", siteName(i), what) }
	var out []step
	if s.link.Phase() != proto.InStep || w.canAsk(i) || w.left.pokes > 0 {
		out = append(out, step{name("talks until it is in step"), func(w *world) {
			if w.sites[i].link.Phase() == proto.InStep && !w.canAsk(i) {
				w.left.pokes--
			}
			w.talk(i)
		}})
	}
	for id, d := range s.disk.devices {
		if s.grant != nil || w.left.claims == 0 || d.Gone || d.Sec.OTP.N == 0 {
			continue
		}
		for _, online := range []bool{true, false} {
			out = append(out, step{name(fmt.Sprintf("serves %s whole, on line %v", d.Sec.OTP.Mint, online)), func(w *world) {
				w.claim(i, id, d.Sec.OTP.Mint, online)
				w.post(i)
				if w.sites[i].grant != nil {
					w.stage(i)
					w.accept(i)
				}
			}})
		}
	}
	return out
}

// talk brings every letter of a site's loop until the site has nothing to ask.
func (w *world) talk(i int) {
	s := &w.sites[i]
	s.link.Lost()
	s.asked = ""
	for range 60 {
		w.ask(i)
		if s.asked == "" {
			return
		}
		w.post(i)
	}
}

// post brings the letter sent last, and its reply.
func (w *world) post(i int) {
	for range 2 {
		n := len(w.net) - 1
		if n < 0 || w.net[n].site != i {
			return
		}
		l := w.net[n]
		w.net = w.net[:n]
		w.bring(l)
	}
}

// voidSlice is one, so that anything may happen between two devices.
const voidSlice = 1

func (w *world) centreFaults() []step {
	var out []step
	for i := range w.sites {
		if site := siteName(i); w.centre.members[i].Voiding {
			out = append(out, step{"centre takes back one armed at " + string(site), func(w *world) {
				w.onCentre(func(tx proto.CentralTx) { proto.Void(tx, site, voidSlice) })
			}})
		}
	}
	if w.left.boots > 0 {
		out = append(out, step{"centre starts anew", func(w *world) {
			w.left.boots--
			w.onCentre(func(tx proto.CentralTx) { proto.Start(tx, w.name("boot")) })
			w.disconnect()
		}})
	}
	if w.left.saves > 0 && (w.setup.rawRestore || w.setup.properRestore) {
		out = append(out, step{"centre is copied", func(w *world) {
			w.left.saves--
			w.saved = append(w.saved, w.centre.clone())
		}})
	}
	for n := range w.saved {
		if w.left.restores == 0 {
			break
		}
		back := func(w *world) {
			w.left.restores--
			w.centre = w.saved[n].clone()
			w.disconnect()
			w.forget()
		}
		if w.setup.rawRestore {
			out = append(out, step{"centre is put back raw", func(w *world) {
				back(w)
				w.onCentre(func(tx proto.CentralTx) { proto.Start(tx, w.name("boot")) })
			}})
		}
		if w.setup.properRestore {
			out = append(out, step{"centre is restored", func(w *world) {
				back(w)
				w.onCentre(func(tx proto.CentralTx) {
					proto.Restored(tx, w.wall, 0)
					proto.Start(tx, w.name("boot"))
				})
			}})
		}
	}
	return out
}

// disconnect is what a start of the platform does to its sites: what they had
// asked has no answer.
func (w *world) disconnect() {
	for i := range w.sites {
		w.sites[i].link.Lost()
		w.sites[i].asked = ""
	}
}

func (w *world) siteSteps(i int) []step {
	s := &w.sites[i]
	var out []step
	add := func(can bool, name string, do func(*world)) {
		if can {
			out = append(out, step{fmt.Sprintf("%s %s", siteName(i), name), do})
		}
	}
	add(s.asked == "" && w.canAsk(i), "asks", func(w *world) { w.ask(i) })
	add(s.asked != "" && w.left.lost > 0, "loses the link", func(w *world) {
		w.left.lost--
		w.sites[i].link.Lost()
		w.sites[i].asked = ""
	})
	add(s.link.Phase() == proto.InStep && w.left.pokes > 0, "is poked", func(w *world) {
		w.left.pokes--
		w.sites[i].link.Poke()
	})
	for id, d := range s.disk.devices {
		if s.grant != nil || w.left.claims == 0 || d.Gone {
			break
		}
		for _, mint := range w.mints {
			if mint != d.Sec.OTP.Mint {
				continue // the desk refuses it before the rules are asked
			}
			add(true, "is shown "+mint+" on line", func(w *world) { w.claim(i, id, mint, true) })
			add(true, "is shown "+mint+" off line", func(w *world) { w.claim(i, id, mint, false) })
		}
	}
	for id, d := range s.disk.devices {
		add(w.left.tries > 0 && !d.Gone && !d.Sec.Locked, "is shown a wrong PIN for "+string(id), func(w *world) { w.try(i, id) })
	}
	add(s.grant != nil && !s.staged, "writes the anchor", func(w *world) { w.stage(i) })
	add(s.grant != nil && s.staged, "commits", func(w *world) { w.accept(i) })
	return append(out, w.siteFaults(i)...)
}

func (w *world) canAsk(i int) bool {
	l := proto.CloneLink(w.sites[i].link)
	ok := false
	w.onSite(i, func(tx proto.SiteTx) { _, ok = l.Next(tx, "probe") })
	return ok
}

func (w *world) ask(i int) {
	s := &w.sites[i]
	w.onSite(i, func(tx proto.SiteTx) {
		if r, ok := s.link.Next(tx, w.name("q")); ok {
			s.asked = r.ID
			w.net = append(w.net, letter{site: i, ask: &r})
		}
	})
}

func (w *world) claim(i int, id proto.ID, mint string, online bool) {
	s := &w.sites[i]
	w.left.claims--
	w.onSite(i, func(tx proto.SiteTx) {
		r, g := s.link.Claim(tx, id, mint, online, proto.Rules{Offline: w.setup.offline}, w.name("q"), w.name("tx"))
		switch {
		case r != nil:
			w.net = append(w.net, letter{site: i, ask: r, id: id})
		case g != nil:
			s.grant, s.staged, s.offline = g, false, true
		}
	})
}

func (w *world) try(i int, id proto.ID) {
	w.left.tries--
	w.onSite(i, func(tx proto.SiteTx) {
		d, _ := tx.Device(id)
		w.tries[tryKey{id, d.Sec.PIN.Epoch, d.Sec.PIN.N}]++
		proto.Tried(tx, id, tryLimit)
	})
}

func (w *world) stage(i int) {
	s := &w.sites[i]
	s.anchor = proto.AnchorFor(s.disk.meta, []proto.Grant{*s.grant})
	s.staged = true
}

// accept is the transaction and the answer to the phone.
func (w *world) accept(i int) {
	s := &w.sites[i]
	g := *s.grant
	s.grant, s.staged = nil, false
	w.onSite(i, func(tx proto.SiteTx) {
		if proto.Accept(tx, s.anchor, []proto.Grant{g})[0] {
			w.accepted[g.OTP.Mint]++
		}
	})
}

func (w *world) siteFaults(i int) []step {
	s := &w.sites[i]
	var out []step
	add := func(can bool, name string, do func(*world)) {
		if can {
			out = append(out, step{fmt.Sprintf("%s %s", siteName(i), name), do})
		}
	}
	add(w.left.crashes > 0, "crashes and starts", func(w *world) {
		w.left.crashes--
		w.wake(i)
	})
	add(w.left.crashes > 1, "crashes, and again before its start is written down", func(w *world) {
		w.left.crashes -= 2
		lost := w.sites[i].disk.clone()
		w.wake(i)
		w.sites[i].disk = lost
		w.wake(i)
	})
	add(w.left.crashes > 0 && w.setup.databaseBack, "loses its anchor", func(w *world) {
		w.left.crashes--
		w.sites[i].anchor = proto.Anchor{}
		w.wake(i)
	})
	add(w.left.saves > 0 && w.setup.databaseBack && s.grant == nil, "is backed up", func(w *world) {
		w.left.saves--
		w.sites[i].saved = append(w.sites[i].saved, w.sites[i].disk.clone())
	})
	add(w.left.saves > 0 && w.setup.wholeDiskBack && s.grant == nil, "is copied whole", func(w *world) {
		w.left.saves--
		w.sites[i].whole = append(w.sites[i].whole, whole{w.sites[i].disk.clone(), w.sites[i].anchor})
	})
	for n := range s.saved {
		add(w.left.backs > 0, "has its database put back", func(w *world) {
			w.left.backs--
			w.sites[i].disk = w.sites[i].saved[n].clone()
			w.wake(i)
		})
	}
	for n := range s.whole {
		add(w.left.backs > 0, "is put back whole", func(w *world) {
			w.left.backs--
			w.sites[i].disk, w.sites[i].anchor = w.sites[i].whole[n].disk.clone(), w.sites[i].whole[n].anchor
			w.forget()
			w.wake(i)
		})
	}
	return out
}

// wake is a new process on the same disk.
func (w *world) wake(i int) {
	s := &w.sites[i]
	s.link, s.asked, s.grant, s.staged = proto.Link{}, "", nil, false
	w.onSite(i, func(tx proto.SiteTx) { s.anchor, _ = proto.Wake(tx, s.anchor) })
}

// forget excuses the mints of whose use nothing that lasts knows any more:
// the known limits. The PINs the platform knows may be older ones again, too.
func (w *world) forget() {
	clear(w.pins)
	if !w.setup.offline && !w.setup.rawRestore {
		return // then there are no limits
	}
	for mint := range w.accepted {
		if !w.known(mint) {
			w.excused[mint] = true
		}
	}
}

func (w *world) known(mint string) bool {
	for _, h := range w.centre.devices {
		if h.Sec.OTP.Mint == mint && (h.Sec.Used || h.Sec.OTP.Epoch < w.centre.meta.Epoch) {
			return true
		}
	}
	for _, s := range w.sites {
		for _, d := range s.disk.devices {
			if d.Sec.OTP.Mint == mint && (d.Sec.Used || d.Spent == mint) {
				return true
			}
		}
		if s.anchor.Count != s.disk.meta.Count {
			return true
		}
	}
	return false
}

// letters is what the net can do: bring any letter, lose one, bring it twice.
func (w *world) letters() []step {
	var out []step
	for n, l := range w.net {
		out = append(out, step{fmt.Sprintf("letter %d (%s) arrives", n, siteName(l.site)), func(w *world) {
			w.net = slices.Delete(w.net, n, n+1)
			w.bring(l)
		}})
		if w.left.drops > 0 {
			out = append(out, step{fmt.Sprintf("letter %d is lost", n), func(w *world) {
				w.left.drops--
				w.net = slices.Delete(w.net, n, n+1)
			}})
		}
		if w.left.doubles > 0 {
			out = append(out, step{fmt.Sprintf("letter %d arrives and is repeated", n), func(w *world) {
				w.left.doubles--
				w.bring(l)
			}})
		}
	}
	return out
}

func (w *world) bring(l letter) {
	if l.ask != nil {
		if r := w.answer(siteName(l.site), *l.ask); r != nil {
			w.net = append(w.net, letter{site: l.site, say: r, id: l.id})
		}
		return
	}
	s := &w.sites[l.site]
	w.onSite(l.site, func(tx proto.SiteTx) {
		if l.say.Confirm != nil {
			if s.grant != nil {
				return // one at a time here; the reply comes too late
			}
			if g := s.link.Confirmed(tx, l.id, *l.say); g != nil {
				s.grant, s.staged, s.offline = g, false, false
			}
			return
		}
		if n := s.link.Heard(tx, *l.say); n.Anchor != nil {
			s.anchor = *n.Anchor
		}
		if l.say.ID == s.asked {
			s.asked = ""
		}
	})
}

func (w *world) answer(from proto.Site, r proto.Request) *proto.Reply {
	out := &proto.Reply{ID: r.ID}
	w.onCentre(func(tx proto.CentralTx) {
		switch {
		case r.Hello != nil:
			a := proto.Greet(tx, from, *r.Hello, w.name("token"), w.wall)
			out.Hello = &a
		case r.Pull != nil:
			a, ok := proto.Read(tx, from, *r.Pull)
			for !ok { // the platform goes on with what was begun, and answers then
				proto.Void(tx, from, voidSlice)
				a, ok = proto.Read(tx, from, *r.Pull)
			}
			out.Pull = &a
		case r.Push != nil:
			a := proto.Take(tx, from, *r.Push)
			out.Push = &a
		case r.Confirm != nil:
			a := proto.Allow(tx, from, *r.Confirm)
			out.Confirm = &a
		}
	})
	return out
}
