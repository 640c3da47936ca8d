package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

func withTicket(n int, as auth.TicketState) auth.Record {
	rec := testRecord(n)
	rec.Enrolment = auth.MakeTicket(time.Now(), rec.Enrolment, auth.Ticket{User: "314159", Password: phone.NewSecret("fake-ticket-password")}, auth.TicketLife)
	rec.Enrolment.Ticket.State = as
	if as != auth.TicketGenerated {
		rec.Enrolment.Ticket.Asked.By = "ip:10.20.0.57"
	}
	return rec
}

// TestCopyNeverRevivesATicket: a ticket may have been used after the copy was
// made, so in the copy no live one is good any more, and no dead one changes.
func TestCopyNeverRevivesATicket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	s := openTest(t, path, Config{})
	states := []auth.TicketState{auth.TicketGenerated, auth.TicketAwaiting, auth.TicketApproved, auth.TicketUsed, auth.TicketRejected}
	for n, st := range states {
		set(t, s, withTicket(n+1, st))
	}
	var backup bytes.Buffer
	if err := s.Backup(&backup); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "db")
	if err := os.WriteFile(path, backup.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, path, Config{})
	for n, st := range states {
		rec, err := s.Device(testMAC(n + 1))
		if err != nil {
			t.Fatal(err)
		}
		want := st
		if st.IsLive() {
			want = auth.TicketRevoked
		}
		if got := rec.Enrolment.Ticket.State; got != want {
			t.Errorf("%s in the copy: got %s, want %s", st, got, want)
		}
	}
	if d := s.Report().Detail; !strings.Contains(d, "3 tickets were made void") {
		t.Errorf("report: got %q, want 3 tickets named", d)
	}
	if bytes.Contains(backup.Bytes(), []byte("fake-ticket-password")) {
		t.Error("a ticket's password stands in the file unsealed")
	}
}

// TestDeadTicketStaysDead has a change, as a mistaken caller would make it,
// bring a ticket back.
func TestDeadTicketStaysDead(t *testing.T) {
	for name, tt := range map[string]struct {
		was    auth.TicketState
		change func(*auth.Ticket)
		taken  bool
	}{
		"used again":         {auth.TicketUsed, func(k *auth.Ticket) { k.State = auth.TicketGenerated }, false},
		"rejected, approved": {auth.TicketRejected, func(k *auth.Ticket) { k.State = auth.TicketApproved }, false},
		"serial back":        {auth.TicketUsed, func(k *auth.Ticket) { *k = auth.Ticket{} }, false},
		"to another caller":  {auth.TicketAwaiting, func(k *auth.Ticket) { k.Asked.By = "ip:10.20.0.99" }, false},
		"a new one":          {auth.TicketUsed, func(k *auth.Ticket) { *k = auth.Ticket{Serial: k.Serial + 1, State: auth.TicketGenerated} }, true},
		"approved":           {auth.TicketAwaiting, func(k *auth.Ticket) { k.State = auth.TicketApproved }, true},
		"reset":              {auth.TicketUsed, func(k *auth.Ticket) { *k = auth.Ticket{Serial: k.Serial} }, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := openTest(t, filepath.Join(t.TempDir(), "db"), Config{})
			set(t, s, withTicket(1, tt.was))
			_, err := s.Change(t.Context(), func(old auth.Record) (*auth.Record, []audit.Record, error) {
				tt.change(&old.Enrolment.Ticket)
				return &old, nil, nil
			}, testMAC(1))
			if tt.taken != (err == nil) || !tt.taken && !errors.Is(err, ErrRevived) {
				t.Errorf("got %v, want taken %t", err, tt.taken)
			}
		})
	}
}
