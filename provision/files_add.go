package provision

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// Errors about local files.
var (
	// ErrUnknownFile is returned for a file the box does not keep.
	ErrUnknownFile = errors.New("no such file is kept here")
	// ErrFilesFull is returned when there is no room for a file.
	ErrFilesFull = errors.New("there is no room for this file")
	// ErrFilesBusy is returned while another file is being added.
	ErrFilesBusy = errors.New("another file is being added at this moment")
	// ErrFilePinned is returned for removing a file a firmware rule names.
	ErrFilePinned = errors.New("is named by a firmware rule")
	// ErrNoFiles is returned where the box keeps no files.
	ErrNoFiles = errors.New("this box keeps no files for phones")
)

// localName holds what can be a file's and a folder's name on every system, and
// in a URL as it is.
func localName(name string) bool {
	ok := name != "" && len(name) <= maxLocalName && name[0] != '.' && name[0] != '-'
	for _, r := range name {
		ok = ok && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-+", r))
	}
	return ok
}

// checkLocal refuses a vendor that is not served and a name that could be taken
// for one of the box's own: no local file stands in the way of a config.
func (d *Desk) checkLocal(key localKey) error {
	if d.files.root == nil {
		return ErrNoFiles
	}
	if _, err := d.table.Parse(string(key.vendor)); err != nil {
		return fmt.Errorf("file is %w: %w", ErrInvalid, err)
	}
	if !localName(key.name) || key.name == indexName {
		return fmt.Errorf("file is %w: %w", ErrInvalid, fmt.Errorf("name: %.80q cannot be one; write up to %d letters, digits, dots, dashes, underscores or +, without a folder", key.name, maxLocalName))
	}
	f, ok := d.table.File(key.name, key.vendor)
	if _, _, upload := d.table.Upload(key.name, key.vendor); ok && f.Kind != vendors.Absent || upload || key.name == CAFile {
		return fmt.Errorf("file is %w: %w", ErrInvalid, fmt.Errorf("name: %s is what phones ask the box's own configs by; write another", key.name))
	}
	return nil
}

// LocalFiles lists the files kept for phones, and the firmware rules.
func (d *Desk) LocalFiles() ([]LocalFile, []FirmwareRule) {
	s := d.files
	s.mu.Lock()
	defer s.mu.Unlock()
	rules := []FirmwareRule{}
	for _, key := range slices.SortedFunc(maps.Keys(s.rules), compareKeys) {
		rules = append(rules, s.rules[key])
	}
	files := s.listLocked()
	for i := range files {
		d.whoAsks(&files[i], rules)
	}
	return files, rules
}

// whoAsks says of a file what makes phones fetch it, as far as the box knows.
func (d *Desk) whoAsks(f *LocalFile, rules []FirmwareRule) {
	known, ok := d.table.File(f.Name, f.Vendor)
	f.Asked = ok && known.Kind == vendors.Absent
	for _, r := range rules {
		if _, ok := r.pins(localKey{f.Vendor, f.Name}); ok {
			f.Models = append(f.Models, r.Model)
		}
	}
}

