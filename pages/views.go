package pages

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/lineside/lineside/accounts"
	"github.com/lineside/lineside/admin"
)

//go:embed templates/*.html
var templateFiles embed.FS

// views are all pages in one language.
type views struct {
	words *words
	pages map[string]func() (*template.Template, error)
}

// shared are the templates every page can use; layout.html frames them all.
const shared = "templates/_*.html"

// newViews parses what all pages share, and each page once it is asked for: most
// boxes are started many times before anybody looks at every page in both
// languages, and all of them together are a third of a box's memory. Languages are
// parsed apart, so that a template says {{t "key"}} wherever it stands.
func (s *Server) newViews(w *words) (*views, error) {
	base, err := template.New("").Funcs(s.funcs(w)).ParseFS(templateFiles, shared)
	if err != nil {
		return nil, fmt.Errorf("parse what pages share: %w", err)
	}
	files, err := fs.Glob(templateFiles, "templates/[a-z]*.html")
	if err != nil {
		return nil, fmt.Errorf("list pages: %w", err)
	}
	all := &views{words: w, pages: make(map[string]func() (*template.Template, error))}
	for _, file := range files {
		all.pages[strings.TrimSuffix(path.Base(file), ".html")] = sync.OnceValues(func() (*template.Template, error) { return parsePage(base, file) })
	}
	return all, nil
}

func parsePage(base *template.Template, file string) (*template.Template, error) {
	t, err := base.Clone()
	if err == nil {
		_, err = t.ParseFS(templateFiles, file)
	}
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", file, err)
	}
	return t, nil
}

func (v *views) execute(w io.Writer, page string, data *view) error {
	parsed, ok := v.pages[page]
	if !ok {
		return fmt.Errorf("there is no page %q", page)
	}
	t, err := parsed()
	if err != nil {
		return err
	}
	return t.ExecuteTemplate(w, "layout", data)
}

// view is what a template sees as its dot; a page's own things are its Data.
type view struct {
	Page, Lang, Theme string
	Site, Version     string
	Path              string // of this page, with its query
	Who               accounts.Person
	In                bool
	CSRF              string
	Said              string // what the page before has done
	Nav               []group
	Now               time.Time
	Data              any
}

// group is a part of the menu.
type group struct {
	Word   string
	Places []entry
}

type entry struct {
	place
	Here bool
}

// May says whether who looks has at least the role, by its name: what they may
// not do is not offered. Whether they may is the API's to say all the same.
func (w *view) May(role string) bool {
	var least admin.Role
	return least.UnmarshalText([]byte(role)) == nil && w.In && w.Who.Role.May(least)
}

func (v *visit) newView(page string, data any) *view {
	site := v.s.dep.Site()
	return &view{
		Page: page, Lang: v.lang, Theme: v.theme(), Site: site.Name, Version: v.s.cfg.Version,
		Path: v.here(), Who: v.who, In: v.in, CSRF: v.csrf(), Said: v.said(),
		Nav: v.menu(), Now: v.now, Data: data,
	}
}

// menu is the places this person sees, under their headings.
func (v *visit) menu() []group {
	if !v.in || v.who.Must != "" {
		return nil
	}
	var all []group
	for _, p := range v.s.nav {
		if !v.role().May(p.least) {
			continue
		}
		if len(all) == 0 || all[len(all)-1].Word != p.Group {
			all = append(all, group{Word: p.Group})
		}
		here := p.Path == v.r.URL.Path || p.Path != "/" && strings.HasPrefix(v.r.URL.Path, p.Path+"/")
		g := &all[len(all)-1]
		g.Places = append(g.Places, entry{place: p, Here: here})
	}
	return all
}
