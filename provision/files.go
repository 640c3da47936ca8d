package provision

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// filesFolder is what phones ask for local files behind: "files/<vendor>/<name>".
const filesFolder = "files/"

// Bounds of the files kept for phones.
const (
	MaxLocalFile  = 512 << 20 // bytes of one
	MaxLocalTotal = 4 << 30   // bytes of all
	MaxLocalFiles = 512
	maxLocalName  = 100 // bytes
)

// LocalFile is a file for phones: firmware, a ring tone, a wallpaper, a language
// pack. None of them is a secret.
type LocalFile struct {
	Vendor phone.Vendor `json:"vendor"`
	Name   string       `json:"name"`
	Size   int64        `json:"size"`
	SHA256 string       `json:"sha256"`
	Added  time.Time    `json:"added"`
	// State is "served", "unchecked" until its bytes were compared with SHA256,
	// or why it is not served.
	State string `json:"state"`
	// Path is what phones fetch it by, behind the box's URL.
	Path string `json:"path"`
	// Models are those whose firmware rule names it; Asked says that its maker's
	// phones ask for a file of this name by themselves.
	Models []string `json:"models,omitempty"`
	Asked  bool     `json:"asked,omitempty"`
}

// Served reports that phones are given the file.
func (f LocalFile) Served() bool { return f.State == fileServed }

// FirmwareRule is which file phones of a model are told to install.
type FirmwareRule struct {
	Vendor phone.Vendor `json:"vendor"`
	Model  string       `json:"model"`
	File   string       `json:"file"`
	// Version is what the maker calls the firmware, for makers whose phones
	// compare it with what they run.
	Version string `json:"version,omitempty"`
	// SHA256 is what the file was when the rule was made: another content under
	// the same name is not installed.
	SHA256 string `json:"sha256"`
	// Image and ImageSHA256 pin the image that the file names, where phones are led
	// to one beside it; both are empty elsewhere, and in rules of older builds.
	Image       string `json:"image,omitempty"`
	ImageSHA256 string `json:"image_sha256,omitempty"`
}

// pins is the content a rule wants of a file.
func (r FirmwareRule) pins(key localKey) (sum string, ok bool) {
	switch key {
	case localKey{r.Vendor, r.File}:
		return r.SHA256, true
	case localKey{r.Vendor, r.Image}:
		return r.ImageSHA256, r.Image != ""
	}
	return "", false
}

// States of a local file.
const (
	fileServed    = "served"
	fileUnchecked = "unchecked"
	fileChanged   = "not what was added"
	fileGone      = "gone from the disk"
	fileUnpinned  = "not what its firmware rule pins"
)

// localKey names a file, also on the disk.
type localKey struct {
	vendor phone.Vendor
	name   string
}

func (k localKey) path() string { return string(k.vendor) + "/" + k.name }

// local is a file as the shelf knows it.
type local struct {
	LocalFile
	seen os.FileInfo // as it was when its bytes were right; nil: not checked
	read time.Time   // when its bytes were last compared
}

// shelf is the folder of local files. Names are looked up in its index and never
// joined to a path; what lies in the folder and not in the index does not exist.
type shelf struct {
	root   *os.Root              // nil: there is no folder
	left   func() (int64, error) // what files may take of the disk
	adding sync.Mutex
	wake   chan struct{} // one element: there is something to check

	mu    sync.Mutex
	files map[localKey]*local
	rules map[localKey]FirmwareRule // by vendor and model
}

func newShelf(root *os.Root) *shelf {
	return &shelf{root: root, left: func() (int64, error) { return diskLeft(root) }, wake: make(chan struct{}, 1), files: make(map[localKey]*local), rules: make(map[localKey]FirmwareRule)}
}

// errNotServed is for a file that is not on the shelf or not as it should be.
var errNotServed = errors.New("not served")

// open gives a file whose bytes are those that were added, as far as its size,
// its date and the disk's own number of it tell since they were compared.
func (s *shelf) open(key localKey) (*os.File, LocalFile, error) {
	s.mu.Lock()
	f, ok := s.files[key]
	if !ok || f.State != fileServed {
		s.mu.Unlock()
		return nil, LocalFile{}, errNotServed
	}
	known, seen := f.LocalFile, f.seen
	s.mu.Unlock()
	file, err := s.root.Open(key.path())
	if err != nil {
		s.doubt(key)
		return nil, known, err
	}
	info, err := file.Stat()
	if err != nil || !same(info, seen) {
		_ = file.Close() // nothing was written
		s.doubt(key)
		return nil, known, errors.Join(errNotServed, err)
	}
	return file, known, nil
}

