package provision_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// uploadTable has phones that upload <mac>.log, shared.log, and logs without end.
func uploadTable(l *lab) vendors.Table {
	var makers []vendors.Maker
	for _, m := range townTable(l).Makers() {
		m.Uploads = []vendors.Upload{{Name: "{mac}-" + string(m.Vendor) + ".log", What: "log"}, {Name: "{mac}-both.log", What: "log"}}
		if m.Vendor == "plain" {
			m.Uploads = append(m.Uploads, vendors.Upload{Name: "shared.log", What: "calls"})
			for n := range 40 {
				m.Uploads = append(m.Uploads, vendors.Upload{Name: fmt.Sprintf("{mac}-%d.log", n), What: "log"})
			}
		}
		makers = append(makers, m)
	}
	return vendors.NewTable(makers...)
}

// newArchive is a town with a phone that has its own login, which is given.
func newArchive(t testing.TB, dir string) (l *lab, user, password string) {
	t.Helper()
	l = newTown(t, auth.FactorOTP, uploadTable, func(c *provision.Config) { c.Uploads = rootOf(t, dir) })
	if err := l.OpenUploads(); err != nil {
		t.Fatal(err)
	}
	l.add(t, mac)
	user, password = loginIn(t, l.get(t, mac, "10.20.0.57", "installer", "fake-brand-otp"))
	l.get(t, mac, "10.20.0.57", user, password)
	return l, user, password
}

// put puts a file on the box; asked says whether its bytes were wanted.
func (l *lab) put(t testing.TB, front provision.Front, file, from, body string, shown ...string) (a provision.Answer, asked bool) {
	t.Helper()
	ask := provision.Ask{Front: front, Remote: netip.AddrPortFrom(netip.MustParseAddr(from), 40000), File: file}
	if len(shown) == 2 {
		ask.Attempt = &provision.Attempt{User: shown[0], Proves: phone.NewSecret(shown[1]).Equal}
	}
	a, err := l.Upload(context.WithoutCancel(t.Context()), ask, func(int64) ([]byte, error) { asked = true; return []byte(body), nil })
	if err != nil {
		t.Fatal(err)
	}
	return a, asked
}

func TestUploadsOfAProvenDevice(t *testing.T) {
	dir := t.TempDir()
	l, user, password := newArchive(t, dir)
	log := strings.ToUpper(mac.Hex()) + "-plain.LOG"
	if a, _ := l.put(t, provision.HTTP, log, "10.20.0.57", "one", user, password); a.Status != provision.Kept {
		t.Fatalf("got %+v, want it kept", a)
	}
	if a, _ := l.put(t, provision.HTTP, "shared.log", "10.88.0.1", "two", user, password); a.Status != provision.Kept {
		t.Fatalf("a name without a MAC: got %+v, want it kept", a)
	}
	l.put(t, provision.HTTPS, log, "10.20.0.57", "one again", user, password)
	list, err := l.Uploads(mac)
	if err != nil || len(list) != 2 || list[0].Name != mac.Hex()+"-plain.log" || list[0].What != "log" || list[0].Size != 9 || list[1].What != "calls" {
		t.Fatalf("got %+v and %v", list, err)
	}
	if body, err := l.ReadUpload(mac, list[0].Name); string(body) != "one again" || err != nil {
		t.Errorf("got %q and %v", body, err)
	}
	for _, name := range []string{"", "..", "../" + mac.Hex() + "/shared.log", "none.log"} {
		if _, err := l.ReadUpload(mac, name); !errors.Is(err, provision.ErrUnknownUpload) {
			t.Errorf("%q: got %v, want ErrUnknownUpload", name, err)
		}
	}
	if a := l.fetch(t, mac.Hex()+"-plain.log", "10.20.0.57", user, password); a.Status == provision.Content {
		t.Error("an upload can be fetched")
	}
	// A restart finds what is there.
	again := newTown(t, auth.FactorOTP, uploadTable, func(c *provision.Config) { c.Uploads = rootOf(t, dir) })
	if err := again.OpenUploads(); err != nil {
		t.Fatal(err)
	}
	again.add(t, mac)
	if list, err := again.Uploads(mac); err != nil || len(list) != 2 {
		t.Errorf("after a restart: got %+v and %v", list, err)
	}
	if err := l.Remove(t.Context(), operator, mac); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("the removed phone's files are still there: %v", left)
	}
}

