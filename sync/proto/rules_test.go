package proto_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// setups are the worlds searched: which faults they know, and whether a site
// accepts one-time passwords off line.
func setups() []setup {
	return []setup{
		{name: "off line, databases put back", offline: true, databaseBack: true, properRestore: true, devices: 1},
		{name: "off line, the platform put back raw", offline: true, rawRestore: true, databaseBack: true, devices: 1},
		{name: "on line only, whole disks put back", wholeDiskBack: true, properRestore: true, devices: 1},
		{name: "off line, all faults, two devices", offline: true, wholeDiskBack: true, databaseBack: true, rawRestore: true, properRestore: true, devices: 2},
		{name: "off line, few starts remembered", offline: true, wholeDiskBack: true, databaseBack: true, fewBoots: true, devices: 2},
	}
}

func generous() budget {
	return budget{mints: 4, moves: 3, resets: 3, claims: 8, tries: 5, crashes: 4, boots: 2, restores: 2,
		backs: 2, drops: 5, doubles: 5, saves: 4, lost: 6, pokes: 6}
}

// TestRandomWorlds draws what happens and in which order; after it all faults
// end and both sides must be equal.
func TestRandomWorlds(t *testing.T) {
	for _, s := range setups() {
		t.Run(s.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				w := newWorld(s, generous())
				var path []string
				for range rapid.IntRange(0, 120).Draw(t, "steps") {
					w.wall++
					steps := w.steps()
					if len(steps) == 0 {
						break
					}
					slices.SortStableFunc(steps, func(a, b step) int { return strings.Compare(a.name, b.name) })
					next := draw(t, steps)
					next.do(w)
					path = append(path, next.name)
					if bad := w.wrong(); bad != "" {
						t.Fatalf("%s, after\n%s", bad, strings.Join(path, "\n"))
					}
				}
				if bad := w.settle(); bad != "" {
					t.Fatalf("%s, after\n%s", bad, strings.Join(path, "\n"))
				}
			})
		})
	}
}

// draw picks the next step: a stride, one of the operators' and faults', or a
// letter, in about equal parts.
func draw(t *rapid.T, steps []step) step {
	kinds := map[string][]step{}
	for _, s := range steps {
		kind := "other"
		switch {
		case strings.Contains(s.name, "talks") || strings.Contains(s.name, "whole, on line"):
			kind = "stride"
		case strings.HasPrefix(s.name, "letter") || strings.HasSuffix(s.name, "asks"):
			kind = "letter"
		}
		kinds[kind] = append(kinds[kind], s)
	}
	names := slices.Sorted(maps.Keys(kinds))
	of := kinds[names[rapid.IntRange(0, len(names)-1).Draw(t, "kind")]]
	return of[rapid.IntRange(0, len(of)-1).Draw(t, "step")]
}

// scenario is a small world all of whose states are visited.
type scenario struct {
	name  string
	setup setup
	left  budget
}

func scenarios() []scenario {
	return []scenario{
		{"a crash at any step, off line", setup{offline: true, devices: 1},
			budget{claims: 3, crashes: 2, lost: 1, mints: 1}},
		{"letters lost and repeated", setup{offline: true, devices: 1},
			budget{claims: 3, drops: 1, doubles: 1, lost: 1}},
		{"a database put back", setup{offline: true, databaseBack: true, devices: 1},
			budget{claims: 3, saves: 1, backs: 1, crashes: 1, lost: 1}},
		{"a whole disk put back", setup{offline: true, wholeDiskBack: true, devices: 1},
			budget{claims: 3, saves: 1, backs: 1, crashes: 1, lost: 1}},
		{"the platform put back raw", setup{offline: true, rawRestore: true, devices: 1},
			budget{claims: 2, saves: 1, restores: 2, mints: 1, lost: 1, pokes: 1}},
		{"the platform restored", setup{offline: true, properRestore: true, devices: 1},
			budget{claims: 2, saves: 1, restores: 2, mints: 1, lost: 1, pokes: 1}},
		{"a whole disk with two devices put back", setup{offline: true, wholeDiskBack: true, devices: 2},
			budget{claims: 2, mints: 1, saves: 1, backs: 1, lost: 1}},
		{"starts that are forgotten", setup{offline: true, fewBoots: true, devices: 1},
			budget{claims: 1, boots: 3, mints: 1, lost: 1, pokes: 1}},
		{"a move between two sites", setup{offline: true, devices: 1},
			budget{claims: 3, moves: 2, crashes: 1, lost: 1, pokes: 2}},
		{"wrong PINs and resets", setup{offline: true, devices: 1},
			budget{tries: 4, resets: 2, crashes: 1, lost: 1, pokes: 1, doubles: 1}},
	}
}

// TestEveryState visits the states of small worlds breadth first, as many as
// STATES says (1,500 without it).
func TestEveryState(t *testing.T) {
	most := 1_500
	if n, err := strconv.Atoi(os.Getenv("STATES")); err == nil {
		most = n
	}
	for _, sc := range scenarios() {
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			n, all, bad := search(sc, most)
			if bad != "" {
				t.Fatal(bad)
			}
			t.Logf("%d states, all of them: %v", n, all)
		})
	}
}

type node struct {
	w    *world
	from *node
	name string
}

func (n *node) path() string {
	var names []string
	for ; n.from != nil; n = n.from {
		names = append(names, n.name)
	}
	slices.Reverse(names)
	return strings.Join(names, "\n")
}

// search visits states until there are no new ones or most were seen.
func search(sc scenario, most int) (states int, all bool, bad string) {
	first := &node{w: newWorld(sc.setup, sc.left)}
	seen := map[string]bool{first.w.key(): true}
	queue := []*node{first}
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		for _, s := range n.w.steps() {
			w := n.w.clone()
			w.wall++
			s.do(w)
			next := &node{w, n, s.name}
			if bad := w.wrong(); bad != "" {
				return len(seen), false, fmt.Sprintf("%s, after\n%s", bad, next.path())
			}
			k := w.key()
			if seen[k] {
				continue
			}
			seen[k] = true
			if bad := w.clone().settle(); bad != "" {
				return len(seen), false, fmt.Sprintf("%s, after\n%s", bad, next.path())
			}
			if len(seen) >= most {
				return len(seen), false, ""
			}
			queue = append(queue, next)
		}
		n.w = nil
	}
	return len(seen), true, ""
}
