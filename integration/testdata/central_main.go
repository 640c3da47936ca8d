package main

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// This file takes the place of cmd/lineside-central/main.go in the program that
// tests start. It is that program with a clock the test moves: the file "clock"
// beside it says how far ahead of the machine's it goes, such as 8h.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	p := &program{in: os.Stdin, out: os.Stdout, err: os.Stderr, now: moved}
	os.Exit(p.run(ctx, os.Args[1:]))
}

func moved() time.Time {
	now := time.Now()
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	text, err := os.ReadFile(filepath.Join(filepath.Dir(self), "clock"))
	if err != nil {
		return now
	}
	ahead, err := time.ParseDuration(strings.TrimSpace(string(text)))
	if err != nil {
		panic(err)
	}
	return now.Add(ahead)
}
