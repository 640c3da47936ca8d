package netlab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// device is a host's only interface.
const device = "eth0"

// Host is one machine of the lab: a namespace with a loopback and eth0.
type Host struct {
	lab   *Lab
	space string
}

// Interface is the name of the host's interface on the LAN.
func (h *Host) Interface() string { return device }

// Namespace is the file of the host's network namespace, for a program that is to
// make it its own.
func (h *Host) Namespace() string { return "/run/netns/" + h.space }

// SetMAC gives the host's interface a hardware address, 00:15:65:00:00:01.
func (h *Host) SetMAC(mac string) {
	h.lab.t.Helper()
	h.lab.ip("-n", h.space, "link", "set", device, "address", mac)
}

// Run runs a program in the host and gives what it wrote, standard error too.
// It fails the test where the program does, or takes longer than timeout.
func (h *Host) Run(timeout time.Duration, name string, args ...string) string {
	h.lab.t.Helper()
	out, err := h.Try(timeout, name, args...)
	if err != nil {
		h.lab.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

// Try is Run for a program that may fail.
func (h *Host) Try(timeout time.Duration, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var out bytes.Buffer
	cmd := h.command(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// Process is a program running in a host.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}

	mu  sync.Mutex
	out bytes.Buffer
}

// Start runs a program in the host until the test ends, or Stop.
func (h *Host) Start(name string, args ...string) *Process {
	h.lab.t.Helper()
	p := &Process{cmd: h.command(context.Background(), name, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	if err := p.cmd.Start(); err != nil {
		h.lab.t.Fatalf("start %s: %v", name, err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait()
	}()
	h.lab.t.Cleanup(p.Stop)
	return p
}

// Write takes the program's output.
func (p *Process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

// Output is what the program has written so far.
func (p *Process) Output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// ID is the number of its process, for what /proc says of it.
func (p *Process) ID() int { return p.cmd.Process.Pid }

// Signal sends the program a signal.
func (p *Process) Signal(s os.Signal) error { return p.cmd.Process.Signal(s) }

// Ended reports that the program is not running any more.
func (p *Process) Ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Stop ends the program, with what it started, and waits for it.
func (p *Process) Stop() {
	// The program leads a process group of its own; a negative number is it.
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.done
}

// command enters the namespace, then becomes the program: "ip netns exec" runs
// it in its own place, so the process is the program itself.
func (h *Host) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", h.space, name}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second // for children that hold the output open
	return cmd
}

// Do runs f in the host's namespace: sockets f opens are the host's for good,
// whoever uses them later. Goroutines f starts are not in the namespace.
func (h *Host) Do(f func() error) error {
	result := make(chan error, 1)
	go func() {
		// Never unlocked: the thread has changed, so it ends with the goroutine.
		runtime.LockOSThread()
		result <- enter(h.space, f)
	}()
	return <-result
}

func enter(space string, f func() error) (err error) {
	ns, err := os.Open(filepath.Join("/run/netns", space))
	if err != nil {
		return fmt.Errorf("open namespace: %w", err)
	}
	defer func() { err = errors.Join(err, ns.Close()) }()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter namespace %s: %w", space, err)
	}
	return f()
}
