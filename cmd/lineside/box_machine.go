package main

import (
	"context"
	"fmt"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lineside/lineside/health"
)

// Codes of what the daemon sees of its machine.
const (
	codeBuffers = "udp-buffers-small"
	codeSpace   = "disk-space-low"
	codeFiles   = "disk-files-full"
)

// spaceEvery is how often the disk is looked at: it costs two system calls.
const spaceEvery = 5 * time.Second

// tellBuffers says so where the kernel gave the doors less room than a building
// of phones needs. Phones on loopback are simulated ones.
func (b *box) tellBuffers() {
	if b.where.Interface == "" {
		return
	}
	for _, o := range b.opened {
		got, ok := receiveRoom(o.conn)
		if !ok || got >= wantBuffer {
			continue
		}
		c := health.Condition{
			Code: codeBuffers, Title: "The kernel keeps little room for what phones ask",
			Meaning: "when a building powers up requests are lost, and phones wait seconds before they ask again",
			Do:      sysctls + "; then restart the box's service",
			Detail:  fmt.Sprintf("%s has %d KiB, %d are wanted", o.title(), got>>10, wantBuffer>>10),
		}
		b.log.Warn(c.Title, "front", o.title(), "reason", c.Detail)
		b.health.Raise(time.Now(), c)
		return
	}
}

// receiveRoom is how many bytes wait in a UDP socket at most. The kernel says
// twice what it was asked for, its own share being in it (socket(7)).
func receiveRoom(conn net.PacketConn) (bytes int, ok bool) {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return 0, false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, false
	}
	var twice int
	var bad error
	err = raw.Control(func(fd uintptr) { twice, bad = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF) })
	return twice / 2, err == nil && bad == nil
}

// keepSpace watches the room for the state, as the doctor does.
func (b *box) keepSpace(ctx context.Context) error {
	tick := time.NewTicker(spaceEvery)
	defer tick.Stop()
	for {
		b.tellSpace(codeSpace, "The disk is nearly full", space(b.settings.State))
		b.tellSpace(codeFiles, "The disk takes hardly any more files", files(b.settings.State))
		if free, err := freeSpace(b.settings.State); err == nil {
			b.metrics.Free.Set(float64(free))
		}
		select {
		case <-ctx.Done():
			return nil
		case beat := <-b.beats.disk:
			close(beat)
		case <-tick.C:
		}
	}
}

func (b *box) tellSpace(code, title string, f finding) {
	switch f.Result {
	case gradeOK:
		b.health.Clear(code)
	case gradeWarn, gradeBad:
		b.health.Raise(time.Now(), health.Condition{Code: code, Title: title, Meaning: f.Notice, Do: f.Do, Detail: f.Found})
	}
}
