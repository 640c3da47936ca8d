package provision_test

import (
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/provision"
)

// zeros is a source of bytes without an end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// TestFilesLeaveRoomForTheDatabase: a file is refused before the disk is full, by
// its size where that is known, and while it comes where others fill the disk too.
func TestFilesLeaveRoomForTheDatabase(t *testing.T) {
	const mib = 1 << 20
	for name, tt := range map[string]struct {
		left  []int64
		sends int64
		check string // what is said of that size beforehand, "" for nothing
		want  string
	}{
		"room":               {[]int64{100 * mib}, 9 * mib, "", ""},
		"too large":          {[]int64{8 * mib}, 9 * mib, "larger than 8 MiB; the disk has no more free, but for 128 MiB", "larger than 8 MiB; the disk"},
		"none at all":        {[]int64{0}, 1, "the disk has less than 128 MiB free", "the disk has less than 128 MiB free"},
		"others fill it":     {[]int64{100 * mib, 100 * mib, 0}, 20 * mib, "", "the disk has less than 128 MiB free"},
		"larger than any is": {[]int64{1 << 40}, provision.MaxLocalFile + 1, "larger than 512 MiB; no file may have more", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := newDepot(t, dir)
			l.DiskLeft(tt.left...)
			if err := l.CheckFile("plain", "x.rom", tt.sends); !says(err, tt.check) {
				t.Errorf("beforehand: got %v, want %q", err, tt.check)
			}
			if tt.sends > provision.MaxLocalFile {
				return // half a gigabyte is too much for a test
			}
			_, err := l.AddFile(t.Context(), operator, "plain", "x.rom", io.LimitReader(zeros{}, tt.sends))
			if !says(err, tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			left, _ := filepath.Glob(filepath.Join(dir, "plain", "*"))
			hidden, _ := filepath.Glob(filepath.Join(dir, "plain", ".*"))
			if got := len(left) + len(hidden); tt.want != "" && got != 0 {
				t.Errorf("got %d files left on the disk, want none", got)
			}
		})
	}
}

// says reports whether an error is that of full files and has a text in it, or
// whether there is none where none is wanted.
func says(err error, want string) bool {
	if want == "" {
		return err == nil
	}
	return errors.Is(err, provision.ErrFilesFull) && strings.Contains(err.Error(), want)
}

// TestFileRoomIsTold as it is now, and a name is refused before the file was sent.
func TestFileRoomIsTold(t *testing.T) {
	l := newDepot(t, t.TempDir())
	l.DiskLeft(7 << 20)
	l.addFile(t, "p1.rom", "firmware 1")
	room, err := l.FileRoom()
	want := provision.FileRoom{File: 7 << 20, Most: provision.MaxLocalFile, Disk: 7 << 20, Files: provision.MaxLocalFiles - 1}
	if err != nil || room != want {
		t.Errorf("got %+v and %v, want %+v", room, err, want)
	}
	if err := l.CheckFile("plain", "../p1.rom", 1); !errors.Is(err, provision.ErrInvalid) {
		t.Errorf("a folder: got %v, want ErrInvalid", err)
	}
	if err := newTown(t, auth.FactorOTP, townTable).CheckFile("plain", "p1.rom", 1); !errors.Is(err, provision.ErrNoFiles) {
		t.Errorf("a box without a folder: got %v, want ErrNoFiles", err)
	}
}

// TestFilesSayWhatAsksForThem: the models of their rules, and phones that do so by
// themselves.
func TestFilesSayWhatAsksForThem(t *testing.T) {
	l := newDepot(t, t.TempDir())
	l.addFile(t, "p1.rom", "firmware 1")
	l.addFile(t, "tone.wav", "a tone")
	if _, err := l.SetFirmware(t.Context(), operator, "plain", "P1", "p1.rom", ""); err != nil {
		t.Fatal(err)
	}
	files, _ := l.LocalFiles()
	if len(files) != 2 || strings.Join(files[0].Models, " ") != "P1" || len(files[1].Models) != 0 || files[1].Asked {
		t.Errorf("got %+v, want P1 of the first and nothing of the second", files)
	}
}
