package admin_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

var (
	_ admin.Desk = (*provision.Desk)(nil)
	_ admin.Desk = (*desk)(nil)
)

// desk is a front desk in memory. It keeps who asked, and breaks on request.
type desk struct {
	mu       sync.Mutex
	records  map[phone.MAC]auth.Record
	policy   auth.Policy
	visitors []phone.Seen
	recent   []provision.Step
	live     chan provision.Step
	findings []provision.Finding // of every timeline, before the others
	by       []audit.Actor
	fail     error         // every read of the list returns it
	panics   bool          // every read of the list panics
	hold     chan struct{} // Suspend waits for it
	held     chan struct{} // and says so here
	town     town
	unhelped []provision.UnhelpedCall
	lost     []provision.LostNumber // of every device
}

func newDesk() *desk {
	return &desk{records: make(map[phone.MAC]auth.Record), live: make(chan provision.Step, 8), policy: auth.Policy{FirstContact: auth.FactorPIN}}
}

func (d *desk) Site() phone.Site { return phone.Site{Name: "Branch <7>"} }

func (d *desk) Device(mac phone.MAC) (auth.Record, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.deviceLocked(mac)
}

func (d *desk) deviceLocked(mac phone.MAC) (auth.Record, error) {
	rec, ok := d.records[mac]
	if !ok {
		return auth.Record{}, fmt.Errorf("%s: %w", mac, phone.ErrUnknownDevice)
	}
	rec.Device = rec.Device.Clone()
	return rec, nil
}

func (d *desk) Devices() ([]auth.Record, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.panics {
		panic("planted: " + plainLine)
	}
	var all []auth.Record
	for _, rec := range d.records {
		all = append(all, rec)
	}
	slices.SortFunc(all, func(a, b auth.Record) int { return bytes.Compare(a.Device.MAC[:], b.Device.MAC[:]) })
	return all, d.fail
}

func (d *desk) Seen(mac phone.MAC) (phone.Seen, bool) {
	return phone.Seen{MAC: mac, Front: "http"}, true
}

func (d *desk) Visitors() []phone.Seen { return d.visitors }

func (d *desk) Strays(auth.Record) []string { return nil }

func (d *desk) Add(_ context.Context, by audit.Actor, dev phone.Device) (auth.Record, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.by = append(d.by, by)
	if _, ok := d.records[dev.MAC]; ok {
		return auth.Record{}, fmt.Errorf("%s: %w", dev.MAC, provision.ErrExists)
	}
	return d.putLocked(dev), nil
}

func (d *desk) putLocked(dev phone.Device) auth.Record {
	rec, ok := d.records[dev.MAC]
	if !ok {
		rec.Enrolment = auth.Enrolment{State: auth.Needed, PIN: phone.NewSecret(plainPIN)}
		dev.Created = start
	}
	rec.Device = dev
	rec.Rev++
	d.records[dev.MAC] = rec
	return rec
}

func (d *desk) CheckImport(devices []phone.Device) []error {
	wrong := make([]error, len(devices))
	for i, dev := range devices {
		if dev.Owner == "nobody" {
			wrong[i] = fmt.Errorf("device %s is %w: owner: there is no user nobody", dev.MAC, provision.ErrInvalid)
		}
	}
	return wrong
}

func (d *desk) Import(_ context.Context, by audit.Actor, devices []phone.Device) (added, changed int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.by = append(d.by, by)
	for _, dev := range devices {
		if _, ok := d.records[dev.MAC]; ok {
			changed++
		} else {
			added++
		}
		d.putLocked(dev)
	}
	return added, changed, nil
}

func (d *desk) Edit(_ context.Context, by audit.Actor, mac phone.MAC, rev uint64, edit func(*phone.Device) error) (auth.Record, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.by = append(d.by, by)
	rec, err := d.deviceLocked(mac)
	if err != nil {
		return rec, err
	}
	if rev != 0 && rev != rec.Rev {
		return rec, fmt.Errorf("device %s was %w", mac, provision.ErrStale)
	}
	if err := edit(&rec.Device); err != nil {
		return rec, err
	}
	return d.putLocked(rec.Device), nil
}

func (d *desk) Remove(_ context.Context, by audit.Actor, mac phone.MAC) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.by = append(d.by, by)
	_, err := d.deviceLocked(mac)
	delete(d.records, mac)
	return err
}

func (d *desk) EnterPIN(_ context.Context, by audit.Actor, mac phone.MAC, pin phone.Secret) (auth.PINResult, error) {
	rec, err := d.change(by, mac, func(e *auth.Enrolment) {})
	if err != nil {
		return auth.PINResult{}, err
	}
	return auth.PINResult{Looked: true, Accepted: pin.Equal(rec.Enrolment.PIN), State: auth.Needed, Left: 2}, nil
}

