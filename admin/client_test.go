package admin_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

func TestClientWalksADeviceThroughItsLife(t *testing.T) {
	b := newBox(t, nil)
	c, ctx := b.client, t.Context()
	dev, err := c.AddDevice(ctx, admin.DeviceInput{MAC: admin.Set(macC), Label: admin.Set("Attic"), Lines: admin.Set([]admin.LineInput{
		{Registrar: "sip.example.net", User: "7", Password: admin.Set("fresh-password")},
	})})
	if err != nil || dev.Vendor != "snom" || !dev.Lines[0].HasPassword || dev.Rev != 1 {
		t.Fatalf("add: got %+v, %v", dev, err)
	}
	edited := dev.Lines[0].Input()
	edited.Label = "Line 7"
	dev, err = c.EditDevice(ctx, macC, dev.Rev, admin.DeviceInput{Lines: admin.Set([]admin.LineInput{edited})})
	if err != nil || dev.Rev != 2 || b.records[macC].Device.Lines[0].Password.Reveal() != "fresh-password" {
		t.Fatalf("edit: got %+v, %v", dev, err)
	}
	_, err = c.EditDevice(ctx, macC, 1, admin.DeviceInput{Label: admin.Set("x")})
	if e := refusal(t, err); e.Status != http.StatusPreconditionFailed {
		t.Errorf("stale edit: got %d %v", e.Status, e)
	}
	all, err := c.AllDevices(ctx, admin.Query{})
	if err != nil || len(all) != 3 {
		t.Errorf("list: got %d, %v, want 3", len(all), err)
	}
	pin, err := c.ShowPIN(ctx, macC)
	if err != nil || pin.PIN != plainPIN {
		t.Errorf("PIN: got %+v, %v", pin, err)
	}
	res, err := c.EnterPIN(ctx, macC, phone.NewSecret(pin.PIN), netip.Addr{})
	if err != nil || !res.Accepted {
		t.Errorf("enter PIN: got %+v, %v", res, err)
	}
	if err := c.RemoveDevice(ctx, macC); err != nil {
		t.Errorf("remove: %v", err)
	}
	_, err = c.Device(ctx, macC)
	if e := refusal(t, err); e.Status != http.StatusNotFound || e.Hint == "" {
		t.Errorf("removed device: got %d %v %q", e.Status, e, e.Hint)
	}
}

func refusal(t *testing.T, err error) *admin.Error {
	t.Helper()
	var e *admin.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want the box's own words", err)
	}
	return e
}

