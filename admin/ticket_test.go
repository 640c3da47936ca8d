package admin_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/auth"
)

// A planted ticket: its password may be in the answer to its making alone.
const (
	plainTicketUser = "314159"
	plainTicket     = "planted-ticket-password"
)

// shown has the device's ticket shown by a phone.
func shown(b *box) {
	rec := b.records[macB]
	rec.Enrolment.Pending = auth.Credential{}
	rec.Enrolment.Ticket.State = auth.TicketAwaiting
	rec.Enrolment.Ticket.Asked = auth.Asked{At: start, By: "ip:10.20.0.57", Vendor: "poly", Model: "VVX 450", Firmware: "6.4.1"}
	b.records[macB] = rec
}

func TestTicketCalls(t *testing.T) {
	b := newBox(t, nil)
	made, err := b.client.MakeTicket(t.Context(), macB, admin.TicketInput{Hours: 2, Approval: true})
	if err != nil || made.User != plainTicketUser || made.Password != plainTicket || !made.Expires.Equal(start.Add(2*time.Hour)) || made.State != "generated" {
		t.Fatalf("made: got %+v, %v", made, err)
	}
	if _, err := b.client.ApproveTicket(t.Context(), macB); err == nil || !strings.Contains(err.Error(), "no phone has shown it") {
		t.Errorf("approved before it was shown: got %v, want a refusal that says so", err)
	}
	shown(b)
	list, err := b.client.Tickets(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatalf("list: got %+v, %v; want one", list, err)
	}
	got := list[0]
	if got.State != "awaiting approval" || got.Model != "VVX 450" || got.Firmware != "6.4.1" || got.From != "ip:10.20.0.57" || !got.Requested.Equal(start) ||
		got.User != "" || got.Password != "" || !strings.Contains(got.Next, "lineside otp approve "+macB.String()) {
		t.Errorf("list: got %+v", got)
	}
	if d, err := b.client.Device(t.Context(), macB); err != nil || d.Enrolment.Ticket != "awaiting approval" || d.Enrolment.Shown != "Awaiting approval" || !d.Enrolment.TicketUntil.Equal(start.Add(2*time.Hour)) || !strings.Contains(d.Enrolment.Next, "lineside otp approve") {
		t.Errorf("device: got %+v, %v", d.Enrolment, err)
	}
	if rejected, err := b.client.RejectTicket(t.Context(), macB, "not ours"); err != nil || rejected.State != "rejected" || rejected.Reason != "not ours" {
		t.Errorf("rejected: got %+v, %v", rejected, err)
	}
	if _, err := b.client.RevokeTicket(t.Context(), macB); err == nil {
		t.Error("a rejected ticket was revoked")
	}
	if d, err := b.client.Device(t.Context(), macB); err != nil || d.Enrolment.Shown != "Authentication needed" || !d.Enrolment.TicketUntil.IsZero() {
		t.Errorf("rejected, on the screen: got %+v, %v", d.Enrolment, err)
	}
	b.policy.FirstContact = auth.FactorOTP
	if d, err := b.client.Device(t.Context(), macB); err != nil || d.Enrolment.Shown != "" {
		t.Errorf("under otp: got %q on the screen, %v; want nothing, for there is no text", d.Enrolment.Shown, err)
	}
	if d, err := b.client.DemandTicket(t.Context(), macB, true); err != nil || !d.Enrolment.TicketDemanded || !strings.Contains(d.Enrolment.Next, "lineside otp ticket") {
		t.Errorf("demanded: got %+v, %v", d.Enrolment, err)
	}
	if b.lastBy().Front == "" {
		t.Error("the desk was not told who acts")
	}
}

func TestTicketRefusals(t *testing.T) {
	base := devices + "/" + macB.String() + "/ticket"
	for name, tc := range map[string]struct {
		method, path, body string
		status             int
		want               string
	}{
		"default":           {"POST", base, "", 201, `"state":"generated"`},
		"too long":          {"POST", base, `{"hours":337}`, 422, "1 to 336 hours"},
		"below nothing":     {"POST", base, `{"hours":-1}`, 422, "1 to 336 hours"},
		"unknown device":    {"POST", devices + "/" + macC.String() + "/ticket", "", 404, "unknown device"},
		"nothing to revoke": {"DELETE", base, "", 409, "there is none"},
		"reject, too long":  {"POST", base + "/reject", `{"reason":"` + strings.Repeat("x", 4000) + `"}`, 422, "longer than"},
		"demand nothing":    {"PUT", base + "/demand", ``, 415, "application/json"},
		"no tickets":        {"GET", "/api/v1/tickets", "", 200, `{"tickets":[],"states"`},
		"policy window":     {"PATCH", "/api/v1/policy", `{"window":"2h"}`, 200, `"window":"2h0m0s"`},
		"policy window off": {"PATCH", "/api/v1/policy", `{"window":"off"}`, 200, `"window":"off"`},
		"window too short":  {"PATCH", "/api/v1/policy", `{"window":"1s"}`, 422, "window: 1s is out of range; write 10m to"},
		"block after":       {"PATCH", "/api/v1/policy", `{"block_after":5}`, 200, `"block_after":5`},
		"block never":       {"PATCH", "/api/v1/policy", `{"block_after":0}`, 422, "block_after: 0 is out of range"},
		"auto-approval":     {"PATCH", "/api/v1/policy", `{"auto_approve":true}`, 200, `"auto_approve":true`},
		"no rule":           {"PATCH", "/api/v1/policy", `{}`, 422, "no rule is given"},
		"policy as it is":   {"GET", "/api/v1/policy", ``, 200, `"window":"off","block_after":3,"auto_approve":false,"ticket_hours":8,"pin_on_screen":false`},
		"PIN on the screen": {"PATCH", "/api/v1/policy", `{"pin_on_screen":true}`, 200, `"pin_on_screen":true`},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t, nil)
			got := b.call(t, tc.method, tc.path, tc.body)
			if got.status != tc.status || !strings.Contains(got.body, tc.want) {
				t.Errorf("got %d %s\nwant %d with %s", got.status, got.body, tc.status, tc.want)
			}
		})
	}
}

// TestWrongRuleChangesNone sends a good and a bad rule at once.
func TestWrongRuleChangesNone(t *testing.T) {
	b := newBox(t, nil)
	got := b.call(t, "PATCH", "/api/v1/policy", `{"claimed":true,"block_after":1000,"window":"1y"}`)
	if got.status != 422 || !strings.Contains(got.body, "window: ") || !strings.Contains(got.body, "block_after: ") || b.policy.Claimed {
		t.Errorf("got %d %s, claimed %t; want both faults named and nothing changed", got.status, got.body, b.policy.Claimed)
	}
}

// TestTicketStaysInside asks everything of a box that has a ticket, and is
// shown its password nowhere.
func TestTicketStaysInside(t *testing.T) {
	for _, r := range admin.Routes() {
		b := newBox(t, nil)
		if _, err := b.client.MakeTicket(t.Context(), macB, admin.TicketInput{}); err != nil {
			t.Fatal(err)
		}
		path := strings.ReplaceAll(r[1], "{mac}", macB.String())
		for _, body := range []string{"", `{}`, `{"reason":"x"}`, `{"demanded":true}`} {
			got := b.call(t, r[0], example(path), body)
			makes := r[0] == "POST" && strings.HasSuffix(r[1], "/ticket")
			if strings.Contains(got.body+fmt.Sprint(got.header)+b.log.String(), plainTicket) && !makes {
				t.Errorf("%s %s shows the ticket's password: %s", r[0], path, got.body)
			}
		}
	}
}
