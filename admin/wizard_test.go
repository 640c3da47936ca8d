package admin_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// TestTicketsForMany: each device by itself, first looked at, then made; a
// password is in the answer to the making alone.
func TestTicketsForMany(t *testing.T) {
	b := newBox(t, nil)
	rec := b.records[macA]
	rec.Platform.Managed = true
	b.records[macA] = rec
	in := admin.TicketsInput{CSV: "mac;ticket_user;ticket_password\n" + macB.String() + ";reception;planted2own\n" +
		macA.String() + ";;\n" + macC.String() + ";;\nnonsense;;\n" + macB.String() + ";;\n", Hours: 24, Approval: true, DryRun: true}
	for _, dry := range []bool{true, false} {
		in.DryRun = dry
		got, err := b.client.MakeTickets(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		if got.Made != 1 || got.Failed != 4 || got.Hours != 24 || len(got.Lines) != 5 {
			t.Fatalf("dry %v: got %+v, want one made and four not", dry, got)
		}
		for i, want := range []string{"", "gets its one-time passwords from the platform", "unknown device", "not a MAC address", "is in line 2 already"} {
			l := got.Lines[i]
			if l.Line != i+2 || !strings.Contains(l.Error, want) || l.Ready != (want == "") || l.Ready != (l.Hint == "") {
				t.Errorf("dry %v, line %d: got %+v, want %q", dry, i+2, l, want)
			}
		}
		if dry != (got.Lines[0].Ticket == nil) || dry != (b.records[macB].Enrolment.Ticket.State == auth.NoTicket) {
			t.Errorf("dry %v: got %+v and %+v", dry, got.Lines[0], b.records[macB].Enrolment.Ticket)
		}
		if !dry {
			made := got.Lines[0].Ticket
			if made.User != "reception" || made.Password != "planted2own" || !made.Approval || made.Expires.Sub(made.Made).Hours() != 24 {
				t.Errorf("got %+v, want what was brought", made)
			}
			var with, without bytes.Buffer
			_ = admin.WriteTickets(&with, []admin.Ticket{*made}, true)
			_ = admin.WriteTickets(&without, []admin.Ticket{*made}, false)
			if !strings.Contains(with.String(), "planted2own") || strings.Contains(without.String(), "planted2own") {
				t.Errorf("got %q with, and %q without passwords", with.String(), without.String())
			}
		}
	}
	list, err := b.client.FindTickets(t.Context(), admin.Query{})
	if err != nil || len(list.Tickets) != 1 || strings.Contains(fmt.Sprint(list), "planted") || len(list.Reasons) == 0 || len(list.Presets) == 0 {
		t.Errorf("got %+v, %v; want one, without its password", list, err)
	}
	again, err := b.client.MakeTickets(t.Context(), admin.TicketsInput{Devices: []admin.TicketFor{{MAC: macB}}, DryRun: true})
	if err != nil || !strings.Contains(again.Lines[0].Warning, "has a ticket already, generated") || again.Hours != 8 {
		t.Errorf("got %+v, %v; want a warning, and 8 hours", again, err)
	}
}

// TestTicketsAreFound by their state and by whose they are.
func TestTicketsAreFound(t *testing.T) {
	b := newBox(t, nil)
	if _, err := b.client.MakeTickets(t.Context(), admin.TicketsInput{Devices: []admin.TicketFor{{MAC: macA}, {MAC: macB}}}); err != nil {
		t.Fatal(err)
	}
	shown(b)
	for _, tt := range []struct {
		search admin.Query
		want   int
	}{
		{admin.Query{}, 2}, {admin.Query{State: "generated"}, 1}, {admin.Query{State: "awaiting approval"}, 1}, {admin.Query{State: "used"}, 0},
		{admin.Query{Text: "vvx"}, 1}, {admin.Query{Text: "vvx", State: "generated"}, 0}, {admin.Query{Vendor: "yealink"}, 1}, {admin.Query{Owner: "alice"}, 1},
		{admin.Query{Limit: 1}, 1}, {admin.Query{Offset: 1}, 1}, {admin.Query{Offset: 1, Limit: 5}, 1}, {admin.Query{Offset: 2}, 0},
		{admin.Query{State: "generated", Offset: 1}, 0},
	} {
		search, want := tt.search, tt.want
		got, err := b.client.FindTickets(t.Context(), search)
		if err != nil || len(got.Tickets) != want {
			t.Errorf("%+v: got %+v, %v; want %d", search, got, err, want)
		}
		if total := got.States["generated"] + got.States["awaiting approval"]; search.Text+string(search.Vendor)+search.Owner == "" && total != 2 {
			t.Errorf("%+v: got %d counted, want 2 whatever is listed", search, total)
		}
	}
	csv := b.call(t, "GET", "/api/v1/tickets?csv=true", "")
	if !strings.Contains(csv.body, "mac,vendor,label,ticket_state,expires,ticket_user\r\n") || strings.Count(csv.body, "\r\n") != 3 || strings.Contains(csv.body, plainTicket) {
		t.Errorf("got %q", csv.body)
	}
}

// TestTicketsAreRefused where it is not clear what is meant; nothing is made.
func TestTicketsAreRefused(t *testing.T) {
	for body, want := range map[string]int{
		`{}`: 422,
		`{"devices":[{"mac":"00:04:f2:01:02:03"}],"csv":"mac\n"}`:     422,
		`{"devices":[{"mac":"00:04:f2:01:02:03"}],"hours":337}`:       422,
		`{"devices":[{"mac":"00:04:f2:01:02:03"}],"hours":-1}`:        422,
		`{"devices":[{"mac":"x"}]}`:                                   400,
		`{"csv":"mac,secret\n"}`:                                      422,
		`{"csv":"` + strings.Repeat("x", 1<<20) + `"}`:                413,
		`{"csv":"mac` + strings.Repeat(`\n0004f2010203`, 1001) + `"}`: 422,
		`{"devices":[{"mac":"00:04:f2:01:02:03"}],"hours":1.5}`:       400,
		`{"devices":[{"mac":"00:04:f2:01:02:03","passwort":"x"}]}`:    400,
	} {
		b := newBox(t, nil)
		if got := b.call(t, "POST", "/api/v1/tickets", body); got.status != want || len(b.by) > 0 {
			t.Errorf("%.60s: got %d %.200s, want %d and nothing made", body, got.status, got.body, want)
		}
	}
	b := newBox(t, nil)
	for _, w := range []admin.TicketFor{
		{User: "x"}, {Password: "planted2own"}, {User: "pin", Password: "planted2own"}, {User: "0004f2010203", Password: "planted2own"},
		{User: "a b", Password: "planted2own"}, {User: "x", Password: "short"}, {User: "x", Password: "with space 1"},
	} {
		w.MAC = macB
		got, err := b.client.MakeTickets(t.Context(), admin.TicketsInput{Devices: []admin.TicketFor{w}})
		if err != nil || got.Made != 0 || got.Lines[0].Error == "" || len(b.by) > 0 || strings.Contains(got.Lines[0].Error, "planted2own") {
			t.Errorf("%+v: got %+v, %v; want it refused without its password", w, got, err)
		}
	}
}

// TestTicketHours is a rule of the site.
func TestTicketHours(t *testing.T) {
	b := newBox(t, nil)
	for hours, want := range map[int]bool{1: true, 336: true, 0: false, 337: false, -1: false, 1 << 40: false} {
		p, err := b.client.SetPolicy(t.Context(), admin.PolicyInput{TicketHours: admin.Set(hours)})
		if (err == nil) != want || want && p.TicketHours != hours {
			t.Errorf("%d hours: got %d, %v; want it taken: %v", hours, p.TicketHours, err, want)
		}
	}
	var mac phone.MAC
	if err := auth.CheckTicket(mac.String(), phone.NewSecret("abcdefgh1")); err == nil {
		t.Error("a user name with colons was taken")
	}
}