func TestClientCallsAll(t *testing.T) {
	b := newBox(t, nil)
	c, ctx := b.client, t.Context()
	for name, call := range map[string]func() error{
		"status":     func() error { _, err := c.Status(ctx); return err },
		"health":     func() error { _, err := c.Health(ctx); return err },
		"suspend":    func() error { _, err := c.Suspend(ctx, macA); return err },
		"reset":      func() error { _, err := c.Reset(ctx, macA); return err },
		"block":      func() error { _, err := c.Block(ctx, macB); return err },
		"unblock":    func() error { _, err := c.Unblock(ctx, macA); return err },
		"allow-otp":  func() error { _, err := c.AllowOTP(ctx, macA, true); return err },
		"render":     func() error { _, err := c.Render(ctx, macA, "a.cfg", true); return err },
		"timeline":   func() error { _, err := c.Timeline(ctx, macA); return err },
		"remove otp": func() error { return c.RemoveOTP(ctx, "poly") },
		"policy":     func() error { _, err := c.Policy(ctx); return err },
		"set policy": func() error {
			_, err := c.SetPolicy(ctx, admin.PolicyInput{FirstContact: admin.Set("otp")})
			return err
		},
		"visitors":   func() error { _, err := c.Visitors(ctx); return err },
		"claim":      func() error { _, err := c.Claim(ctx, macC, admin.DeviceInput{}); return err },
		"leases":     func() error { _, err := c.Leases(ctx); return err },
		"audit":      func() error { _, err := c.Audit(ctx, 1, macA, 3); return err },
		"audit tail": func() error { _, err := c.AuditTail(ctx, macA, 3); return err },
		"audit from": func() error { _, err := c.AuditFrom(ctx, start, macA, 3); return err },
		"audit search": func() error {
			_, err := c.SearchAudit(ctx, admin.AuditQuery{Filter: audit.Filter{Name: "anna"}, Before: 3})
			return err
		},
		"audit export": func() error { return c.ExportAudit(ctx, "jsonl", admin.AuditQuery{}, io.Discard) },
		"verify":       func() error { _, err := c.VerifyAudit(ctx); return err },
		"allow": func() error {
			for _, n := range []string{"10.20.0.0/24", "fd00::/64"} {
				if _, err := c.AddAllow(ctx, admin.AllowInput{Network: n}); err != nil {
					return err
				}
				if err := c.RemoveAllow(ctx, netip.MustParsePrefix(n)); err != nil {
					return err
				}
			}
			list, err := c.Allow(ctx)
			if len(list) > 0 {
				return errors.New("entries were left")
			}
			return err
		},
	} {
		if err := call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

var sameSecrets = cmp.Comparer(func(a, b phone.Secret) bool { return a.Reveal() == b.Reveal() })

func TestExportGoesBackIn(t *testing.T) {
	b := newBox(t, nil)
	before := b.records[macA].Device.Clone()
	var file bytes.Buffer
	if err := b.client.Export(t.Context(), &file); err != nil {
		t.Fatal(err)
	}
	var without bytes.Buffer
	if err := b.client.ExportWithout(t.Context(), &without); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(file.String(), plainPIN) || strings.Contains(without.String(), plainPIN) {
		t.Errorf("PINs: got them in the export %v, in the one without %v", strings.Contains(file.String(), plainPIN), strings.Contains(without.String(), plainPIN))
	}
	got, err := b.client.Import(t.Context(), file.Bytes())
	if err != nil || got != (admin.Imported{Rows: 2, Changed: 2}) {
		t.Fatalf("import: got %+v, %v", got, err)
	}
	if diff := cmp.Diff(before, b.records[macA].Device, sameSecrets, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("device after its own export (-before +after):\n%s", diff)
	}
}

func TestImportIsAllOrNone(t *testing.T) {
	b := newBox(t, nil)
	file := "mac,label,user,registrar\n" + macC.String() + ",Attic,7,sip.example.net\n" +
		"00:11:22:33:44:55,no vendor,,\n" + macA.String() + ",Hall,a b,sip.example.net\n"
	_, err := b.client.Import(t.Context(), []byte(file))
	e := refusal(t, err)
	if len(e.Fields) != 2 || !strings.HasPrefix(e.Fields[0], "line 3: vendor: missing") || !strings.HasPrefix(e.Fields[1], "line 4: line 1: user: ") {
		t.Errorf("faults: got %q", e.Fields)
	}
	if len(b.records) != 2 || b.records[macA].Device.Label != "Reception" || len(b.by) > 0 {
		t.Error("half of the file was imported")
	}
	got := b.call(t, "POST", "/api/v1/devices/import", `{"csv":"mac;label\n`+macC.Hex()+`;Attic"}`)
	if got.status != http.StatusOK || !strings.Contains(got.body, `"added":1`) {
		t.Errorf("as JSON: got %d %s", got.status, got.body)
	}
	big := bytes.Repeat([]byte("x"), 8<<20+1)
	_, err = b.client.Import(t.Context(), big)
	if e := refusal(t, err); e.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("8 MiB and a byte: got %d %v", e.Status, e)
	}
}

func TestClientSaysThatNobodyIsThere(t *testing.T) {
	_, err := admin.NewClient(filepath.Join(t.TempDir(), "none")).Status(t.Context())
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist inside", err)
	}
}

func step(mac phone.MAC, text string) provision.Step {
	return provision.Step{At: start, MAC: mac, Front: "tftp", Text: text}
}

func TestWatchTellsEachStepOnce(t *testing.T) {
	b := newBox(t, nil)
	b.recent = []provision.Step{step(macA, "asked"), step(macB, "refused")}
	b.live <- step(macB, "refused") // happened between the two questions
	b.live <- step(macA, "served")
	var got []string
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for s, err := range b.client.Watch(ctx, phone.MAC{}, true) {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, s.Text); len(got) == 3 {
			cancel()
		}
	}
	if want := "asked refused served"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestWatchWithoutFollowEnds(t *testing.T) {
	b := newBox(t, nil)
	b.recent = []provision.Step{step(macA, "asked"), step(macB, "refused")}
	n := 0
	for s, err := range b.client.Watch(t.Context(), macB, false) {
		if err != nil || s.Text != "refused" {
			t.Errorf("got %+v, %v", s, err)
		}
		n++
	}
	if n != 1 {
		t.Errorf("got %d steps, want 1", n)
	}
}

func TestWatchBeatsAndEndsWithTheBox(t *testing.T) {
	b := newBox(t, func(c *admin.Config) { c.Heartbeat = time.Millisecond })
	req, err := http.NewRequestWithContext(t.Context(), "GET", b.url+"/api/v1/watch?follow=true", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+plainToken)
	resp, err := b.https.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	if line, err := lines.ReadString('\n'); err != nil || line != "\n" {
		t.Fatalf("heartbeat: got %q, %v", line, err)
	}
	b.stop() // returns only when the stream has ended
	if _, err := lines.ReadString('x'); !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("after the box has stopped: got %v, want the stream's proper end", err)
	}
}

