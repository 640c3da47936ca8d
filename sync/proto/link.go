package proto

// Phase is where a link stands.
type Phase int

// A link greets, reads what it lacks, sends all it knows, reads once more,
// and from then on is in step.
const (
	Greeting Phase = iota
	Reading
	Merging
	Settling
	InStep
)

// PushItems is how many devices one push carries.
const PushItems = 200

// Link is the box's side of the link to the platform. It lives and dies with
// the process: what it holds is never written down (R4, R5, R6).
type Link struct {
	phase Phase
	// open says that one full merge was done since the start (R4).
	open bool
	// asked is the request of the loop that is awaited, with what it carried.
	asked Request
	// after is how far the full merge has got, last whether that was all.
	after ID
	last  bool
	// pin and upto belong to the reading that runs; upto is 0 before its
	// first page.
	pin, upto uint64
	poked     bool
	attempts  map[ID]attempt
}

// attempt is a one-time password the platform is asked about. Asked again, it
// keeps its tx: the platform may have said yes and the reply was lost.
type attempt struct {
	name, tx string
	otp      Gen
}

// Phase says where the link stands.
func (l *Link) Phase() Phase { return l.phase }

// Open says whether the gate of R4 is open.
func (l *Link) Open() bool { return l.open }

// Lost forgets what was awaited: the connection is gone. The link greets anew.
func (l *Link) Lost() { *l = Link{open: l.open, attempts: l.attempts} }

// Poke notes that the platform may have news.
func (l *Link) Poke() { l.poked = true }

// Next is the request to send now, under a name unlike any other; ok is false
// while one is awaited or there is nothing to ask.
func (l *Link) Next(tx SiteTx, name string) (r Request, ok bool) {
	if l.asked.ID != "" {
		return Request{}, false
	}
	m := tx.Meta()
	r = Request{ID: name}
	switch l.phase {
	case Greeting:
		r.Hello = &Hello{Cursor: m.Cursor, Token: m.Token, Rolled: m.Rolled, Burns: m.Burns[:min(len(m.Burns), MaxBurns)]}
	case Reading, Settling:
		r.Pull = l.pull(m)
	case Merging:
		r.Push = l.merge(tx, m)
	case InStep:
		if r.Push = dirty(tx, m); r.Push == nil && l.poked {
			l.poked, r.Pull = false, l.pull(m)
		}
	}
	if r.Hello == nil && r.Pull == nil && r.Push == nil {
		return Request{}, false
	}
	l.asked = r
	return r, true
}

func (l *Link) pull(m SiteMeta) *Pull {
	p := &Pull{Epoch: m.Epoch, After: m.Cursor.Rev, Pin: l.pin}
	if m.Stale {
		p.After = l.upto
	}
	return p
}

// merge is the next part of all the box knows.
func (l *Link) merge(tx SiteTx, m SiteMeta) *Push {
	p := &Push{Epoch: m.Epoch, Items: []Item{}}
	l.last = true
	tx.Each(l.after, func(id ID, d Device) bool {
		if len(p.Items) == PushItems {
			l.last = false
			return false
		}
		if !d.Gone {
			p.Items = append(p.Items, Item{ID: id, Sec: d.Sec})
		}
		return true
	})
	return p
}

// dirty is what the platform has not acknowledged, nil if it has all.
func dirty(tx SiteTx, m SiteMeta) *Push {
	p := &Push{Epoch: m.Epoch}
	tx.Each("", func(id ID, d Device) bool {
		if d.Dirty && !d.Gone {
			p.Items = append(p.Items, Item{ID: id, Sec: d.Sec})
		}
		return len(p.Items) < PushItems
	})
	if len(p.Items) == 0 {
		return nil
	}
	return p
}

// News is what a reply means beyond what it wrote.
type News struct {
	// Rolled: the box was put back with its anchor, and the platform noticed.
	Rolled bool
	// Anchor is to be written before the transaction commits, if not nil.
	Anchor *Anchor
	// Restored: the platform began a new epoch.
	Restored bool
}

// Heard takes a reply to the request awaited; any other is not heeded (R6).
func (l *Link) Heard(tx SiteTx, r Reply) News {
	if r.ID == "" || r.ID != l.asked.ID {
		return News{}
	}
	asked := l.asked
	l.asked = Request{}
	switch {
	case asked.Hello != nil && r.Hello != nil:
		return l.welcomed(tx, *asked.Hello, *r.Hello)
	case asked.Pull != nil && r.Pull != nil:
		l.read(tx, *r.Pull)
	case asked.Push != nil && r.Push != nil:
		l.pushed(tx, *asked.Push, *r.Push)
	default:
		l.Lost()
	}
	return News{}
}

