package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// mainEnv has the test binary be the program itself.
const mainEnv = "LINESIDE_MAIN"

// wedgeEnv has it be the daemon with a part beside the others that hangs from SIGUSR1
// on, for a watchdog to find.
const wedgeEnv = "LINESIDE_WEDGE"

func TestMain(m *testing.M) {
	if os.Getenv(wedgeEnv) != "" {
		os.Exit(runWedged())
	}
	if os.Getenv(mainEnv) != "" {
		_ = os.Unsetenv(mainEnv)
		main()
	}
	if dir := os.Getenv(carryEnv); dir != "" {
		os.Exit(carryOut(dir))
	}
	os.Exit(m.Run())
}

func runWedged() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	w, hang := newWedge(), make(chan os.Signal, 1)
	signal.Notify(hang, syscall.SIGUSR1)
	go func() { <-hang; close(w.hold) }()
	p := &program{in: os.Stdin, out: os.Stdout, err: os.Stderr, now: time.Now, also: []task{w}}
	return p.run(ctx, os.Args[1:])
}

// TestInterruptEndsAVerbThatWaitsForInput sends the first signal once the verb
// has begun to read, which is seen by the pipe being empty.
func TestInterruptEndsAVerbThatWaitsForInput(t *testing.T) {
	cmd := exec.Command(os.Args[0], "device", "import", "-")
	cmd.Env = append(os.Environ(), mainEnv+"=1")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	cmd.Stdin = r
	if _, err := w.WriteString("mac\n"); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waiting := make(chan error, 1)
	go func() { waiting <- cmd.Wait() }()
	for deadline := time.Now().Add(20 * time.Second); ; {
		left, err := unix.IoctlGetInt(int(r.Fd()), unix.TIOCINQ) // of a pipe: what was not read yet
		if err != nil || time.Now().After(deadline) {
			_ = cmd.Process.Kill()
			t.Fatalf("%d bytes not read, %v", left, err)
		}
		if left == 0 {
			break
		}
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	select {
	case err = <-waiting:
	case <-time.After(20 * time.Second):
		_ = cmd.Process.Kill()
		<-waiting
		t.Fatal("the interrupt was swallowed")
	}
	var ended *exec.ExitError
	if !errors.As(err, &ended) || ended.Sys().(syscall.WaitStatus).Signal() != syscall.SIGINT {
		t.Errorf("got %v, want it ended by the interrupt", err)
	}
}

// TestUnitAndTheClock: the store asks the kernel whether anything sets the clock,
// with adjtimex(2). The unit leaves nobody the right to set it; where it hides that
// call as well, it says what a drop-in has to say.
func TestUnitAndTheClock(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "systemd", "lineside.service"))
	if err != nil {
		t.Fatal(err)
	}
	hidden, bounded := false, false
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "ProtectClock":
			hidden = value == "yes"
		case "CapabilityBoundingSet", "AmbientCapabilities":
			bounded = true
			if strings.Contains(value, "SYS_TIME") || strings.HasPrefix(value, "~") {
				t.Errorf("%s: somebody may set the clock", line)
			}
		}
	}
	if !bounded {
		t.Error("got capabilities without bounds")
	}
	if hidden && !strings.Contains(string(text), "ProtectClock=no and SystemCallFilter=adjtimex") {
		t.Error("the call is hidden, and nothing says how to have it seen")
	}
}
