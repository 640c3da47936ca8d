package main

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

func (d *liveBox) mustAdd(t *testing.T, mac string) phone.MAC {
	t.Helper()
	m, err := phone.ParseMAC(mac)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.AddDevice(t.Context(), admin.DeviceInput{MAC: admin.Set(m), Vendor: admin.Set("yealink"), Model: admin.Set("T46G")}); err != nil {
		t.Fatal(said(err))
	}
	return m
}

// listed are the MACs that are set up.
func (d *liveBox) listed(t *testing.T) (macs []string) {
	t.Helper()
	page, err := d.Devices(t.Context(), admin.Query{})
	if err != nil {
		t.Fatal(said(err))
	}
	for _, dev := range page.Devices {
		macs = append(macs, dev.MAC.String())
	}
	return macs
}

func (d *liveBox) kinds(t *testing.T) (kinds []string) {
	t.Helper()
	entries, err := d.AuditTail(t.Context(), phone.MAC{}, 50)
	if err != nil {
		t.Fatal(said(err))
	}
	for _, e := range entries {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// put has the box put back what waits, and waits until it is up again.
func (d *liveBox) put(t *testing.T, id string) {
	t.Helper()
	if _, err := d.ApplyRestore(t.Context(), id); err != nil {
		t.Fatal(said(err))
	}
	if got := d.sd.next(t); !strings.HasPrefix(got, "RELOADING=1") {
		t.Fatalf("systemd got %q, want that the box is reloading", got)
	}
	d.sd.hears(t, "READY=1")
}

func (d *liveBox) mustStage(t *testing.T, backup []byte) admin.StagedRestore {
	t.Helper()
	s, err := d.StageRestore(t.Context(), bytes.NewReader(backup))
	if err != nil {
		t.Fatal(said(err))
	}
	return s
}

func (d *liveBox) mustBackup(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := d.Backup(t.Context(), &out); err != nil {
		t.Fatal(said(err))
	}
	return out.Bytes()
}

const (
	kept, came = "00:15:65:4a:a9:37", "00:15:65:4a:a9:38"
	left       = "00:15:65:4a:a9:39"
)

// TestRestoreFromThePage puts a backup back on a running daemon: what it would do
// is said first, and is what comes of it; used and unused one-time passwords are
// void as after lineside restore.
func TestRestoreFromThePage(t *testing.T) {
	d := newLiveBox(t)
	d.mustAdd(t, kept)
	d.mustAdd(t, left)
	backup := d.mustBackup(t)
	d.mustAdd(t, came)
	if err := d.RemoveDevice(t.Context(), phone.MAC{0, 0x15, 0x65, 0x4a, 0xa9, 0x39}); err != nil {
		t.Fatal(said(err))
	}
	s := d.mustStage(t, backup)
	if s.Devices != 2 || s.Gone != 1 || s.Back != 1 || !s.Own || s.Entries == 0 || s.Made.IsZero() || s.Bytes != int64(len(backup)) {
		t.Errorf("got %+v; want two devices, one gone, one back, of this box's own past", s)
	}
	t.Logf("it says:\n%s\n%s", strings.Join(s.Will, "\n"), s.Next)
	if got := d.listed(t); !slices.Equal(got, []string{kept, came}) {
		t.Errorf("before it is put back: got %v, want the devices of now", got)
	}
	d.put(t, s.ID)
	if got := d.listed(t); !slices.Equal(got, []string{kept, left}) {
		t.Errorf("got %v, want the devices of the backup", got)
	}
	kinds := d.kinds(t)
	if !slices.Contains(kinds, "backup-restored") || slices.Contains(kinds, "restore-asked") {
		t.Errorf("got events %v, want the backup's own and who had it put back", kinds)
	}
	dev, err := d.Device(t.Context(), phone.MAC{0, 0x15, 0x65, 0x4a, 0xa9, 0x37})
	if err != nil || !dev.Enrolment.OTPUsed {
		t.Errorf("got %+v, %v; want its one-time password void", dev.Enrolment, err)
	}
	aside, _ := filepath.Glob(filepath.Join(d.dir, "*", "lineside.db.replaced-*"))
	more, _ := filepath.Glob(filepath.Join(d.dir, "lineside.db.replaced-*"))
	if len(aside)+len(more) == 0 {
		t.Error("got no database set aside")
	}
	if got, err := d.StagedRestore(t.Context()); err != nil || got != nil {
		t.Errorf("got %+v, %v; want nothing waiting any more", got, err)
	}
	if _, err := d.ApplyRestore(t.Context(), s.ID); status(err) != http.StatusNotFound {
		t.Errorf("a second time: got %s", said(err))
	}
	d.end(t)
}

func status(err error) int {
	var e *admin.Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// TestRestoreFromThePageRefuses what is no whole backup of this box's key before anything
// changes, and leaves the box as it was where putting it back goes wrong.
func TestRestoreFromThePageRefuses(t *testing.T) {
	other := newLiveBox(t)
	foreign := other.mustBackup(t)
	other.end(t)
	d := newLiveBox(t)
	d.mustAdd(t, kept)
	backup := d.mustBackup(t)
	flipped := bytes.Clone(backup)
	flipped[len(flipped)/3] ^= 1
	for name, tt := range map[string]struct {
		body []byte
		want string
	}{
		"no backup":          {[]byte(strings.Repeat("x", 2000)), "is no backup"},
		"nothing":            {nil, "is no backup"},
		"cut":                {backup[:len(backup)/2], "damaged"},
		"a bit flipped":      {flipped, "damaged"},
		"another box's":      {foreign, "the site key does not open"},
		"something after it": {append(bytes.Clone(backup[:len(backup)-1024]), backup...), "damaged"},
	} {
		if _, err := d.StageRestore(t.Context(), bytes.NewReader(tt.body)); status(err) != http.StatusUnprocessableEntity || !strings.Contains(said(err), tt.want) {
			t.Errorf("%s: got %s, want 422 with %q", name, said(err), tt.want)
		}
	}
	if got, err := d.StagedRestore(t.Context()); err != nil || got != nil {
		t.Errorf("got %+v, %v; want nothing kept", got, err)
	}
	first := d.mustStage(t, backup)
	s := d.mustStage(t, backup)
	if _, err := d.ApplyRestore(t.Context(), first.ID); status(err) != http.StatusNotFound {
		t.Errorf("the one before: got %s", said(err))
	}
	if err := d.DropRestore(t.Context(), s.ID); err != nil {
		t.Fatal(said(err))
	}
	if got := d.leftovers(t); len(got) != 0 {
		t.Errorf("got %v left", got)
	}

	// A template cannot be written: the database is put back by then.
	folder := filepath.Join(d.state(t), templatesFolder)
	template := filepath.Join(folder, "yealink.conf")
	if err := os.WriteFile(template, []byte("phone_setting.backlight_time = 60\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s = d.mustStage(t, d.mustBackup(t))
	d.mustAdd(t, came)
	if err := errors.Join(os.Remove(template), os.MkdirAll(filepath.Join(folder, ".restore.new", "in the way"), 0o700)); err != nil {
		t.Fatal(err)
	}
	d.put(t, s.ID)
	if got := d.listed(t); !slices.Equal(got, []string{kept, came}) {
		t.Errorf("got %v, want the devices of before", got)
	}
	if c := conditions(t, d); c["restore-failed"] == "" {
		t.Errorf("got %v, want that it failed", c)
	}
	d.end(t)
}

func (d *liveBox) state(t *testing.T) string {
	t.Helper()
	s, err := loadSettings(d.path)
	if err != nil {
		t.Fatal(err)
	}
	return s.State
}

// leftovers are the files of a restore in the state directory.
func (d *liveBox) leftovers(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"restore.*", ".lineside-*", "*.unpacked", "*.examined"} {
		got, err := filepath.Glob(filepath.Join(d.state(t), pattern))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, got...)
	}
	return all
}
