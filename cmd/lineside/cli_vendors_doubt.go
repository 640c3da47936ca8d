package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/vendors"
)

// doubt is something about a device that is no error, with what to type.
type doubt struct{ text, next string }

// doubts says what an operator may not have meant: a model nobody knows, no line,
// and more lines than the phone takes.
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
	if w, ok := surplus(m, d); ok {
		list = append(list, w)
	}
	return list
}

// surplus is about lines that the phone has no place for. They stay on record, for
// the model may be the one that is wrong.
func surplus(m vendors.Maker, d admin.Device) (doubt, bool) {
	n := m.Fits(d.Model)
	if n == 0 || len(d.Lines) <= n {
		return doubt{}, false
	}
	which := fmt.Sprintf("line %d is", n+1)
	if len(d.Lines) > n+1 {
		which = fmt.Sprintf("lines %d to %d are", n+1, len(d.Lines))
	}
	return doubt{
		fmt.Sprintf("%s: %s not in the phone's config: the %s takes %s; the box keeps what was entered", d.MAC, which, m.Name+" "+cmp.Or(d.Model, "phone"), count(n, "line", "lines")),
		fmt.Sprintf("lineside device edit %s --line … once for each line it shall have, or --model MODEL if it is another", d.MAC),
	}, true
}

// warnImported tells of devices with more lines than fit, which a file makes by
// another model.
func (p *program) warnImported(ctx context.Context) error {
	c, err := p.client()
	if err != nil {
		return err
	}
	devices, err := c.AllDevices(ctx, admin.Query{})
	if err != nil {
		return fmt.Errorf("the file is imported; see whether all lines fit their phones: %w", err)
	}
	told := 0
	for _, d := range devices {
		m, _ := vendors.All().Of(d.Vendor)
		w, ok := surplus(m, d)
		if !ok {
			continue
		}
		if told++; told <= maxDoubts {
			_, _ = fmt.Fprintf(p.err, "lineside: %s\n  → %s\n", shell.Printable(w.text), w.next)
		}
	}
	if told > maxDoubts {
		_, _ = fmt.Fprintf(p.err, "lineside: and %d more devices with lines that do not fit\n  → lineside check\n", told-maxDoubts)
	}
	return nil
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
		_, _ = fmt.Fprintf(p.err, "lineside: %s\n  → %s\n", shell.Printable(w.text), w.next)
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
		d.MAC, shell.Printable(d.Owner), m.NoBook)
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
			notes = append(notes, shell.Printable(w.text))
		}
	}
	if more := len(notes) - maxDoubts; more > 0 {
		notes = append(notes[:maxDoubts], fmt.Sprintf("and %d more of its devices", more))
	}
	return notes
}
