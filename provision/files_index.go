package provision

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
)

// CodeFiles is the health condition of local files that are not what was added.
const CodeFiles = "files-changed"

// The index of local files, in their folder, and its bound in bytes.
const (
	indexName = "index.json"
	maxIndex  = 1 << 20
)

// filesEvery is how often local files are looked at without anybody asking.
const filesEvery = 5 * time.Minute

// storedIndex is the index as it is kept. All fields since version 1.
type storedIndex struct {
	Version  int              `json:"v"`
	Files    []storedLocal    `json:"files"`
	Firmware []storedFirmware `json:"firmware,omitempty"`
}

type storedLocal struct {
	Vendor phone.Vendor `json:"vendor"`
	Name   string       `json:"name"`
	Size   int64        `json:"size"`
	SHA256 string       `json:"sha256"`
	Added  time.Time    `json:"added"`
}

type storedFirmware struct {
	Vendor  phone.Vendor `json:"vendor"`
	Model   string       `json:"model"`
	File    string       `json:"file"`
	Version string       `json:"version,omitempty"` // empty in indexes of older builds
	SHA256  string       `json:"sha256"`
	// Both empty in indexes of older builds.
	Image       string `json:"image,omitempty"`
	ImageSHA256 string `json:"image_sha256,omitempty"`
}

// OpenFiles reads the index of local files. None of them is served before
// RunFiles has compared it with what was added.
func (d *Desk) OpenFiles() error {
	s := d.files
	if s.root == nil {
		return nil
	}
	if err := s.sweep(); err != nil {
		return fmt.Errorf("read the folder of local files: %w", err)
	}
	body, err := readBounded(s.root, indexName, maxIndex)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the index of local files: %w", err)
	}
	files, rules, err := parseIndex(body)
	if err != nil {
		return fmt.Errorf("read the index of local files: %w: move %s away and add the files again with lineside file add; phones notice nothing but that none is there", err, indexName)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range files {
		s.files[localKey{f.Vendor, f.Name}] = &local{LocalFile: f}
	}
	for _, r := range rules {
		s.rules[d.modelKey(r.Vendor, r.Model)] = r
	}
	return nil
}

// sweep removes what was being added when the box went down.
func (s *shelf) sweep() error {
	return fs.WalkDir(s.root.FS(), ".", func(name string, f fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case f.IsDir() && strings.Contains(name, "/"):
			return fs.SkipDir // none of ours
		case !f.IsDir() && strings.HasPrefix(f.Name(), tempPrefix):
			return s.discard(name)
		}
		return nil
	})
}

// parseIndex reads an index whole or not at all: nothing in it may name what
// lies elsewhere.
func parseIndex(body []byte) ([]LocalFile, []FirmwareRule, error) {
	var in storedIndex
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, nil, err
	}
	if in.Version != 1 || len(in.Files) > MaxLocalFiles || len(in.Firmware) > MaxLocalFiles {
		return nil, nil, fmt.Errorf("version %d with %d files and %d rules is none of this build", in.Version, len(in.Files), len(in.Firmware))
	}
	seen := map[localKey]bool{}
	var files []LocalFile
	for _, f := range in.Files {
		key := localKey{f.Vendor, f.Name}
		sum, err := hex.DecodeString(f.SHA256)
		if !localName(string(f.Vendor)) || !localName(f.Name) || err != nil || len(sum) != sha256.Size || f.Size < 0 || seen[key] {
			return nil, nil, fmt.Errorf("file %.80q of %.40q is not spelt as this build does", f.Name, f.Vendor)
		}
		seen[key] = true
		files = append(files, LocalFile{
			Vendor: f.Vendor, Name: f.Name, Size: f.Size, SHA256: f.SHA256, Added: f.Added, State: fileUnchecked, Path: filesFolder + key.path(),
		})
	}
	var rules []FirmwareRule
	for _, r := range in.Firmware {
		rules = append(rules, FirmwareRule(r))
	}
	return files, rules, nil
}

// save writes the index: all of it, or what was there before stays.
func (s *shelf) saveLocked() error {
	out := storedIndex{Version: 1, Files: []storedLocal{}}
	for _, f := range s.listLocked() {
		out.Files = append(out.Files, storedLocal{f.Vendor, f.Name, f.Size, f.SHA256, f.Added.UTC()})
	}
	for _, key := range slices.SortedFunc(maps.Keys(s.rules), compareKeys) {
		out.Firmware = append(out.Firmware, storedFirmware(s.rules[key]))
	}
	body, err := json.MarshalIndent(out, "", "\t")
	if err != nil {
		return fmt.Errorf("encode the index of local files: %w", err)
	}
	return writeWhole(s.root, indexName, append(body, '\n'))
}

func (s *shelf) listLocked() []LocalFile {
	list := make([]LocalFile, 0, len(s.files))
	for _, key := range slices.SortedFunc(maps.Keys(s.files), compareKeys) {
		list = append(list, s.files[key].LocalFile)
	}
	return list
}

func compareKeys(a, b localKey) int {
	return cmp.Or(strings.Compare(string(a.vendor), string(b.vendor)), strings.Compare(a.name, b.name))
}