// TestUploadsAreRefusedAlike: whatever is shown but the device's own credential,
// for a known phone and an unknown one, and nobody's bytes are read.
func TestUploadsAreRefusedAlike(t *testing.T) {
	l, user, password := newArchive(t, t.TempDir())
	want := provision.Answer{Status: provision.Challenge}
	n := 0
	for _, m := range []phone.MAC{mac, stranger} {
		for _, shown := range [][]string{nil, {"x", "wrong"}, {"installer", "fake-brand-otp"}, {user, "wrong"}, {"Plain", "Plain"}} {
			n++
			from := fmt.Sprintf("10.88.1.%d", n)
			if got, asked := l.put(t, provision.HTTP, m.Hex()+"-plain.log", from, "x", shown...); !reflect.DeepEqual(got, want) || asked {
				t.Errorf("%s with %q: got %+v, read %v; want a bare challenge", m, shown, got, asked)
			}
		}
	}
	if got, asked := l.put(t, provision.HTTP, stranger.Hex()+"-plain.log", "10.88.2.1", "x", user, password); !reflect.DeepEqual(got, want) || asked {
		t.Errorf("another phone's name: got %+v, read %v", got, asked)
	}
	if got, asked := l.put(t, provision.HTTP, mac.Hex()+"-mute.log", "10.88.2.2", "x", user, password); !reflect.DeepEqual(got, want) || asked {
		t.Errorf("another vendor's name: got %+v, read %v", got, asked)
	}
	for _, name := range []string{"x.bin", mac.Hex() + ".txt", "common.txt", "../shared.log", ""} {
		if got, asked := l.put(t, provision.HTTP, name, "10.88.2.3", "x", user, password); got.Status != provision.Absent || asked {
			t.Errorf("%q: got %+v, read %v; want that nobody uploads it", name, got, asked)
		}
	}
	if got, asked := l.put(t, provision.TFTP, mac.Hex()+"-plain.log", "10.20.0.57", "x", user, password); got.Status == provision.Kept || asked {
		t.Error("an upload came by TFTP")
	}
	l.lease("10.20.0.66", stranger)
	if got, asked := l.put(t, provision.HTTP, mac.Hex()+"-plain.log", "10.20.0.66", "x", user, password); got.Status != provision.Challenge || asked {
		t.Errorf("from an address of another phone: got %+v, read %v", got, asked)
	}
	if list, _ := l.Uploads(mac); len(list) != 0 {
		t.Errorf("got %+v, want nothing kept", list)
	}
}

func TestUploadsAreBounded(t *testing.T) {
	dir := t.TempDir()
	l, user, password := newArchive(t, dir)
	for n := range 40 {
		l.put(t, provision.HTTP, fmt.Sprintf("%s-%d.log", mac.Hex(), n), "10.20.0.57", "x", user, password)
		l.wait(1e9)
	}
	list, _ := l.Uploads(mac)
	if len(list) != 16 {
		t.Errorf("got %d files, want the latest 16", len(list))
	}
	if _, err := l.ReadUpload(mac, mac.Hex()+"-39.log"); err != nil {
		t.Errorf("the latest is gone: %v", err)
	}
	big := strings.Repeat("x", provision.MaxUpload)
	for n := range 8 {
		l.put(t, provision.HTTP, fmt.Sprintf("%s-%d.log", mac.Hex(), n), "10.20.0.57", big, user, password)
		l.wait(1e9)
	}
	var size int64
	for _, u := range must(l.Uploads(mac)) {
		size += u.Size
	}
	onDisk, _ := filepath.Glob(filepath.Join(dir, mac.Hex(), "*"))
	if size > 4<<20 || len(onDisk) != len(must(l.Uploads(mac))) {
		t.Errorf("got %d bytes and %d files on the disk, want 4 MiB at most and those listed", size, len(onDisk))
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestUploadByPathToken(t *testing.T) {
	l, _, _ := newArchive(t, t.TempDir())
	other := phone.MAC{0, 0x15, 0x65, 7, 7, 7}
	if _, err := l.Add(t.Context(), operator, phone.Device{MAC: other, Vendor: "mute"}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Suspend(t.Context(), operator, other); err != nil {
		t.Fatal(err)
	}
	l.lease("10.20.0.77", other)
	token := wordIn(t, l.fetch(t, other.Hex()+".mute", "10.20.0.77"), "token")
	if a, _ := l.put(t, provision.HTTP, "t/"+token+"/"+other.Hex()+"-mute.log", "10.88.0.1", "x"); a.Status != provision.Kept {
		t.Errorf("got %+v, want it kept", a)
	}
	if a, _ := l.put(t, provision.HTTP, "t/"+token+"/"+other.Hex()+"-both.log", "10.88.0.1", "x"); a.Status != provision.Kept {
		t.Errorf("a name two vendors share: got %+v, want it kept", a)
	}
	if a, asked := l.put(t, provision.HTTP, "t/wrong/"+other.Hex()+"-mute.log", "10.88.0.1", "x"); a.Status != provision.Challenge || asked {
		t.Errorf("a wrong token: got %+v, read %v", a, asked)
	}
}

// FuzzUploadName: nothing that is not of a vendor's pattern reaches the disk.
func FuzzUploadName(f *testing.F) {
	dir := f.TempDir()
	l, user, password := newArchive(f, dir)
	for _, s := range []string{mac.Hex() + "-plain.log", "../../" + mac.Hex() + "-plain.log", "a/b/shared.log", "shared.log\x00", "t/x/shared.log"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		l.put(t, provision.HTTP, name, "10.20.0.57", "x", user, password)
		folders, err := os.ReadDir(dir)
		if err != nil || len(folders) > 1 || len(folders) == 1 && folders[0].Name() != mac.Hex() {
			t.Errorf("%q: got %v and %v on the disk", name, folders, err)
		}
		files, _ := os.ReadDir(filepath.Join(dir, mac.Hex()))
		for _, file := range files {
			if !strings.HasSuffix(file.Name(), ".log") {
				t.Errorf("%q left %q", name, file.Name())
			}
		}
	})
}
