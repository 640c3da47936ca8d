package main

import (
	"io/fs"
	"math"
	"path"
	"strconv"
	"strings"
)

// givenMemory is the most memory the service manager gives this process, bytes: the
// least bound of its control group and those above (cgroups(7)), in the one hierarchy
// of version 2 or the memory controller's own of version 1. Beyond it the kernel kills
// the process. root is "/" but in tests.
func givenMemory(root fs.FS) int64 {
	least := int64(math.MaxInt64)
	text, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return least
	}
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3) // number:controllers:path
		if len(parts) != 3 {
			continue
		}
		at, file := "", ""
		switch {
		case parts[0] == "0" && parts[1] == "":
			at, file = "sys/fs/cgroup", "memory.max"
		case parts[1] == "memory":
			at, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		default:
			continue
		}
		for dir := path.Clean("/" + parts[2]); ; dir = path.Dir(dir) {
			least = min(least, boundIn(root, path.Join(at, dir, file)))
			if dir == "/" {
				break
			}
		}
	}
	return least
}

// boundIn reads a bound; what is none, such as "max", bounds nothing.
func boundIn(root fs.FS, name string) int64 {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return math.MaxInt64
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || n <= 0 {
		return math.MaxInt64
	}
	return n
}
