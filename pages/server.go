package pages

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/phone"
)

// front is the pages' name in the audit log and the metrics.
const front = "page"

// maxForm bounds a form's body; files have bounds of their own in the API.
const maxForm = 256 << 10

// Config is how the pages behave. The zero value of a field means its default.
type Config struct {
	// Version stands at the foot of the menu.
	Version string
	// MaxStreams bounds the open live streams of all browsers, default 48.
	MaxStreams int
	// Beat is how often a page that is looked at is told to look again although
	// no phone did anything, default 20 s.
	Beat time.Duration
	// Now tells the time; nil means time.Now.
	Now func() time.Time
}

// Deps is what the pages work with.
type Deps struct {
	// API gives a client that calls the API as who.
	API func(who admin.Caller) *admin.Client
	// People says who may sign in.
	People People
	// Site is the branch: its name, zone and language.
	Site    func() phone.Site
	Log     *slog.Logger
	Metrics *metrics.Set
}

// Server answers browsers. It is safe for concurrent use.
type Server struct {
	cfg    Config
	dep    Deps
	assets *assets
	views  map[string]*views // by language
	mux    *http.ServeMux
	nav    []place
	cross  *http.CrossOriginProtection
	live   *hub
}

// New checks that nothing is missing, parses every template in every language
// and makes a server; it does no I/O.
func New(cfg Config, dep Deps) (*Server, error) {
	if dep.API == nil || dep.People == nil || dep.Site == nil || dep.Log == nil || dep.Metrics == nil {
		return nil, errors.New("pages: API, people, site, logger and metrics are needed")
	}
	cfg.setDefaults()
	dep.Log = dep.Log.With("component", "pages")
	s := &Server{cfg: cfg, dep: dep, cross: http.NewCrossOriginProtection(), live: newHub(cfg.MaxStreams), views: make(map[string]*views)}
	var err error
	if s.assets, err = newAssets(); err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	for _, lang := range languages() {
		w, err := readWords(lang)
		if err != nil {
			return nil, fmt.Errorf("pages: %w", err)
		}
		if s.views[lang], err = s.newViews(w); err != nil {
			return nil, fmt.Errorf("pages in %s: %w", lang, err)
		}
	}
	s.mux = s.newMux()
	s.nav = placesOf(routes())
	return s, nil
}

func (c *Config) setDefaults() {
	if c.MaxStreams <= 0 {
		c.MaxStreams = 48
	}
	if c.Beat <= 0 {
		c.Beat = 20 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setHeaders(w.Header())
	s.mux.ServeHTTP(w, r)
}

func (s *Server) newMux() *http.ServeMux {
	mux := http.NewServeMux()
	for _, rt := range routes() {
		mux.HandleFunc(rt.method+" "+rt.path, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, rt) })
	}
	mux.Handle("GET "+assetPath, s.assets)
	// What no route names is asked for like a page, so that a stranger learns
	// nothing of which pages there are.
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, route{least: admin.Personal, do: noPage}) })
	return mux
}

// serve is the front's three steps: who is it, may they, answer.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, rt route) {
	v := s.newVisit(w, r)
	defer s.recovered(v)
	done, err := v.admit(rt)
	if err == nil && !done {
		err = rt.do(v)
	}
	if err != nil {
		v.fail(err)
	}
}

// recovered is the front's one recover: our own mistake costs its request.
func (s *Server) recovered(v *visit) {
	p := recover()
	if p == nil {
		return
	}
	s.dep.Metrics.Panics.WithLabelValues(front).Inc()
	s.dep.Log.Error("panic while answering", "front", front, "file", v.r.URL.Path, "err", p, "stack", string(debug.Stack()))
	if !v.begun {
		v.fail(errors.New("panic while answering"))
	}
}

// policy is what a page may load: its own files, and nothing inline. Pictures may
// be written into a page, for sheets that print codes.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func setHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(self), geolocation=(), microphone=()")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
}
