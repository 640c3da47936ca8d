package provision

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// History reads the audit log: up to limit entries numbered above since, or the
// last limit, oldest first.
type History interface {
	Audit(ctx context.Context, since uint64, mac phone.MAC, limit int) ([]audit.Entry, error)
	AuditTail(ctx context.Context, mac phone.MAC, limit int) ([]audit.Entry, error)
}

// Bounds of what is remembered of logins: user names only, never a password.
const (
	maxLogins   = 16384
	maxReadBack = 20000 // audit entries read at the start
)

// end is what made a login void.
type end string

// Ends of a login; the empty end is of one that is valid or awaited.
const (
	endRemoved  end = "removed"  // the device was deleted
	endReset    end = "reset"    // an operator reset it
	endCleared  end = "cleared"  // an operator allowed the OTP and cleared it
	endReplaced end = "replaced" // the phone used a newer one
)

// origin is whose a login was made for, and what became of it.
type origin struct {
	mac   phone.MAC
	end   end
	ended time.Time
}

// logins remembers the user names of the logins this box minted, so that a void
// one tells what happened to the phone that still shows it. It learns them from
// the audit events of each change, and after a start from the audit log, so it
// reaches back as far as that does. Only the box mints, so strangers put nothing
// in; the longest known make room.
type logins struct {
	mu    sync.Mutex
	of    map[string]*origin
	valid map[phone.MAC][]string // not void; one, or two while a new one is awaited
	lost  map[phone.MAC]origin   // the one that was made void last
	order []string               // as minted
}

func newLogins() *logins {
	return &logins{of: make(map[string]*origin), valid: make(map[phone.MAC][]string), lost: make(map[phone.MAC]origin)}
}

// origin is what is known of a user name.
func (l *logins) origin(user string) (origin, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o, ok := l.of[user]
	if !ok {
		return origin{}, false
	}
	return *o, true
}

// lastLost is the login of mac that was made void last.
func (l *logins) lastLost(mac phone.MAC) (origin, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o, ok := l.lost[mac]
	return o, ok
}

// learn takes one audit event in.
func (l *logins) learn(at time.Time, mac phone.MAC, e audit.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e := e.(type) {
	case audit.CredentialMinted:
		l.mintedLocked(mac, e.User)
	case audit.CredentialConfirmed:
		l.mintedLocked(mac, e.User)
		l.endLocked(at, mac, endReplaced, e.User)
	case audit.Reset:
		l.endLocked(at, mac, endReset, "")
	case audit.DeviceRemoved:
		l.endLocked(at, mac, endRemoved, "")
	case audit.OTPAllowed:
		if e.Cleared {
			l.endLocked(at, mac, endCleared, "")
		}
	}
}

// mintedLocked notes a valid login.
func (l *logins) mintedLocked(mac phone.MAC, user string) {
	if _, ok := l.of[user]; ok {
		return
	}
	if len(l.order) >= maxLogins {
		old := l.order[0]
		l.order = l.order[1:]
		l.forgetLocked(old)
	}
	l.of[user] = &origin{mac: mac}
	l.order = append(l.order, user)
	l.valid[mac] = append(l.valid[mac], user)
}

func (l *logins) forgetLocked(user string) {
	mac := l.of[user].mac
	delete(l.of, user)
	if len(l.lost) > maxLogins/2 {
		clear(l.lost) // the devices are long gone; what is lost from now on counts
	}
	l.keepLocked(mac, func(u string) bool { return u != user })
}

// endLocked makes every login of mac void but the one named.
func (l *logins) endLocked(at time.Time, mac phone.MAC, how end, but string) {
	l.keepLocked(mac, func(u string) bool {
		if u == but {
			return true
		}
		l.of[u].end, l.of[u].ended = how, at
		l.lost[mac] = *l.of[u]
		return false
	})
}

func (l *logins) keepLocked(mac phone.MAC, keep func(string) bool) {
	var left []string
	for _, u := range l.valid[mac] {
		if keep(u) {
			left = append(left, u)
		}
	}
	if l.valid[mac] = left; len(left) == 0 {
		delete(l.valid, mac)
	}
}

