package proto_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/lineside/lineside/sync/proto"
)

// world is a platform, two sites and what is under way between them. Every
// step of it runs the shipped functions on states that commit or do not.
type world struct {
	setup  setup
	centre centre
	saved  []centre
	sites  [2]box
	net    []letter
	names  int
	mints  []string
	left   budget

	accepted map[string]int
	excused  map[string]bool
	tries    map[tryKey]int
	wall     int64
	// pins are the newest generations the platform has held.
	pins map[proto.ID]proto.Gen
}

// setup is which faults a world knows.
type setup struct {
	name          string
	offline       bool
	rawRestore    bool
	properRestore bool
	databaseBack  bool
	wholeDiskBack bool
	// fewBoots: the platform remembers two of its starts.
	fewBoots bool
	devices  int
}

// budget is how much more of each kind may happen; it bounds the search.
type budget struct {
	mints, moves, resets, claims, tries, crashes, boots, restores, backs, drops, doubles, saves, lost, pokes int
}

type tryKey struct {
	id    proto.ID
	epoch int64
	n     uint64
}

const (
	tryLimit   = 3
	firstEpoch = 100
)

// centre is the platform's durable state.
type centre struct {
	meta    proto.CentralMeta
	members [2]proto.Member
	devices map[proto.ID]proto.Held
	docs    [2]map[proto.ID]proto.Doc
}

func (c centre) clone() centre {
	c.meta.Boots = slices.Clone(c.meta.Boots)
	c.devices = maps.Clone(c.devices)
	for i := range c.docs {
		c.docs[i] = maps.Clone(c.docs[i])
	}
	return c
}

// disk is a site's database.
type disk struct {
	meta    proto.SiteMeta
	devices map[proto.ID]proto.Device
}

func (d disk) clone() disk {
	d.meta.Burns = slices.Clone(d.meta.Burns)
	d.devices = maps.Clone(d.devices)
	return d
}

// box is one site: what lasts, and what dies with the process.
type box struct {
	disk    disk
	anchor  proto.Anchor
	saved   []disk
	whole   []whole
	link    proto.Link
	asked   string
	confirm map[proto.ID]string
	grant   *proto.Grant
	staged  bool
	offline bool
}

// whole is a copy of disk and anchor together.
type whole struct {
	disk   disk
	anchor proto.Anchor
}

// letter is one message under way.
type letter struct {
	site int
	ask  *proto.Request
	say  *proto.Reply
	id   proto.ID
}

func siteName(i int) proto.Site { return proto.Site("AB"[i : i+1]) }

func siteIndex(s proto.Site) int {
	if s == "A" {
		return 0
	}
	return 1
}

func newWorld(s setup, left budget) *world {
	w := &world{setup: s, left: left, accepted: map[string]int{}, excused: map[string]bool{}, tries: map[tryKey]int{}, wall: firstEpoch, pins: map[proto.ID]proto.Gen{}}
	w.centre = centre{devices: map[proto.ID]proto.Held{}}
	for i := range w.sites {
		w.centre.docs[i] = map[proto.ID]proto.Doc{}
		w.sites[i] = box{disk: disk{devices: map[proto.ID]proto.Device{}}, confirm: map[proto.ID]string{}}
	}
	if s.fewBoots {
		w.centre.meta.MaxBoots = 2
	}
	w.onCentre(func(tx proto.CentralTx) {
		proto.Restored(tx, firstEpoch, 0)
		proto.Start(tx, w.name("boot"))
		for i := range s.devices {
			proto.Settle(tx, proto.ID(fmt.Sprint("d", i)), siteName(0), w.mint())
		}
	})
	return w
}

func (w *world) name(kind string) string {
	w.names++
	return fmt.Sprintf("%s%d", kind, w.names)
}

func (w *world) mint() string {
	m := fmt.Sprintf("m%02d", len(w.mints))
	w.mints = append(w.mints, m)
	return m
}

