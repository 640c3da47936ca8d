package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	_ "time/tzdata" // static builds run where no zone files are
)

// What garbage there may be before it is collected. What the box keeps is small,
// some 20 MiB with ten thousand leases, and collecting whenever there was as much
// again took 6 % of the time of a building's power-up. The bound, in bytes, is for
// a box that has to keep more: half of what its unit gives it (MemoryMax), where that
// is less than the shipped one gives.
const (
	garbagePercent = 400
	garbageBound   = 256 << 20
)

func main() {
	debug.SetGCPercent(garbagePercent)
	debug.SetMemoryLimit(min(garbageBound, givenMemory(os.DirFS("/"))/2))
	// The first signal asks everything to stop; from then on signals have
	// their ordinary effect again, so that a second one kills.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	in := &interruptible{file: os.Stdin, free: sync.OnceFunc(func() { signal.Reset(syscall.SIGINT, syscall.SIGTERM) })}
	os.Exit(run(ctx, os.Args[1:], in, os.Stdout, os.Stderr))
}

// interruptible is standard input. Reading it waits for a person and cannot be
// asked to stop, so before the first read signals get their ordinary effect back
// and the first one kills. The daemon never reads it.
type interruptible struct {
	file *os.File
	free func()
}

// Read reads on.
func (i *interruptible) Read(p []byte) (int, error) {
	i.free()
	return i.file.Read(p)
}

// Stat says what it is: a terminal, a pipe or a file.
func (i *interruptible) Stat() (os.FileInfo, error) { return i.file.Stat() }
