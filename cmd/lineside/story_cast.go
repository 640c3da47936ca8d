package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/vendors"
)

// teller writes the running account at a pace that can be read.
type teller struct {
	out   io.Writer
	pause time.Duration
	names map[phone.MAC]string
	start time.Time
}

func (t *teller) line(format string, args ...any) {
	_, _ = fmt.Fprintf(t.out, format+"\n", args...)
}

// scene begins a part of the story.
func (t *teller) scene(ctx context.Context, title string) {
	t.wait(ctx, 2*t.pause)
	t.line("\n── %s", title)
	t.wait(ctx, t.pause)
}

// event is one line of a phone's own account.
func (t *teller) event(ctx context.Context, who, text string) {
	t.line("  %-20s %s", who, shell.Printable(text))
	t.wait(ctx, t.pause/4)
}

func (t *teller) wait(ctx context.Context, d time.Duration) {
	if d == 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// part is a phone of the demo.
type part struct {
	mac    phone.MAC
	vendor phone.Vendor
	model  string
	label  string
	user   string
	tftp   bool // an old setting in the phone's menu sends it to TFTP
}

// cast is the phones an operator set up, one of each vendor. Registrar and
// numbers are from the ranges kept for examples.
func cast() []part {
	return []part{
		{phone.MAC{0x00, 0x15, 0x65, 0x4a, 0xa9, 0x37}, "yealink", "T46G", "Reception", "4930231252001", false},
		{phone.MAC{0x64, 0x16, 0x7f, 0x0a, 0x1b, 0x2c}, "poly", "VVX410", "Workshop", "4930231252002", false},
		{phone.MAC{0x00, 0x04, 0x13, 0x85, 0x10, 0x01}, "snom", "D385", "Office", "4930231252003", false},
	}
}

// stranger is a phone nobody set up.
func stranger() part {
	return part{phone.MAC{0x00, 0x15, 0x65, 0x99, 0x00, 0x01}, "yealink", "T46G", "Stranger", "", true}
}

// demoOTP is the one-time login of the demo's brands.
func demoOTP() vendors.Login {
	return vendors.Login{User: "install", Password: phone.NewSecret("Demo-0nce-only")}
}

func (c part) input() admin.DeviceInput {
	return admin.DeviceInput{
		MAC: admin.Set(c.mac), Vendor: admin.Set(string(c.vendor)), Model: admin.Set(c.model), Label: admin.Set(c.label),
		Lines: admin.Set([]admin.LineInput{{
			Registrar: "sip.example.net", Transport: phone.TLS, User: c.user,
			Password: admin.Set("demo-" + c.user), DisplayName: c.label, Label: c.label,
		}}),
	}
}