func (d *desk) change(by audit.Actor, mac phone.MAC, edit func(*auth.Enrolment)) (auth.Record, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.by = append(d.by, by)
	rec, err := d.deviceLocked(mac)
	if err != nil {
		return rec, err
	}
	edit(&rec.Enrolment)
	rec.Rev++
	d.records[mac] = rec
	return rec, nil
}

func (d *desk) Suspend(_ context.Context, by audit.Actor, mac phone.MAC) (auth.Record, error) {
	if d.hold != nil {
		close(d.held)
		<-d.hold
	}
	return d.change(by, mac, func(e *auth.Enrolment) { e.Suspended = start.Add(auth.SuspendFor) })
}

func (d *desk) Reset(_ context.Context, by audit.Actor, mac phone.MAC) (auth.Record, error) {
	return d.change(by, mac, func(e *auth.Enrolment) { e.Epoch++ })
}

func (d *desk) Block(_ context.Context, by audit.Actor, mac phone.MAC) (auth.Record, error) {
	if rec, err := d.Device(mac); err == nil && rec.Enrolment.State == auth.Successful {
		return rec, fmt.Errorf("%s %w", mac, provision.ErrHasLogin)
	}
	return d.change(by, mac, func(e *auth.Enrolment) { *e = auth.Block(*e) })
}

func (d *desk) Unblock(_ context.Context, by audit.Actor, mac phone.MAC) (auth.Record, error) {
	return d.change(by, mac, func(e *auth.Enrolment) { e.State = auth.Needed })
}

// Hears is true of phones whose MAC ends in an even digit.
func (d *desk) Hears(mac phone.MAC) bool { return mac[5]%2 == 0 }

func (d *desk) Resync(macs []phone.MAC, _ string, all bool) (provision.Resynced, error) {
	if all {
		return provision.Resynced{Asked: 4, Told: 1, NotRegistered: 2, NoWay: 1}, nil
	}
	return provision.Resynced{Asked: len(macs), Told: len(macs)}, nil
}

func (d *desk) AllowOTP(_ context.Context, by audit.Actor, mac phone.MAC, clear bool) (auth.Record, error) {
	return d.change(by, mac, func(e *auth.Enrolment) {
		e.OTP = auth.Arming{Generation: e.OTP.Generation + 1}
		if clear {
			e.Current = auth.Credential{}
		}
	})
}

func (d *desk) MakeTicket(_ context.Context, by audit.Actor, mac phone.MAC, life time.Duration, approval bool) (auth.Record, error) {
	return d.change(by, mac, func(e *auth.Enrolment) {
		*e = auth.MakeTicket(start, *e, auth.Ticket{User: plainTicketUser, Password: phone.NewSecret(plainTicket), Approval: approval}, max(life, auth.MinTicket))
	})
}

func (d *desk) ApproveTicket(_ context.Context, by audit.Actor, mac phone.MAC) (auth.Record, error) {
	return d.ticket(by, mac, func(e auth.Enrolment) (auth.Enrolment, error) { return auth.ApproveTicket(start, e) })
}

func (d *desk) RejectTicket(_ context.Context, by audit.Actor, mac phone.MAC, reason string) (auth.Record, error) {
	return d.ticket(by, mac, func(e auth.Enrolment) (auth.Enrolment, error) { return auth.RejectTicket(start, e, reason) })
}

func (d *desk) RevokeTicket(_ context.Context, by audit.Actor, mac phone.MAC) (auth.Record, error) {
	return d.ticket(by, mac, func(e auth.Enrolment) (auth.Enrolment, error) { return auth.RevokeTicket(start, e) })
}

func (d *desk) DemandTicket(_ context.Context, by audit.Actor, mac phone.MAC, demanded bool) (auth.Record, error) {
	return d.change(by, mac, func(e *auth.Enrolment) { e.TicketOnly = demanded })
}

func (d *desk) ticket(by audit.Actor, mac phone.MAC, do func(auth.Enrolment) (auth.Enrolment, error)) (rec auth.Record, err error) {
	rec, unknown := d.change(by, mac, func(e *auth.Enrolment) { *e, err = do(*e) })
	return rec, errors.Join(unknown, err)
}

func (d *desk) Policy() auth.Policy {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.policy.Clone()
}

func (d *desk) rule(by audit.Actor, edit func(*auth.Policy) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.by = append(d.by, by)
	p := d.policy.Clone()
	if err := edit(&p); err != nil {
		return err
	}
	p.Rev++
	d.policy = p
	return nil
}

