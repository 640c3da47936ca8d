package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // static builds run where no zone files are
)

func main() {
	// The first signal asks everything to stop; from then on signals have
	// their ordinary effect again, so that a second one kills.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
