package proto_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lineside/lineside/sync/proto"
)

// wrong is what breaks an invariant in w, "" if nothing does.
func (w *world) wrong() string {
	for mint, n := range w.accepted {
		if n > 1 && !w.excused[mint] {
			return fmt.Sprintf("mint %s was accepted %d times", mint, n)
		}
	}
	if e := w.centre.meta.Epoch; e != firstEpoch && !w.setup.rawRestore && !w.setup.properRestore {
		return fmt.Sprintf("epoch %d began though the platform was never put back", e)
	}
	for id, h := range w.centre.devices {
		if w.pins[id].Newer(h.Sec.PIN) {
			return fmt.Sprintf("the PIN of %s went back from %+v to %+v", id, w.pins[id], h.Sec.PIN)
		}
		w.pins[id] = h.Sec.PIN
		tries := w.tries[tryKey{id, h.Sec.PIN.Epoch, h.Sec.PIN.N}]
		if int(h.Sec.Fails) > tries {
			return fmt.Sprintf("the platform counts %d wrong tries for %s under PIN %+v, %d were made", h.Sec.Fails, id, h.Sec.PIN, tries)
		}
		if h.Sec.Locked && tries < tryLimit {
			return fmt.Sprintf("the platform holds %s locked after %d wrong tries", id, tries)
		}
	}
	return ""
}

// rounds is how many times every site is heard before both must be equal.
const rounds = 6

// settle ends all faults and lets both sites talk; it says where the two
// sides still differ.
func (w *world) settle() string {
	w.net = nil
	for i := range w.sites {
		w.sites[i].link.Lost()
		w.sites[i].asked, w.sites[i].grant, w.sites[i].staged = "", nil, false
		if a := w.sites[i].anchor; a.Count != w.sites[i].disk.meta.Count {
			w.wake(i)
		}
	}
	for range rounds {
		for i := range w.sites {
			w.sites[i].link.Poke()
			for range 60 {
				w.ask(i)
				if len(w.net) == 0 {
					break
				}
				for len(w.net) > 0 {
					l := w.net[0]
					w.net = w.net[1:]
					w.bring(l)
				}
			}
		}
		if bad := w.wrong(); bad != "" {
			return "while settling: " + bad
		}
	}
	return w.differ()
}

func (w *world) differ() string {
	epoch := w.centre.meta.Epoch
	for i, s := range w.sites {
		if s.link.Phase() != proto.InStep {
			return fmt.Sprintf("site %s is not in step but in phase %d", siteName(i), s.link.Phase())
		}
		here := map[proto.ID]proto.Sec{}
		for id, d := range s.disk.devices {
			if !d.Gone {
				here[id] = d.Sec.At(epoch)
			}
		}
		there := map[proto.ID]proto.Sec{}
		for id, h := range w.centre.devices {
			if h.Home == siteName(i) {
				there[id] = h.Sec.At(epoch)
			}
		}
		if !maps.Equal(here, there) {
			return fmt.Sprintf("site %s holds %+v, the platform %+v", siteName(i), here, there)
		}
	}
	return ""
}

// key writes down all that bears on what can happen next, with names in the
// order they are met, so that worlds which differ in names alone are one.
func (w *world) key() string {
	seen := map[string]string{"": ""}
	rename := func(s string) string {
		if _, ok := seen[s]; !ok {
			seen[s] = fmt.Sprint("#", len(seen))
		}
		return seen[s]
	}
	var b strings.Builder
	w.centre.write(&b, rename)
	for _, c := range w.saved {
		c.write(&b, rename)
	}
	for i := range w.sites {
		w.sites[i].write(&b, rename)
	}
	for _, l := range w.net {
		l.write(&b, rename)
	}
	fmt.Fprint(&b, w.left, w.accepted, w.excused, w.tries, len(w.mints))
	return b.String()
}

func (c centre) write(b *strings.Builder, rename func(string) string) {
	fmt.Fprint(b, c.meta.Epoch, c.meta.Head, "|")
	for _, boot := range c.meta.Boots {
		fmt.Fprint(b, rename(boot.ID), boot.Rev, ",")
	}
	for _, m := range c.members {
		fmt.Fprint(b, rename(m.Token), rename(m.Before), m.Voiding, m.Voided, ";")
	}
	for _, id := range slices.Sorted(maps.Keys(c.devices)) {
		h := c.devices[id]
		fmt.Fprint(b, id, h.Home, h.Sec, rename(h.Tx))
	}
	for i := range c.docs {
		for _, id := range slices.Sorted(maps.Keys(c.docs[i])) {
			fmt.Fprint(b, c.docs[i][id])
		}
	}
}

func (d disk) write(b *strings.Builder, rename func(string) string) {
	m := d.meta
	fmt.Fprint(b, m.Epoch, m.Cursor.Epoch, m.Cursor.Rev, rename(m.Cursor.Boot), rename(m.Token), m.Count, m.Rolled, m.Burns, m.Reading, m.Stale)
	for _, id := range slices.Sorted(maps.Keys(d.devices)) {
		fmt.Fprint(b, id, d.devices[id])
	}
}

func (s box) write(b *strings.Builder, rename func(string) string) {
	s.disk.write(b, rename)
	fmt.Fprint(b, s.anchor)
	for _, d := range s.saved {
		d.write(b, rename)
	}
	for _, o := range s.whole {
		o.disk.write(b, rename)
		fmt.Fprint(b, o.anchor)
	}
	fmt.Fprint(b, proto.LinkKey(s.link, rename), s.staged, s.grant != nil, "/")
	if s.grant != nil {
		fmt.Fprint(b, *s.grant)
	}
}

func (l letter) write(b *strings.Builder, rename func(string) string) {
	fmt.Fprint(b, l.site, l.id)
	if q := l.ask; q != nil {
		fmt.Fprint(b, rename(q.ID))
		switch {
		case q.Hello != nil:
			c := q.Hello.Cursor
			fmt.Fprint(b, "h", c.Epoch, c.Rev, rename(c.Boot), rename(q.Hello.Token), q.Hello.Rolled, q.Hello.Burns)
		case q.Pull != nil:
			fmt.Fprint(b, "p", *q.Pull)
		case q.Push != nil:
			fmt.Fprint(b, "u", *q.Push)
		case q.Confirm != nil:
			fmt.Fprint(b, "c", q.Confirm.Epoch, q.Confirm.ID, q.Confirm.OTP, rename(q.Confirm.Tx))
		}
		return
	}
	fmt.Fprint(b, rename(l.say.ID))
	switch s := l.say; {
	case s.Hello != nil:
		fmt.Fprint(b, "H", s.Hello.Epoch, s.Hello.Snapshot, rename(s.Hello.Cursor.Boot), s.Hello.Rolled, rename(s.Hello.Token))
	case s.Pull != nil:
		fmt.Fprint(b, "P", s.Pull.Epoch, s.Pull.Docs, s.Pull.Cursor.Rev, rename(s.Pull.Cursor.Boot), s.Pull.Pin, s.Pull.More)
	case s.Push != nil:
		fmt.Fprint(b, "U", s.Push.Epoch)
	case s.Confirm != nil:
		fmt.Fprint(b, "C", *s.Confirm)
	}
}
