package provision_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// TestFirmwarePinsTheImage: where the file of a rule is a text that names the
// image, both are pinned, and neither goes out once one is another.
func TestFirmwarePinsTheImage(t *testing.T) {
	l := newTown(t, auth.FactorPIN, wholeTable, func(c *provision.Config) { c.Files = rootOf(t, t.TempDir()) })
	if err := l.OpenFiles(); err != nil {
		t.Fatal(err)
	}
	const text, image = "fanvil_x210_hwv1_0.txt", "x210-2.12.z"
	add := func(name, body string) {
		t.Helper()
		if _, err := l.AddFile(t.Context(), operator, "fanvil", name, strings.NewReader(body)); err != nil {
			t.Fatal(err)
		}
	}
	set := func() error {
		_, err := l.SetFirmware(t.Context(), operator, "fanvil", "X210", text, "")
		return err
	}
	add(text, "an image by mistake")
	if err := set(); !errors.Is(err, provision.ErrInvalid) {
		t.Errorf("a text that names no image: got %v, want that it is refused", err)
	}
	add(text, "Version=2.12\r\nFirmware="+image+"\r\n")
	if err := set(); !errors.Is(err, provision.ErrUnknownFile) || !strings.Contains(err.Error(), "lineside file add fanvil") {
		t.Errorf("an image that is not there: got %v, want how to add it", err)
	}
	add(image, "image 1")
	if err := set(); err != nil {
		t.Fatal(err)
	}
	dev := phone.Device{MAC: phone.MAC{0x0c, 0x38, 0x3e, 1, 2, 3}, Vendor: "fanvil", Model: "X210"}
	if _, err := l.Add(t.Context(), operator, dev); err != nil {
		t.Fatal(err)
	}
	told := func() bool {
		t.Helper()
		pages, err := l.Preview(dev.MAC, "", false)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(pages[len(pages)-1].Body, "/cfg/files/fanvil<")
	}
	if !told() {
		t.Error("the config does not name the folder")
	}
	if err := l.RemoveFile(t.Context(), operator, "fanvil", image); !errors.Is(err, provision.ErrFilePinned) {
		t.Errorf("removing the image: got %v, want ErrFilePinned", err)
	}
	add(image, "image 2")
	if told() {
		t.Error("the config leads to an image that is not the pinned one")
	}
	if err := set(); err != nil || !told() {
		t.Errorf("pinned anew: got %v, told %v", err, told())
	}
}

// TestFirmwareWithItsVersion: where phones want the version as well, a rule has
// one and the config carries both; it outlives a restart.
func TestFirmwareWithItsVersion(t *testing.T) {
	dir := t.TempDir()
	l := newTown(t, auth.FactorPIN, wholeTable, func(c *provision.Config) { c.Files = rootOf(t, dir) })
	if err := l.OpenFiles(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.AddFile(t.Context(), operator, "panasonic", "hdv.fw", strings.NewReader("firmware")); err != nil {
		t.Fatal(err)
	}
	dev := phone.Device{MAC: phone.MAC{0x00, 0x80, 0xf0, 1, 2, 3}, Vendor: "panasonic", Model: "KX-HDV230"}
	if _, err := l.Add(t.Context(), operator, dev); err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"", "1/2", "a b", strings.Repeat("1", 500)} {
		_, err := l.SetFirmware(t.Context(), operator, "panasonic", "KX-HDV230", "hdv.fw", version)
		if !errors.Is(err, provision.ErrInvalid) || version == "" && !strings.Contains(err.Error(), "--version") {
			t.Errorf("version %.20q: got %v, want that it is refused", version, err)
		}
	}
	rule, err := l.SetFirmware(t.Context(), operator, "panasonic", "kx-hdv230", "hdv.fw", "08.25")
	if err != nil || rule.Version != "08.25" {
		t.Fatalf("got %+v and %v", rule, err)
	}
	again := newTown(t, auth.FactorPIN, wholeTable, func(c *provision.Config) { c.Files = rootOf(t, dir) })
	if err := again.OpenFiles(); err != nil {
		t.Fatal(err)
	}
	if _, rules := again.LocalFiles(); len(rules) != 1 || rules[0] != rule {
		t.Errorf("after a restart: got %+v, want %+v", rules, rule)
	}
	pages, err := l.Preview(dev.MAC, "", false)
	if err != nil {
		t.Fatal(err)
	}
	body := pages[len(pages)-1].Body
	for _, want := range []string{`FIRM_VERSION="08.25"`, `FIRM_FILE_PATH="http://10.20.0.1/cfg/files/panasonic/hdv.fw"`} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is not in\n%s", want, body)
		}
	}
}