func (l *Link) welcomed(tx SiteTx, h Hello, r HelloReply) (n News) {
	m := tx.Meta()
	if r.Epoch < m.Epoch {
		l.Lost()
		return News{}
	}
	n.Restored = m.Epoch != 0 && r.Epoch > m.Epoch
	if r.Snapshot {
		m.Stale, m.Reading, m.Cursor = true, m.Reading+1, r.Cursor
	}
	m.Epoch, m.Token = r.Epoch, r.Token
	if h.Rolled {
		m.Rolled = false
	}
	m.Burns = m.Burns[min(len(h.Burns), len(m.Burns)):]
	tx.SetMeta(m)
	if n.Restored {
		l.open = false
	}
	if r.Rolled {
		a := rollBack(tx, m.Count)
		n.Rolled, n.Anchor, l.open = true, &a, false
		l.Lost()
		return n
	}
	if len(m.Burns) > 0 {
		return n // and greets once more, with the rest of them
	}
	l.phase, l.after, l.pin, l.upto, l.poked = Reading, "", 0, 0, false
	return n
}

// read takes a page of documents. A page of another epoch is not read: the
// link greets first.
func (l *Link) read(tx SiteTx, r PullReply) {
	m := tx.Meta()
	if r.Epoch != m.Epoch || l.pin != 0 && r.Pin != l.pin {
		l.Lost()
		return
	}
	for _, d := range r.Docs {
		take(tx, m, d)
	}
	if r.More {
		l.pin, l.upto = r.Pin, r.Cursor.Rev
		if !m.Stale {
			m.Cursor = r.Cursor
			tx.SetMeta(m)
		}
		return
	}
	l.pin, l.upto = 0, 0
	if m.Stale {
		sweep(tx, m.Reading)
		m.Stale = false
	}
	m.Cursor = r.Cursor
	tx.SetMeta(m)
	l.step()
}

// step goes on after a whole reading.
func (l *Link) step() {
	switch l.phase {
	case Reading:
		l.phase = Merging
	case Settling:
		l.phase, l.open = InStep, true
	}
}

func (l *Link) pushed(tx SiteTx, p Push, r PushReply) {
	if r.Epoch != tx.Meta().Epoch {
		l.Lost()
		return
	}
	for _, it := range p.Items {
		l.after = it.ID
		if d, ok := tx.Device(it.ID); ok && d.Sec == it.Sec {
			d.Dirty = false
			tx.SetDevice(it.ID, d)
		}
	}
	if l.phase == Merging && l.last {
		l.phase = Settling
	}
}

// Rules are the site's settings that bear on one-time passwords.
type Rules struct {
	// Offline says that they are accepted while the platform is away.
	Offline bool
}

// Claim is a phone that shows a one-time password of the mint named. It gives
// the request to send (on line), a grant (off line), or neither: no. name and
// tx are unlike any other.
func (l *Link) Claim(tx SiteTx, id ID, mint string, online bool, rules Rules, name, attemptTx string) (*Request, *Grant) {
	m := tx.Meta()
	d, ok := tx.Device(id)
	if !ok || d.Gone || m.Stale || d.Sec.OTP.Mint != mint || d.Spent == mint || d.Sec.OTP.Epoch != m.Epoch {
		return nil, nil
	}
	a, again := l.attempts[id]
	again = again && a.otp == d.Sec.OTP
	switch {
	case !again && !d.Sec.Armed():
		return nil, nil
	case online && again:
		attemptTx = a.tx
		fallthrough
	case online:
		return l.ask(id, attempt{name: name, tx: attemptTx, otp: d.Sec.OTP}, m.Epoch), nil
	case !rules.Offline || !l.open || !d.Sec.Armed():
		return nil, nil
	}
	return nil, &Grant{ID: id, OTP: d.Sec.OTP}
}

func (l *Link) ask(id ID, a attempt, epoch int64) *Request {
	if l.attempts == nil {
		l.attempts = map[ID]attempt{}
	}
	l.attempts[id] = a
	return &Request{ID: a.name, Confirm: &Confirm{Epoch: epoch, ID: id, OTP: a.otp, Tx: a.tx}}
}

// Confirmed takes the reply to a confirm; nil is no. One attempt gives one
// grant.
func (l *Link) Confirmed(tx SiteTx, id ID, r Reply) *Grant {
	a, ok := l.attempts[id]
	if !ok || r.Confirm == nil || r.ID != a.name {
		return nil
	}
	l.GiveUp(id)
	if !r.Confirm.OK || r.Confirm.Epoch != tx.Meta().Epoch {
		return nil
	}
	return &Grant{ID: id, OTP: a.otp, confirmed: true}
}

// GiveUp forgets the attempt at a device's one-time password.
func (l *Link) GiveUp(id ID) { delete(l.attempts, id) }
