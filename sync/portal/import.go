package portal

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// atOnce is how many rows of a file are done at once: those that wait together
// are committed together.
const atOnce = 64

// take reads a file and does each row by itself, in a transaction of its own.
func (s *Server) take(c *call, sh sheet) (any, error) {
	data, err := c.file()
	if err != nil {
		return nil, err
	}
	rows, faults, err := sh.read(data)
	if err != nil {
		return nil, err
	}
	rows, twice := sh.once(rows)
	out := Imported{Faults: append(filled(faults), twice...), Notes: []Fault{}, Made: []RowMade{}}
	var mu sync.Mutex // guards out
	each(rows, func(r sheetRow) {
		got, err := sh.take(s, s.by(c), r.cells)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			out.Faults = append(out.Faults, Fault{r.line, s.whyNot(sh, err)})
			return
		}
		out.Done++
		for _, n := range got.notes {
			out.Notes = append(out.Notes, Fault{r.line, n})
		}
		if len(got.made) > 0 {
			out.Made = append(out.Made, RowMade{Line: r.line, MAC: got.mac, Secrets: revealed(got.made)})
		}
	})
	byLine := func(a, b Fault) int { return a.Line - b.Line }
	slices.SortStableFunc(out.Faults, byLine)
	slices.SortStableFunc(out.Notes, byLine)
	slices.SortFunc(out.Made, func(a, b RowMade) int { return a.Line - b.Line })
	return out, nil
}

// once gives the rows without those that are about what another is about: which
// of them is meant, nobody can know.
func (sh sheet) once(rows []sheetRow) (good []sheetRow, faults []Fault) {
	lines := map[string][]int{}
	for _, r := range rows {
		name := sh.names(r.cells)
		lines[name] = append(lines[name], r.line)
	}
	for _, r := range rows {
		name := sh.names(r.cells)
		if name == "" || len(lines[name]) == 1 {
			good = append(good, r)
			continue
		}
		others := slices.DeleteFunc(slices.Clone(lines[name]), func(n int) bool { return n == r.line })
		faults = append(faults, Fault{r.line, fmt.Sprintf("%s stands in line %s too; none of them was done", name, inWords(others))})
	}
	return good, faults
}

// inWords lists lines, the first few of many.
func inWords(lines []int) string {
	const most = 5
	var words []string
	for _, n := range lines[:min(most, len(lines))] {
		words = append(words, fmt.Sprint(n))
	}
	if len(lines) > most {
		words = append(words, "…")
	}
	return strings.Join(words, ", ")
}

// each calls f for every row, several at once, and waits for all. A panic goes
// on in the caller, where the front's recover is.
func each(rows []sheetRow, f func(sheetRow)) {
	next := make(chan sheetRow)
	var all sync.WaitGroup
	var first sync.Once
	var panicked any
	guarded := func(r sheetRow) {
		defer func() {
			if v := recover(); v != nil {
				first.Do(func() { panicked = v })
			}
		}()
		f(r)
	}
	for range min(atOnce, len(rows)) {
		all.Go(func() {
			for r := range next {
				guarded(r)
			}
		})
	}
	for _, r := range rows {
		next <- r
	}
	close(next)
	all.Wait()
	if panicked != nil {
		panic(panicked)
	}
}

// whyNot words why a row was not done.
func (s *Server) whyNot(sh sheet, err error) string {
	e, known := errorFor(err)
	if !known {
		s.log.Error("a row could not be imported", "file", sh.name, "err", err)
	}
	if len(e.Fields) > 0 {
		return strings.Join(e.Fields, "; ")
	}
	return e.What
}
