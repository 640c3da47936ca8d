package proto

// Anchor is the small file of the box outside its database (R3): how many
// times one-time passwords were used here, and the last of them.
type Anchor struct {
	Count uint64 `json:"count"`
	// Burns are the mints of the last time; several may share one write.
	Burns []Burn `json:"burns,omitempty"`
}

// SiteMeta is the box's own state in the database.
type SiteMeta struct {
	Epoch  int64
	Cursor Cursor
	Token  string
	// Count is the anchor's count this database agrees with.
	Count uint64
	// Rolled and Burns wait for the next hello.
	Rolled bool
	Burns  []Burn
	// Reading counts snapshots; while Stale, what was not seen in the one
	// running is not to be trusted.
	Reading uint64
	Stale   bool
}

// Device is what the box holds of one device.
type Device struct {
	Ver Ver
	// Gone says that it lives here no longer; Sec stays as the least to be
	// believed should it come back.
	Gone bool
	Sec  Sec
	// Spent is the mint last accepted or burnt here. Sec.Used may come from
	// the platform's own yes to an attempt; this never does.
	Spent string
	// Dirty says that the platform has not acknowledged Sec.
	Dirty bool
	// Seen is the snapshot it was last part of.
	Seen uint64
}

// SiteTx is the box's state within one transaction.
type SiteTx interface {
	Meta() SiteMeta
	SetMeta(SiteMeta)
	Device(ID) (Device, bool)
	SetDevice(ID, Device)
	// Each calls f for every device with an ID after the one named, in order,
	// until f says false. f changes nothing.
	Each(after ID, f func(ID, Device) bool)
	// Apply is told of every document that is taken, with what else is in it.
	Apply(Doc)
}

// Wake compares database and anchor at start (R3). The anchor it returns is
// to be written before the transaction commits; rolled says that the box was
// put back, for the operator.
func Wake(tx SiteTx, a Anchor) (write Anchor, rolled bool) {
	m := tx.Meta()
	switch a.Count {
	case m.Count:
		return a, false
	case m.Count + 1:
		for _, b := range a.Burns {
			spend(tx, b)
		}
		m.Count = a.Count
		m.Burns = append(m.Burns, a.Burns...)
		tx.SetMeta(m)
		return a, false
	}
	return rollBack(tx, max(a.Count, m.Count)), true
}

// rollBack burns everything armed and makes database and anchor agree anew, two
// above what either says: one above would look like a use if the box loses
// power after the anchor was written and before the commit.
func rollBack(tx SiteTx, count uint64) Anchor {
	count += 2
	change(tx, func(d *Device) {
		if d.Sec.Armed() {
			d.Spent, d.Sec.Used, d.Dirty = d.Sec.OTP.Mint, true, true
		}
	})
	m := tx.Meta()
	m.Rolled, m.Count = true, count
	tx.SetMeta(m)
	return Anchor{Count: count}
}

// change runs f on every device and keeps what differs.
func change(tx SiteTx, f func(*Device)) {
	changed := map[ID]Device{}
	tx.Each("", func(id ID, d Device) bool {
		was := d
		if f(&d); d != was {
			changed[id] = d
		}
		return true
	})
	for id, d := range changed {
		tx.SetDevice(id, d)
	}
}

func spend(tx SiteTx, b Burn) {
	d, ok := tx.Device(b.ID)
	if !ok || d.Sec.OTP.Mint != b.Mint {
		return
	}
	d.Spent, d.Sec.Used, d.Dirty = b.Mint, true, true
	tx.SetDevice(b.ID, d)
}

// Grant is the right to accept one one-time password, once.
type Grant struct {
	ID  ID
	OTP Gen
	// confirmed: the platform has said yes to this attempt.
	confirmed bool
}

// AnchorFor is the anchor to write before the grants are accepted together (R2).
func AnchorFor(m SiteMeta, grants []Grant) Anchor {
	a := Anchor{Count: m.Count + 1}
	for _, g := range grants {
		a.Burns = append(a.Burns, Burn{ID: g.ID, Mint: g.OTP.Mint})
	}
	return a
}

// Accept looks again and marks the grants used, in the transaction that
// follows the anchor's write; it says which of them hold. Their phones are
// answered after the commit. The others' mints stand in the anchor and are
// void all the same.
func Accept(tx SiteTx, a Anchor, grants []Grant) []bool {
	out := make([]bool, len(grants))
	m := tx.Meta()
	for i, g := range grants {
		d, ok := tx.Device(g.ID)
		out[i] = ok && !d.Gone && d.Sec.OTP == g.OTP && d.Spent != g.OTP.Mint &&
			d.Sec.OTP.Epoch == m.Epoch && (g.confirmed || d.Sec.Armed())
	}
	for i, g := range grants {
		if out[i] && again(grants[:i], out, g) {
			out[i] = false
		}
	}
	for _, b := range a.Burns {
		spend(tx, b)
	}
	m.Count = a.Count
	tx.SetMeta(m)
	return out
}

// again says whether an earlier grant of the batch took the same mint.
func again(earlier []Grant, taken []bool, g Grant) bool {
	for i, e := range earlier {
		if taken[i] && e.ID == g.ID {
			return true
		}
	}
	return false
}

// Tried counts a wrong PIN; limit wrong ones lock the device until the
// platform begins a new PIN.
func Tried(tx SiteTx, id ID, limit uint16) {
	d, ok := tx.Device(id)
	if !ok || d.Gone || d.Sec.Locked {
		return
	}
	d.Sec.Fails++
	d.Sec.Locked, d.Dirty = d.Sec.Fails >= limit, true
	tx.SetDevice(id, d)
}

// Counted brings in what the box itself has counted of wrong PINs of one
// generation, and whether it takes no more: a crash may have come between its
// count and Tried. Said twice it changes nothing; of another generation it says
// nothing.
func Counted(tx SiteTx, id ID, pin Gen, fails uint16, locked bool) {
	d, ok := tx.Device(id)
	if !ok || d.Gone || d.Sec.PIN != pin || fails <= d.Sec.Fails && (!locked || d.Sec.Locked) {
		return
	}
	d.Sec.Fails, d.Sec.Locked, d.Dirty = max(d.Sec.Fails, fails), d.Sec.Locked || locked, true
	tx.SetDevice(id, d)
}

// take brings a document into the box. Within a snapshot older versions than
// the box's count as well: a platform that was put back has no newer ones.
func take(tx SiteTx, m SiteMeta, doc Doc) {
	d, known := tx.Device(doc.ID)
	if known && !doc.Ver.Newer(d.Ver) && !m.Stale {
		return
	}
	d.Ver, d.Gone, d.Seen = doc.Ver, doc.Del, m.Reading
	d.Sec = d.Sec.Join(doc.Sec).At(m.Epoch)
	d.Dirty = !doc.Del && d.Sec != doc.Sec.At(m.Epoch)
	tx.SetDevice(doc.ID, d)
	tx.Apply(doc)
}

// sweep takes away what a whole snapshot did not name.
func sweep(tx SiteTx, reading uint64) {
	change(tx, func(d *Device) {
		if d.Seen != reading {
			d.Gone, d.Dirty = true, false
		}
	})
}