// writeWhole makes name hold body, durably, or leaves what was there.
func writeWhole(root *os.Root, name string, body []byte) error {
	tmp := path.Join(path.Dir(name), tempPrefix+readable(nonce()))
	f, err := root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = moveWhole(root, tmp, name)
	}
	if err != nil {
		return errors.Join(err, root.Remove(tmp))
	}
	return nil
}

// tempPrefix begins the names of files that are not whole yet. No index names
// one.
const tempPrefix = ".new-"

func nonce() []byte {
	b := make([]byte, 10)
	random(b)
	return b
}

// moveWhole gives a file that is on disk its name, durably.
func moveWhole(root *os.Root, from, to string) error {
	if err := root.Rename(from, to); err != nil {
		return err
	}
	dir, err := root.Open(path.Dir(to))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func readBounded(root *os.Root, name string, most int64) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(f, most+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if int64(len(body)) > most {
		return nil, fmt.Errorf("%s is larger than %d bytes", name, most)
	}
	return body, nil
}

// RunFiles compares local files with what was added: all at the start, those that
// were touched since, and each again once a day, until ctx ends.
func (d *Desk) RunFiles(ctx context.Context) error {
	tick := time.NewTicker(filesEvery)
	defer tick.Stop()
	for {
		d.CheckFiles(ctx)
		select {
		case <-d.files.wake:
		case <-tick.C:
			d.rereadFiles(ctx)
		case <-ctx.Done():
			return nil
		}
	}
}

// CheckFiles looks at each local file, and at its bytes where it was touched.
func (d *Desk) CheckFiles(ctx context.Context) {
	s := d.files
	s.mu.Lock()
	list := s.listLocked()
	s.mu.Unlock()
	for _, f := range list {
		if ctx.Err() != nil {
			return
		}
		s.check(ctx, d.tools.Now(), f, false)
	}
	d.tellFiles()
}

// check compares one file with what was added: again, or unless it was before and
// has not been touched.
func (s *shelf) check(ctx context.Context, at time.Time, f LocalFile, again bool) {
	key := localKey{f.Vendor, f.Name}
	s.mu.Lock()
	seen := s.files[key].seenOr()
	s.mu.Unlock()
	info, err := s.root.Stat(key.path())
	if err == nil && !again && same(info, seen) {
		return
	}
	state := fileGone
	if err == nil {
		if info, state, err = s.compare(ctx, f); err != nil {
			info, state = nil, fileChanged
		}
	}
	if ctx.Err() != nil {
		return // half read is no verdict
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.files[key]; now != nil && now.SHA256 == f.SHA256 { // else it was replaced meanwhile
		now.State, now.seen, now.read = state, info, at
		s.pinLocked(now)
	}
}

func (l *local) seenOr() os.FileInfo {
	if l == nil {
		return nil
	}
	return l.seen
}

// compare reads a file whole.
func (s *shelf) compare(ctx context.Context, f LocalFile) (os.FileInfo, string, error) {
	file, err := s.root.Open(localKey{f.Vendor, f.Name}.path())
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = file.Close() }() // nothing was written
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() != f.Size {
		return info, fileChanged, err
	}
	h := sha256.New()
	if _, err := io.Copy(h, &cut{ctx, io.LimitReader(file, f.Size+1)}); err != nil {
		return info, fileChanged, err
	}
	if hex.EncodeToString(h.Sum(nil)) != f.SHA256 {
		return info, fileChanged, nil
	}
	return info, fileServed, nil
}

// cut is a reader that ends with its context.
type cut struct {
	ctx context.Context
	in  io.Reader
}

// Read reads on while the context lasts.
func (c *cut) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.in.Read(p)
}

// pinLocked takes a file out of service that a rule pins with other bytes, and
// puts it back where none does any more.
func (s *shelf) pinLocked(f *local) {
	if f.State != fileServed && f.State != fileUnpinned {
		return
	}
	f.State = fileServed
	for _, r := range s.rules {
		if sum, ok := r.pins(localKey{f.Vendor, f.Name}); ok && sum != f.SHA256 {
			f.State = fileUnpinned
		}
	}
}

// tellFiles raises a condition for files that are not served.
func (d *Desk) tellFiles() {
	d.files.mu.Lock()
	var wrong []string
	for _, f := range d.files.listLocked() {
		if f.State != fileServed && f.State != fileUnchecked {
			wrong = append(wrong, f.Path+" is "+f.State)
		}
	}
	d.files.mu.Unlock()
	if len(wrong) == 0 {
		d.tools.Health.Clear(CodeFiles)
		return
	}
	d.tools.Health.Raise(d.tools.Now(), health.Condition{
		Code: CodeFiles, Title: fmt.Sprintf("%d files for phones are not served", len(wrong)),
		Meaning: "phones that ask for them are told that there is no such file and keep what they have",
		Do:      "add each again: lineside file add VENDOR FILE; where a new firmware is meant: lineside file firmware VENDOR MODEL FILE",
		Detail:  strings.Join(wrong[:min(len(wrong), maxLatest)], "; "),
	})
}