// AddFile keeps what src gives as a file for phones, in the place of one of the
// same name. It is served when all of it is on disk and on record, and not
// before; on an error nothing is changed.
func (d *Desk) AddFile(ctx context.Context, by audit.Actor, v phone.Vendor, name string, src io.Reader) (LocalFile, error) {
	key := localKey{v, name}
	if err := d.checkLocal(key); err != nil {
		return LocalFile{}, err
	}
	s := d.files
	if !s.adding.TryLock() {
		return LocalFile{}, ErrFilesBusy
	}
	defer s.adding.Unlock()
	room, err := s.room(key)
	if err == nil && room.File == 0 {
		err = room.full()
	}
	if err != nil {
		return LocalFile{}, err
	}
	if err := s.root.Mkdir(string(v), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return LocalFile{}, fmt.Errorf("make the folder of %s: %w", v, err)
	}
	tmp := string(v) + "/" + tempPrefix + readable(nonce())
	f, err := s.receive(ctx, tmp, src, room)
	if err == nil {
		f.Vendor, f.Name, f.Added, f.Path = v, name, d.tools.Now().UTC(), filesFolder+key.path()
		err = d.store.Recorder.Record(ctx, one(phone.MAC{}, by, audit.FileAdded{Vendor: string(v), File: name, Size: f.Size, SHA256: f.SHA256})...)
	}
	if err == nil {
		err = s.place(tmp, key, f)
	}
	if err != nil {
		return LocalFile{}, errors.Join(fmt.Errorf("add file %s: %w", key.path(), err), s.discard(tmp))
	}
	d.CheckFiles(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.files[key].LocalFile, nil
}

// receive writes src to a name nobody is served by, durably.
func (s *shelf) receive(ctx context.Context, tmp string, src io.Reader, room FileRoom) (LocalFile, error) {
	f, err := s.root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return LocalFile{}, err
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(&spared{w: f, left: s.left}, h), &cut{ctx, io.LimitReader(src, room.File+1)})
	switch {
	case errors.Is(err, syscall.ENOSPC):
		err = fmt.Errorf("%w: the disk is full", ErrFilesFull)
	case err == nil && n > room.File:
		err = room.tooLarge()
	case err == nil && n == 0:
		err = fmt.Errorf("it is %w: it has no bytes", ErrInvalid)
	case err == nil:
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return LocalFile{}, err
	}
	return LocalFile{Size: n, SHA256: hex.EncodeToString(h.Sum(nil)), State: fileUnchecked}, nil
}

// place gives a received file its name and puts it into the index. The name
// comes first: cut between the two, the file is not what the index says, and so
// not served.
func (s *shelf) place(tmp string, key localKey, f LocalFile) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := moveWhole(s.root, tmp, key.path()); err != nil {
		return err
	}
	was := s.files[key]
	s.files[key] = &local{LocalFile: f}
	if err := s.saveLocked(); err != nil {
		if s.files[key] = was; was == nil {
			delete(s.files, key)
		}
		return err
	}
	return nil
}

