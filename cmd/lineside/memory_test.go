package main

import (
	"math"
	"testing"
	"testing/fstest"
)

func TestGivenMemory(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for name, tt := range map[string]struct {
		root fstest.MapFS
		want int64
	}{
		"nothing known": {fstest.MapFS{}, math.MaxInt64},
		"no bound": {fstest.MapFS{
			"proc/self/cgroup": file("0::/system.slice/lineside.service\n"),
			"sys/fs/cgroup/system.slice/lineside.service/memory.max": file("max\n"),
		}, math.MaxInt64},
		"the unit's": {fstest.MapFS{
			"proc/self/cgroup": file("0::/system.slice/lineside.service\n"),
			"sys/fs/cgroup/system.slice/lineside.service/memory.max": file("134217728\n"),
			"sys/fs/cgroup/system.slice/memory.max":                  file("max\n"),
		}, 128 << 20},
		"the slice's, which is less": {fstest.MapFS{
			"proc/self/cgroup": file("0::/system.slice/lineside.service\n"),
			"sys/fs/cgroup/system.slice/lineside.service/memory.max": file("134217728\n"),
			"sys/fs/cgroup/system.slice/memory.max":                  file("67108864\n"),
		}, 64 << 20},
		"version 1": {fstest.MapFS{
			"proc/self/cgroup": file("5:cpu:/\n4:memory:/box\n0::/else\n"),
			"sys/fs/cgroup/memory/box/memory.limit_in_bytes":   file("100663296\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes":       file("9223372036854771712\n"),
			"sys/fs/cgroup/memory/other/memory.limit_in_bytes": file("1\n"),
		}, 96 << 20},
		"nonsense":        {fstest.MapFS{"proc/self/cgroup": file("x\n0::../../..\n")}, math.MaxInt64},
		"a bound of none": {fstest.MapFS{"proc/self/cgroup": file("0::/\n"), "sys/fs/cgroup/memory.max": file("0\n")}, math.MaxInt64},
	} {
		if got := givenMemory(tt.root); got != tt.want {
			t.Errorf("%s: got %d, want %d", name, got, tt.want)
		}
	}
}
