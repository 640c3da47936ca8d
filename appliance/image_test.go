package appliance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/rootslot"
)

// booting bounds a start: seconds by KVM, minutes where the machine is emulated.
const booting = 15 * time.Minute

// lanFile gives the box the fixed address that a DHCP server needs.
const lanFile = "[Match]\nType=ether\n[Network]\nAddress=" + machineAddress + "/24\n"

// TestImage starts the appliance's image in a machine of its own, as it comes: first
// set-up, a phone, a power cut, and an update that never comes up.
func TestImage(t *testing.T) {
	accel := accelerator(t)
	lab := netlab.New(t)
	made := buildImages(t)
	m := newComputer(t, lab.Host("machine", ""), accel, made.image)
	people := lab.Host("people", installer+"/24")
	box := newRemote(t, people)
	m.onBoot("lineside/lan.network", lanFile)

	m.powerOn()
	took := m.await("READY for the first time", booting, box.up)
	t.Logf("power on to READY, first start (%s): %.1f s", accel[1], took.Seconds())
	m.await("the set-up code on the console", time.Minute, func() bool { return shownCode(m.console()) != "" })
	if got := m.console(); !strings.Contains(got, "https://"+machineAddress+":8443/") || strings.Contains(got, "login:") {
		t.Errorf("console: got\n%s\nwant the admin page's address, and no log-in", got)
	}
	box.setUp(shownCode(m.console()))
	serve(t, m, box)
	desk := lab.Host("phone", phoneAddress+"/24")
	desk.SetMAC(fleetMAC) // or the wire says that it is another machine
	phone := desk.Run(3*time.Minute, made.fleet, "--dhcp", machineAddress+":67", "--relay", phoneAddress, "--vendor", "yealink", "--otp", "install:fake-brand-otp")
	t.Logf("a phone:\n%s", phone)

	known := powerCut(t, m, box)
	t.Logf("after the power cut: READY in %.1f s", m.await("READY after a power cut", booting, box.up).Seconds())
	lost(t, box, known, "the power cut")

	m.pullPlug()
	if err := update(t.Context(), bench{m}, made.broken); err != nil {
		t.Fatal(err)
	}
	began := len(m.console())
	m.powerOn()
	took = m.await("the slot on trial to be given up", booting, func() bool { return strings.Contains(m.console()[began:], "slot b is given up") })
	took += m.await("READY on the slot before", booting, box.up)
	t.Logf("an update that never becomes READY (it has %s): back on the slot before %.1f s after power on", brokenReady, took.Seconds())
	if got := box.conditions(); !strings.Contains(got, "slot-turned-back") || !strings.Contains(got, "9.9.9") {
		t.Errorf("conditions: got\n%s\nwant it said that 9.9.9 was turned back from", got)
	}
	lost(t, box, known, "the update")
}

// serve has the box give addresses and take a password from phones.
func serve(t *testing.T, m *computer, box *remote) {
	t.Helper()
	var before, now admin.Status
	box.call("GET", "/status", nil, &before)
	box.call("PATCH", "/settings", map[string]any{"dhcp.mode": "server", "dhcp.pool": "10.78.0.50-10.78.0.99"}, nil)
	box.call("PATCH", "/policy", map[string]any{"first_contact": "otp"}, nil)
	box.call("PUT", "/otps/yealink", admin.OTPInput{User: "install", Password: "fake-brand-otp"}, nil)
	box.call("POST", "/restart", nil, nil)
	m.await("the box on its new settings", time.Minute, func() bool {
		return box.try("GET", "/status", nil, &now) == nil && now.Started.After(before.Started)
	})
	// The phone plays its own relay, so the address it calls from is the one it gets:
	// at any other its MAC would be at home in two places, and nothing it shows counts.
	served := device(fleetMAC)
	served["address"] = phoneAddress
	box.call("POST", "/devices", served, nil)
}

