package vendors

import (
	"fmt"
	"strconv"

	"github.com/lineside/lineside/phone"
)

// grandstreamGW serves the adapters that have their ports in a table and what
// the ports share in profiles (HT704, HT81x, GXW).
func grandstreamGW() Maker {
	m := grandstreamMaker(grandstreamGWVendor, "Grandstream gateway", grandstreamGWModels)
	m.Shows = Shows{Hotline: true, HotlineDelay: true, NoMAC: macNoScreen}
	m.build = func(ps *params, in Input) error {
		return grandstreamTable(ps, in, "3", phone.MaxLines, grandstreamGWPort)
	}
	m.Unverified = append(m.Unverified,
		"HT812 and HT704 number their ports as HT814 does",
		"GXW42xx number theirs as HT814 does",
		"ports beyond the sixteenth",
	)
	return m
}

// grandstreamDP serves the DECT bases: line n rings handset n.
func grandstreamDP() Maker {
	m := grandstreamMaker(grandstreamDPVendor, "Grandstream DECT", grandstreamDPModels)
	m.Shows = Shows{NoMAC: macHandset}
	m.Book, m.NoBook = grandstreamXMLBook(), ""
	m.MaxLines = grandstreamDPAccounts
	m.build = func(ps *params, in Input) error {
		if err := grandstreamTable(ps, in, "1", grandstreamDPAccounts, grandstreamDPAccount); err != nil || in.Stage != Full || in.File.Kind != Config {
			return err
		}
		return grandstreamBook(ps, in)
	}
	m.Unverified = append(m.Unverified,
		"the phone book in P330 to P332, its login in P6713 and P6714, and its form, as on desk phones",
		"DP755 and DP752 number their accounts as DP750 does",
		"P194 = 1 fetches every P193 minutes here, where phones and adapters want 3",
		"the first line of handset 4 is P4250 and of handset 5 P21328",
		"what a handset shows of its account's name; no text is promised",
		"the subscription code of one handset: all pair with the base's own",
	)
	return m
}

// grandstreamTable writes profiles and the table. row writes what the product
// has beside the account itself, for each of the rows.
func grandstreamTable(ps *params, in Input, every string, rows int, row func(ps *params, in Input, i int)) error {
	if err := grandstreamSite(ps, in); err != nil || in.File.Kind == Common {
		return err
	}
	grandstreamLogin(ps, in, every)
	if err := grandstreamTime(ps, in); err != nil {
		return err
	}
	lines := linesOf(in)
	profiles, of := serversOf(lines)
	if len(profiles) > len(grandstreamBlocks) {
		return fmt.Errorf("the lines name %d different registrars, transports or proxies; the unit holds %d", len(profiles), len(grandstreamBlocks))
	}
	for i, b := range grandstreamBlocks {
		if i < len(profiles) {
			b.write(ps, in, profiles[i])
		} else {
			ps.set(b.active, "0")
		}
	}
	for i := range rows {
		row(ps, in, i)
		ps.set(grandstreamCell(4595, i), zeroOne(i < len(lines)))
		if i >= len(lines) {
			ps.set(grandstreamCell(4120, i), "")
			continue
		}
		l := lines[i]
		ps.set(grandstreamCell(4060, i), l.User)
		ps.set(grandstreamCell(4090, i), l.Auth())
		ps.set(grandstreamCell(4120, i), l.Password.Reveal())
		ps.set(grandstreamCell(4180, i), displayName(l))
		ps.set(grandstreamCell(4150, i), strconv.Itoa(of[i]))
	}
	return nil
}

// grandstreamCell is a cell of the table: each column has thirty numbers.
func grandstreamCell(column, i int) string { return "P" + strconv.Itoa(column+i) }

// grandstreamGWPort takes the port out of hunting groups and sets its hotline.
func grandstreamGWPort(ps *params, in Input, i int) {
	ps.set(grandstreamCell(4300, i), "0")
	ps.set(grandstreamCell(4210, i), grandstreamHotline(in, i))
}

// A base takes five handsets and ten accounts.
const (
	grandstreamHandsets   = 5
	grandstreamDPAccounts = 10
)

// grandstreamDPAccount ties account i to handset i; accounts beyond the last
// handset ring all, one after the other, as shipped (101). A base that lost its
// lines keeps no auto-dial.
func grandstreamDPAccount(ps *params, _ Input, i int) {
	if i >= grandstreamHandsets {
		ps.set(grandstreamCell(27080, i), "101")
		return
	}
	handset := strconv.Itoa(i + 1)
	ps.set(grandstreamCell(27080, i), handset)
	ps.set([...]string{"P4300", "P4310", "P4320", "P4250", "P21328"}[i], handset)
	ps.set(grandstreamCell(4210, i), "")
}
