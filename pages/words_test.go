package pages

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// families are keys that no source names whole: {{word "state" .X}}.
var families = []string{
	"step.", "setup.means.", "setup.way.", "role.", "state.", "platform.", "dhcp.", "factor.", "factor.text.", "month.",
	"ticket.", "reason.", "settings.section.", "settings.from.",
	"audit.kind.", "audit.front.", "leases.state.", "accounts.may.", "mail.kind.",
	"files.state.", "snippet.for.", "snippet.how.", "deed.", "step.", "event.", "fact.", "field.", "stage.", "way.proof.", "device.ticketstate.", "import.does.",
}

// TestWordsAreTheSameInBothLanguages: the same keys, and the same arguments under
// each.
func TestWordsAreTheSameInBothLanguages(t *testing.T) {
	en, de := mustWords(t, "en"), mustWords(t, "de")
	verb := regexp.MustCompile(`%(\[\d\])?[a-z]`)
	for key, text := range en.text {
		other, ok := de.text[key]
		if !ok {
			t.Errorf("%s: is not in German", key)
			continue
		}
		got, want := verb.FindAllString(other, -1), verb.FindAllString(text, -1)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: German takes %q, English %q", key, got, want)
		}
	}
	for key := range de.text {
		if _, ok := en.text[key]; !ok {
			t.Errorf("%s: is not in English", key)
		}
	}
}

func mustWords(t *testing.T, lang string) *words {
	t.Helper()
	w, err := readWords(lang)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestWordsAreUsedAndThere: no page says a key that is nowhere, and no key is left
// over.
func TestWordsAreUsedAndThere(t *testing.T) {
	w := mustWords(t, "en")
	text := sources(t)
	said := regexp.MustCompile(`(?:\bt |say\()"([a-z0-9.-]+)"`)
	for _, m := range said.FindAllStringSubmatch(text, -1) {
		if _, ok := w.text[m[1]]; !ok {
			t.Errorf("%s: is said and is nowhere", m[1])
		}
	}
	counted := regexp.MustCompile(`count(?:\(| )"([a-z0-9.-]+)"`)
	for _, m := range counted.FindAllStringSubmatch(text, -1) {
		for _, form := range []string{".one", ".many"} {
			if _, ok := w.text[m[1]+form]; !ok {
				t.Errorf("%s: is counted and is nowhere", m[1]+form)
			}
		}
	}
	for key := range w.text {
		base := strings.TrimSuffix(strings.TrimSuffix(key, ".one"), ".many")
		used := strings.Contains(text, `"`+base+`"`)
		for _, f := range families {
			used = used || strings.HasPrefix(key, f)
		}
		if !used {
			t.Errorf("%s: is said by no page", key)
		}
	}
}

// sources is the text of all templates and of the package, but for tests.
func sources(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, root := range []struct {
		fs   fs.FS
		glob string
	}{{templateFiles, "templates/*.html"}, {os.DirFS("."), "*.go"}} {
		files, err := fs.Glob(root.fs, root.glob)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: got %d files, %v", root.glob, len(files), err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			data, err := fs.ReadFile(root.fs, file)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(data)) {
				if !strings.HasPrefix(strings.TrimSpace(line), "//") {
					b.WriteString(line)
				}
			}
		}
	}
	return b.String()
}
