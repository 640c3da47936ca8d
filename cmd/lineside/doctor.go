package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"time"

	"github.com/lineside/lineside/admin"
)

// What a finding comes to.
type grade string

const (
	gradeOK      grade = "ok"
	gradeWarn    grade = "warn" // works now, and will not always
	gradeBad     grade = "bad"  // phones notice it
	gradeUnknown grade = "unknown"
)

// finding is one thing the doctor looked at.
type finding struct {
	Check  string `json:"check"` // stable, "dhcp-servers"
	Result grade  `json:"result"`
	Found  string `json:"found"`
	// Notice is what phones notice of it, Do what to do; empty where it is well.
	Notice string `json:"notice,omitempty"`
	Do     string `json:"do,omitempty"`
}

func fine(check, format string, args ...any) finding {
	return finding{Check: check, Result: gradeOK, Found: fmt.Sprintf(format, args...)}
}

// unseen is what the doctor could not look at, and why.
func unseen(check string, err error) finding {
	f := finding{Check: check, Result: gradeUnknown, Found: "not looked at: " + err.Error()}
	if errors.Is(err, fs.ErrPermission) {
		f.Do = "run it as root: sudo lineside doctor"
	}
	return f
}

// doctor is one look at the machine and its LAN. What it reads of the system is
// below root, "/" but in tests.
type doctor struct {
	settings settings
	where    lan
	lost     error // why there is no LAN to look at
	root     fs.FS
	running  bool // a daemon answers at the operator's socket
	devices  int  // set up, as the daemon says; -1: nobody said
	link     *admin.PlatformLink
	patience time.Duration
}

// checks are what is looked at, in the order it is told. Those of the LAN are
// left out where there is none.
func (d *doctor) checks() []func(context.Context) []finding {
	list := []func(context.Context) []finding{d.lan}
	if d.lost == nil {
		list = append(list, d.ports)
		if d.where.Interface != "" {
			list = append(list, d.ipv6, d.addressTwice, d.dhcpServers, d.upstreams, d.pnpServers)
		}
	}
	return append(list, d.route, d.names, d.clock, d.platform, d.mail, d.disk, d.buffers, d.neighbours, d.firewall)
}

// look does all checks side by side: most of them wait for an answer that should
// not come.
func (d *doctor) look(ctx context.Context) []finding {
	checks := d.checks()
	found := make([][]finding, len(checks))
	done := make(chan struct{})
	for i, c := range checks {
		go func() {
			found[i] = c(ctx)
			done <- struct{}{}
		}()
	}
	for range checks {
		<-done
	}
	var all []finding
	for _, f := range found {
		all = append(all, f...)
	}
	return all
}

// newDoctor finds out what there is to look at.
func newDoctor(ctx context.Context, s settings) *doctor {
	d := &doctor{settings: s, root: os.DirFS("/"), devices: -1, patience: 3 * time.Second}
	nics, err := systemNICs()
	if err == nil {
		d.where, err = findLAN(s.Listen, nics)
	}
	d.lost = err
	if d.running = answers(s.Listen.Socket); !d.running {
		return d
	}
	c := admin.NewClient(s.Listen.Socket)
	defer c.Close()
	if st, err := c.Status(ctx); err == nil {
		d.devices, d.link = st.Devices["total"], st.Platform
	}
	return d
}

// tool runs a program of the system, where it is installed, for as long as the
// doctor is patient.
func (d *doctor) tool(ctx context.Context, name string, args ...string) ([]byte, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, fmt.Errorf("%s is not installed", name)
	}
	ctx, cancel := context.WithTimeout(ctx, d.patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, args...).Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return out, nil
}
