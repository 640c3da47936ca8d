package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/internal/smtplab"
)

// mailSection is [mail] for a server of the lab.
func mailSection(lab *smtplab.Server) string {
	return fmt.Sprintf("[mail]\nsmtp = %q\nfrom = \"Lineside <box@example.net>\"\nuser = %q\npassword_file = %q\nca = %q\n", lab.Addr, smtplab.User, lab.PasswordFile, lab.CAFile)
}

func appendFile(t *testing.T, path, text string) {
	t.Helper()
	was, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, append(was, text...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestMailOfARunningBox names a mail server while the box runs, and looks after
// mail by the command line.
func TestMailOfARunningBox(t *testing.T) {
	lab := smtplab.New(t, smtplab.Options{})
	d := newLiveBox(t)
	says := func(code int, want string, args ...string) string {
		t.Helper()
		got, out, errs := lineside(t, append(args, "--socket", d.socket)...)
		if got != code || !strings.Contains(out+errs, want) {
			t.Fatalf("lineside %s: got exit %d and\n%s%s\nwant %d and %q", strings.Join(args, " "), got, out, errs, code, want)
		}
		return out
	}
	says(exitWrong, "no mail server is set", "mail", "test", "erika@example.net")
	says(exitOK, "name one as mail.smtp", "mail", "list")
	appendFile(t, d.path, mailSection(lab))
	reloaded(t, d.socket, lab.Addr)
	says(exitOK, "the mail server took it", "mail", "test", "erika@example.net")
	if got := lab.Arrived(1)[0]; !strings.Contains(got.Subject, "test") || !strings.Contains(got.Text, "arrives here") {
		t.Errorf("got %q: %q in the mailbox", got.Subject, got.Text)
	}
	says(exitOK, "nothing waits; mail goes to "+lab.Addr, "mail", "list")
	says(exitWrong, "no address", "mail", "test", "erika")

	says(exitOK, "on its way to anna@example.net", "account", "add", "anna", "--role", "viewer", "--email", "anna@example.net", "--language", "de")
	for _, l := range lab.Arrived(2) {
		if l.Header.Get("Envelope-To") == "anna@example.net" && !strings.Contains(l.Text, "Kennwort") {
			t.Errorf("got\n%s\nwant a temporary password in German", l.Text)
		}
	}

	lab.Down()
	says(exitWrong, "connection refused", "mail", "test", "otto@example.net")
	id, _, _ := strings.Cut(strings.TrimSpace(strings.Split(says(exitOK, "otto@example.net", "mail", "list"), "\n")[1]), " ")
	lab.Up()
	says(exitOK, "the mail server took it", "mail", "retry", id)
	lab.Arrived(3)
	says(exitWrong, "not tried again by itself", "mail", "test", "nobody@example.net")
	got, err := d.Mail(t.Context())
	if err != nil || len(got.Letters) != 1 {
		t.Fatalf("got %+v, %v, want the letter refused", got, err)
	}
	if h, err := d.Health(t.Context()); err != nil || !hasCode(h.Conditions, "mail-refused") {
		t.Errorf("got the conditions %+v, %v, want mail-refused", h, err)
	}
	says(exitOK, "not sent", "mail", "remove", got.Letters[0].ID)
	if h, err := d.Health(t.Context()); err != nil || hasCode(h.Conditions, "mail-refused") {
		t.Errorf("got the conditions %+v, %v after it was removed", h, err)
	}
}

func hasCode(list []health.Condition, code string) bool {
	for _, c := range list {
		if c.Code == code {
			return true
		}
	}
	return false
}

// TestPasswordOfTheFileStaysWithItsServer: who is an admin of the page cannot
// have the password that only the machine's admin can read sent elsewhere.
func TestPasswordOfTheFileStaysWithItsServer(t *testing.T) {
	const file = "[dhcp]\nmode = \"off\"\n[mail]\nsmtp = \"mail.example.net\"\nfrom = \"a@example.net\"\nuser = \"u\"\n"
	for name, tt := range map[string]struct{ file, page, want string }{
		"another server":                   {file + "password_file = \"/p\"\n", "smtp = \"evil.example.net\"\n", "mail.smtp: the password in the settings file is for the server named there"},
		"the same in the clear":            {file + "password = \"p\"\n", "tls = \"tls\"\n", "mail.smtp: the password in the settings file"},
		"another server with its password": {file + "password = \"p\"\n", "smtp = \"other.example.net\"\npassword = \"q\"\n", ""},
		"another sender":                   {file + "password_file = \"/p\"\n", "from = \"b@example.net\"\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := loadSettings(overlaid(t, tt.file, "revision = 1\n[mail]\n"+tt.page))
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestMailPasswordFile(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		mode os.FileMode
		want string // the password, or a part of the error
		ok   bool
	}{
		"as it should be":       {"planted\n", 0o640, "planted", true},
		"from another system":   {"plan ted\r\n", 0o600, "plan ted", true},
		"readable by everybody": {"planted\n", 0o644, "chmod o=", false},
		"empty":                 {"\n", 0o600, "holds no password", false},
		"two lines":             {"planted\nplanted\n", 0o600, "one line", false},
		"some other file":       {strings.Repeat("x", 5000), 0o600, "too large", false},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "password")
			if err := os.WriteFile(path, []byte(tt.text), tt.mode); err != nil {
				t.Fatal(err)
			}
			got, err := readPassword(path)
			if tt.ok && (err != nil || got.Reveal() != tt.want) || !tt.ok && (err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "planted")) {
				t.Errorf("got %q, %v, want %q", got.Reveal(), err, tt.want)
			}
		})
	}
}

// TestDoctorTriesTheMailServer has it meet one that is well, and what goes wrong.
func TestDoctorTriesTheMailServer(t *testing.T) {
	lab := smtplab.New(t, smtplab.Options{})
	for name, tt := range map[string]struct {
		section string
		result  grade
		found   string
	}{
		"none set":       {"", "", ""},
		"well":           {mailSection(lab), gradeOK, "by TLS 1.3, and took the login"},
		"another's CA":   {strings.Replace(mailSection(lab), "ca =", "#", 1), gradeBad, "certificate"},
		"wrong user":     {strings.Replace(mailSection(lab), "user = \""+smtplab.User, "user = \"otto", 1), gradeBad, "sign in at the mail server as otto"},
		"nobody there":   {strings.Replace(mailSection(lab), lab.Addr, "127.0.0.1:1", 1), gradeBad, "cannot be used"},
		"no password":    {strings.Replace(mailSection(lab), lab.PasswordFile, "/nowhere", 1), gradeBad, "/nowhere"},
		"TLS, STARTTLS?": {mailSection(lab) + "tls = \"tls\"\n", gradeBad, "begin TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := parseSettings("x", []byte("[dhcp]\nmode = \"off\"\n"+tt.section))
			if err != nil {
				t.Fatal(err)
			}
			d := &doctor{settings: s}
			got := d.mail(t.Context())
			if tt.result == "" {
				if len(got) != 0 {
					t.Errorf("got %+v, want nothing said", got)
				}
				return
			}
			if len(got) != 1 || got[0].Result != tt.result || !strings.Contains(got[0].Found, tt.found) || tt.result == gradeBad && !strings.Contains(got[0].Do, "mail.") {
				t.Errorf("got %+v, want %s with %q", got, tt.result, tt.found)
			}
		})
	}
}
