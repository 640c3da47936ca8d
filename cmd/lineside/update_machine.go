package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/update"
)

// unitBox is the daemon as systemd runs it.
type unitBox struct {
	p    *program
	unit string
}

// askWithin is how long the daemon may take to answer, restartWithin how long to
// become READY: systemd's own patience is shorter.
const (
	askWithin     = 10 * time.Second
	restartWithin = 3 * time.Minute
)

// Vitals asks over the operator's socket.
func (u unitBox) Vitals(ctx context.Context) (update.Vitals, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	c, err := u.p.client()
	if err != nil {
		return update.Vitals{}, err
	}
	st, err := c.Update(ctx)
	return st.Vitals, err
}

// Restart has systemd restart the unit, and waits until it is READY.
func (u unitBox) Restart(ctx context.Context) error {
	return u.systemctl(ctx, "restart")
}

func (u unitBox) systemctl(ctx context.Context, do string) error {
	ctx, cancel := context.WithTimeout(ctx, restartWithin)
	defer cancel()
	// A program that failed too often is not started again unless that is
	// forgotten.
	_ = exec.CommandContext(ctx, "systemctl", "reset-failed", u.unit).Run()
	out, err := exec.CommandContext(ctx, "systemctl", do, u.unit).CombinedOutput()
	if err != nil {
		return fmt.Errorf("systemctl %s %s: %w: %.300s", do, u.unit, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// stateSafe keeps a backup in the folder of slots.
type stateSafe struct {
	box   unitBox
	slots programSlots
	state string
}

// maxSafe bounds a backup in bytes: what says it is one comes from the daemon.
const maxSafe = 1 << 30

func (s stateSafe) path() string { return s.slots.path("before.backup") }

// Backup has the daemon write one.
func (s stateSafe) Backup(ctx context.Context) error {
	c, err := s.box.p.client()
	if err != nil {
		return err
	}
	return shell.WriteWhole(s.path(), func(w io.Writer) error {
		return c.Backup(ctx, &bounded{w: w, left: maxSafe})
	})
}

// bounded takes so many bytes and no more.
type bounded struct {
	w    io.Writer
	left int64
}

// Write passes on.
func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, errors.New("it is longer than any backup")
	}
	return b.w.Write(p)
}

// Restore stops the daemon and has the program of before put the backup back, as
// the daemon's user: the state directory is that user's, and root writes nothing
// where somebody else could have laid links.
func (s stateSafe) Restore(ctx context.Context) error {
	if err := s.box.systemctl(ctx, "stop"); err != nil {
		return err
	}
	uid, gid, err := ownerOf(s.state)
	if err != nil {
		return err
	}
	program, _, err := s.slots.program(uint32(os.Geteuid()))
	if err != nil || program == "" {
		program = "/proc/self/exe"
	}
	cmd := exec.CommandContext(ctx, program, "restore", "--state", s.state, filepath.Join(s.slots.dir, "before.backup"))
	if uid >= 0 {
		if err := errors.Join(os.Chown(s.path(), uid, -1)); err != nil {
			return fmt.Errorf("give the backup to the daemon's user: %w", err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("put the backup back: %w: %.300s", err, strings.TrimSpace(string(out)))
	}
	return nil
}