func (d *desk) SetBrand(_ context.Context, by audit.Actor, v phone.Vendor, user string, password phone.Secret) (auth.Brand, error) {
	if n := len(password.Reveal()); n > 0 && n < provision.MinOTP {
		return auth.Brand{}, fmt.Errorf("one-time password is %w: it is too short", provision.ErrInvalid)
	}
	var b auth.Brand
	err := d.rule(by, func(p *auth.Policy) error {
		if p.Brands == nil {
			p.Brands = make(map[phone.Vendor]auth.Brand)
		}
		b = auth.Brand{Vendor: v, User: user, Password: password, Generation: p.Brands[v].Generation + 1, Set: start}
		p.Brands[v] = b
		return nil
	})
	return b, err
}

func (d *desk) SetClaimed(_ context.Context, by audit.Actor, claimed bool) error {
	return d.rule(by, func(p *auth.Policy) error { p.Claimed = claimed; return nil })
}

func (d *desk) SetWindow(_ context.Context, by audit.Actor, length time.Duration) error {
	return d.rule(by, func(p *auth.Policy) error { *p = p.WithWindow(start, length); return nil })
}

func (d *desk) SetBlockAfter(_ context.Context, by audit.Actor, n int) error {
	return d.rule(by, func(p *auth.Policy) error { p.BlockAfter = n; return nil })
}

func (d *desk) SetAutoApprove(_ context.Context, by audit.Actor, auto bool) error {
	return d.rule(by, func(p *auth.Policy) error { p.AutoApprove = auto; return nil })
}

func (d *desk) SetPINOnScreen(_ context.Context, by audit.Actor, yes bool) error {
	return d.rule(by, func(p *auth.Policy) error { p.PINOnScreen = yes; return nil })
}

func (d *desk) SetFirstContact(_ context.Context, by audit.Actor, f auth.Factor) error {
	return d.rule(by, func(p *auth.Policy) error { p.FirstContact = f; return nil })
}

func (d *desk) AddAllow(_ context.Context, by audit.Actor, n netip.Prefix, note string) error {
	return d.rule(by, func(p *auth.Policy) error {
		p.Allow = append(p.Allow, auth.Allow{Prefix: n, Note: note, Since: start})
		return nil
	})
}

func (d *desk) RemoveAllow(_ context.Context, by audit.Actor, n netip.Prefix) error {
	return d.rule(by, func(p *auth.Policy) error {
		kept := slices.DeleteFunc(p.Allow, func(a auth.Allow) bool { return a.Prefix == n })
		if len(kept) == len(p.Allow) {
			return fmt.Errorf("%s %w", n, provision.ErrNotAllowed)
		}
		p.Allow = kept
		return nil
	})
}

func (d *desk) Preview(mac phone.MAC, file string, reveal bool) ([]provision.Preview, error) {
	rec, err := d.Device(mac)
	if err != nil {
		return nil, err
	}
	body := "password=" + phone.Redacted
	if reveal {
		body = "password=" + rec.Device.Lines[0].Password.Reveal()
	}
	return []provision.Preview{{File: cmp.Or(file, mac.Hex()+".cfg"), Stage: "full", Type: "text/plain", Body: body, Why: "asked"}}, nil
}

func (d *desk) Recent(mac phone.MAC) []provision.Step {
	return slices.DeleteFunc(slices.Clone(d.recent), func(s provision.Step) bool { return !mac.IsZero() && s.MAC != mac })
}

// Timeline has one finding of each kind of fix.
func (d *desk) Timeline(mac phone.MAC) provision.Timeline {
	t := provision.Timeline{MAC: mac, Known: true, Events: []provision.Event{{At: start, First: start, Times: 3, Front: "tftp", Kind: provision.KindOpen, Text: "fetched common.txt"}}}
	t.Findings = append(t.Findings, d.findings...)
	for _, f := range []provision.Fix{provision.FixAllowOTP, provision.FixSuspend, provision.FixUnblock, ""} {
		t.Findings = append(t.Findings, provision.Finding{Code: "code-" + string(f), Text: "is odd", Do: "mend it", At: start, Fix: f})
	}
	return t
}

func (d *desk) Watch(context.Context, phone.MAC) <-chan provision.Step { return d.live }

func (d *desk) lastBy() audit.Actor {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.by) == 0 {
		return audit.Actor{}
	}
	return d.by[len(d.by)-1]
}