// recallLogins reads back whose logins there are and were, and on the way which
// PINs were wrong within the last hour, and which emergency calls nobody took.
func (d *Desk) recallLogins(ctx context.Context) error {
	h, started := d.store.History, d.tools.Now()
	if h == nil {
		d.recallValid()
		return nil
	}
	tail, err := h.AuditTail(ctx, phone.MAC{}, 1)
	if err != nil {
		return fmt.Errorf("read the audit log: %w", err)
	}
	if len(tail) > 0 && tail[0].Seq > 0 {
		from := tail[0].Seq - min(tail[0].Seq, maxReadBack)
		if err := d.readBack(ctx, started, from); err != nil {
			return err
		}
		d.tellUnhelped()
	}
	d.recallValid()
	return nil
}

func (d *Desk) readBack(ctx context.Context, started time.Time, since uint64) error {
	for {
		page, err := d.store.History.Audit(ctx, since, phone.MAC{}, 1000)
		if err != nil {
			return fmt.Errorf("read the audit log: %w", err)
		}
		for _, e := range page {
			since = e.Seq
			if event, ok := loginEvent(e); ok {
				d.logins.learn(e.At, e.MAC, event)
			}
			d.budget.recall(started, e)
			d.unhelped.recall(e)
		}
		if len(page) == 0 {
			return nil
		}
	}
}

// recallValid adds the logins in force that the log no longer reaches back to.
func (d *Desk) recallValid() {
	for _, rec := range d.store.Devices.Records() {
		for _, c := range []auth.Credential{rec.Enrolment.Current, rec.Enrolment.Pending} {
			if !c.IsZero() {
				d.logins.learn(c.Minted, rec.Device.MAC, audit.CredentialMinted{User: c.User})
			}
		}
	}
}

// loginEvent reads an entry that tells of a login.
func loginEvent(e audit.Entry) (audit.Event, bool) {
	switch e.Kind {
	case audit.CredentialMinted{}.Kind():
		return read[audit.CredentialMinted](e)
	case audit.CredentialConfirmed{}.Kind():
		return read[audit.CredentialConfirmed](e)
	case audit.OTPAllowed{}.Kind():
		return read[audit.OTPAllowed](e)
	case audit.Reset{}.Kind():
		return audit.Reset{}, true
	case audit.DeviceRemoved{}.Kind():
		return audit.DeviceRemoved{}, true
	}
	return nil, false
}

func read[E audit.Event](e audit.Entry) (audit.Event, bool) {
	var event E
	err := json.Unmarshal(e.What, &event)
	return event, err == nil
}

// watched is a store of devices whose changes teach what becomes of logins.
type watched struct {
	Devices
	logins *logins
	tally  *tally
	now    func() time.Time
}

// Change runs edit and learns from the events of what was kept.
func (w watched) Change(ctx context.Context, edit EditFunc, macs ...phone.MAC) ([]auth.Record, error) {
	var mu sync.Mutex // edit may still run when Change has given up
	told := make(map[phone.MAC][]audit.Record)
	recs, err := w.Devices.Change(ctx, func(old auth.Record) (*auth.Record, []audit.Record, error) {
		next, events, err := edit(old)
		mu.Lock()
		told[old.Device.MAC] = events // the last run counts
		mu.Unlock()
		return next, events, err
	}, macs...)
	if err != nil {
		return recs, err
	}
	mu.Lock()
	defer mu.Unlock()
	for mac, events := range told {
		for _, e := range events {
			w.logins.learn(w.now(), mac, e.Event)
			if _, first := e.Event.(audit.CredentialConfirmed); first {
				w.tally.add(w.now(), phone.Hour{Enrolled: 1})
			}
		}
	}
	return recs, nil
}

// ownLogin reports that user is spelt like a login of a device's own: only such
// names are kept from what callers show.
func ownLogin(user string) bool {
	rest, ok := strings.CutPrefix(user, ownPrefix)
	return ok && len(rest) == ownLetters && strings.Trim(rest, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// ownLetters is how many letters follow ownPrefix in a minted user name.
const ownLetters = 10

// holdingOf is the phone whose holding config carries the login user.
func holdingOf(user string) (phone.MAC, bool) {
	rest, ok := strings.CutPrefix(user, holdPrefix)
	if !ok || len(rest) != 12 {
		return phone.MAC{}, false
	}
	mac, err := phone.ParseMAC(rest)
	return mac, err == nil
}

// madeHere is the user name of an attempt where it is of a kind this box makes,
// else empty.
func madeHere(a *Attempt) string {
	if a == nil {
		return ""
	}
	if _, hold := holdingOf(a.User); hold || ownLogin(a.User) {
		return a.User
	}
	return ""
}
