package admin

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
)

// Bounds of an import, besides its bytes.
const (
	maxRows  = 20_000
	maxFault = 100 // faults listed; the rest are counted
)

// faults collects what is wrong with a file, line by line. An import's bytes are
// bounded, and so is what can be wrong with them.
type faults struct {
	list []fault
}

type fault struct {
	line int
	text string
}

func (f *faults) add(line int, text string) { f.list = append(f.list, fault{line, text}) }

// addAll adds each fault there is in err, none for nil.
func (f *faults) addAll(line int, err error) {
	for _, text := range spell("", err) {
		f.add(line, text)
	}
}

// sorted gives them in the order of their lines.
func (f *faults) sorted() []fault {
	list := slices.Clone(f.list)
	slices.SortStableFunc(list, func(a, b fault) int { return cmp.Compare(a.line, b.line) })
	return list
}

// err is the answer for a file with faults, in the order of its lines; nil for
// one without.
func (f *faults) err() error {
	if len(f.list) == 0 {
		return nil
	}
	var told []string
	for _, one := range f.sorted()[:min(len(f.list), maxFault)] {
		told = append(told, fmt.Sprintf("line %d: %s", one.line, one.text))
	}
	if more := len(f.list) - len(told); more > 0 {
		told = append(told, fmt.Sprintf("and %d more", more))
	}
	return &Error{
		Status: http.StatusUnprocessableEntity, What: "the file has faults; nothing was imported",
		Hint: "correct the lines named and send the whole file again", Fields: told,
	}
}

// readCSV gives the rows that can be understood and what is wrong with the
// others, so that the caller can say with it what is wrong with those. An error
// is a file that cannot be read as rows at all. It takes what spreadsheets make
// of an export: a byte order mark, semicolons or tabs, any line ends, columns in
// any order and empty lines.
func readCSV(data []byte) ([]row, faults, error) { return readCSVOf(data) }

// readCSVOf is readCSV of a file that may have other columns as well.
func readCSVOf(data []byte, also ...string) ([]row, faults, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		return nil, faults{}, fail(http.StatusUnprocessableEntity, "the file is not in UTF-8",
			"in the spreadsheet save it as \"CSV UTF-8\"")
	}
	in := csv.NewReader(bytes.NewReader(data))
	in.Comma = operators.Separator(data)
	in.FieldsPerRecord = -1 // counted below, with a sentence of our own
	head, err := in.Read()
	if err != nil {
		return nil, faults{}, fail(http.StatusUnprocessableEntity, "the file has no header row", "begin it with a line such as: mac,vendor,type,label,registrar,user,password")
	}
	columns, err := header(head, also...)
	if err != nil {
		return nil, faults{}, err
	}
	return readRows(in, columns)
}

func readRows(in *csv.Reader, columns []string) (rows []row, bad faults, err error) {
	lines := make(map[phone.MAC]int)
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rows, bad, nil
		}
		if err != nil {
			// Quotes are out of step: whatever follows is guesswork.
			bad.add(csvLine(err), "has a quote in the wrong place; write \"\" for a quote inside quotes")
			return rows, bad, nil
		}
		line, _ := in.FieldPos(0)
		if !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }) {
			continue
		}
		if len(rows) == maxRows {
			return nil, faults{}, fail(http.StatusRequestEntityTooLarge, fmt.Sprintf("the file has more than %d rows", maxRows), "split it")
		}
		r, err := readRow(line, cells, columns)
		if err != nil {
			bad.add(line, err.Error())
			continue
		}
		if first, twice := lines[r.mac]; twice {
			bad.add(line, fmt.Sprintf("%s is in line %d already; a device has one row", r.mac, first))
			continue
		}
		lines[r.mac] = line
		rows = append(rows, r)
	}
}

func csvLine(err error) int {
	var e *csv.ParseError
	if errors.As(err, &e) {
		return e.Line
	}
	return 0
}

// header reads the column names, in any case and order.
func header(head []string, also ...string) ([]string, error) {
	known := slices.Concat(exported(), []string{colPassword}, also)
	columns := make([]string, len(head))
	var wrong []string
	for i, name := range head {
		name = strings.ToLower(strings.TrimSpace(name))
		switch {
		case name == "": // a spreadsheet's empty column
		case !slices.Contains(known, name):
			wrong = append(wrong, fmt.Sprintf("line 1: there is no column %.40q; there are %s", name, strings.Join(known, ", ")))
		case slices.Contains(columns[:i], name):
			wrong = append(wrong, fmt.Sprintf("line 1: column %s is there twice", name))
		}
		if len(wrong) == maxFault {
			break
		}
		columns[i] = name
	}
	if len(wrong) == 0 && !slices.Contains(columns, colMAC) {
		wrong = append(wrong, "line 1: there is no column mac")
	}
	if len(wrong) > 0 {
		return nil, &Error{
			Status: http.StatusUnprocessableEntity, What: "the header row is not understood; nothing was imported",
			Hint: "begin the file with a line such as: mac,vendor,type,label,registrar,user,password", Fields: wrong,
		}
	}
	return columns, nil
}

// readRow names a row's cells. Spaces around them are a spreadsheet's, except in
// a password, which is taken as it stands.
func readRow(line int, cells, columns []string) (row, error) {
	r := row{line: line, cells: make(map[string]string, len(columns))}
	if len(cells) > len(columns) {
		return row{}, fmt.Errorf("has %d cells, the header %d; put text with a separator in quotes", len(cells), len(columns))
	}
	for i, cell := range cells {
		switch name := columns[i]; name {
		case "":
			if strings.TrimSpace(cell) != "" {
				return row{}, fmt.Errorf("cell %d has no name in the header row", i+1)
			}
		case colPassword, colTicketPassword:
			r.cells[name] = cell
		default:
			r.cells[name] = operators.UnguardCell(strings.TrimSpace(cell))
		}
	}
	mac, err := phone.ParseMAC(r.cells[colMAC])
	if err != nil {
		return row{}, fmt.Errorf("mac: %w", err)
	}
	r.mac = mac
	if text := r.cells[colAddress]; text != "" {
		if r.addr, err = netip.ParseAddr(text); err != nil {
			return row{}, fmt.Errorf("address: %.40q is no address; write one such as 10.20.0.60", text)
		}
	}
	return r, nil
}
