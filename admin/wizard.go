package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// Columns of the CSV file of tickets, beside mac.
const (
	colTicketUser     = "ticket_user"
	colTicketPassword = "ticket_password"
)

// RejectReasons are the reasons most rejections have; any other text is taken.
func RejectReasons() []string {
	return []string{"not our phone", "not expected now", "other model than said", "from another place", "entered by mistake"}
}

// TicketHours are the lengths offered; any from 1 to 336 is taken.
func TicketHours() []int { return []int{1, 4, 8, 24, 72, 168, 336} }

// TicketsInput makes tickets for many devices: those listed, or those of a CSV
// file with the columns mac, ticket_user and ticket_password.
type TicketsInput struct {
	Devices  []TicketFor `json:"devices,omitempty"`
	CSV      string      `json:"csv,omitempty"`
	Hours    int         `json:"hours,omitempty"` // 1 to 336, 0 is what the policy says
	Approval bool        `json:"approval,omitempty"`
	// DryRun says of each whether it is ready, and makes none.
	DryRun bool `json:"dry_run,omitempty"`
}

// TicketFor is one device, with a user name and a password where the operator
// brings them; left out they are made up.
type TicketFor struct {
	MAC      phone.MAC `json:"mac"`
	User     string    `json:"user,omitempty"`
	Password string    `json:"password,omitempty"`
}

