package portal

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/central"
)

// maxRows bounds an import.
const maxRows = 20_000

// sheet is a kind of noun as a CSV file.
type sheet struct {
	name string
	// columns are those of an export; extra are taken by an import as well.
	columns, extra []string
	// rows gives the rows of an export after the last one given, nil at the end.
	rows func(s *Server, after string) (rows [][]string, next string, err error)
	// names is what a row is about, by the name it has no other; "" is something
	// new. Two rows of a file are not about the same.
	names func(row map[string]string) string
	// take does what one row says.
	take func(s *Server, o central.Operator, row map[string]string) (taken, error)
}

// taken is what a row that was done brought about.
type taken struct {
	// made are secrets the platform made for the device of the row.
	mac   phone.MAC
	made  central.Made
	notes []string
}

func sheets() []sheet { return []sheet{siteSheet(), deviceSheet(), userSheet()} }

func csvRoutes() (list []route) {
	for _, sh := range sheets() {
		out := route{method: "GET", path: V1 + "/export/" + sh.name, least: Viewer, about: "Gives the " + sh.name + " as a CSV file, without secrets.", out: csvType, status: 200,
			do: func(s *Server, c *call) (any, error) { return nil, s.export(c, sh) }}
		in := route{method: "POST", path: V1 + "/import/" + sh.name, least: Operator, about: "Takes " + sh.name + " from a CSV file, row by row: a bad row is told of, the others are done.", in: csvType, out: Imported{}, status: 200,
			do: func(s *Server, c *call) (any, error) { return s.take(c, sh) }}
		out.columns.out, in.columns.in = sh.columns, slices.Concat(sh.columns, sh.extra)
		list = append(list, out, in)
	}
	return list
}

// Imported says what became of a file.
type Imported struct {
	// Done is how many rows were done, all of each.
	Done int `json:"done"`
	// Faults are the rows that were not, with the line of the file and why.
	Faults []Fault `json:"faults"`
	// Notes are about rows that were done and may not be what was meant.
	Notes []Fault `json:"notes"`
	// Made are the secrets the platform made, shown this once.
	Made []RowMade `json:"made"`
}

// RowMade are the secrets made for the device of one row.
type RowMade struct {
	Line int       `json:"line"`
	MAC  phone.MAC `json:"mac"`
	// Secrets are by kind: "pin", "sip.0" for the first line.
	Secrets map[string]string `json:"secrets"`
}

// Fault is one row that was not done, or is worth a look.
type Fault struct {
	Line int    `json:"line"`
	Why  string `json:"why"`
}

// export writes all rows. The file is made whole before its first byte leaves.
func (s *Server) export(c *call, sh sheet) error {
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	out.UseCRLF = true // RFC 4180 section 2
	err := out.Write(sh.columns)
	for after := ""; err == nil; {
		var rows [][]string
		if rows, after, err = sh.rows(s, after); err != nil {
			return err
		}
		for _, row := range rows {
			for i := range row {
				row[i] = operators.GuardCell(row[i])
			}
			err = errors.Join(err, out.Write(row))
		}
		if after == "" {
			break
		}
	}
	out.Flush()
	if err = errors.Join(err, out.Error()); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	c.w.Header().Set("Content-Disposition", `attachment; filename="lineside-`+sh.name+`.csv"`)
	c.w.send(http.StatusOK, string(csvType)+"; charset=utf-8", b.Bytes())
	return nil
}

// sheetRow is one row by the names of its columns; a column that is left out
// is not in it.
type sheetRow struct {
	line  int
	cells map[string]string
}

// read takes what spreadsheets make of an export: a byte order mark, semicolons
// or tabs, any line ends, columns in any order and empty lines.
func (sh sheet) read(data []byte) (rows []sheetRow, faults []Fault, err error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		return nil, nil, operators.Fail(http.StatusUnprocessableEntity, "the file is not in UTF-8", "in the spreadsheet save it as \"CSV UTF-8\"")
	}
	in := csv.NewReader(bytes.NewReader(data))
	in.Comma, in.FieldsPerRecord = operators.Separator(data), -1
	head, err := in.Read()
	if err == nil {
		err = sh.header(head)
	}
	if err != nil {
		return nil, nil, operators.Fail(http.StatusUnprocessableEntity, "the file has no good header row: "+err.Error(), "begin it with: "+strings.Join(sh.columns, ","))
	}
	for {
		cells, err := in.Read()
		line := 0
		if err == nil {
			line, _ = in.FieldPos(0)
		}
		var quote *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return rows, faults, nil
		case errors.As(err, &quote): // whatever follows is guesswork
			return rows, append(faults, Fault{quote.Line, "a quote is in the wrong place; this row and those below it were not read"}), nil
		case err != nil:
			return nil, nil, fmt.Errorf("read CSV: %w", err)
		case len(rows)+len(faults) >= maxRows:
			return nil, nil, operators.Fail(http.StatusRequestEntityTooLarge, fmt.Sprintf("the file has more than %d rows", maxRows), "split it")
		case strings.TrimSpace(strings.Join(cells, "")) == "":
		case len(cells) != len(head):
			faults = append(faults, Fault{line, fmt.Sprintf("it has %d cells and the header %d", len(cells), len(head))})
		default:
			r := sheetRow{line, map[string]string{}}
			for i, name := range head {
				r.cells[name] = operators.UnguardCell(strings.TrimSpace(cells[i]))
			}
			rows = append(rows, r)
		}
	}
}

// header puts the names of the columns into the form of the sheet's.
func (sh sheet) header(head []string) error {
	for i, name := range head {
		head[i] = strings.ToLower(strings.TrimSpace(name))
		if !slices.Contains(sh.columns, head[i]) && !slices.Contains(sh.extra, head[i]) {
			return fmt.Errorf("there is no column %q", head[i])
		}
		if slices.Contains(head[:i], head[i]) {
			return fmt.Errorf("the column %s is there twice", head[i])
		}
	}
	return nil
}
