package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit statuses.
const (
	exitOK    = 0
	exitWrong = 1 // a phone did not get what was expected
	exitUsage = 2 // the command line
)

func main() {
	// The first signal lets the phones stop and reports; a second one kills.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// errFailed ends the program with status 1; the report has said why.
var errFailed = errors.New("not every phone got what was expected")

func run(ctx context.Context, args []string, out, errs io.Writer) int {
	root := rootCommand(out)
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errFailed), errors.Is(err, context.Canceled):
		return exitWrong
	}
	fmt.Fprintf(errs, "lineside-fleet: %v\n", err)
	return exitUsage
}