// books is an audit log, a recorder and a lease table in memory.
type books struct {
	more   []phone.Lease // beside the two there are
	mu     sync.Mutex
	events []audit.Record
	tokens []admin.TokenRecord
	fail   error
	look   int // how many entries a search looks at, 0 for all

	failFrom uint64 // a search from behind this entry on fails; 0 is none

	copied    [][]byte      // a backup, piece by piece
	breaks    error         // Backup ends with it
	breaksOff any           // Backup ends in this panic
	hold      chan struct{} // Backup waits for it after the first piece
}

func (b *books) Backup(w io.Writer) error {
	for _, piece := range b.copied {
		if _, err := w.Write(piece); err != nil {
			return err
		}
		if b.hold != nil {
			<-b.hold
		}
	}
	if b.breaksOff != nil {
		panic(b.breaksOff)
	}
	return b.breaks
}

func (b *books) Tokens() []admin.TokenRecord {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.tokens
}

func (b *books) ChangeTokens(_ context.Context, edit func([]admin.TokenRecord) ([]admin.TokenRecord, []audit.Record, error)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	next, events, err := edit(b.tokens)
	if err == nil {
		err = b.fail
	}
	if err == nil {
		b.tokens, b.events = next, append(b.events, events...)
	}
	return err
}

func (b *books) Record(_ context.Context, events ...audit.Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, events...)
	return b.fail
}

func (b *books) kinds() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []string
	for _, e := range b.events {
		list = append(list, e.Event.Kind())
	}
	return list
}

// SearchAudit has five entries, of whatever device is looked for; by whom goes round
// three.
func (b *books) SearchAudit(_ context.Context, q audit.Search) (audit.Found, error) {
	var found audit.Found
	if b.failFrom != 0 && q.Since >= b.failFrom-1 {
		return found, errors.New("planted")
	}
	for n := range uint64(5) {
		seq := n + 1
		if !q.Forward {
			seq = 5 - n
		}
		if seq <= q.Since || q.Before != 0 && seq >= q.Before {
			continue
		}
		if len(found.Entries) == q.Limit || b.look > 0 && found.Looked == b.look {
			return found, b.fail
		}
		e := audit.Entry{Seq: seq, At: start.Add(time.Duration(seq) * time.Minute), Kind: "refused", MAC: q.MAC, What: []byte(`{"file":"=1+1"}`)}
		e.By = audit.Actor{Front: "api", Name: []string{"anna", "ben", "@eve"}[seq%3]}
		if found.Looked++; found.Low == 0 || seq < found.Low {
			found.Low = seq
		}
		found.High, found.At = max(seq, found.High), e.At
		if !q.Matches(e) {
			continue
		}
		if found.Entries = append(found.Entries, e); !q.Forward {
			slices.SortFunc(found.Entries, func(a, b audit.Entry) int { return cmp.Compare(a.Seq, b.Seq) })
		}
	}
	found.End = true
	return found, b.fail
}

func (b *books) AuditSince(_ context.Context, at time.Time) (uint64, error) {
	if at.After(start) {
		return 5, nil
	}
	return 3, nil
}

func (b *books) VerifyAudit(context.Context) (audit.Check, error) {
	return audit.Check{Entries: 2, First: 4, Last: 5, BrokenAt: 5, Why: "it does not follow", Anchor: audit.Link{Seq: 3, Hash: audit.Hash{0xab}}}, nil
}

func (b *books) Leases() ([]phone.Lease, error) {
	return append([]phone.Lease{
		{Addr: netip.MustParseAddr("10.20.0.60"), MAC: macB, State: phone.Released, Start: start, Expires: start},
		{Addr: netip.MustParseAddr("10.20.0.9"), MAC: macA, State: phone.Bound, ClientID: []byte{1, 0xab}, Start: start, Expires: start.Add(time.Hour)},
	}, b.more...), nil
}

func (d *desk) LostNumbers(phone.MAC) []provision.LostNumber { return d.lost }

func (d *desk) WouldLose(numbers []string) ([]provision.LostNumber, error) {
	var lost []provision.LostNumber
	for _, n := range numbers {
		lost = append(lost, provision.LostNumber{MAC: macA, Number: n})
	}
	return lost, nil
}

func (d *desk) UnhelpedCalls() []provision.UnhelpedCall {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.unhelped)
}

func (d *desk) AcknowledgeEmergencies(_ context.Context, by audit.Actor, through uint64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.by = append(d.by, by)
	was := len(d.unhelped)
	d.unhelped = slices.DeleteFunc(d.unhelped, func(c provision.UnhelpedCall) bool { return c.Number <= through })
	if was == len(d.unhelped) {
		return 0, provision.ErrNoUnhelpedCall
	}
	return was - len(d.unhelped), nil
}