// fleetMAC is the first phone lineside-fleet plays.
const fleetMAC = "00:15:65:f0:00:00"

func device(mac string) map[string]any {
	return map[string]any{"mac": mac, "vendor": "yealink", "model": "T46G", "lines": []admin.LineInput{{Registrar: "sip.example.net", User: "1001"}}}
}

// powerCut pulls the plug while devices are being added, and puts it back. It gives
// those that the box had said yes to.
func powerCut(t *testing.T, m *computer, box *remote) (known []string) {
	t.Helper()
	known = append(known, fleetMAC)
	cut := make(chan struct{})
	for n := 0; ; n++ {
		mac := fmt.Sprintf("00:15:65:00:%02x:%02x", n>>8, n&0xff)
		if n == 20 {
			go func() { defer close(cut); m.pullPlug() }()
		}
		if err := box.try("POST", "/devices", device(mac), nil); err != nil {
			if n < 20 {
				t.Fatal(err)
			}
			break
		}
		known = append(known, mac)
	}
	<-cut
	t.Logf("the plug is pulled with %d devices acknowledged and one being written", len(known))
	m.powerOn()
	return known
}

// lost says which devices are not there any more, or have forgotten their proof.
func lost(t *testing.T, box *remote, known []string, after string) {
	t.Helper()
	for _, mac := range known {
		var d admin.Device
		if err := box.try("GET", "/devices/"+mac, nil, &d); err != nil {
			t.Errorf("after %s: %v; it was acknowledged", after, err)
		}
		if mac == fleetMAC && d.Enrolment.State != "successful" {
			t.Errorf("after %s: state of the phone that was served: got %s, want successful", after, d.Enrolment.State)
		}
	}
}

// brokenReady is how long the broken slot has to come up: its own entry says so.
const brokenReady = 20 * time.Second

// update writes a root into the other slot and has it tried, as the box's helper does,
// on a disk that lies in another computer.
func update(ctx context.Context, machine rootslot.Machine, root string) (err error) {
	slots, err := rootslot.New("lineside.slot=a", machine)
	if err != nil {
		return err
	}
	content, err := os.Open(root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	if err := slots.Write(ctx, "9.9.9", content); err != nil {
		return err
	}
	return slots.Try()
}

// images are what the test starts from.
type images struct{ image, broken, fleet string }

// buildImages builds the program, the image, and a root in which the program never
// says that it is READY.
func buildImages(t *testing.T) images {
	t.Helper()
	begin := time.Now()
	dir := t.TempDir()
	source, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	hung := filepath.Join(dir, "hung")
	if err := os.WriteFile(hung, []byte("#!/bin/sh\nexec sleep infinity\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	packages := filepath.Join(dir, "packages")
	command(t, []string{"PACKAGES=lineside"}, filepath.Join(source, "packaging/packages.sh"), packages, "amd64")
	debs, err := filepath.Glob(filepath.Join(packages, "lineside_*_amd64.deb"))
	if err != nil || len(debs) != 1 {
		t.Fatalf("packages built: got %q, %v, want one for Debian", debs, err)
	}
	command(t, []string{"QUICK=1", "OUT=" + dir, "DEB=" + debs[0]}, filepath.Join(source, "packaging/image/build.sh"))
	made := images{image: filepath.Join(dir, "lineside-appliance-amd64.img"), broken: filepath.Join(dir, "broken.squashfs"), fleet: programs.Path(t, "github.com/lineside/lineside/cmd/lineside-fleet")}
	late := fmt.Sprintf("ENTRY=lineside.ready=%d", int(brokenReady.Seconds()))
	command(t, []string{"QUICK=1", "PROGRAM=" + hung, late}, filepath.Join(source, "packaging/image/slot.sh"), debs[0], made.broken)
	t.Logf("image built in %.0f s", time.Since(begin).Seconds())
	return made
}

// command runs a builder of this repository.
func command(t *testing.T, env []string, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
}
