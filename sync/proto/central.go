package proto

// CentralMeta is the platform's own state.
type CentralMeta struct {
	Epoch int64
	// Boots are its starts, oldest first; the last one is this process.
	Boots []Boot
	// Head is the revision of the last document written.
	Head uint64
	// MaxBoots is how many starts are kept, 0 is 1,000: a cursor of an older one
	// is too old and gets a snapshot.
	MaxBoots int
}

// most is how many starts are kept.
func (m CentralMeta) most() int {
	if m.MaxBoots > 0 {
		return m.MaxBoots
	}
	return 1000
}

// Held is what the platform holds of one device.
type Held struct {
	// Home is the site it lives at; "" is none.
	Home Site
	Sec  Sec
	// Tx is the attempt that used Sec.OTP (R5).
	Tx string
}

// Member is what the platform holds of one site.
type Member struct {
	// Token is the one handed out last, Before the one it replaced, which
	// counts as well until the new one was seen: a reply may get lost.
	Token, Before string
	// Voiding says that what is armed there is being taken back (Void), Voided
	// the last device that was looked at.
	Voiding bool `json:",omitempty"`
	Voided  ID   `json:",omitempty"`
}

// CentralTx is the platform's state within one transaction. Nothing of it
// lasts unless the transaction commits.
type CentralTx interface {
	Meta() CentralMeta
	SetMeta(CentralMeta)
	Member(Site) Member
	SetMember(Site, Member)
	Device(ID) (Held, bool)
	SetDevice(ID, Held)
	// At calls f for every device whose home is the site with an ID after the
	// one named, in order, until f says false.
	At(site Site, after ID, f func(ID, Held) bool)
	// Doc is the document a site holds of a device; SetDoc writes it anew,
	// under the next revision.
	Doc(Site, ID) (Doc, bool)
	SetDoc(Site, Doc)
	// Docs are the site's documents with after < Rev ≤ upto, in that order, and
	// whether there are more than the page holds.
	Docs(site Site, after, upto uint64) (page []Doc, more bool)
}

// Start notes a start of the platform under a name unlike any other (R7).
func Start(tx CentralTx, boot string) {
	m := tx.Meta()
	m.Boots = append(m.Boots, Boot{ID: boot, Rev: m.Head})
	if most := m.most(); len(m.Boots) > most {
		m.Boots = m.Boots[len(m.Boots)-most:]
	}
	tx.SetMeta(m)
}

// Restored begins a new epoch (R8). now is in seconds since 1970; seen is the
// highest epoch anybody has proved, 0 if nobody did. The new epoch is above
// all of them: were it counted, one backup put back twice would mint the same
// numbers twice.
func Restored(tx CentralTx, now, seen int64) {
	m := tx.Meta()
	m.Epoch = max(now, m.Epoch+1, seen+1)
	tx.SetMeta(m)
}

// Standing is what a cursor says about the platform's own past.
type Standing int

// What a cursor can be.
const (
	// Followed: the documents after it are all the site lacks.
	Followed Standing = iota
	// TooOld: it cannot be followed, read all.
	TooOld
	// Ahead: the site has read what this platform never wrote, so the
	// platform was put back.
	Ahead
)

// Stands reads a cursor against the platform's own history. The caller has
// made sure that the platform itself once issued the cursor.
func (m CentralMeta) Stands(c Cursor) Standing {
	switch {
	case c == Cursor{}:
		return TooOld
	case c.Epoch > m.Epoch, c.Rev > m.Head:
		return Ahead
	case c.Epoch < m.Epoch:
		return TooOld
	}
	for i, b := range m.Boots {
		if b.ID != c.Boot {
			continue
		}
		if i+1 < len(m.Boots) && c.Rev > m.Boots[i+1].Rev {
			return Ahead
		}
		return Followed
	}
	// Starts before the first one kept may have written up to where that one
	// stands, and a platform that wrote nothing since stands there still.
	if len(m.Boots) >= m.most() && c.Rev <= m.Boots[0].Rev {
		return TooOld
	}
	return Ahead
}

