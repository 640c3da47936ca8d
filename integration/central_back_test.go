package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/sync/portal"
)

// yearAhead: a platform whose clock somebody set wrong. The box says so; phones
// enrol, addresses are whitelisted, and setting it right again loses nothing.
func yearAhead(t *testing.T, s *story) string {
	const year = 365 * 24 * time.Hour
	s.stop()
	s.ahead(year)
	s.start()
	s.munich.sees(t, "platform-clock")
	said := s.munich.says(t, "clock is", "status")
	ticket := s.armed(t)
	s.opens(t, ticket)
	near(t, s.whitelisted(t, munichAt, true), year+8*time.Hour)
	s.stop()
	s.ahead(0)
	s.start()
	s.munich.says(t, "Munich, linked", "status")
	s.whitelisted(t, munichAt, false)
	s.opens(t, s.armed(t))
	near(t, s.whitelisted(t, munichAt, true), 8*time.Hour)
	return "the box: \"" + said + "\"; a one-time password opens, 8 h by the wrong clock; put right: nothing of it counts, the next opens, 8 h"
}

// armed makes the phone at Munich a one-time password and waits until the box
// has it.
func (s *story) armed(t *testing.T) portal.Ticket {
	t.Helper()
	ticket := s.headquarters.ticket(s.mac().Hex())
	s.munich.says(t, "generated", "device", "show", s.mac().String())
	return ticket
}

// opens wants a one-time password to bring the phone its config, and the
// platform to have heard.
func (s *story) opens(t *testing.T, ticket portal.Ticket) {
	t.Helper()
	body := s.munich.fetches(t, "--digest", "-u", ticket.User+":"+ticket.Password)
	if !strings.Contains(body, s.made.Secrets["sip.0"]) {
		t.Fatalf("one-time password: got %.300s\nwant the full config", body)
	}
	s.berlin.until(t, "news of its use", func() bool { return s.otp(s.mac().Hex()) == "used" })
	s.resynced = ownLogin(t, body)
}

// dead wants a one-time password that was used to bring nobody else anything.
// The phone that used it may ask again for ten minutes, of a box that knows.
func (s *story) dead(t *testing.T, ticket portal.Ticket) {
	t.Helper()
	body := s.munich.router.Run(sipWait, "curl", "-s", "--digest", "-u", ticket.User+":"+ticket.Password, "-A", "Yealink SIP-T46G 28.83.0.50 "+s.mac().String(), s.munich.url(s.mac().Hex()+".cfg"))
	s.nothing(t, "the one-time password", body)
}

// down stops Munich's box as a power cut does, has something done to its files,
// and starts it.
func (s *story) down(t *testing.T, meanwhile func(state string)) {
	t.Helper()
	s.munich.kill()
	meanwhile(filepath.Join(s.munich.dir, "state"))
	s.munich.start(t)
	s.munich.says(t, "Munich, linked", "status")
}

// copied copies files and folders, and gives what puts them back.
func copied(t *testing.T, from string, names ...string) (back func()) {
	t.Helper()
	kept := t.TempDir()
	put := func(to, from string) {
		for _, name := range names {
			if err := os.RemoveAll(filepath.Join(to, name)); err != nil {
				t.Fatal(err)
			}
			// With its rights: keys that others could read are refused.
			if out, err := exec.Command("cp", "-a", filepath.Join(from, name), to).CombinedOutput(); err != nil {
				t.Fatalf("copy %s: %v\n%s", name, err, out)
			}
		}
	}
	put(kept, from)
	return func() { put(from, kept) }
}

// rawBox: the database is copied while a one-time password is to be used, which
// then is used; and the copy put back.
func rawBox(t *testing.T, s *story) string {
	ticket := s.armed(t)
	var back func()
	s.down(t, func(state string) { back = copied(t, state, "lineside.db") })
	s.opens(t, ticket)
	s.opens(t, s.armed(t)) // one alone could be a crash, and is made void as that
	s.down(t, func(string) { back() })
	told := s.munich.sees(t, "platform-put-back")
	s.dead(t, ticket)
	s.munich.getsNothing(t, s, "the one-time password, of the phone itself,", ticket.User+":"+ticket.Password)
	s.opens(t, s.armed(t))
	return told.Title + "; the one-time password used since is dead, a new one opens"
}

// restoredBox is the same by the box's own backup and restore.
func restoredBox(t *testing.T, s *story) string {
	ticket := s.armed(t)
	file := filepath.Join(t.TempDir(), "box.backup")
	s.munich.cli(t, 0, "backup", file)
	s.opens(t, ticket)
	s.opens(t, s.armed(t))
	var said string
	s.down(t, func(string) {
		out, err := s.munich.box.host.Try(sipWait, builtBox(t), "restore", file, "--config", s.munich.config)
		if said = out; err != nil {
			t.Fatalf("restore: %v\n%s", err, out)
		}
	})
	if !strings.Contains(said, "one-time passwords not yet used are void") {
		t.Errorf("lineside restore: got %s, want what it means", said)
	}
	s.munich.sees(t, "platform-put-back")
	s.dead(t, ticket)
	s.opens(t, s.armed(t))
	return "restore says what is void, and so does the box when it runs; dead as well, a new one opens"
}

// rawCentral: everything the platform keeps is copied while it is stopped, and
// put back when the one-time password was used and a device was added.
func rawCentral(t *testing.T, s *story) string {
	ticket := s.armed(t)
	s.stop()
	back := copied(t, s.dir, "state")
	s.start()
	s.munich.says(t, "Munich, linked", "status")
	s.opens(t, ticket)
	s.cli("device", "add", "001565000099", "--site", s.munich.id, "--vendor", "yealink")
	s.munich.says(t, "00:15:65:00:00:99", "device", "list")
	s.stop()
	back()
	s.start()
	told := s.munich.sees(t, "platform-restored")
	s.dead(t, ticket)
	if s.otp(s.mac().Hex()) != "used" {
		t.Error("the platform holds the one-time password as good")
	}
	s.munich.until(t, "return of what the platform knows", func() bool {
		out, _ := s.munich.box.host.Try(sipWait, builtBox(t), "device", "list", "--socket", s.munich.socket())
		return !strings.Contains(out, "00:15:65:00:00:99")
	})
	s.opens(t, s.armed(t))
	return told.Title + "; the one-time password is dead, a device the platform forgot is gone, a new password opens"
}

// restoredCentral is the same by the platform's own backup and restore.
func restoredCentral(t *testing.T, s *story) string {
	ticket := s.armed(t)
	file := filepath.Join(t.TempDir(), "central.backup")
	s.cli("backup", file)
	s.opens(t, ticket)
	s.stop()
	said := s.cli("restore", file)
	s.start()
	s.munich.sees(t, "platform-restored")
	s.dead(t, ticket)
	s.opens(t, s.armed(t))
	if !strings.Contains(said, "count no longer") {
		t.Errorf("lineside-central restore: got %s, want what it means", said)
	}
	return "restore says what counts no longer; dead as well, a new one opens"
}
