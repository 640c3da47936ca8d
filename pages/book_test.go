package pages

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// speaking are the packages whose sentences operators read on pages.
func speaking() []string {
	return []string{
		"accounts", "admin", "audit", "auth", "cmd/lineside", "dhcpopt", "mail", "mdns", "operators", "phone", "provision", "sipd", "store", "sync/site", "vendors",
	}
}

// boxSentences is what the box can say on a page, read from its sources.
func boxSentences(t *testing.T) map[string]string {
	t.Helper()
	s := readSources(t, speaking()...)
	s.literals("health.Condition", "Title", "Meaning", "Do", "Detail")
	s.literals("operators.Error", "What", "Hint")
	s.literals("admin.Error", "What", "Hint")
	s.literals("provision.Finding", "Text", "Do")
	s.literals("provision.Step", "Text", "Do")
	s.literals("provision.Event", "Text")
	s.assignments("Title", "Meaning", "Do", "Detail", "Text", "Why", "Warning")
	s.calls("provision", "d.noteFile", 3)
	s.calls("provision", "d.show", 2)
	s.calls("provision", "d.ticketAct", 3)
	s.constants("auth", "Reason")
	for _, pkg := range []string{"admin", "accounts", "main"} {
		s.calls(pkg, "fail", 1, 2)
		s.calls(pkg, "operators.Fail", 1, 2)
		s.calls(pkg, "invalid", 0)
	}
	for _, pkg := range []string{"phone", "auth", "provision", "admin"} {
		s.errors(pkg)
	}
	s.answers()
	return s.found
}

// TestTheBoxSpeaksGerman wants every sentence of the box in the book, and nothing
// in the book that the box does not say.
func TestTheBoxSpeaksGerman(t *testing.T) {
	want := boxSentences(t)
	book := readJSON(t, "words/box.de.json")
	for text, where := range want {
		if _, ok := book[text]; !ok {
			if os.Getenv("P6") != "" {
				println("P6 " + where + ": " + text)
			}
			t.Errorf("%s says %q, which words/box.de.json does not have", where, text)
		}
	}
	sample := settingsSample(t)
	for text, german := range book {
		if _, ok := want[text]; !ok && !slices.Contains(joints(), text) && !strings.Contains(sample, strings.ReplaceAll(text, "%%", "%")) {
			t.Errorf("%q stands in words/box.de.json, and nobody says it", text)
		}
		if got, want := len(filling.FindAllString(german, -1)), strings.Count(text, "%s"); got != want || strings.Contains(german, "%!") {
			t.Errorf("%q: got %d things filled into German, want %d", text, got, want)
		}
	}
	t.Logf("%d sentences", len(want))
}

// settingsSample is all that the sample says of its keys, of which package main
// wants each sentence, and why the page does not set some of them.
func settingsSample(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, file := range []string{"../cmd/lineside/lineside.toml", "../cmd/lineside/settings_keys.go"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			b.WriteString(strings.TrimSpace(strings.TrimPrefix(line, "#")) + " ")
		}
	}
	return b.String()
}

var filling = regexp.MustCompile(`%(\[\d\])?s`)

// TestASentenceIsLookedUp: what is filled in stands in its place, sentences in
// sentences and after one another are found, and what is a name or unknown stays.
func TestASentenceIsLookedUp(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
		known            bool
	}{
		{"as it is", "this is the last admin's account", "das ist das Konto des letzten Administrators", true},
		{"a number", "there are 250 accounts already", "es gibt schon 250 Konten", true},
		{"with its stop", "there are 250 accounts already.", "es gibt schon 250 Konten.", true},
		{"a field", "port: 0 is out of range; write 1 to 65535, or leave it out",
			"port: 0 ist außerhalb des Möglichen; schreiben Sie 1 bis 65535, oder lassen Sie das Feld leer", true},
		{"a line and its field", "line 2: extension: missing", "Zeile 2: extension: fehlt", true},
		{"two sentences", "restart the phone; write one that is", "starten Sie das Telefon neu; schreiben Sie etwas, das es gibt", true},
		{"a sentence filled in", "it is asked to sign in and shows nothing; it was given to 10.0.0.7", "es soll sich anmelden und zeigt nichts; ausgegeben an 10.0.0.7", true},
		{"the longer of two", "is turned away: its ticket was rejected (not ours) (nothing proves that the caller at 10.0.0.7 is this phone)",
			"wird abgewiesen: Sein persönliches Einmalpasswort wurde abgelehnt (not ours) (nichts beweist, dass der Anrufer unter 10.0.0.7 dieses Telefon ist)", true},
		{"nobody's", "a sentence of tomorrow", "a sentence of tomorrow", false},
		{"one word", "missing-device", "missing-device", false},
		{"per cent", "100% of nothing", "100% of nothing", false},
		{"a label with verbs", "there is a token %d%!s already", "ein Token %d%!s gibt es schon", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, known := Translated("de", c.text); got != c.want || known != c.known {
				t.Errorf("got %q, %v, want %q, %v", got, known, c.want, c.known)
			}
			if got, _ := Translated("en", c.text); got != c.text {
				t.Errorf("in English: got %q, want %q", got, c.text)
			}
		})
	}
}

// FuzzBook: nothing that is filled in is lost or changed, whatever it is, and
// looking it up ends.
func FuzzBook(f *testing.F) {
	w, err := readWords("de")
	if err != nil {
		f.Fatal(err)
	}
	f.Add("Reception", "x: y; z. a\n")
	f.Add("%s%d", strings.Repeat("a: ", 1000))
	f.Fuzz(func(t *testing.T, name, rest string) {
		if got, ok := w.book.say("there is a token " + name + " already"); isName(name) && (!ok || got != "ein Token "+name+" gibt es schon") {
			t.Errorf("got %q, %v, want the name in it", got, ok)
		}
		if got, ok := w.book.say(rest); !ok && got != rest {
			t.Errorf("got %q, want what nobody knows as it is", got)
		}
		w.box(rest)
	})
}

// joints are what the box puts before and between its sentences.
func joints() []string {
	return []string{
		"line %s", "missing", "not valid", "device %s is not valid", "user %s is not valid", "ticket is not valid", "one-time password is not valid",
		"window is not valid", "block_after is not valid", "file is not valid", "firmware rule is not valid",
		"its config cannot be written, and the phone keeps the one it has", "its name has no address", "set up",
		"asked for %s: got its full config (%s)", "asked for %s: got the holding config (%s)", "asked for %s: refused, %s", "asked for %s: was asked to sign in (%s)",
		"%s (nothing proves that the caller at %s is this phone)", "is turned away: its ticket was rejected (%s)",
	}
}

func readJSON(t *testing.T, file string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]string
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all
}