// Greet answers a hello. token is random, for the site's next one; now is in
// seconds since 1970.
func Greet(tx CentralTx, from Site, h Hello, token string, now int64) HelloReply {
	standing := tx.Meta().Stands(h.Cursor)
	if standing == Ahead {
		Restored(tx, now, h.Cursor.Epoch)
	}
	member := tx.Member(from)
	stray := member.Token != "" && h.Token != member.Token && h.Token != member.Before
	if stray {
		h.Token = "" // until it is heard, the next hello is a stray one again
	}
	next := Member{Token: token, Before: h.Token, Voiding: member.Voiding, Voided: member.Voided}
	if stray || h.Rolled {
		next.Voiding, next.Voided = true, "" // there may be more than one transaction holds
	}
	tx.SetMember(from, next)
	for _, b := range h.Burns {
		burn(tx, from, b)
	}
	m := tx.Meta()
	r := HelloReply{Epoch: m.Epoch, Rolled: stray, Token: token}
	if standing != Followed {
		r.Snapshot, r.Cursor = true, Cursor{Epoch: m.Epoch, Boot: m.bootAt(m.Head)}
	}
	return r
}

// Void goes on taking back what is armed at a site whose hello asked for it; it
// looks at so many devices, and says whether there are more. Until there are
// none the site reads no documents (Read), and of what was not looked at nothing
// is confirmed (Allow).
func Void(tx CentralTx, site Site, most int) (more bool) {
	m := tx.Member(site)
	if !m.Voiding {
		return false
	}
	var armed []ID
	epoch, looked := tx.Meta().Epoch, 0
	tx.At(site, m.Voided, func(id ID, h Held) bool {
		if more = looked == most; more {
			return false
		}
		looked, m.Voided = looked+1, id
		if h.Sec.At(epoch).Armed() {
			armed = append(armed, id)
		}
		return true
	})
	for _, id := range armed {
		Disarm(tx, id)
	}
	if m.Voiding = more; !more {
		m.Voided = ""
	}
	tx.SetMember(site, m)
	return more
}

func burn(tx CentralTx, from Site, b Burn) {
	h, ok := tx.Device(b.ID)
	if !ok || h.Home != from || h.Sec.OTP.Mint != b.Mint || h.Sec.Used {
		return
	}
	h.Sec.Used = true
	put(tx, b.ID, h)
}

// Read answers a pull; ok is false while Void has not come to its end. A box
// that was put back reads nothing armed that it may have used before.
func Read(tx CentralTx, from Site, p Pull) (r PullReply, ok bool) {
	if tx.Member(from).Voiding {
		return PullReply{}, false
	}
	m := tx.Meta()
	pin := p.Pin
	if pin == 0 || pin > m.Head {
		pin = m.Head
	}
	docs, more := tx.Docs(from, p.After, pin)
	end := pin
	if more {
		end = docs[len(docs)-1].Rev
	}
	return PullReply{
		Epoch: m.Epoch, Docs: docs, Pin: pin, More: more,
		Cursor: Cursor{Epoch: m.Epoch, Rev: end, Boot: m.bootAt(end)},
	}, true
}

// bootAt is the last start at a revision.
func (m CentralMeta) bootAt(rev uint64) string {
	for i := len(m.Boots) - 1; i >= 0; i-- {
		if m.Boots[i].Rev <= rev {
			return m.Boots[i].ID
		}
	}
	return ""
}

// maxLeap is how far a site's number may be above the platform's and still be
// adopted. More was never lost in a restore; it is made up.
const maxLeap = 1 << 16

// Take merges what a site sends up (R9, R10).
func Take(tx CentralTx, from Site, p Push) PushReply {
	m := tx.Meta()
	for _, it := range p.Items {
		h, ok := tx.Device(it.ID)
		if !ok || h.Home != from || !it.Sec.believable(h.Sec, m.Epoch) {
			continue
		}
		was := h.Sec
		h.Sec = h.Sec.At(m.Epoch)
		up := it.Sec
		if up.OTP.Newer(h.Sec.OTP) {
			up.Used = true
		}
		// A fleet that comes back sends all it knows: nearly all of it is so
		// already, and is not read a second time.
		if h.Sec = h.Sec.Join(up).At(m.Epoch); h.Sec != was {
			put(tx, it.ID, h)
		}
	}
	return PushReply{Epoch: m.Epoch}
}

func (s Sec) believable(held Sec, epoch int64) bool {
	return s.OTP.Epoch <= epoch && s.PIN.Epoch <= epoch &&
		s.OTP.N <= held.OTP.N+maxLeap && s.PIN.N <= held.PIN.N+maxLeap
}

