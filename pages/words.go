package pages

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

//go:embed words/*.json
var wordFiles embed.FS

// languages are those the pages speak, the first where nobody asks for one.
func languages() []string { return []string{"en", "de"} }

// words is the catalogue of one language: what is said, by key. Keys begin with
// their page's name; a sentence takes arguments as fmt does, and one that counts
// has two forms, under its key with ".one" and ".many".
type words struct {
	lang string
	text map[string]string
	book *book // of what the box says itself
}

func readWords(lang string) (*words, error) {
	data, err := wordFiles.ReadFile("words/" + lang + ".json")
	if err != nil {
		return nil, fmt.Errorf("read the words of %s: %w", lang, err)
	}
	w := &words{lang: lang}
	if err := json.Unmarshal(data, &w.text); err != nil {
		return nil, fmt.Errorf("read the words of %s: %w", lang, err)
	}
	if w.book, err = readBook(lang); err != nil {
		return nil, err
	}
	return w, nil
}

// say gives what stands under key. A key that is nowhere is our own mistake, and
// a test finds it.
func (w *words) say(key string, args ...any) string {
	text, ok := w.text[key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// word gives one of a family's words, such as a state's, and what there is itself
// where the family does not have it: a newer box may know more.
func (w *words) word(family, member string) string {
	if text, ok := w.text[family+"."+member]; ok {
		return text
	}
	return member
}

// count says a number of things, in the right form.
func (w *words) count(key string, n int) string {
	if n == 1 {
		return w.say(key+".one", n)
	}
	return w.say(key+".many", n)
}

func (v *visit) words() *words                      { return v.s.views[v.lang].words }
func (v *visit) say(key string, args ...any) string { return v.words().say(key, args...) }
func (v *visit) word(family, member string) string  { return v.words().word(family, member) }
func (v *visit) count(key string, n int) string     { return v.words().count(key, n) }
func speaks(lang string) bool                       { return lang == "en" || lang == "de" }

// language is the one chosen in this browser, the person's, the one the browser
// asks for, or the site's.
func (v *visit) language() string {
	asked := []string{v.who.Language}
	if c, err := v.r.Cookie(langCookie); err == nil {
		asked = append([]string{c.Value}, asked...)
	}
	asked = append(asked, accepted(v.r.Header)...)
	for _, lang := range append(asked, v.s.dep.Site().Language) {
		if speaks(lang) {
			return lang
		}
	}
	return languages()[0]
}

// accepted are the languages a browser asks for, in its order, which is that of
// their weights in every browser there is (RFC 9110 section 12.5.4).
func accepted(h http.Header) []string {
	var all []string
	for i, part := range strings.Split(h.Get("Accept-Language"), ",") {
		if i == 16 {
			break
		}
		tag, _, _ := strings.Cut(part, ";")
		primary, _, _ := strings.Cut(strings.TrimSpace(tag), "-")
		all = append(all, strings.ToLower(primary))
	}
	return all
}