// same reports that a file has not been touched, as far as the disk tells: it is
// the same inode with the same size and dates. The date of its content can be set
// back by whoever changes it, that of the inode only with the clock. Both are no
// finer than a tick of the kernel, and a disk that rots tells of nothing:
// rereadFiles finds what this does not.
func same(a, b os.FileInfo) bool {
	return b != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && changedAt(a) == changedAt(b)
}

// changedAt is when the inode was last changed, zero where the system does not say.
func changedAt(f os.FileInfo) time.Time {
	st, ok := f.Sys().(*syscall.Stat_t)
	if !ok {
		return time.Time{}
	}
	return time.Unix(st.Ctim.Unix())
}

// doubt takes a file out of service until it was checked again.
func (s *shelf) doubt(key localKey) {
	s.mu.Lock()
	if f, ok := s.files[key]; ok && f.State == fileServed {
		f.State, f.seen = fileUnchecked, nil
	}
	s.mu.Unlock()
	s.ring()
}

func (s *shelf) ring() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// find is the file a bare name means: the first of the vendors named that has
// it, or the only one that does.
func (s *shelf) find(name string, hints ...phone.Vendor) (localKey, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range hints {
		if key := (localKey{v, name}); s.files[key] != nil {
			return key, true
		}
	}
	var found []localKey
	for key := range s.files {
		if key.name == name {
			found = append(found, key)
		}
	}
	if len(found) != 1 {
		return localKey{}, false
	}
	return found[0], true
}

// localAsked is the local file a caller asks for, by its whole path or by a name
// its maker's phones ask for by themselves.
func (d *Desk) localAsked(ask Ask, c caller) (localKey, bool) {
	if rest, ok := strings.CutPrefix(ask.File, filesFolder); ok {
		vendor, name, ok := strings.Cut(rest, "/")
		return localKey{phone.Vendor(vendor), name}, ok
	}
	return d.files.find(path.Base(ask.File), c.file.Vendor, c.ident.Vendor)
}

// serveLocal answers with a local file, or false where there is none to give.
// It looks at no device: whoever asks is given it.
func (d *Desk) serveLocal(ask Ask, c caller) (Answer, bool) {
	key, ok := d.localAsked(ask, c)
	if !ok {
		return Answer{}, false
	}
	file, known, err := d.files.open(key)
	if err != nil {
		return Answer{}, false
	}
	d.count(ask, caller{file: vendors.File{Vendor: known.Vendor}}, outcomeName(auth.Serve))
	c.file.Name = known.Name
	d.noteFile(ask, c, KindOpen, fmt.Sprintf("fetched %s, a file kept here for it", known.Name))
	return Answer{
		Status: Content, File: file, Type: "application/octet-stream", Tag: known.SHA256[:24], Phone: c.isPhone,
	}, true
}

// firmware is a served file that a device's phone is told to install; the zero
// value is none.
type firmware struct{ path, name, version, hash string }

// source is where the phone finds it.
func (f firmware) source(boxURL string) vendors.FirmwareSource {
	if f.name == "" {
		return vendors.FirmwareSource{}
	}
	return vendors.FirmwareSource{URL: boxURL + f.path, File: f.name, Version: f.version}
}

// firmwareFor is what the rules say for a model. A file that is not served is
// not named: a phone sent to it would try for ever.
func (d *Desk) firmwareFor(v phone.Vendor, model string) firmware {
	s := d.files
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rules) == 0 || model == "" {
		return firmware{}
	}
	rule, ok := s.rules[d.modelKey(v, model)]
	if !ok {
		return firmware{}
	}
	f := s.files[localKey{rule.Vendor, rule.File}]
	if f == nil || f.State != fileServed || f.SHA256 != rule.SHA256 || !s.imageServedLocked(rule) {
		return firmware{}
	}
	return firmware{path: f.Path, name: f.Name, version: rule.Version, hash: f.SHA256}
}

// imageServedLocked reports whether the image of a rule, if it has one, is there.
func (s *shelf) imageServedLocked(rule FirmwareRule) bool {
	if rule.Image == "" {
		return true
	}
	f := s.files[localKey{rule.Vendor, rule.Image}]
	return f != nil && f.State == fileServed && f.SHA256 == rule.ImageSHA256
}

// modelKey is a model as rules name it: as its maker's table spells it, or in
// small letters where that does not know it.
func (d *Desk) modelKey(v phone.Vendor, model string) localKey {
	if m, ok := d.table.Model(v, model); ok {
		return localKey{v, m.Name}
	}
	return localKey{v, strings.ToLower(model)}
}
