package portal

import (
	"crypto/sha256"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/central"
)

// Config is what the API knows of itself.
type Config struct {
	// URL is where boxes find the platform, https://host:port; Pin the SHA-256
	// of its own CA's certificate, nil where it shows a public one. Both stand
	// in join tokens.
	URL string
	Pin []byte
	// Token is an admin's, kept in a file beside the database for the command
	// line of this machine; empty is none.
	Token phone.Secret
	// Scratch is a directory for a copy of the database on its way out; empty
	// is the system's.
	Scratch string
	// Version is this build's.
	Version string
	// Source is the caller's address behind trusted proxies; nil takes the
	// connection's.
	Source func(*http.Request) netip.Addr
	// Shelf keeps the files of releases; nil keeps none.
	Shelf Shelf
	// Board has what an operator of the platform should know of; nil is empty.
	Board *health.Board
	// Now is the clock; nil is the system's.
	Now func() time.Time
}

// Server is the API.
type Server struct {
	cfg     Config
	p       *central.Platform
	metrics *metrics.Platform
	log     *slog.Logger
	file    [sha256.Size]byte // of cfg.Token
	tries   *operators.Tries
	// followers has room for those who wait for the allow-list's changes.
	followers chan struct{}
	started   time.Time
}

// New makes the API of a platform.
func New(cfg Config, p *central.Platform, m *metrics.Platform, log *slog.Logger) (*Server, error) {
	if p == nil || m == nil || log == nil {
		return nil, errors.New("portal: platform, metrics and logger are needed")
	}
	if cfg.Board == nil {
		cfg.Board = &health.Board{}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Source == nil {
		cfg.Source = remoteAddr
	}
	return &Server{
		cfg: cfg, p: p, metrics: m, log: log.With("component", "portal"),
		file: sha256.Sum256([]byte(cfg.Token.Reveal())), tries: operators.NewTries(), followers: make(chan struct{}, maxFollowers), started: cfg.Now(),
	}, nil
}

func remoteAddr(q *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(q.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}

// Handler answers everything below V1. The guard comes before the path is even
// cleaned, so that a stranger learns nothing of which paths there are.
func (s *Server) Handler() http.Handler {
	mux := s.mux()
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		a := &writer{ResponseWriter: w}
		defer func() { s.metrics.Answers.WithLabelValues(a.outcome()).Inc() }()
		defer s.recovered(a, q)
		setHeaders(a.Header())
		who, e := s.guard(q)
		if e != nil {
			a.fail(e)
			return
		}
		a.who = who
		mux.ServeHTTP(a, q)
	})
}

// recovered is the front's one recover: our own mistake costs its request.
func (s *Server) recovered(a *writer, q *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler {
		panic(v) // an answer cut short on purpose
	}
	s.metrics.Panics.Inc()
	s.log.Error("panic while answering", "file", q.URL.Path, "err", v, "stack", string(debug.Stack()))
	if a.status == 0 {
		a.fail(internal())
	}
}

func setHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
}
