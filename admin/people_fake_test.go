package admin_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// town is the fake desk's users, files, uploads and templates.
type town struct {
	mu      sync.Mutex
	users   map[string]phone.User
	files   map[string]string // path to bytes
	rules   []provision.FirmwareRule
	uploads map[string]string
	faults  []provision.TemplateFault
	loads   int
}

func (d *desk) User(id string) (phone.User, error) {
	d.town.mu.Lock()
	defer d.town.mu.Unlock()
	if u, ok := d.town.users[id]; ok {
		return u, nil
	}
	return phone.User{}, fmt.Errorf("%s: %w", id, phone.ErrUnknownUser)
}

func (d *desk) Users() []phone.User {
	d.town.mu.Lock()
	defer d.town.mu.Unlock()
	return slices.SortedFunc(maps.Values(d.town.users), func(a, b phone.User) int { return strings.Compare(a.ID, b.ID) })
}

func (d *desk) putUser(u phone.User) phone.User {
	d.town.mu.Lock()
	defer d.town.mu.Unlock()
	if d.town.users == nil {
		d.town.users = map[string]phone.User{}
	}
	u.Rev = d.town.users[u.ID].Rev + 1
	d.town.users[u.ID] = u
	return u
}

func (d *desk) AddUser(_ context.Context, _ audit.Actor, u phone.User) (phone.User, error) {
	if _, err := d.User(u.ID); err == nil {
		return u, fmt.Errorf("%s: %w", u.ID, provision.ErrUserExists)
	}
	return d.putUser(u), nil
}

func (d *desk) EditUser(_ context.Context, _ audit.Actor, id string, rev uint64, edit func(*phone.User) error) (phone.User, error) {
	u, err := d.User(id)
	if err != nil {
		return u, err
	}
	if rev != 0 && rev != u.Rev {
		return u, fmt.Errorf("user %s was %w", id, provision.ErrStale)
	}
	if err := edit(&u); err != nil {
		return u, err
	}
	return d.putUser(u), nil
}

func (d *desk) RemoveUser(_ context.Context, _ audit.Actor, id string) error {
	if _, err := d.User(id); err != nil {
		return err
	}
	d.town.mu.Lock()
	defer d.town.mu.Unlock()
	delete(d.town.users, id)
	return nil
}

func (d *desk) ImportUsers(_ context.Context, _ audit.Actor, users []phone.User) (added, changed int, err error) {
	for _, u := range users {
		if _, err := d.User(u.ID); err == nil {
			changed++
		} else {
			added++
		}
		d.putUser(u)
	}
	return added, changed, nil
}

func (d *desk) LocalFiles() ([]provision.LocalFile, []provision.FirmwareRule) {
	list := []provision.LocalFile{}
	for path, body := range d.town.files {
		v, name, _ := strings.Cut(path, "/")
		list = append(list, provision.LocalFile{Vendor: phone.Vendor(v), Name: name, Size: int64(len(body)), State: "served", Path: "files/" + path})
	}
	return list, append([]provision.FirmwareRule{}, d.town.rules...)
}

func (d *desk) FileRoom() (provision.FileRoom, error) {
	return provision.FileRoom{File: 100, Most: provision.MaxLocalFile, Disk: 100, Files: 1}, nil
}

func (d *desk) CheckFile(_ phone.Vendor, _ string, size int64) error {
	if size > 100 {
		return provision.ErrFilesFull
	}
	return nil
}

func (d *desk) AddFile(_ context.Context, _ audit.Actor, v phone.Vendor, name string, src io.Reader) (provision.LocalFile, error) {
	body, err := io.ReadAll(src)
	if err != nil {
		return provision.LocalFile{}, err
	}
	if d.town.files == nil {
		d.town.files = map[string]string{}
	}
	d.town.files[string(v)+"/"+name] = string(body)
	return provision.LocalFile{Vendor: v, Name: name, Size: int64(len(body)), State: "served"}, nil
}

func (d *desk) RemoveFile(_ context.Context, _ audit.Actor, v phone.Vendor, name string) error {
	key := string(v) + "/" + name
	if _, ok := d.town.files[key]; !ok {
		return fmt.Errorf("%s: %w", key, provision.ErrUnknownFile)
	}
	delete(d.town.files, key)
	return nil
}

func (d *desk) SetFirmware(_ context.Context, _ audit.Actor, v phone.Vendor, model, name, version string) (provision.FirmwareRule, error) {
	r := provision.FirmwareRule{Vendor: v, Model: model, File: name, Version: version, SHA256: "ab"}
	d.town.rules = append(d.town.rules, r)
	return r, nil
}

func (d *desk) Uploads(mac phone.MAC) ([]provision.Upload, error) {
	if _, err := d.Device(mac); err != nil {
		return nil, err
	}
	var list []provision.Upload
	for name, body := range d.town.uploads {
		list = append(list, provision.Upload{Name: name, What: "log", Size: int64(len(body)), At: start})
	}
	return list, nil
}

func (d *desk) ReadUpload(_ phone.MAC, name string) ([]byte, error) {
	body, ok := d.town.uploads[name]
	if !ok {
		return nil, provision.ErrUnknownUpload
	}
	return []byte(body), nil
}

func (d *desk) CheckTemplates() (provision.Templates, error) {
	return provision.Templates{Files: []string{"yealink.conf"}, Faults: append([]provision.TemplateFault{}, d.town.faults...)}, nil
}

func (d *desk) LoadTemplates(context.Context, audit.Actor) (provision.Templates, error) {
	d.town.loads++
	return d.CheckTemplates()
}

func (d *desk) RedirectSheet(_ context.Context, _ audit.Actor, name string) (provision.Sheet, error) {
	if name != "acme-rps" {
		return provision.Sheet{}, fmt.Errorf("sheet is %w: %q is none; write one of acme-rps", provision.ErrInvalid, name)
	}
	return provision.Sheet{Name: name, Columns: []string{"MAC", "URL"}, Rows: [][]string{{"001565000001", "=http://box/"}}}, nil
}
