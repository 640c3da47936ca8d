package fleet

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// usage is what a process has taken of the machine.
type usage struct {
	cpu      time.Duration // user and system
	resident int           // bytes
}

// clockTick is the unit of the kernel's process times, the same on every
// architecture Go knows (proc(5), USER_HZ).
const clockTick = 10 * time.Millisecond

// ProcessTime is the processor time a process of this machine has taken, user
// and system.
func ProcessTime(pid int) (time.Duration, error) {
	u, err := usageOf(pid)
	return u.cpu, err
}

func usageOf(pid int) (usage, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return usage{}, fmt.Errorf("read the server's processor time: %w", err)
	}
	u, err := parseStat(stat)
	if err != nil {
		return usage{}, fmt.Errorf("read the server's processor time: process %d: %w", pid, err)
	}
	return u, nil
}

// parseStat reads utime, stime and rss, fields 14, 15 and 24 of proc(5). The
// second field is the program's name in brackets and may hold anything.
func parseStat(stat []byte) (usage, error) {
	const utime, stime, rss = 14 - 3, 15 - 3, 24 - 3
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) <= rss {
		return usage{}, fmt.Errorf("%d fields are too few", len(fields))
	}
	var n [3]int64
	for i, at := range []int{utime, stime, rss} {
		v, err := strconv.ParseInt(string(fields[at]), 10, 64)
		if err != nil || v < 0 {
			return usage{}, fmt.Errorf("%.20q is no number of %d", fields[at], at)
		}
		n[i] = v
	}
	return usage{cpu: time.Duration(n[0]+n[1]) * clockTick, resident: int(n[2]) * os.Getpagesize()}, nil
}
