package admin_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// TestHintBesideAPIN: who reads a PIN of a device with a ticket is told what the
// phone asks for, and what the PIN is good for.
func TestHintBesideAPIN(t *testing.T) {
	for _, tt := range []struct {
		name             string
		factor           auth.Factor
		ticket, demanded bool
		want, not        string
	}{
		{"no ticket", auth.FactorPIN, false, false, "enter its PIN: lineside pin enter", "ticket"},
		{"a ticket", auth.FactorPIN, true, false, "it has a ticket, so the phone shows nothing of a PIN: connect the phone and type the ticket's user name and password when it asks, before 17:00; or enter the PIN here: lineside pin enter", "by itself"},
		{"a ticket demanded, none made", auth.FactorPIN, false, true, "this PIN does not let it in by itself: a ticket is demanded of it; make one: lineside otp ticket", "pin enter"},
		{"a ticket demanded and made", auth.FactorPIN, true, true, "this PIN does not let it in by itself: connect the phone and type the ticket's", "pin enter"},
		{"a ticket, no PIN asked for", auth.FactorOTP, true, false, "connect the phone and type the ticket's", "PIN"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBox(t, nil)
			rec := b.records[macB]
			rec.Enrolment = auth.NewEnrolment(phone.NewSecret(plainPIN))
			if tt.ticket {
				rec.Enrolment = auth.MakeTicket(start, rec.Enrolment, auth.Ticket{User: "t", Password: phone.NewSecret(plainTicket)}, 8*time.Hour)
			}
			rec.Enrolment.TicketOnly = tt.demanded
			b.records[macB], b.policy.FirstContact = rec, tt.factor
			got, err := b.client.ShowPIN(t.Context(), macB)
			if err != nil || !strings.Contains(got.Next, tt.want) || strings.Contains(got.Next, tt.not) {
				t.Errorf("got %q, %v, want %q in it and not %q", got.Next, err, tt.want, tt.not)
			}
		})
	}
}

// TestStepBesideTheSentence: what comes next is said in one word as well, of
// devices and of phones that were heard of.
func TestStepBesideTheSentence(t *testing.T) {
	b := newBox(t, nil)
	for want, e := range map[string]auth.Enrolment{
		"reset":   {State: auth.Blocked},
		"pin":     {State: auth.Needed},
		"restart": {State: auth.Needed, Suspended: start.Add(time.Hour)},
		"ticket":  {State: auth.Needed, TicketOnly: true},
		"nothing": {State: auth.Successful},
	} {
		b.records[macC] = auth.Record{Rev: 1, Device: phone.Device{MAC: macC, Vendor: "snom"}, Enrolment: e}
		got, err := b.client.Device(t.Context(), macC)
		if err != nil || got.Enrolment.Step != want || got.Enrolment.Next == "" {
			t.Errorf("got %q (%s), %v, want %q", got.Enrolment.Step, got.Enrolment.Next, err, want)
		}
	}
	list, err := b.client.Phones(t.Context(), "visitor", "", 1)
	if err != nil || len(list.Phones) != 1 || list.Phones[0].Step != "claim" {
		t.Errorf("got %+v, %v, want one to claim", list.Phones, err)
	}
}
