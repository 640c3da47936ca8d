package admin_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

// TestBulkAnswersEachRow: one that cannot be done keeps it from no other, one
// named twice is done once, and a dry run says the same and changes nothing.
func TestBulkAnswersEachRow(t *testing.T) {
	b := newBox(t, nil)
	rec := b.records[macB]
	rec.Enrolment.State = auth.Blocked
	b.records[macB] = rec
	for _, dry := range []bool{true, false} {
		done, err := b.client.Bulk(t.Context(), admin.BulkInput{MACs: []phone.MAC{macB, macC, macA, macB}, Action: "unblock", DryRun: dry})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range done.Rows {
			got = append(got, fmt.Sprint(r.MAC == macB, r.State, " ", r.Error != "" && r.Hint != ""))
		}
		state := map[bool]string{true: "blocked", false: "needed"}[dry]
		want := []string{"true" + state + " false", "false true", "falsesuccessful true"}
		if strings.Join(got, "|") != strings.Join(want, "|") || done.Done != 1 || done.Failed != 2 || done.DryRun != dry {
			t.Errorf("dry %v: got %q, %+v; want %q", dry, got, done, want)
		}
		if calls := len(b.by); calls != map[bool]int{true: 0, false: 1}[dry] {
			t.Errorf("dry %v: the desk changed %d devices", dry, calls)
		}
	}
	if by := b.lastBy(); by.Front != "cli" {
		t.Errorf("got %+v, want the caller's name on record", by)
	}
}

// TestBulkActions does each of them to a device it can be done to.
func TestBulkActions(t *testing.T) {
	for action, want := range map[string]func(auth.Record) bool{
		"suspend":   func(r auth.Record) bool { return !r.Enrolment.Suspended.IsZero() },
		"reset":     func(r auth.Record) bool { return r.Enrolment.Epoch == 1 },
		"block":     func(r auth.Record) bool { return r.Enrolment.State == auth.Blocked && r.Enrolment.OTP.Used },
		"unblock":   func(r auth.Record) bool { return r.Enrolment.State == auth.Needed },
		"allow-otp": func(r auth.Record) bool { return r.Enrolment.OTP.Generation == 1 },
		"demand":    func(r auth.Record) bool { return r.Enrolment.TicketOnly },
		"undemand":  func(r auth.Record) bool { return !r.Enrolment.TicketOnly },
		"approve":   func(r auth.Record) bool { return r.Enrolment.Ticket.State == auth.TicketApproved },
		"reject":    func(r auth.Record) bool { return r.Enrolment.Ticket.Reason == "not ours" },
		"revoke":    func(r auth.Record) bool { return r.Enrolment.Ticket.State == auth.TicketRevoked },
		"resync":    func(r auth.Record) bool { return r.Rev == 2 },
		"remove":    func(r auth.Record) bool { return r.Rev == 0 },
	} {
		t.Run(action, func(t *testing.T) {
			b := newBox(t, nil)
			shown(b)
			rec := b.records[macB]
			rec.Enrolment.State, rec.Enrolment.Ticket.Until = auth.Blocked, start.Add(auth.TicketLife)
			b.records[macB] = rec
			done, err := b.client.Bulk(t.Context(), admin.BulkInput{Search: &admin.Search{Text: "vvx410"}, Expect: 1, Action: action, Reason: "not ours"})
			if err != nil || done.Done != 1 || done.Failed != 0 {
				t.Fatalf("got %+v, %v; want it done", done, err)
			}
			if !want(b.records[macB]) {
				t.Errorf("got %+v", b.records[macB].Enrolment)
			}
		})
	}
}

// TestBulkIsRefused as a whole where it is not clear what is meant, or is not the
// caller's to do: nothing is changed then.
func TestBulkIsRefused(t *testing.T) {
	many := make([]string, 1001)
	for i := range many {
		many[i] = fmt.Sprintf("%q", phone.MAC{0, 0x15, 0x65, 0, byte(i >> 8), byte(i)})
	}
	for body, want := range map[string]int{
		`{"action":"reset"}`:                                                         422,
		`{"action":"reset","macs":[]}`:                                               422,
		`{"action":"dance","search":{}}`:                                             422,
		`{"action":"reset","search":{},"macs":["00:15:65:4a:a9:37"]}`:                422,
		`{"action":"reset","search":{"state":"happy"}}`:                              400,
		`{"action":"reset","search":{},"expect":3}`:                                  409,
		`{"action":"reset","macs":["nonsense"]}`:                                     400,
		`{"action":"reset","macs":[` + strings.Join(many, ",") + `]}`:                422,
		`{"action":"reject","search":{},"reason":"` + strings.Repeat("x", 65) + `"}`: 422,
	} {
		b := newBox(t, nil)
		if got := b.call(t, "POST", "/api/v1/devices/bulk", body); got.status != want || len(b.by) > 0 {
			t.Errorf("%.60s: got %d %s and %d changes, want %d and none", body, got.status, got.body, len(b.by), want)
		}
	}
	b := newBox(t, nil)
	token := b.tokenFor(t, "installer")
	for _, action := range []string{"suspend", "reset", "allow-otp", "remove", "demand", "undemand", "approve", "reject", "revoke"} {
		got := b.ask(t, "POST", "/api/v1/devices/bulk", `{"action":"`+action+`","search":{}}`, "Authorization", "Bearer "+token)
		if got.status != 403 || len(b.by) > 0 {
			t.Errorf("%s by an installer: got %d %s", action, got.status, got.body)
		}
	}
	for _, action := range []string{"unblock", "resync"} {
		got := b.ask(t, "POST", "/api/v1/devices/bulk", `{"action":"`+action+`","search":{}}`, "Authorization", "Bearer "+token)
		if got.status != 200 {
			t.Errorf("%s by an installer: got %d %s", action, got.status, got.body)
		}
	}
}