func (w *world) onCentre(f func(proto.CentralTx)) {
	f(&centreTx{&w.centre})
}

func (w *world) onSite(i int, f func(proto.SiteTx)) {
	f(&siteTx{&w.sites[i].disk})
}

// clone is a world that shares nothing with w.
func (w *world) clone() *world {
	c := *w
	c.centre = w.centre.clone()
	c.saved = slices.Clone(w.saved)
	c.net = slices.Clone(w.net)
	c.mints = slices.Clone(w.mints)
	c.accepted, c.excused, c.tries, c.pins = maps.Clone(w.accepted), maps.Clone(w.excused), maps.Clone(w.tries), maps.Clone(w.pins)
	for i := range c.sites {
		s := &c.sites[i]
		s.disk = s.disk.clone()
		s.saved, s.whole = slices.Clone(s.saved), slices.Clone(s.whole)
		s.confirm = maps.Clone(s.confirm)
		s.link = proto.CloneLink(s.link)
	}
	return &c
}

// centreTx is the platform's state as a transaction; a step of the world is
// never half done, so it writes in place.
type centreTx struct{ c *centre }

func (t *centreTx) Meta() proto.CentralMeta     { return t.c.meta }
func (t *centreTx) SetMeta(m proto.CentralMeta) { t.c.meta = m }
func (t *centreTx) Member(s proto.Site) proto.Member {
	return t.c.members[siteIndex(s)]
}
func (t *centreTx) SetMember(s proto.Site, m proto.Member) { t.c.members[siteIndex(s)] = m }
func (t *centreTx) Device(id proto.ID) (proto.Held, bool) {
	h, ok := t.c.devices[id]
	return h, ok
}
func (t *centreTx) SetDevice(id proto.ID, h proto.Held) { t.c.devices[id] = h }
func (t *centreTx) At(s proto.Site, after proto.ID, f func(proto.ID, proto.Held) bool) {
	for _, id := range slices.Sorted(maps.Keys(t.c.devices)) {
		if h := t.c.devices[id]; id > after && h.Home == s && !f(id, h) {
			return
		}
	}
}
func (t *centreTx) Doc(s proto.Site, id proto.ID) (proto.Doc, bool) {
	d, ok := t.c.docs[siteIndex(s)][id]
	return d, ok
}
func (t *centreTx) SetDoc(s proto.Site, d proto.Doc) {
	t.c.meta.Head++
	d.Rev = t.c.meta.Head
	t.c.docs[siteIndex(s)][d.ID] = d
}

// pageSize is one, so that pages are torn wherever they can be.
const pageSize = 1

func (t *centreTx) Docs(s proto.Site, after, upto uint64) ([]proto.Doc, bool) {
	var docs []proto.Doc
	for _, d := range t.c.docs[siteIndex(s)] {
		if d.Rev > after && d.Rev <= upto {
			docs = append(docs, d)
		}
	}
	slices.SortFunc(docs, func(a, b proto.Doc) int { return cmp.Compare(a.Rev, b.Rev) })
	if len(docs) > pageSize {
		return docs[:pageSize], true
	}
	return docs, false
}

// siteTx is a box's database as a transaction.
type siteTx struct{ d *disk }

func (t *siteTx) Meta() proto.SiteMeta     { return t.d.meta }
func (t *siteTx) SetMeta(m proto.SiteMeta) { t.d.meta = m }
func (t *siteTx) Device(id proto.ID) (proto.Device, bool) {
	d, ok := t.d.devices[id]
	return d, ok
}
func (t *siteTx) SetDevice(id proto.ID, d proto.Device) { t.d.devices[id] = d }
func (t *siteTx) Each(after proto.ID, f func(proto.ID, proto.Device) bool) {
	for _, id := range slices.Sorted(maps.Keys(t.d.devices)) {
		if id > after && !f(id, t.d.devices[id]) {
			return
		}
	}
}
func (t *siteTx) Apply(proto.Doc) {}
