package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/seal"
	"github.com/lineside/lineside/sync/site"
	"github.com/lineside/lineside/sync/wire"
)

// benchState is a platform's directory with sites whose boxes have joined.
type benchState struct {
	conf  string
	fleet benchFleet
	// settle is waited before the memory of connected sites is taken: what
	// nats-server has read of its files it keeps for 10 s.
	settle time.Duration
}

// benchFleet is what the process of the boxes is told. The first Whole of them
// are boxes entire, engine, desk and database; the others keep what they hear
// in memory. Of these each Verify-th verifies every document, as boxes do.
type benchFleet struct {
	Addr, Pin, Platform string
	Boxes               []benchBox
	Whole, Verify       int
	Devices             int // of each site
	// Base is the first wait before a box dials again; 0 is what boxes have.
	Base time.Duration
}

// benchBox is who one box is.
type benchBox struct {
	ID        string
	NKey, Key []byte
}

// benchCallers is how many callers fill a platform at once.
const benchCallers = 128

// benchMAC is the n-th device of the i-th site.
func benchMAC(fleet benchFleet, i, n int) phone.MAC {
	mac, _ := phone.ParseMAC(fmt.Sprintf("001565%06x", i*fleet.Devices+n)) // twelve digits
	return mac
}

// benchDevice is a phone with one line.
func benchDevice(mac phone.MAC) (wire.Device, map[string]string) {
	name := mac.Hex()[6:]
	d := wire.Device{Vendor: "yealink", Model: "T46U", Label: "Desk " + name, Lines: []wire.Line{{
		Registrar: "sip.platform.example", Transport: "tls", User: name, DisplayName: "Extension " + name,
	}}}
	return d, map[string]string{"pin": "123456", "sip.0": "FAKE-" + name + "-FAKE"}
}

// newBenchState fills a platform. Where keep is not empty the state is left
// there, and taken from there the next time.
func newBenchState(t testing.TB, keep string, sites, devices int) benchState {
	t.Helper()
	dir := keep
	if keep == "" {
		dir = t.TempDir()
	}
	s := benchState{conf: filepath.Join(dir, "central.toml")}
	made := filepath.Join(dir, "boxes.json")
	if text, err := os.ReadFile(made); err == nil {
		if err := json.Unmarshal(text, &s.fleet); err != nil {
			t.Fatal(err)
		}
		return s.copied(t)
	}
	s.fleet = benchFleet{Addr: freeAddr(t), Devices: devices, Verify: 1}
	conf := fmt.Sprintf("directory = %q\n[listen]\nsites = \"127.0.0.1:0\"\napi = %q\nnats = %q\n[log]\nlevel = \"error\"\n",
		filepath.Join(dir, "state"), freeAddr(t), s.fleet.Addr)
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(s.conf, []byte(conf), 0o600)); err != nil {
		t.Fatal(err)
	}
	s.fill(t, sites)
	text, err := json.Marshal(s.fleet)
	if err == nil {
		err = os.WriteFile(made, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if keep != "" {
		return s.copied(t)
	}
	return s
}

// copied is a copy to run: to boxes that begin anew a platform that has seen
// them before takes back all that is armed there, and that is what would be
// measured.
func (s benchState) copied(t testing.TB) benchState {
	t.Helper()
	from, to := filepath.Dir(s.conf), t.TempDir()
	err := exec.Command("cp", "-a", from+"/.", to).Run() // with the modes of the keys
	text, errConf := os.ReadFile(s.conf)
	s.conf = filepath.Join(to, "central.toml")
	text = bytes.ReplaceAll(text, []byte(strconv.Quote(filepath.Join(from, "state"))), []byte(strconv.Quote(filepath.Join(to, "state"))))
	if err := errors.Join(err, errConf, os.WriteFile(s.conf, text, 0o600)); err != nil {
		t.Fatal(err)
	}
	return s
}

// freeAddr is an address nobody listens on.
func freeAddr(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// settings reads the platform's own.
func (s benchState) settings(t testing.TB) settings {
	t.Helper()
	set, err := (&program{settings: s.conf}).loadSettings()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// fill adds the sites, has their boxes join, and enters the devices.
func (s *benchState) fill(t testing.TB, sites int) {
	t.Helper()
	f, err := openPlatform(context.Background(), s.settings(t), time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s.fleet.Pin, s.fleet.Platform = hex.EncodeToString(f.pin), f.keys.central.Signer.Verifier().String()
	s.fleet.Boxes = make([]benchBox, sites)
	err = benchEach(sites, func(i int) (err error) {
		s.fleet.Boxes[i], err = benchJoin(f)
		return err
	})
	if err == nil {
		err = benchEach(sites*s.fleet.Devices, func(k int) error {
			mac := benchMAC(s.fleet, k%sites, k/sites)
			body, secrets := benchDevice(mac)
			return f.central.PutDevice(mac.Hex(), s.fleet.Boxes[k%sites].ID, body, secrets)
		})
	}
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// benchEach calls f with 0 to n-1, many at once.
func benchEach(n int, f func(int) error) error {
	var g errgroup.Group
	var next atomic.Int64
	for range benchCallers {
		g.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return nil
				}
				if err := f(i); err != nil {
					return err
				}
			}
		})
	}
	return g.Wait()
}

// benchJoin makes a site and a box that belongs to it.
func benchJoin(f *platform) (b benchBox, err error) {
	signer, err := seal.NewSigner()
	if err != nil {
		return b, err
	}
	key, err := seal.NewKey()
	if err != nil {
		return b, err
	}
	nkey, err := site.NewNKey()
	if err != nil {
		return b, err
	}
	tok, err := f.central.AddSite("site")
	if err != nil {
		return b, err
	}
	public, err := nkey.Public()
	if err != nil {
		return b, err
	}
	r, err := f.central.Join(wire.Join{Secret: tok.Secret, Verifier: signer.Verifier().String(), Key: key.Public().String(), NKey: public, Software: "bench"})
	if err != nil {
		return b, err
	}
	b.ID = r.Site
	seed, errSeed := nkey.Bytes()
	own, errOwn := key.Bytes()
	b.NKey, b.Key = seed, own
	return b, errors.Join(errSeed, errOwn)
}

// pin is the fingerprint of the platform's CA.
func (s benchState) pin(t testing.TB) []byte {
	t.Helper()
	pin, err := hex.DecodeString(s.fleet.Pin)
	if err != nil {
		t.Fatal(err)
	}
	return pin
}
