package appliance

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/lineside/lineside/internal/netlab"
)

// group is a control group of this test's own, in the hierarchy the machine has.
type group struct {
	t       *testing.T
	at      string
	unified bool // version 2
}

// newGroup makes one for a controller, "memory" or "io", and takes it away once the box
// that is in it has ended.
func newGroup(t *testing.T, b *box, controller string) *group {
	t.Helper()
	const root = "/sys/fs/cgroup"
	g := &group{t: t}
	if _, err := os.Stat(filepath.Join(root, "cgroup.controllers")); err == nil {
		g.unified = true
		_ = os.WriteFile(filepath.Join(root, "cgroup.subtree_control"), []byte("+"+controller), 0) // on already, or seen below
		g.at = filepath.Join(root, "lineside-"+strconv.Itoa(os.Getpid())+controller)
	} else {
		old := map[string]string{"io": "blkio"}
		if name, ok := old[controller]; ok {
			controller = name
		}
		g.at = filepath.Join(root, controller, "lineside-"+strconv.Itoa(os.Getpid())+controller)
	}
	if err := os.Mkdir(g.at, 0o755); err != nil {
		netlab.Lacking(t, "no control group can be made: "+err.Error())
	}
	t.Cleanup(func() {
		b.kill()
		if err := os.Remove(g.at); err != nil {
			t.Errorf("remove the control group: %v", err)
		}
	})
	return g
}

func (g *group) set(file, value string) {
	g.t.Helper()
	must(g.t, os.WriteFile(filepath.Join(g.at, file), []byte(value), 0))
}

func (g *group) take(pid int) { g.set("cgroup.procs", strconv.Itoa(pid)) }

// kills is how many processes of the group the kernel ended for want of memory.
func (g *group) kills() (n int) {
	g.t.Helper()
	file := "memory.oom_control"
	if g.unified {
		file = "memory.events"
	}
	text, err := os.ReadFile(filepath.Join(g.at, file))
	must(g.t, err)
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 2 && f[0] == "oom_kill" {
			n, err = strconv.Atoi(f[1])
			must(g.t, err)
		}
	}
	return n
}

// limitMemory is MemoryMax=.
func (g *group) limitMemory(bytes int) {
	file := "memory.limit_in_bytes"
	if g.unified {
		file = "memory.max"
	}
	g.set(file, strconv.Itoa(bytes))
}