// discard removes what was received of a file that is not to be.
func (s *shelf) discard(tmp string) error {
	if err := s.root.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// RemoveFile takes a file away from phones.
func (d *Desk) RemoveFile(ctx context.Context, by audit.Actor, v phone.Vendor, name string) error {
	s, key := d.files, localKey{v, name}
	s.adding.Lock()
	defer s.adding.Unlock()
	s.mu.Lock()
	_, there := s.files[key]
	for _, r := range s.rules {
		if _, pinned := r.pins(key); there && pinned {
			s.mu.Unlock()
			return fmt.Errorf("%s %w; take the rule back first: lineside file firmware %s %s \"\"", key.path(), ErrFilePinned, v, r.Model)
		}
	}
	s.mu.Unlock()
	if !there {
		return fmt.Errorf("%.140s: %w", key.path(), ErrUnknownFile)
	}
	if err := d.store.Recorder.Record(ctx, one(phone.MAC{}, by, audit.FileRemoved{Vendor: string(v), File: name})...); err != nil {
		return fmt.Errorf("record that %s is removed: %w", key.path(), err)
	}
	s.mu.Lock()
	was := s.files[key]
	delete(s.files, key)
	err := s.saveLocked()
	if err != nil {
		s.files[key] = was
	}
	s.mu.Unlock()
	if err == nil {
		err = s.discard(key.path())
	}
	if err != nil {
		return fmt.Errorf("remove file %s: %w", key.path(), err)
	}
	d.tellFiles()
	return nil
}

// SetFirmware has phones of a model told to install a file, with the bytes it
// has now; an empty name takes the rule back. The version is for makers whose
// phones are told it with the file.
func (d *Desk) SetFirmware(ctx context.Context, by audit.Actor, v phone.Vendor, model, name, version string) (FirmwareRule, error) {
	s := d.files
	if s.root == nil {
		return FirmwareRule{}, ErrNoFiles
	}
	if m, ok := d.table.Model(v, model); ok {
		model = m.Name
	}
	if !localName(model) {
		return FirmwareRule{}, fmt.Errorf("firmware rule is %w: %w", ErrInvalid, fmt.Errorf("model: %.40q is none; write it as its maker does, such as T46G", model))
	}
	if err := d.checkVersion(v, name, version); err != nil {
		return FirmwareRule{}, err
	}
	s.adding.Lock()
	defer s.adding.Unlock()
	rule := FirmwareRule{Vendor: v, Model: model, File: name, Version: version}
	key := d.modelKey(v, model)
	s.mu.Lock()
	f, ok := s.files[localKey{v, name}]
	if ok {
		rule.SHA256 = f.SHA256
	}
	was, had := s.rules[key]
	s.mu.Unlock()
	if !ok && name != "" || name == "" && !had {
		return rule, fmt.Errorf("%.140s: %w", localKey{v, name}.path(), ErrUnknownFile)
	}
	if name != "" {
		if err := d.pinImage(&rule); err != nil {
			return rule, err
		}
	}
	event := audit.FirmwareSet{Vendor: string(v), Model: model, File: name, Version: version, SHA256: rule.SHA256}
	if err := d.store.Recorder.Record(ctx, one(phone.MAC{}, by, event)...); err != nil {
		return rule, fmt.Errorf("record the firmware rule: %w", err)
	}
	if err := s.setRule(key, rule, was, had); err != nil {
		return rule, fmt.Errorf("keep the firmware rule of %s %s: %w", v, model, err)
	}
	d.tellFiles()
	return rule, nil
}

// maxFirmwareText bounds the text that leads phones to an image; it has a few
// lines and what was changed.
const maxFirmwareText = 64 << 10

// pinImage adds the image to a rule whose file only names it.
func (d *Desk) pinImage(rule *FirmwareRule) error {
	m, _ := d.table.Of(rule.Vendor)
	if m.Image == nil {
		return nil
	}
	path := localKey{rule.Vendor, rule.File}.path()
	text, err := readBounded(d.files.root, path, maxFirmwareText)
	if err != nil {
		return fmt.Errorf("firmware rule is %w: %s phones are led to their image by a short text, and %s is none: %w", ErrInvalid, m.Name, path, err)
	}
	image, ok := m.Image(text)
	if sum := sha256.Sum256(text); !ok || hex.EncodeToString(sum[:]) != rule.SHA256 {
		return fmt.Errorf("firmware rule is %w: %s names no image, or is not what was added: give the rule the text that the maker ships with the image", ErrInvalid, path)
	}
	d.files.mu.Lock()
	defer d.files.mu.Unlock()
	f, ok := d.files.files[localKey{rule.Vendor, image}]
	if !ok {
		return fmt.Errorf("%.140s, which %s names: %w; add it first: lineside file add %s FILE", localKey{rule.Vendor, image}.path(), path, ErrUnknownFile, rule.Vendor)
	}
	rule.Image, rule.ImageSHA256 = image, f.SHA256
	return nil
}

// checkVersion wants a version where phones install nothing without it, and one
// that is a word.
func (d *Desk) checkVersion(v phone.Vendor, name, version string) error {
	m, _ := d.table.Of(v)
	switch {
	case version != "" && !localName(version):
		return fmt.Errorf("firmware rule is %w: %w", ErrInvalid, fmt.Errorf("version: %.40q is none; write it as its maker does, such as 08.25", version))
	case name != "" && version == "" && m.Upgrade == vendors.UpgradeByVersion:
		return fmt.Errorf("firmware rule is %w: %w", ErrInvalid, fmt.Errorf("version: missing: %s phones install a file only together with its version; add it: lineside file firmware %s MODEL %s --version VERSION", m.Name, v, name))
	}
	return nil
}

// setRule keeps a rule, or takes it back where it names no file.
func (s *shelf) setRule(key localKey, rule, was FirmwareRule, had bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rules[key] = rule; rule.File == "" {
		delete(s.rules, key)
	}
	if err := s.saveLocked(); err != nil {
		if s.rules[key] = was; !had {
			delete(s.rules, key)
		}
		return err
	}
	for _, f := range s.files {
		s.pinLocked(f)
	}
	return nil
}
