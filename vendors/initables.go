package vendors

import (
	"errors"
	"strings"
)

// iniTables is the ini syntax of AudioCodes gateways: single parameters, and
// tables whose columns are named once and whose rows follow.
//
//	Name = 'value'
//	[ Table ]
//	FORMAT Table_Index = Table_Left, Table_Right;
//	Table 0 = left, right;
//	[ \Table ]
//
// A parameter of a table is named Table.0.Left here. Every row must have the
// columns of the first.
type iniTables struct {
	escape escaper
}

// errRow is a row that is not like the first of its table.
var errRow = errors.New("is in a row with other columns than the table's first: give every row the same")

// holdsName takes a word, or a table, a row of up to three digits and a column.
func (f iniTables) holdsName(name string) bool {
	_, _, _, ok := iniName(name)
	return ok
}

// iniName takes a name apart; row is empty for a single parameter.
func iniName(name string) (table, row, column string, ok bool) {
	table, row, column = iniParts(name)
	if table == name {
		return name, "", "", iniWord(name)
	}
	ok = iniWord(table) && iniWord(column) && row != "" && len(row) <= 3 && strings.Trim(row, "0123456789") == ""
	return table, row, column, ok
}

// iniParts cuts a name at its dots.
func iniParts(name string) (table, row, column string) {
	table, rest, _ := strings.Cut(name, ".")
	row, column, _ = strings.Cut(rest, ".")
	return table, row, column
}

func iniWord(s string) bool { return wordName(s) && !strings.ContainsAny(s, ".-") }

// iniRow is one row of a table in the order of its columns.
type iniRow struct {
	number string
	cells  []*param
}

// iniTable is one table, with the columns its first row was set with.
type iniTable struct {
	name    string
	columns []string
	rows    []iniRow
}

func (f iniTables) write(s *scratch, ps params) ([]byte, error) {
	b := s.out[:0]
	var tables []*iniTable
	var err error
	for i := range ps {
		p := &ps[i]
		if p.from != nil && !f.holdsName(p.key) {
			return nil, badName(*p)
		}
		if table, row, column := iniParts(p.key); row != "" {
			tables = addCell(tables, table, row, column, p)
		} else {
			b = append(append(b, p.key...), " = "...)
			if b, err = f.single(b, *p); err != nil {
				return nil, err
			}
			b = append(b, '\n')
		}
	}
	for _, t := range tables {
		if b, err = f.table(b, t); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// single writes digits as they are and text between quotes.
func (f iniTables) single(b []byte, p param) ([]byte, error) {
	quote := "'"
	if p.value != "" && strings.Trim(p.value, "0123456789") == "" {
		quote = ""
	}
	b, err := f.escape(append(b, quote...), p.value)
	if err != nil {
		return nil, p.refuse(err)
	}
	return append(b, quote...), nil
}

// addCell puts a parameter into its table and row. Those of one row come one after
// the other as a rule, and so do the rows of a table.
func addCell(tables []*iniTable, table, row, column string, p *param) []*iniTable {
	at := len(tables) - 1
	for at >= 0 && tables[at].name != table {
		at--
	}
	if at < 0 {
		at = len(tables)
		tables = append(tables, &iniTable{name: table})
	}
	tables[at].add(row, column, p)
	return tables
}

func (t *iniTable) add(row, column string, p *param) {
	at := len(t.rows) - 1
	for at >= 0 && t.rows[at].number != row {
		at--
	}
	if at < 0 {
		at = len(t.rows)
		t.rows = append(t.rows, iniRow{number: row, cells: make([]*param, 0, len(t.columns))})
	}
	if at == 0 {
		t.columns = append(t.columns, column)
	}
	t.rows[at].cells = append(t.rows[at].cells, p)
}

func (f iniTables) table(b []byte, t *iniTable) ([]byte, error) {
	b = append(append(append(b, "[ "...), t.name...), " ]\nFORMAT "...)
	b = append(append(b, t.name...), "_Index = "...)
	for i, column := range t.columns {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(append(append(b, t.name...), '_'), column...)
	}
	b = append(b, ";\n"...)
	for _, row := range t.rows {
		b = append(append(append(append(b, t.name...), ' '), row.number...), " = "...)
		for i, p := range row.cells {
			if len(row.cells) != len(t.columns) || !strings.HasSuffix(p.key, "."+t.columns[i]) {
				return nil, p.refuse(errRow)
			}
			if i > 0 {
				b = append(b, ", "...)
			}
			var err error
			if b, err = f.escape(b, p.value); err != nil {
				return nil, p.refuse(err)
			}
		}
		b = append(b, ";\n"...)
	}
	return append(append(append(b, "[ \\"...), t.name...), " ]\n"...), nil
}
