package pages_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// depot has the API keep three files, of which a rule names one, and a name a
// stranger could not have given it either.
func (s *site) depot() {
	file := func(v phone.Vendor, name, state string) admin.LocalFile {
		return admin.LocalFile{Vendor: v, Name: name, Size: 5 << 20, SHA256: strings.Repeat("ab", 32), Added: s.now, State: state, Path: "files/" + string(v) + "/" + name}
	}
	rom, tone, old := file("yealink", "T46S.rom", "served"), file("snom", hostile, "served"), file("yealink", "old.rom", "gone from the disk")
	rom.Models, tone.Asked = []string{"T46S"}, true
	s.api.set("/api/v1/files", admin.Files{
		Files: []admin.LocalFile{tone, rom, old}, Room: provision.FileRoom{File: 90 << 20, Most: 512 << 20, Disk: 90 << 20, Files: 9},
		Firmware: []admin.FirmwareRule{
			{Vendor: "yealink", Model: "T46S", File: "T46S.rom", SHA256: rom.SHA256},
			{Vendor: "yealink", Model: "T48S", File: "old.rom", SHA256: old.SHA256, Version: hostile},
		},
	})
	s.api.set("/api/v1/devices", admin.Page{Vendors: map[string]int{"yealink": 0, "snom": 0}})
	s.api.set("/api/v1/files/check", admin.FileChecked{})
}

