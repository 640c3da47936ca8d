package pages_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

var (
	inputTag = regexp.MustCompile(`<input [^>]*>`)
	nameIn   = regexp.MustCompile(` name="([^"]*)"`)
	valueIn  = regexp.MustCompile(` value="([^"]*)"`)
)

// sendForm presses the button do of the form for path on a page, with all that
// stands in its fields, in the kind of body the form says.
func (b *person) sendForm(page, path, do string) (int, string) {
	b.t.Helper()
	_, form, ok := strings.Cut(page, `<form method="post" action="`+path+`"`)
	if !ok {
		b.t.Fatalf("got no form for %s:\n%.2000s", path, page)
	}
	head, _, _ := strings.Cut(form, ">")
	form, _, _ = strings.Cut(form, "</form>")
	fields := url.Values{"do": {do}}
	for _, tag := range inputTag.FindAllString(form, -1) {
		name, value := nameIn.FindStringSubmatch(tag), valueIn.FindStringSubmatch(tag)
		if name == nil || value == nil || strings.Contains(tag, `type="checkbox"`) && !strings.Contains(tag, " checked") {
			continue
		}
		fields.Add(name[1], html.UnescapeString(value[1]))
	}
	if !strings.Contains(head, "multipart/form-data") {
		return b.send(path, strings.NewReader(fields.Encode()), "application/x-www-form-urlencoded")
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, values := range fields {
		for _, value := range values {
			if err := w.WriteField(name, value); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		b.t.Fatal(err)
	}
	return b.send(path, &body, w.FormDataContentType())
}

// ticketMaker answers as the API does: with the rows of a file of 1,000 phones,
// or with those it is sent.
func ticketMaker(t *testing.T, longest string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in admin.TicketsInput
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Errorf("the API was sent no JSON: %v", err)
		}
		for i := range 1000 {
			if in.CSV != "" {
				in.Devices = append(in.Devices, admin.TicketFor{MAC: phone.MAC{0, 0x15, 0x65, 0, byte(i >> 8), byte(i)}, User: longest, Password: longest})
			}
		}
		out := admin.TicketsMade{DryRun: in.DryRun, Hours: 8, Made: len(in.Devices)}
		for _, d := range in.Devices {
			line := admin.TicketLine{MAC: d.MAC, Label: strings.Repeat("📞", phone.MaxText), Ready: true, User: d.User, Password: d.Password}
			if !in.DryRun {
				line.Ticket = &admin.Ticket{MAC: d.MAC, Vendor: "yealink", Label: line.Label, User: d.User, Password: d.Password}
			}
			out.Lines = append(out.Lines, line)
		}
		if err := json.NewEncoder(w).Encode(out); err != nil {
			t.Errorf("answer: %v", err)
		}
	})
}

// TestWizardTakesAThousand, as many as the API makes at once: each page of the
// way sends on what the one before shows, at its longest, and loses no row.
func TestWizardTakesAThousand(t *testing.T) {
	s := newSite(t)
	s.putTickets()
	longest := strings.Repeat("x", 64)
	s.api.set("POST /api/v1/tickets", ticketMaker(t, longest))
	ada := s.visitor(t)
	ada.signIn("ada")
	_, _, review := ada.post("/tickets/new", "do", "review", "csv", "mac\n")
	if got := strings.Count(review, `name="mac"`); got != 1000 {
		t.Fatalf("got %d rows to look through, want 1000", got)
	}
	status, made := ada.sendForm(review, "/tickets/new", "make")
	if got := strings.Count(made, `name="mac"`); status != http.StatusOK || got != 1000 || !strings.Contains(made, longest) {
		t.Fatalf("got %d and %d rows made, want 1000:\n%.3000s", status, got, made)
	}
	status, file := ada.sendForm(made, "/tickets/file", "passwords")
	if got := strings.Count(file, fmt.Sprintf("%s,%s", longest, longest)); status != http.StatusOK || got != 1000 {
		t.Errorf("got %d and a file of %d rows, want 1000:\n%.500s", status, got, file)
	}
}
