package integration

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// overlap is how often a value of a is below one of b, ties counted half: 0.5
// for samples of one kind, 0 or 1 for such that can be told apart every time. It
// is the Mann-Whitney U over the number of pairs, and does not care for outliers.
// z is its distance from 0.5 in standard deviations.
func overlap(a, b []time.Duration) (share, z float64) {
	type ranked struct {
		v   time.Duration
		isA bool
	}
	all := make([]ranked, 0, len(a)+len(b))
	for _, v := range a {
		all = append(all, ranked{v, true})
	}
	for _, v := range b {
		all = append(all, ranked{v, false})
	}
	slices.SortFunc(all, func(x, y ranked) int { return cmp.Compare(x.v, y.v) })
	var sum float64 // of the ranks of a
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].v == all[i].v {
			j++
		}
		for _, x := range all[i:j] {
			if x.isA {
				sum += float64(i+1+j) / 2
			}
		}
		i = j
	}
	n, m := float64(len(a)), float64(len(b))
	above := (sum - n*(n+1)/2) / (n * m)
	return 1 - above, (0.5 - above) / math.Sqrt((n+m+1)/(12*n*m))
}

// quantile of a sample, q from 0 to 1.
func quantile(sample []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(sample))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// histogram draws samples side by side, in steps of a tenth of their common
// median, the last row for all that is slower.
func histogram(names [2]string, samples [2][]time.Duration) string {
	const rows, wide = 24, 40
	step := max(1, quantile(slices.Concat(samples[0], samples[1]), 0.5)/10)
	var counts [2][rows]int
	most := [2]int{1, 1}
	for i, sample := range samples {
		for _, v := range sample {
			row := min(rows-1, int(v/step))
			counts[i][row]++
			most[i] = max(most[i], counts[i][row])
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%12s  %-*s  %s\n", "", wide, names[0], names[1])
	for row := range rows {
		if counts[0][row]+counts[1][row] == 0 {
			continue
		}
		bar := func(i int) string { return strings.Repeat("#", (counts[i][row]*wide+most[i]-1)/most[i]) }
		fmt.Fprintf(&b, "%12s  %-*s  %s\n", (time.Duration(row) * step).Round(time.Microsecond), wide, bar(0), bar(1))
	}
	return b.String()
}

func TestOverlap(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	// Times as a network has them: around one value, with a long tail.
	sample := func(shift float64) []time.Duration {
		out := make([]time.Duration, 3000)
		for i := range out {
			out[i] = time.Duration((80 + shift + 4*rnd.NormFloat64() + 10*rnd.ExpFloat64()) * float64(time.Microsecond))
		}
		return out
	}
	for _, tt := range []struct {
		name     string
		a, b     []time.Duration
		low, top float64
	}{
		{"one kind", sample(0), sample(0), 0.48, 0.52},
		{"a twentieth slower", sample(0), sample(4), 0.56, 0.75},
		{"much faster", sample(80), sample(0), 0, 0.05},
		{"all equal", make([]time.Duration, 9), make([]time.Duration, 9), 0.5, 0.5},
		{"by hand", []time.Duration{1, 2, 4}, []time.Duration{3, 4}, 4.5 / 6, 4.5 / 6},
	} {
		if got, z := overlap(tt.a, tt.b); got < tt.low-1e-9 || got > tt.top+1e-9 {
			t.Errorf("%s: got %.3f (z %.1f), want %.2f to %.2f", tt.name, got, z, tt.low, tt.top)
		}
	}
}