// formOf is a form of kind multipart/form-data as a browser sends it; file comes
// last, "" is none.
func formOf(t testing.TB, file, body string, pairs ...string) (text, kind string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(pairs); i += 2 {
		if err := w.WriteField(pairs[i], pairs[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if file != "" {
		part, err := w.CreateFormFile("file", file)
		if err == nil {
			_, err = io.WriteString(part, body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

// send posts such a form.
func (b *person) send(path string, in io.Reader, kind string, header ...string) (status int, body string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.base+path, in)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, string(all)
}

// TestFilesPage: what a file is called is text; who may only look is offered
// nothing; what a rule names cannot be deleted, and what can is asked for first.
func TestFilesPage(t *testing.T) {
	s := newSite(t)
	s.depot()
	ada := s.visitor(t)
	ada.signIn("ada")
	_, _, body := ada.get("/files")
	if strings.Contains(body, "<script>alert") || !strings.Contains(body, inert) {
		t.Error("got a name as HTML, want it as text")
	}
	if got := strings.Count(body, `action="/files/remove"`); got != 2 {
		t.Errorf("got %d files to delete, want the two that no rule names", got)
	}
	for _, want := range []string{"Firmware rule for <bdi>T46S</bdi>", "Gone from the disk", "Phones ask for this name by themselves", "room for 90.0 MiB more", "5.0 MiB"} {
		if !strings.Contains(body, want) {
			t.Errorf("got no %q", want)
		}
	}
	if got := strings.Count(body, "Not told to phones"); got != 1 {
		t.Errorf("got %d rules not in force, want the one whose file is gone", got)
	}
	if _, _, body := ada.post("/files/remove", "vendor", "yealink", "name", "T46S.rom"); !strings.Contains(body, "Delete T46S.rom of Yealink?") {
		t.Error("got no question that names the file")
	}
	if _, _, body := ada.post("/files/firmware/remove", "vendor", "yealink", "model", "T46S"); !strings.Contains(body, "Take back the rule for Yealink T46S?") {
		t.Error("got no question that names the rule")
	}
	if status, _, body := ada.post("/files/firmware", "file", "yealink/T46S.rom", "model", "../x"); status != 422 || !strings.Contains(body, "as it stands on the phone") {
		t.Errorf("a model that is a path: got %d", status)
	}
	vic := s.visitor(t)
	vic.signIn("vic")
	if _, _, body := vic.get("/files"); strings.Contains(body, `action="/files`) {
		t.Error("a viewer is offered what only an admin may")
	}
	form, kind := formOf(t, "x.rom", "x", "csrf", vic.csrf)
	if status, _ := vic.send("/files", strings.NewReader(form), kind); status != http.StatusForbidden {
		t.Errorf("a viewer's file: got %d, want 403", status)
	}
}

// TestFileIsRefused before it goes to the API, at its field, and nothing written is
// lost.
func TestFileIsRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		file   string
		pairs  []string
		answer any // of the API's check
		status int
		want   string
	}{
		"no file":         {"", []string{"vendor", "yealink"}, nil, 422, "Choose a file."},
		"no vendor":       {"x.rom", []string{"vendor", ""}, nil, 422, "Choose whose phones"},
		"a name it minds": {"x.rom", []string{"vendor", "yealink", "name", "a b"}, &admin.Error{Status: 422, What: "not valid", Fields: []string{`name: "a b" cannot be one`}}, 422, `id="f-name-wrong"`},
		"no room":         {"x.rom", []string{"vendor", "yealink"}, &admin.Error{Status: 413, What: "there is no room for this file: it is larger than 90 MiB"}, 413, "larger than 90 MiB"},
		"it is there":     {"x.rom", []string{"vendor", "yealink"}, admin.FileChecked{Replaces: &admin.LocalFile{Vendor: "yealink", Name: "x.rom"}}, 422, `name="replace"`},
		"forged":          {"x.rom", []string{"csrf", "x", "vendor", "yealink"}, nil, 403, "does not belong"},
		"fields too long": {"x.rom", []string{"vendor", strings.Repeat("x", 300<<10)}, nil, 413, "more than the box takes"},
		"only the file":   {"x.rom", nil, nil, 422, "Choose whose phones"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.depot()
			s.api.set("PUT /api/v1/files/yealink/x.rom", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was sent on") }))
			if tt.answer != nil {
				s.api.set("/api/v1/files/check", tt.answer)
			}
			ada := s.visitor(t)
			ada.signIn("ada")
			ada.get("/files")
			form, kind := formOf(t, tt.file, strings.Repeat("firmware", 1<<17), append([]string{"csrf", ada.csrf}, tt.pairs...)...)
			if name == "forged" {
				form, kind = formOf(t, tt.file, "x", tt.pairs...)
			}
			status, body := ada.send("/files", strings.NewReader(form), kind)
			if status != tt.status || !strings.Contains(body, tt.want) {
				t.Errorf("got %d, want %d with %q", status, tt.status, tt.want)
			}
			if strings.Contains(strings.Join(tt.pairs, " "), "vendor yealink") && status != 403 && !strings.Contains(body, `<option value="yealink" selected`) {
				t.Error("the vendor that was chosen is lost")
			}
		})
	}
}

// TestFileGoesOnAsItComes: the API has the beginning of a file before the browser
// has sent its end, so that none is held.
func TestFileGoesOnAsItComes(t *testing.T) {
	s := newSite(t)
	s.depot()
	began, size := make(chan struct{}), make(chan int64, 1)
	s.api.set("PUT /api/v1/files/yealink/big.rom", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadFull(r.Body, make([]byte, 1<<10))
		close(began)
		n, _ := io.Copy(io.Discard, r.Body)
		size <- n + 1<<10
		_ = json.NewEncoder(w).Encode(admin.LocalFile{})
	}))
	ada := s.visitor(t)
	ada.signIn("ada")
	ada.get("/files")
	head, kind := formOf(t, "big.rom", strings.Repeat("firmware", 8<<10), "csrf", ada.csrf, "vendor", "yealink")
	cut := len(head) / 2
	in, out := io.Pipe()
	go func() {
		_, err := io.WriteString(out, head[:cut])
		select {
		case <-began:
		case <-time.After(20 * time.Second):
			err = errors.New("the API has nothing of what was sent")
		}
		for range 64 { // MiB
			if err == nil {
				_, err = out.Write(make([]byte, 1<<20))
			}
		}
		if err == nil {
			_, err = io.WriteString(out, head[cut:])
		}
		_ = out.CloseWithError(err)
	}()
	status, body := ada.send("/files", in, kind)
	if status != http.StatusOK || !strings.Contains(body, "big.rom is kept for phones") {
		t.Errorf("got %d, want the list that says so", status)
	}
	if got, want := <-size, int64(64<<20+64<<10); got != want {
		t.Errorf("the API got %d bytes, want %d", got, want)
	}
}

// TestFileIsCheckedFirst by the page's script: nothing but its name and size goes.
func TestFileIsCheckedFirst(t *testing.T) {
	s := newSite(t)
	s.depot()
	ada := s.visitor(t)
	ada.signIn("ada")
	ada.get("/files")
	form, kind := formOf(t, "", "", "vendor", "yealink", "name", "", "check", "yes", "own", "big.rom", "size", "314572800")
	status, body := ada.send("/files", strings.NewReader(form), kind, "X-CSRF", ada.csrf, "HX-Request", "true")
	if status != http.StatusNoContent {
		t.Errorf("got %d %s, want 204", status, body)
	}
	if got, want := s.api.last("POST"), `{"vendor":"yealink","name":"big.rom","bytes":314572800}`; got != want {
		t.Errorf("the API was asked %s, want %s", got, want)
	}
}
