package admin

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
	"github.com/lineside/lineside/provision"
)

// Columns of the CSV file of users. Export writes all but the passwords; import
// takes any of them in any order and needs the first, id.
const (
	colID          = "id"
	colExtension   = "extension"
	colFirst       = "first_name"
	colLast        = "last_name"
	colEmail       = "email"
	colAlternate   = "alternate_id"
	colWebPassword = "web_password"
	colPortalPIN   = "portal_pin"
	colXSIUser     = "xsi_user"
	colXSIPassword = "xsi_password"
)

func userColumns() []string {
	return []string{colID, colExtension, colFirst, colLast, colEmail, colAlternate, colXSIUser}
}

// userHeader is a header row as a hint.
const userHeader = "begin the file with a line such as: id,extension,first_name,last_name,web_password"

func writeUsers(w io.Writer, all []phone.User) error {
	rows := [][]string{userColumns()}
	for _, u := range all {
		rows = append(rows, []string{u.ID, u.Extension, u.First, u.Last, u.Email, u.AlternateID, u.XSIUser})
	}
	return writeRows(w, rows)
}

// writeRows writes CSV as spreadsheets open it.
func writeRows(w io.Writer, rows [][]string) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true // RFC 4180 section 2
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = operators.GuardCell(cell)
		}
		if err := out.Write(cells); err != nil {
			return fmt.Errorf("write CSV: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// readUsers lays every row over what there is of its user and checks the
// outcome, so that all faults of a file are told at once.
func (s *Server) readUsers(data []byte, p *plan) ([]phone.User, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		return nil, fail(http.StatusUnprocessableEntity, "the file is not in UTF-8", "in the spreadsheet save it as \"CSV UTF-8\"")
	}
	in := csv.NewReader(bytes.NewReader(data))
	in.Comma = operators.Separator(data)
	in.FieldsPerRecord = -1 // counted below, with a sentence of our own
	head, err := in.Read()
	if err != nil {
		return nil, fail(http.StatusUnprocessableEntity, "the file has no header row", userHeader)
	}
	columns, err := userHead(head)
	if err != nil {
		return nil, err
	}
	var users []phone.User
	var lines []int
	first := make(map[string]int)
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			s.extensionsTaken(users, lines, &p.bad)
			return users, nil
		}
		if err != nil {
			p.bad.add(csvLine(err), "has a quote in the wrong place; write \"\" for a quote inside quotes")
			return users, nil
		}
		line, _ := in.FieldPos(0)
		if !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }) {
			continue
		}
		if len(users) >= maxRows {
			return nil, fail(http.StatusRequestEntityTooLarge, fmt.Sprintf("the file has more than %d rows", maxRows), "split it")
		}
		u, was, err := s.readUser(cells, columns)
		p.bad.addAll(line, err)
		if at, twice := first[u.ID]; twice && u.ID != "" {
			p.bad.add(line, fmt.Sprintf("%s is in line %d already; a user has one row", u.ID, at))
		}
		first[u.ID] = line
		p.row(line, u.ID, u.Name(), was.Rev, provision.ChangedFields(was, u))
		users, lines = append(users, u), append(lines, line)
	}
}

func userHead(head []string) ([]string, error) {
	known := append(userColumns(), colWebPassword, colPortalPIN, colXSIPassword)
	columns := make([]string, len(head))
	var bad faults
	for i, name := range head {
		name = strings.ToLower(strings.TrimSpace(name))
		switch {
		case name == "": // a spreadsheet's empty column
		case !slices.Contains(known, name):
			bad.add(1, fmt.Sprintf("there is no column %.40q; there are %s", name, strings.Join(known, ", ")))
		case slices.Contains(columns[:i], name):
			bad.add(1, fmt.Sprintf("column %s is there twice", name))
		}
		columns[i] = name
	}
	if !slices.Contains(columns, colID) {
		bad.add(1, "there is no column id")
	}
	return columns, bad.err()
}

// readUser lays a row over its user, and gives what there was. A cell that is left empty clears what it
// stands for, but for passwords: those it leaves alone.
func (s *Server) readUser(cells, columns []string) (u, was phone.User, err error) {
	given := make(map[string]string, len(cells))
	if len(cells) > len(columns) {
		return u, was, fmt.Errorf("has %d cells, the header %d; put text with a separator in quotes", len(cells), len(columns))
	}
	for i, cell := range cells {
		if columns[i] == colWebPassword || columns[i] == colPortalPIN || columns[i] == colXSIPassword {
			given[columns[i]] = cell
			continue
		}
		given[columns[i]] = operators.UnguardCell(strings.TrimSpace(cell))
	}
	was, err = s.dep.Desk.User(given[colID])
	if err != nil && !errors.Is(err, phone.ErrUnknownUser) {
		return u, was, err
	}
	u = was
	u.ID = given[colID]
	for column, field := range map[string]*string{
		colExtension: &u.Extension, colFirst: &u.First, colLast: &u.Last, colEmail: &u.Email, colAlternate: &u.AlternateID, colXSIUser: &u.XSIUser,
	} {
		if v, ok := given[column]; ok {
			*field = v
		}
	}
	if v := given[colWebPassword]; v != "" {
		u.WebPassword = phone.NewSecret(v)
	}
	if v := given[colXSIPassword]; v != "" {
		u.XSIPassword = phone.NewSecret(v)
	}
	if v := given[colPortalPIN]; v != "" {
		u.PortalPIN = phone.NewSecret(v)
	}
	return u, was, u.Validate()
}
