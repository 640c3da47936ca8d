package pages

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// book has the box's own sentences in another language. The box says what went
// wrong, what phones notice and what to do in English, to command lines, scripts
// and pages alike; a page in another language looks the sentence up. The English
// one is the key, as the source has it: "%s" stands for what is filled in, which
// is filled into the other in its place. What the book does not have stays as it
// is. A test reads the sources and wants every sentence here (book_test.go).
type book struct {
	// phrases by how they begin: by their first byte, 0 for what is filled in.
	phrases map[byte][]phrase
}

// phrase is one sentence.
type phrase struct {
	parts []string // of the English one, around what is filled in
	size  int      // of them all
	to    string   // the other, for fmt
}

// What is looked up, and how often for one sentence, is bounded: it may quote what
// strangers sent.
const (
	maxSentence = 4 << 10
	maxLooks    = 48
)

// readBook reads the book of a language; that of English is empty.
func readBook(lang string) (*book, error) {
	b := &book{phrases: make(map[byte][]phrase)}
	if lang == languages()[0] {
		return b, nil
	}
	data, err := wordFiles.ReadFile("words/box." + lang + ".json")
	if err != nil {
		return nil, fmt.Errorf("read the box's sentences in %s: %w", lang, err)
	}
	var all map[string]string
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("read the box's sentences in %s: %w", lang, err)
	}
	for key, to := range all {
		p := newPhrase(key, to)
		b.phrases[p.first()] = append(b.phrases[p.first()], p)
	}
	for _, list := range b.phrases { // what says more of a sentence comes first
		slices.SortFunc(list, func(x, y phrase) int {
			return cmp.Or(y.size-x.size, slices.Compare(x.parts, y.parts))
		})
	}
	return b, nil
}

func newPhrase(key, to string) phrase {
	p := phrase{to: to}
	for part := range strings.SplitSeq(key, "%s") {
		part = strings.ReplaceAll(part, "%%", "%")
		p.parts = append(p.parts, part)
		p.size += len(part)
	}
	return p
}

func (p phrase) first() byte {
	if p.parts[0] == "" {
		return 0
	}
	return p.parts[0][0]
}

// match gives what is filled in, where text is this sentence.
func (p phrase) match(text string) (filled []string, ok bool) {
	rest, ok := strings.CutPrefix(text, p.parts[0])
	if !ok {
		return nil, false
	}
	last := len(p.parts) - 1
	for i, part := range p.parts[1:] {
		at := strings.Index(rest, part)
		if i+1 == last {
			at = len(rest) - len(part)
			ok = strings.HasSuffix(rest, part)
		}
		if at < 0 || !ok {
			return nil, false
		}
		filled, rest = append(filled, rest[:at]), rest[at+len(part):]
	}
	return filled, rest == ""
}

// say gives a sentence of the box in the book's language, or as it is.
func (b *book) say(text string) (said string, ok bool) {
	if len(b.phrases) == 0 || text == "" || len(text) > maxSentence {
		return text, false
	}
	l := lookup{b, maxLooks}
	if end, stop := strings.CutSuffix(text, "."); stop {
		said, ok = l.look(end)
		return said + ".", ok
	}
	return l.look(text)
}

// lookup is one sentence being looked up.
type lookup struct {
	*book
	left int // looks
}

func (l *lookup) look(text string) (string, bool) {
	if said, ok := l.whole(text); ok {
		return said, true
	}
	for _, between := range []string{"\n", ". ", "; ", ": "} {
		if said, ok := l.chain(text, between); ok {
			return said, true
		}
	}
	return text, false
}

// whole looks up all of text. What is filled in may be a sentence itself; one word
// is a name, or somebody's.
func (l *lookup) whole(text string) (string, bool) {
	if text == "" || l.left == 0 {
		return text, false
	}
	l.left--
	p, filled, ok := l.best(text)
	if !ok {
		return text, false
	}
	args := make([]any, len(filled))
	for i, f := range filled {
		if args[i] = f; !isName(f) {
			args[i], _ = l.look(f)
		}
	}
	return fmt.Sprintf(p.to, args...), true
}

// best finds the sentence that text is, the one that says most of it where it can
// be several.
func (b *book) best(text string) (found phrase, filled []string, ok bool) {
	for _, list := range [][]phrase{b.phrases[text[0]], b.phrases[0]} {
		for _, p := range list {
			if ok && p.size <= found.size {
				break
			}
			if in, is := p.match(text); is {
				found, filled, ok = p, in, true
				break
			}
		}
	}
	return found, filled, ok
}

// chain looks up sentences that were put together, such as an error and what it
// is about: "line 2: port: 0 is out of range". What is a name stays.
func (l *lookup) chain(text, between string) (string, bool) {
	before, after, ok := strings.Cut(text, between)
	if !ok {
		return text, false
	}
	first, known := l.whole(before)
	if !known && !isName(before) {
		return text, false
	}
	rest, ok := l.look(after)
	if !ok && (!known || !isName(after)) {
		return text, false
	}
	return first + between + rest, true
}

// isName reports one word: a field, a MAC, an address. It is no sentence.
func isName(s string) bool { return s != "" && !strings.ContainsFunc(s, unicode.IsSpace) }

// Sentence is a sentence of the box on a page. Own says that it is in the box's
// own language, and not in the page's.
type Sentence struct {
	Text string
	Own  bool
}

// box gives a sentence of the box in the page's language.
func (w *words) box(text string) Sentence {
	said, ok := w.book.say(text)
	return Sentence{Text: said, Own: !ok && w.lang != languages()[0]}
}

// Translated gives a sentence of the box in one of the pages' languages, and
// whether it has it: for tests of the packages that say it.
func Translated(lang, text string) (string, bool) {
	w, err := readWords(lang)
	if err != nil {
		return text, false
	}
	return w.book.say(text)
}
