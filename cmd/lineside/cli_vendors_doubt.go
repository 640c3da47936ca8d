package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/vendors"
)

// doubt is something about a device that is no error, with what to type.
type doubt struct{ text, next string }

// doubts says what an operator may not have meant: a model nobody knows, and no
// line.
func doubts(table vendors.Table, d admin.Device) []doubt {
	var list []doubt
	m, ok := table.Of(d.Vendor)
	if _, known := m.Models.Of(d.Model); ok && d.Model != "" && !known {
		list = append(list, modelDoubt(table, m, d))
	}
	if len(d.Lines) == 0 {
		list = append(list, doubt{
			fmt.Sprintf("%s has no line: the phone gets a config without an account, and cannot call", d.MAC),
			fmt.Sprintf("lineside device edit %s --line %s", d.MAC, lineForm),
		})
	}
	return list
}

// modelDoubt is about a model its vendor does not know.
func modelDoubt(table vendors.Table, m vendors.Maker, d admin.Device) doubt {
	correct := fmt.Sprintf("lineside vendors %s lists the models; lineside device edit %s --model MODEL corrects it", d.Vendor, d.MAC)
	if _, _, err := table.Place(d.MAC, d.Vendor, d.Model); err != nil {
		return doubt{fmt.Sprintf("%s: %v", d.MAC, err), fmt.Sprintf("lineside device edit %s --vendor VENDOR corrects it", d.MAC)}
	}
	near := m.Models.Near(d.Model)
	if len(near) == 0 {
		return doubt{fmt.Sprintf("%s: %q is no model known of %s: the phone gets the brand's generic config, which fits most", d.MAC, d.Model, m.Name), correct}
	}
	names := make([]string, len(near))
	for i, n := range near {
		names[i] = n.Name
	}
	return doubt{fmt.Sprintf("%s: %q may be %s of %s: the phone gets the brand's generic config, which fits most", d.MAC, d.Model, strings.Join(names, " or "), m.Name), correct}
}

// warn tells doubts on standard error, where they are in nobody's JSON.
func (p *program) warn(d admin.Device) {
	for _, w := range doubts(vendors.All(), d) {
		_, _ = fmt.Fprintf(p.err, "lineside: %s\n  → %s\n", printable(w.text), w.next)
	}
}

// warnBookless says what an owner does and does not do for a phone whose maker's
// phone book the box does not write.
func (p *program) warnBookless(d admin.Device) {
	m, ok := vendors.All().Of(d.Vendor)
	if !ok || m.Book != nil || d.Owner == "" {
		return
	}
	_, _ = fmt.Fprintf(p.err, "lineside: %s is %s's on record, for lists and searches, and gets no phone book: %s\n  → see who reads one: lineside vendors\n",
		d.MAC, printable(d.Owner), m.NoBook)
}

// maxDoubts bounds what "lineside check" says of devices.
const maxDoubts = 20

// doubtNotes asks the running daemon which of its devices are in doubt.
func doubtNotes(ctx context.Context, socket string) []string {
	c := admin.NewClient(socket)
	defer c.Close()
	devices, err := c.AllDevices(ctx, admin.Query{})
	if err != nil {
		return []string{fmt.Sprintf("its devices were not looked at: %v", err)}
	}
	var notes []string
	for _, d := range devices {
		for _, w := range doubts(vendors.All(), d) {
			notes = append(notes, printable(w.text))
		}
	}
	if more := len(notes) - maxDoubts; more > 0 {
		notes = append(notes[:maxDoubts], fmt.Sprintf("and %d more of its devices", more))
	}
	return notes
}
