package admin_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

const previewed = "mac,vendor,label,user,registrar,password\n" +
	"00:15:65:4a:a9:37,yealink,Front door,1001,sip.example.net,\n" + // another label
	"00:15:65:4a:a9:37,yealink,Front door,,,\n" + // twice
	"0004f2010203,poly,'=cmd(),,,\n" + // as it is
	"0004130a0b0c,snom,Hall,1003,sip.example.net,planted-new-password\n" +
	"nonsense,snom,Hall,,,\n" +
	"000413000001,acme,Hall,,,\n"

// TestPreviewSaysWhatAnImportWouldDo, and stores nothing; no password is in it.
func TestPreviewSaysWhatAnImportWouldDo(t *testing.T) {
	b := newBox(t, nil)
	got, err := b.client.PreviewImport(t.Context(), []byte(previewed))
	if err != nil {
		t.Fatal(err)
	}
	want := []admin.ImportLine{
		{Line: 2, Key: macA.String(), What: "change", Name: "Front door", Fields: []string{"label"}},
		{Line: 5, Key: macC.String(), What: "add", Name: "Hall"},
		{Line: 7, Key: "00:04:13:00:00:01", What: "add", Name: "Hall"},
	}
	if diff := cmp.Diff(want, got.Lines); diff != "" || got.Same != 1 || got.Changed != 1 || got.Added != 2 {
		t.Errorf("got %+v, lines (-want +got):\n%s", got, diff)
	}
	var faults []int
	for _, f := range got.Faults {
		faults = append(faults, f.Line)
	}
	if diff := cmp.Diff([]int{3, 6, 7}, faults); diff != "" || got.FaultCount != 3 {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if len(b.by) > 0 || b.records[macA].Device.Label != "Reception" || strings.Contains(fmt.Sprint(got), "planted") {
		t.Errorf("a preview changed something, or told a secret: %+v", got)
	}
}

// TestImportAsPreviewed imports what was previewed, and nothing where the file,
// or a device it speaks of, is another by now.
func TestImportAsPreviewed(t *testing.T) {
	file := []byte("mac,vendor,label\n0004f2010203,poly,Hall\n0004130a0b0c,snom,Yard\n")
	for name, tc := range map[string]struct {
		meanwhile func(*box)
		file      string
		stale     bool
	}{
		"nothing happened":        {},
		"another device changed":  {meanwhile: func(b *box) { b.putLocked(b.records[macA].Device) }},
		"one of them changed":     {meanwhile: func(b *box) { b.putLocked(b.records[macB].Device) }, stale: true},
		"one of them was added":   {meanwhile: func(b *box) { b.putLocked(phone.Device{MAC: macC, Vendor: "snom"}) }, stale: true},
		"one of them was removed": {meanwhile: func(b *box) { delete(b.records, macB) }, stale: true},
		"another file":            {file: string(file) + " ", stale: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t, nil)
			p, err := b.client.PreviewImport(t.Context(), file)
			if err != nil {
				t.Fatal(err)
			}
			if tc.meanwhile != nil {
				tc.meanwhile(b)
			}
			send := file
			if tc.file != "" {
				send = []byte(tc.file)
			}
			done, err := b.client.ImportAs(t.Context(), send, p.Tag)
			var e *admin.Error
			if tc.stale {
				if !errors.As(err, &e) || e.Status != http.StatusPreconditionFailed || len(b.by) > 0 {
					t.Errorf("got %+v, %v; want it refused as changed", done, err)
				}
			} else if err != nil || done.Added != 1 || done.Changed != 1 {
				t.Errorf("got %+v, %v; want one added and one changed", done, err)
			}
		})
	}
}

// TestPreviewOfUsers is the same for people.
func TestPreviewOfUsers(t *testing.T) {
	b := newBox(t, nil)
	b.putUser(phone.User{ID: "anna", Extension: "701", First: "Anna"})
	file := []byte("id,extension,first_name,web_password\nanna,701,Anne,\nbert,702,Bert,plantedweb1\n")
	got, err := b.client.PreviewUsers(t.Context(), append(file, "carl,701,,\nCarl,x,,\n"...))
	if err != nil || got.FaultCount != 3 || got.Added != 3 || got.Changed != 1 || got.Faults[0].Line != 4 {
		t.Errorf("with faults: got %+v, %v", got, err)
	}
	got, err = b.client.PreviewUsers(t.Context(), file)
	want := []admin.ImportLine{
		{Line: 2, Key: "anna", What: "change", Name: "Anne", Fields: []string{"first_name"}}, {Line: 3, Key: "bert", What: "add", Name: "Bert"},
	}
	if diff := cmp.Diff(want, got.Lines); diff != "" || err != nil || strings.Contains(fmt.Sprint(got), plainWeb) {
		t.Errorf("%v, %+v (-want +got):\n%s", err, got, diff)
	}
	b.putUser(phone.User{ID: "anna", Extension: "709"})
	if _, err := b.client.ImportUsersAs(t.Context(), file, got.Tag); err == nil {
		t.Error("an import of what had changed since was done")
	}
	if got, err = b.client.PreviewUsers(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	if done, err := b.client.ImportUsersAs(t.Context(), file, got.Tag); err != nil || done.Added != 1 {
		t.Errorf("got %+v, %v; want it imported", done, err)
	}
}