// Allow answers a confirm: yes once, for one attempt (R5).
func Allow(tx CentralTx, from Site, c Confirm) ConfirmReply {
	m := tx.Meta()
	no := ConfirmReply{Epoch: m.Epoch}
	h, ok := tx.Device(c.ID)
	if !ok || h.Home != from || c.Tx == "" || c.Epoch != m.Epoch {
		return no
	}
	sec := h.Sec.At(m.Epoch)
	if sec.OTP != c.OTP || sec.OTP.N == 0 {
		return no
	}
	if sec.Used {
		return ConfirmReply{Epoch: m.Epoch, OK: h.Tx == c.Tx}
	}
	if v := tx.Member(from); v.Voiding && c.ID > v.Voided {
		return no
	}
	sec.Used = true
	put(tx, c.ID, Held{Home: h.Home, Sec: sec, Tx: c.Tx})
	return ConfirmReply{Epoch: m.Epoch, OK: true}
}

// put writes a device and the document of its home, if anything changed.
func put(tx CentralTx, id ID, h Held) {
	was, ok := tx.Device(id)
	if ok && was == h {
		return
	}
	tx.SetDevice(id, h)
	if h.Home == "" {
		return
	}
	tx.SetDoc(h.Home, next(tx, h.Home, Doc{ID: id, Sec: h.Sec}))
}

// next gives a document the version after the one the site may hold.
func next(tx CentralTx, site Site, d Doc) Doc {
	old, _ := tx.Doc(site, d.ID)
	d.Ver = old.Ver.Next(tx.Meta().Epoch)
	return d
}

// Arm mints a one-time password for a device (R1: for its home).
func Arm(tx CentralTx, id ID, mint string) {
	h, ok := tx.Device(id)
	if !ok {
		return
	}
	epoch := tx.Meta().Epoch
	h.Sec = h.Sec.At(epoch)
	h.Sec.OTP, h.Sec.Used, h.Tx = h.Sec.OTP.Next(epoch, mint), false, ""
	put(tx, id, h)
}

// Disarm makes a device's one-time password void.
func Disarm(tx CentralTx, id ID) {
	h, ok := tx.Device(id)
	if !ok || !h.Sec.Armed() {
		return
	}
	h.Sec.Used = true
	put(tx, id, h)
}

// Lock has no PIN of a device taken any more, as a site does after too many
// wrong ones. NewPIN ends it.
func Lock(tx CentralTx, id ID) {
	h, ok := tx.Device(id)
	if !ok {
		return
	}
	h.Sec = h.Sec.At(tx.Meta().Epoch)
	h.Sec.Locked = true
	put(tx, id, h)
}

// NewPIN begins a new generation of a device's PIN: tries and locks under
// older ones no longer count, whenever news of them arrive.
func NewPIN(tx CentralTx, id ID) {
	h, ok := tx.Device(id)
	if !ok {
		return
	}
	epoch := tx.Meta().Epoch
	h.Sec = h.Sec.At(epoch)
	h.Sec.PIN, h.Sec.Fails, h.Sec.Locked = h.Sec.PIN.Next(epoch, ""), 0, false
	put(tx, id, h)
}

// Rewrite gives a device's document a new version because something else in
// it changed: a line, a label. It says whether the device is known.
func Rewrite(tx CentralTx, id ID) bool {
	h, ok := tx.Device(id)
	if !ok || h.Home == "" {
		return false
	}
	tx.SetDoc(h.Home, next(tx, h.Home, Doc{ID: id, Sec: h.Sec}))
	return true
}

// Settle gives a device a home, moves it, or with "" takes it from its site
// (R1). The old site gets a tombstone; whatever was minted for it is void, and
// the PIN begins a new generation.
func Settle(tx CentralTx, id ID, home Site, mint string) {
	h, known := tx.Device(id)
	if known && h.Home == home {
		return
	}
	if h.Home != "" {
		tx.SetDoc(h.Home, next(tx, h.Home, Doc{ID: id, Del: true, Sec: h.Sec}))
	}
	epoch := tx.Meta().Epoch
	sec := h.Sec.At(epoch)
	sec.OTP, sec.Used = sec.OTP.Next(epoch, mint), mint == ""
	sec.PIN, sec.Fails, sec.Locked = sec.PIN.Next(epoch, ""), 0, false
	put(tx, id, Held{Home: home, Sec: sec})
}
