package pages

import "strconv"

// slice is a part of a ring or a bar: a count under a word, in its colour.
type slice struct {
	Key   string // its class in the style sheet, and its icon
	Word  string
	Href  string
	Count int
	// Start and Size are its place on the ring, of 100, Rest what is left of it.
	Start, Size, Rest string
}

// ring is a chart of parts of a whole.
type ring struct {
	Total  int
	Word   string // what is counted
	Slices []slice
}

// newRing gives each slice its place. Slices that are not empty are at least one
// percent, so that one blocked phone of a thousand is seen.
func newRing(word string, slices []slice) ring {
	r := ring{Word: word, Slices: slices}
	for _, s := range slices {
		r.Total += s.Count
	}
	if r.Total == 0 {
		return r
	}
	sizes, sum := make([]float64, len(slices)), 0.0
	for i, s := range slices {
		if s.Count > 0 {
			sizes[i] = max(100*float64(s.Count)/float64(r.Total), 1)
		}
		sum += sizes[i]
	}
	at := 0.0
	for i := range slices {
		size := sizes[i] * 100 / sum
		// A dash begins where the offset says, counted backwards from the top.
		slices[i].Start, slices[i].Size, slices[i].Rest = decimal(100-at), decimal(size), decimal(100-size)
		at += size
	}
	return r
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', 3, 64) }

// column is one bar of a chart over time.
type column struct {
	Word             string // when
	Count            int
	X, Y, Width, Top string
}

// columns are bars over time, on a plane of 100 by 40.
type columns struct {
	Word        string
	Most, Total int
	Columns     []column
	First, Last string // what stands under both ends
}

// newColumns scales counts to the plane.
func newColumns(word string, counts []int, when []string) columns {
	c := columns{Word: word}
	for _, n := range counts {
		c.Most, c.Total = max(c.Most, n), c.Total+n
	}
	if len(counts) == 0 || len(when) != len(counts) {
		return c
	}
	c.First, c.Last = when[0], when[len(when)-1]
	step := 100 / float64(len(counts))
	for i, n := range counts {
		height := 0.0
		if c.Most > 0 {
			height = 38 * float64(n) / float64(c.Most)
		}
		if n > 0 {
			height = max(height, 1.5)
		}
		c.Columns = append(c.Columns, column{
			Word: when[i], Count: n, X: decimal(float64(i)*step + step*0.12), Width: decimal(step * 0.76),
			Y: decimal(40 - height), Top: decimal(height),
		})
	}
	return c
}