func TestWatchersAreBounded(t *testing.T) {
	b := newBox(t, func(c *admin.Config) { c.MaxWatchers = 1; c.Heartbeat = time.Millisecond })
	b.recent = []provision.Step{step(macA, "asked")}
	for range b.client.Watch(t.Context(), macA, true) {
		for _, err := range b.client.Watch(t.Context(), macA, true) {
			if e := refusal(t, err); e.Status != http.StatusServiceUnavailable {
				t.Errorf("second watcher: got %d %v", e.Status, e)
			}
		}
		break
	}
}

func TestRunningRequestIsFinishedWhenTheBoxStops(t *testing.T) {
	b := newBox(t, nil)
	b.hold, b.held = make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		_, err := b.client.Suspend(context.WithoutCancel(t.Context()), macB)
		done <- err
	}()
	<-b.held
	stopped := make(chan struct{})
	go func() { b.stop(); close(stopped) }()
	// The listener is the first to go; once it has, the box is stopping.
	for {
		c := admin.NewClient(b.socket)
		_, err := c.Status(t.Context())
		c.Close()
		if err != nil {
			break
		}
	}
	close(b.hold)
	if err := <-done; err != nil {
		t.Errorf("a running request was cut off: %v", err)
	}
	<-stopped
}

// TestPlaced: a device goes to the maker of its model, and nowhere else, by every
// way in.
func TestPlaced(t *testing.T) {
	b := newBox(t, nil)
	mac := macC
	mac[5]++
	d, err := b.client.AddDevice(t.Context(), admin.DeviceInput{MAC: admin.Set(mac), Model: admin.Set("A1")})
	if err != nil || d.Vendor != "poly" {
		t.Errorf("by its model: got %q and %v, want poly", d.Vendor, err)
	}
	if _, err := b.client.EditDevice(t.Context(), mac, 0, admin.DeviceInput{Vendor: admin.Set("snom")}); !strings.Contains(strings.Join(refusal(t, err).Fields, " "), "--vendor poly") {
		t.Errorf("another vendor: got %v, want --vendor poly", err)
	}
	other := mac
	other[5]++
	file := "mac,vendor,type\n" + other.String() + ",snom,A1\n"
	if _, err := b.client.Import(t.Context(), []byte(file)); !strings.Contains(strings.Join(refusal(t, err).Fields, " "), "line 2: vendor: A1 is a model of poly; write --vendor poly") {
		t.Errorf("imported: got %v, want line 2 and --vendor poly", err)
	}
	rec := b.records[mac]
	rec.Device.Vendor = "snom" // as an older build left it
	b.records[mac] = rec
	if _, err := b.client.EditDevice(t.Context(), mac, 0, admin.DeviceInput{Label: admin.Set("Hall")}); err != nil {
		t.Errorf("a new label of a device filed wrongly before: got %v, want none", err)
	}
}

// TestOTPOfBrand: vendors of one brand have one password among them, under any
// of their names.
func TestOTPOfBrand(t *testing.T) {
	b := newBox(t, func(c *admin.Config) {
		c.Vendors = []phone.Vendor{"poly", "poly-b", "acme-a", "acme-b"}
		c.BrandOf = func(v phone.Vendor) phone.Vendor {
			brand, _, _ := strings.Cut(string(v), "-")
			return phone.Vendor(brand)
		}
	})
	names := func() string {
		list, err := b.client.OTPs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var text []string
		for _, o := range list {
			text = append(text, string(o.Vendor))
		}
		return strings.Join(text, " ")
	}
	if got := names(); got != "poly acme" {
		t.Errorf("got %s, want each brand once", got)
	}
	for _, name := range []phone.Vendor{"acme", "acme-b"} {
		if o, err := b.client.SetOTP(t.Context(), name, admin.OTPInput{Generate: true}); err != nil || o.Vendor != "acme" || o.User != "acme" {
			t.Errorf("set of %s: got %s, user %s, %v; want acme", name, o.Vendor, o.User, err)
		}
	}
	b.policy.Brands["poly-b"] = b.policy.Brands["poly"]
	if got := names(); got != "poly poly-b acme" {
		t.Errorf("got %s, want the vendor's own told as well", got)
	}
}

// TestPINOfAnotherVendorsPhone: a right PIN does not hide that the phone will
// never fetch the config it opens.
func TestPINOfAnotherVendorsPhone(t *testing.T) {
	b := newBox(t, nil)
	enter := func() string {
		r, err := b.client.EnterPIN(t.Context(), macA, phone.NewSecret(plainPIN), netip.Addr{})
		if err != nil || !r.Accepted {
			t.Fatalf("got %+v and %v, want it accepted", r, err)
		}
		return r.Next
	}
	if got := enter(); !strings.Contains(got, "restart the phone") {
		t.Errorf("got %q, want it restarted", got)
	}
	b.findings = []provision.Finding{{Code: provision.CodeOtherVendor, Text: "asks as poly", Do: "edit --vendor poly"}}
	if got := enter(); !strings.Contains(got, "asks as poly") || !strings.Contains(got, "edit --vendor poly") {
		t.Errorf("got %q, want the mismatch and what to type", got)
	}
}
