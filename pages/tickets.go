package pages

import (
	"strconv"
	"strings"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// ticketsPage is the personal one-time passwords: those that wait for approval,
// and all of them.
type ticketsPage struct {
	Tab     string
	List    *list
	Waiting []admin.Ticket     // the first of them
	Await   int                // how many there are
	Ticked  map[phone.MAC]bool // of those that wait
	Tickets []admin.Ticket
	States  []stateCount
	Reasons []string
	Form    *form
	Rows    []admin.BulkRow // what could not be done
}

// stateCount is how many tickets are in one state.
type stateCount struct {
	State string
	Count int
}

func getTickets(v *visit) error {
	data, err := v.newTicketsPage()
	if err != nil {
		return err
	}
	if last := data.List.Beyond(); last != "" {
		return v.to(last)
	}
	return v.show("tickets", data)
}

// awaiting is the state of a ticket that was shown and is to be approved.
const awaiting = "awaiting approval"

func (v *visit) newTicketsPage() (*ticketsPage, error) {
	l := v.list("state")
	l.Path = "/tickets"
	found, err := v.api.FindTickets(v.ctx(), admin.Query{Text: l.Text, State: l.Filter("state"), Offset: l.Offset, Limit: l.Limit})
	if err != nil {
		return nil, err
	}
	waiting, err := v.api.FindTickets(v.ctx(), admin.Query{State: awaiting, Limit: perPage})
	if err != nil {
		return nil, err
	}
	data := &ticketsPage{Tab: "own", List: l, Waiting: waiting.Tickets, Await: waiting.States[awaiting], Reasons: found.Reasons, Form: filled()}
	for _, name := range []string{"generated", awaiting, "approved", "used", "rejected", "expired", "revoked"} {
		if n := found.States[name]; n > 0 || name == l.Filter("state") {
			data.States = append(data.States, stateCount{name, n})
		}
	}
	for state, n := range found.States {
		if l.Filter("state") == "" || l.Filter("state") == state {
			l.Total += n
		}
	}
	data.Tickets, l.Shown = found.Tickets, len(found.Tickets)
	return data, nil
}

// macs are the phones that were ticked, at most as many as a page can have.
func (v *visit) macs(name string) ([]phone.MAC, error) {
	if err := v.parse(); err != nil {
		return nil, err
	}
	var all []phone.MAC
	for _, text := range v.r.PostForm[name] {
		mac, err := phone.ParseMAC(text)
		if err != nil {
			continue // no box of ours sends that
		}
		all = append(all, mac)
	}
	return all, nil
}

// postApprovals lets phones in that showed their tickets, or refuses them.
func postApprovals(v *visit) error {
	f, err := v.form("reason", "other")
	if err != nil {
		return err
	}
	macs, err := v.macs("mac")
	if err != nil {
		return err
	}
	in := admin.BulkInput{MACs: macs, Action: "approve"}
	said := "tickets.approved"
	if v.r.PostFormValue("do") == "reject" {
		in.Action, in.Reason, said = "reject", f.Get("reason"), "tickets.rejected"
		if f.Get("other") != "" {
			in.Reason = f.Get("other")
		}
		if in.Reason == "" {
			f.blame("reason", v.say("tickets.reason.missing"))
		}
	}
	if len(macs) == 0 {
		f.Problem = &problem{Title: v.say("problem.title.other"), What: v.say("tickets.notick")}
	}
	if !f.OK() {
		return v.ticketsAgain(f, macs, nil, nil)
	}
	done, err := v.api.Bulk(v.ctx(), in)
	if err != nil || done.Failed > 0 {
		return v.ticketsAgain(f, macs, err, done.Rows)
	}
	return v.done("/tickets", said, done.Done)
}

// ticketsAgain shows the page with what was written and ticked, and what could
// not be done.
func (v *visit) ticketsAgain(f *form, macs []phone.MAC, wrong error, rows []admin.BulkRow) error {
	data, err := v.newTicketsPage()
	if err != nil {
		return err
	}
	data.Form, data.Ticked = f, make(map[phone.MAC]bool)
	for _, mac := range macs {
		data.Ticked[mac] = true
	}
	for _, row := range rows {
		if row.Error != "" {
			data.Rows = append(data.Rows, row)
		}
	}
	return v.again("tickets", data, f, wrong)
}

func postTicketRevoke(v *visit) error {
	macs, err := v.macs("mac")
	if err != nil || len(macs) != 1 {
		return v.to("/tickets")
	}
	if ok, err := v.sure(v.say("tickets.revoke.sure", macs[0]), v.say("tickets.revoke"), "mac"); !ok {
		return err
	}
	if _, err := v.api.RevokeTicket(v.ctx(), macs[0]); err != nil {
		return err
	}
	return v.done("/tickets", "tickets.revoked", macs[0])
}

// preferences are how long tickets last, and whether they are approved at once.
type preferences struct {
	Tab     string
	Form    *form
	Presets []int
}

func getTicketPreferences(v *visit) error {
	p, err := v.api.Policy(v.ctx())
	if err != nil {
		return err
	}
	f := filled("hours", strconv.Itoa(p.TicketHours))
	if p.AutoApprove {
		f.values["auto"] = "yes"
	}
	return v.show("ticket-preferences", preferences{"preferences", f, admin.TicketHours()})
}

func postTicketPreferences(v *visit) error {
	f, err := v.form("hours", "auto")
	if err != nil {
		return err
	}
	data := preferences{"preferences", f, admin.TicketHours()}
	if preset := v.r.PostFormValue("preset"); preset != "" {
		f.values["hours"] = preset
	}
	hours := v.hours(f, "hours")
	if !f.OK() {
		return v.again("ticket-preferences", data, f, nil)
	}
	if _, err := v.api.SetPolicy(v.ctx(), admin.PolicyInput{TicketHours: admin.Set(hours), AutoApprove: admin.Set(f.Get("auto") != "")}); err != nil {
		return v.again("ticket-preferences", data, f, err)
	}
	return v.done("/tickets/preferences", "tickets.kept")
}

// hours reads a length in hours. How many there may be is the API's to say.
func (v *visit) hours(f *form, name string) int {
	n, err := strconv.Atoi(strings.TrimSuffix(f.Get(name), " h"))
	if err != nil || n < 1 {
		f.blame(name, v.say("tickets.hours.wrong"))
	}
	return n
}
