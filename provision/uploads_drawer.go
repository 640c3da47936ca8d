package provision

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lineside/lineside/phone"
)

// Bounds of what phones may put on the box. Past them the oldest makes room: of
// the device itself, and then of all.
const (
	maxDeviceUploads = 16
	maxDeviceBytes   = 4 << 20
	maxUploadBytes   = 256 << 20
)

// drawer is the folder of what phones put on the box, one folder for each
// device. What is in it is also in memory, but for the bytes.
type drawer struct {
	root *os.Root // nil: there is no folder

	mu   sync.Mutex
	of   map[phone.MAC]map[string]Upload
	used int64
}

func newDrawer(root *os.Root) *drawer {
	return &drawer{root: root, of: make(map[phone.MAC]map[string]Upload)}
}

// scan reads the folder. What no phone of this box could have put there is
// passed over.
func (w *drawer) scan() error {
	if w.root == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	folders, err := fs.ReadDir(w.root.FS(), ".")
	if err != nil {
		return fmt.Errorf("read the uploads of phones: %w", err)
	}
	for _, folder := range folders {
		mac, err := phone.ParseMAC(folder.Name())
		if err != nil || !folder.IsDir() || folder.Name() != mac.Hex() {
			continue
		}
		files, err := fs.ReadDir(w.root.FS(), folder.Name())
		if err != nil {
			return fmt.Errorf("read the uploads of %s: %w", mac, err)
		}
		for _, f := range files {
			w.foundLocked(mac, f)
		}
	}
	return nil
}

// foundLocked takes in a file of a former run; one that is not whole goes.
func (w *drawer) foundLocked(mac phone.MAC, f fs.DirEntry) {
	if strings.HasPrefix(f.Name(), tempPrefix) {
		_ = w.root.Remove(mac.Hex() + "/" + f.Name()) // it only takes room
		return
	}
	info, err := f.Info()
	if err != nil || !info.Mode().IsRegular() {
		return
	}
	w.putLocked(mac, Upload{Name: f.Name(), Size: info.Size(), At: info.ModTime().UTC()})
}

func (w *drawer) putLocked(mac phone.MAC, u Upload) {
	if w.of[mac] == nil {
		w.of[mac] = make(map[string]Upload)
	}
	w.used += u.Size - w.of[mac][u.Name].Size
	w.of[mac][u.Name] = u
}

// errNoDrawer is for a box that keeps no uploads.
var errNoDrawer = errors.New("this box keeps no uploads")

// keep puts a file in the place of the one of its name. name is of a vendor's
// pattern, so it has no folder in it.
func (w *drawer) keep(now time.Time, mac phone.MAC, name string, body []byte) error {
	if w.root == nil {
		return errNoDrawer
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.root.Mkdir(mac.Hex(), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := writeWhole(w.root, mac.Hex()+"/"+name, body); err != nil {
		return err
	}
	w.putLocked(mac, Upload{Name: name, Size: int64(len(body)), At: now.UTC()})
	return w.boundLocked(mac, name)
}

// boundLocked makes room, never at the cost of the file just put there.
func (w *drawer) boundLocked(mac phone.MAC, but string) error {
	for {
		files, size := w.of[mac], int64(0)
		for _, u := range files {
			size += u.Size
		}
		if len(files) <= maxDeviceUploads && size <= maxDeviceBytes {
			break
		}
		if err := w.dropLocked(mac, oldest(files, but)); err != nil {
			return err
		}
	}
	for w.used > maxUploadBytes {
		whose, name := mac, ""
		var at time.Time
		for m, files := range w.of {
			skip := ""
			if m == mac {
				skip = but
			}
			if n := oldest(files, skip); n != "" && (name == "" || files[n].At.Before(at)) {
				whose, name, at = m, n, files[n].At
			}
		}
		if name == "" {
			return nil
		}
		if err := w.dropLocked(whose, name); err != nil {
			return err
		}
	}
	return nil
}

// oldest is the name of the oldest file but one.
func oldest(files map[string]Upload, but string) string {
	name := ""
	for n, u := range files {
		if n != but && (name == "" || u.At.Before(files[name].At)) {
			name = n
		}
	}
	return name
}

func (w *drawer) dropLocked(mac phone.MAC, name string) error {
	if err := w.root.Remove(mac.Hex() + "/" + name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	w.used -= w.of[mac][name].Size
	if delete(w.of[mac], name); len(w.of[mac]) == 0 {
		delete(w.of, mac)
	}
	return nil
}

// list is a device's files, by name.
func (w *drawer) list(mac phone.MAC) []Upload {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.SortedFunc(maps.Values(w.of[mac]), func(a, b Upload) int { return strings.Compare(a.Name, b.Name) })
}

// read gives a file's bytes. The name is looked up before the disk is asked.
func (w *drawer) read(mac phone.MAC, name string) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.of[mac][name]; !ok {
		return nil, fmt.Errorf("%s, %.80q: %w", mac, name, ErrUnknownUpload)
	}
	body, err := readBounded(w.root, mac.Hex()+"/"+name, MaxUpload)
	if err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", name, mac, err)
	}
	return body, nil
}

// forget removes what a device has put here.
func (w *drawer) forget(mac phone.MAC) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var errs []error
	for name := range maps.Clone(w.of[mac]) {
		errs = append(errs, w.dropLocked(mac, name))
	}
	if w.root != nil {
		_ = w.root.Remove(mac.Hex()) // an empty folder is nobody's loss
	}
	return errors.Join(errs...)
}
