package voice

import (
	"bytes"
	"compress/gzip"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
)

// embedded are the prompts as gzip leaves of them, two thirds.
//
//go:embed prompts/de/*.ulaw.gz prompts/en/*.ulaw.gz
var embedded embed.FS

// Languages are those there are prompts in. The first is used where a site asks
// for another.
func Languages() []string { return []string{"en", "de"} }

// Prompts are all prompts of all languages as µ-law, read once and then shared by
// all calls.
type Prompts struct {
	sound map[string]map[string][]byte // language, name
	pause []byte
}

// LoadPrompts reads the embedded prompts, and in their place those of site, where
// it is not nil: files such as de/ask.wav or de/ask.ulaw (see readSound for what
// they may hold). A file that is not usable, or that no prompt is named for, is in
// the list of errors, and the embedded prompt stays; so the result is always whole.
func LoadPrompts(site fs.FS) (*Prompts, []error) {
	p := &Prompts{
		sound: make(map[string]map[string][]byte),
		pause: bytes.Repeat([]byte{PCMU.silence()}, samples(pauseLength)),
	}
	var problems []error
	for _, language := range Languages() {
		p.sound[language] = make(map[string][]byte)
		for _, name := range names() {
			sound, err := builtIn(language, name)
			if err != nil {
				problems = append(problems, fmt.Errorf("read embedded prompt: %w", err))
			}
			p.sound[language][name] = sound
		}
		if site != nil {
			problems = append(problems, p.override(site, language)...)
		}
	}
	return p, problems
}

// builtIn unpacks an embedded prompt.
func builtIn(language, name string) ([]byte, error) {
	f, err := embedded.Open("prompts/" + language + "/" + name + ".ulaw.gz")
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it is in memory
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// override takes up one language's folder of a site. One that is missing means
// that the site has no prompts in that language.
func (p *Prompts) override(site fs.FS, language string) []error {
	files, err := fs.ReadDir(site, language)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return []error{fmt.Errorf("list prompts in %s: %w", language, err)}
	}
	var problems []error
	for _, f := range files {
		file := language + "/" + f.Name()
		name, sound, err := siteSound(site, file)
		if err == nil && !slices.Contains(names(), name) {
			err = errors.New("no prompt has that name; `ask.wav` is one that has")
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("prompt %s is not used, callers hear the built-in one: %w", file, err))
			continue
		}
		p.sound[language][name] = sound
	}
	return problems
}

// language is the one asked for, if there is one like it.
func (p *Prompts) language(asked string) string {
	if _, ok := p.sound[asked]; ok {
		return asked
	}
	return Languages()[0]
}

// sounds are the named prompts in a language, in order. What is not there is left
// out; LoadPrompts has told of it.
func (p *Prompts) sounds(language string, names []string) [][]byte {
	list := make([][]byte, 0, len(names))
	for _, name := range names {
		sound := p.sound[p.language(language)][name]
		if name == pause {
			sound = p.pause
		}
		if len(sound) > 0 {
			list = append(list, sound)
		}
	}
	return list
}