// TicketLine is what became of one device, or would.
type TicketLine struct {
	Line  int       `json:"line,omitempty"` // of the file
	MAC   phone.MAC `json:"mac,omitzero"`
	Label string    `json:"label,omitempty"`
	Owner string    `json:"owner_name,omitempty"`
	State string    `json:"state,omitempty"` // of the device
	// Ready says that it can have one. Error says why not, Hint what to do; Warning
	// what the operator should know of one that can.
	Ready   bool   `json:"ready"`
	Error   string `json:"error,omitempty"`
	Hint    string `json:"hint,omitempty"`
	Warning string `json:"warning,omitempty"`
	// User and Password are what the line brings, in a dry run: for the operator to
	// look through and change.
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`
	// Ticket is the one made, with its password: this once.
	Ticket *Ticket `json:"ticket,omitempty"`
}

// TicketsMade is what became of all, in their order.
type TicketsMade struct {
	DryRun bool         `json:"dry_run"`
	Hours  int          `json:"hours"`
	Made   int          `json:"made"` // or would be
	Failed int          `json:"failed"`
	Lines  []TicketLine `json:"lines"`
}

// wanted is one ticket that is asked for; bad is what is wrong with its line.
type wanted struct {
	TicketFor
	line int
	bad  error
}

// postTickets makes tickets for many devices, each by itself, and shows their
// passwords: this once.
func (s *Server) postTickets(c *call) error {
	var in TicketsInput
	if err := c.wants("application/json"); err != nil {
		return err
	}
	if err := operators.Decode(http.MaxBytesReader(c.w, c.r.Body, maxTickets), &in, apiDocument); err != nil {
		return err
	}
	hours := in.Hours
	if hours == 0 {
		hours = int(s.dep.Desk.Policy().TicketLasts().Hours())
	}
	if hours < 1 || hours > int(auth.MaxTicket.Hours()) {
		return badHours()
	}
	list, err := ticketsWanted(in)
	if err != nil {
		return err
	}
	out := TicketsMade{DryRun: in.DryRun, Hours: hours, Lines: make([]TicketLine, len(list))}
	seen := make(map[phone.MAC]bool, len(list))
	for i, w := range list {
		if seen[w.MAC] && w.bad == nil {
			w.bad = errors.New("this device is listed above already")
		}
		seen[w.MAC] = true
		if out.Lines[i] = s.ticketLine(c, w, in, time.Duration(hours)*time.Hour); out.Lines[i].Ready {
			out.Made++
		} else {
			out.Failed++
		}
	}
	return c.json(http.StatusOK, out)
}

// maxTickets bounds the body of a call that makes tickets, in bytes.
const maxTickets = 1 << 20

func badHours() error {
	return invalid("no ticket can be like this", fmt.Errorf("hours: a ticket lasts from 1 to %.0f hours; write such a number, or leave it out for what the policy says", auth.MaxTicket.Hours()))
}

// ticketsWanted reads the list or the file.
func ticketsWanted(in TicketsInput) (list []wanted, err error) {
	if (in.CSV == "") == (len(in.Devices) == 0) {
		return nil, fail(http.StatusUnprocessableEntity, "write for which devices: a list, or a CSV file, not both and not neither", "send {\"devices\": [{\"mac\": \"...\"}]} or {\"csv\": \"mac\\n...\"}")
	}
	for _, d := range in.Devices {
		list = append(list, wanted{TicketFor: d})
	}
	if in.CSV != "" {
		if list, err = readTickets([]byte(in.CSV)); err != nil {
			return nil, err
		}
	}
	if len(list) > MaxBulk {
		return nil, fail(http.StatusUnprocessableEntity, fmt.Sprintf("%d tickets are asked for, and at most %d can be at once; none was made", len(list), MaxBulk), "make them in parts")
	}
	return list, nil
}

// readTickets reads the file; a line that cannot be understood is one that
// cannot have a ticket.
func readTickets(data []byte) (list []wanted, err error) {
	rows, bad, err := readCSVOf(data, colTicketUser, colTicketPassword)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		list = append(list, wanted{
			TicketFor: TicketFor{MAC: r.mac, User: r.cells[colTicketUser], Password: r.cells[colTicketPassword]}, line: r.line,
		})
	}
	for _, f := range bad.list {
		list = append(list, wanted{line: f.line, bad: errors.New(f.text)})
	}
	slices.SortStableFunc(list, func(a, b wanted) int { return a.line - b.line })
	return list, nil
}

// ticketLine says how ready one device is, and makes its ticket unless that is
// all that was asked.
func (s *Server) ticketLine(c *call, w wanted, in TicketsInput, life time.Duration) TicketLine {
	out := TicketLine{Line: w.line, MAC: w.MAC}
	if in.DryRun {
		out.User, out.Password = w.User, w.Password
	}
	err := w.bad
	if err == nil {
		err = s.ready(&out, w.TicketFor)
	} else {
		err = fail(http.StatusUnprocessableEntity, err.Error(), "correct the line")
	}
	if err == nil && !in.DryRun {
		var rec auth.Record
		if rec, err = s.giveTicket(c.r.Context(), c.by, w.TicketFor, in.Approval, life); err == nil {
			t := s.ticket(rec)
			t.User, t.Password = rec.Enrolment.Ticket.User, rec.Enrolment.Ticket.Password.Reveal()
			out.Ticket = &t
		}
	}
	if out.Ready = err == nil; out.Ready {
		return out
	}
	e, known := errorFor(err)
	if !known {
		s.dep.Log.Error("a ticket could not be made", "front", c.by.Front, "mac", w.MAC, "err", err)
	}
	out.Error, out.Hint = e.What, e.Hint
	if len(e.Fields) > 0 {
		out.Error += ": " + strings.Join(e.Fields, "; ")
	}
	return out
}

// giveTicket makes one, with what the operator brings or without.
func (s *Server) giveTicket(ctx context.Context, by audit.Actor, w TicketFor, approval bool, life time.Duration) (auth.Record, error) {
	if w.User == "" {
		return s.dep.Desk.MakeTicket(ctx, by, w.MAC, life, approval)
	}
	return s.dep.Desk.GiveTicket(ctx, by, w.MAC, auth.Ticket{User: w.User, Password: phone.NewSecret(w.Password), Approval: approval}, life)
}

// ready says what keeps a device from having a ticket, and warns of what it
// would do beside.
func (s *Server) ready(out *TicketLine, w TicketFor) error {
	rec, err := s.dep.Desk.Device(w.MAC)
	if err != nil {
		return err
	}
	now, d := s.cfg.Now(), rec.Device
	state := rec.Enrolment.At(now)
	out.Label, out.State = d.Label, string(state)
	if u, err := s.dep.Desk.User(d.Owner); d.Owner != "" && err == nil {
		out.Owner = u.Name()
	}
	switch st := rec.Enrolment.Ticket.At(now); {
	case st.IsLive():
		out.Warning = "it has a ticket already, " + string(st) + "; a new one takes its place"
	case state == auth.Successful:
		out.Warning = "it is authenticated: whoever shows the ticket first takes the phone's place"
	}
	switch {
	case rec.Platform.Managed:
		return fmt.Errorf("device %s %w", w.MAC, provision.ErrPlatformOTP)
	case (w.User == "") != (w.Password == ""):
		return fail(http.StatusUnprocessableEntity, "a user name and a password go together", "write both, or leave both out to have them made up")
	case w.User == "":
		return nil
	}
	if err := auth.CheckTicket(w.User, phone.NewSecret(w.Password)); err != nil {
		return invalid("the ticket cannot be like this", err)
	}
	return nil
}

// WriteTickets writes tickets as CSV, as readers of a spreadsheet open it; the
// passwords are in it only where they are asked for and known.
func WriteTickets(w io.Writer, list []Ticket, passwords bool) error {
	head := []string{colMAC, colVendor, colLabel, "ticket_state", "expires", colTicketUser}
	if passwords {
		head = append(head, colTicketPassword)
	}
	rows := [][]string{head}
	for _, t := range list {
		row := []string{t.MAC.String(), string(t.Vendor), t.Label, t.State, t.Expires.UTC().Format(time.RFC3339), t.User}
		if passwords {
			row = append(row, t.Password)
		}
		rows = append(rows, row)
	}
	return writeRows(w, rows)
}

// MakeTickets makes tickets for many devices; the answer alone has their
// passwords.
func (c *Client) MakeTickets(ctx context.Context, in TicketsInput) (TicketsMade, error) {
	return ask[TicketsMade](ctx, c, request{method: "POST", path: "/tickets", body: in})
}

// FindTickets lists tickets: of a state where one is named, and of the devices a
// search finds by its text, vendor and owner; all of them where q has no limit.
func (c *Client) FindTickets(ctx context.Context, q Query) (Tickets, error) {
	q = Query{Text: q.Text, State: q.State, Vendor: q.Vendor, Owner: q.Owner, Offset: q.Offset, Limit: q.Limit}
	return ask[Tickets](ctx, c, request{method: "GET", path: "/tickets", query: q.values()})
}
