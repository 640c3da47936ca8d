package admin

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/lineside/lineside/audit"
)

// Time-outs of a request. An import of 8 MiB over a slow VPN fits; somebody who
// sends a byte a minute does not.
const (
	headerTimeout = 5 * time.Second
	bodyTimeout   = time.Minute
	idleTimeout   = time.Minute
	maxHeader     = 16 << 10
)

// front is one listener: how it tells strangers from operators.
type front struct {
	name string // of audit.Actor and of the metrics' label
	// guard refuses a request before anything of it is looked at, or says
	// whose it is.
	guard func(*http.Request) (caller, *Error)
	// stopped is closed when the front is to end: streams watch it.
	stopped <-chan struct{}
	// pages answers what is not the API's; nil where there are none.
	pages http.Handler
}

// caller is who made a request: a name for the audit log, and a role.
type caller struct {
	actor audit.Actor
	role  Role
	must  string // why the password has to be changed first; of who signed in
}

// ServeSocket answers operators on a unix socket until ctx ends: whoever can
// open it is one, and an admin. Who may is the file's mode, which is the
// caller's to set.
func (s *Server) ServeSocket(ctx context.Context, l net.Listener) error {
	f := front{
		name: "cli",
		guard: func(r *http.Request) (caller, *Error) {
			return caller{actor: audit.Actor{Front: "cli", Name: r.RemoteAddr}, role: Admin}, nil
		},
		stopped: ctx.Done(),
	}
	l = &peerListener{Listener: l, log: s.dep.Log}
	return s.serve(ctx, f, s.bound(l, f.name, s.cfg.MaxConns), (*http.Server).Serve)
}

// ServeTLS answers scripts on the admin listener until ctx ends. TLS 1.2 is the
// least, whatever cfg says.
func (s *Server) ServeTLS(ctx context.Context, l net.Listener, cfg *tls.Config) error {
	if s.cfg.Token.IsZero() {
		return errors.New("serve admin API: no token is set; nobody could be let in")
	}
	cfg = cfg.Clone()
	cfg.MinVersion = max(cfg.MinVersion, tls.VersionTLS12)
	f := front{name: "api", guard: s.checkToken, stopped: ctx.Done(), pages: s.dep.Pages}
	defer context.AfterFunc(ctx, s.end)()
	return s.serve(ctx, f, s.bound(l, f.name, s.cfg.MaxPerAddr), func(srv *http.Server, l net.Listener) error {
		srv.TLSConfig = cfg
		return srv.ServeTLS(l, "", "")
	})
}

func remoteAddr(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}

func (s *Server) serve(ctx context.Context, f front, l *boundListener, run func(*http.Server, net.Listener) error) error {
	// HTTP/1 alone: one connection is one request, so the bound on connections
	// is the bound on work.
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	// A request that is already running is finished, not cut off, when ctx
	// ends; Drain bounds it.
	base := context.WithoutCancel(ctx)
	srv := &http.Server{
		Handler: s.handler(f), Protocols: &protocols, MaxHeaderBytes: maxHeader,
		ReadHeaderTimeout: headerTimeout, ReadTimeout: bodyTimeout, WriteTimeout: bodyTimeout, IdleTimeout: idleTimeout,
		BaseContext: func(net.Listener) context.Context { return base }, ConnState: turned,
		ErrorLog: slog.NewLogLogger(s.dep.Log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- run(srv, l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve admin API on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	// First nobody is let in any more, so that Shutdown knows everybody there is.
	_ = l.Close()
	<-ended
	drain, cancel := context.WithTimeout(base, s.cfg.Drain)
	defer cancel()
	if err := srv.Shutdown(drain); err != nil {
		// Whoever is left had its time; closing is all that can be done.
		_ = srv.Close()
	}
	end, done := context.WithTimeout(base, s.cfg.Drain)
	defer done()
	s.keepLists(end)
	return nil
}

// handler is the front's three steps: guard, match, answer. The guard comes
// before the path is even cleaned, so that a stranger learns nothing of which
// paths there are.
func (s *Server) handler(f front) http.Handler {
	mux := s.mux(f.stopped)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.pages != nil && !isAPI(r.URL.Path) {
			s.answer(pageFront, w, r, func(a *answer) { f.pages.ServeHTTP(a, r) })
			return
		}
		s.answer(f.name, w, r, func(a *answer) {
			a.who = caller{role: Anyone}
			if !isOpen(r) {
				var e *Error
				if a.who, e = f.guard(r); e != nil {
					a.fail(e)
					return
				}
			}
			mux.ServeHTTP(a, r)
		})
	})
}

// answer has do answer a request: counted, and with what becomes of a panic.
func (s *Server) answer(front string, w http.ResponseWriter, r *http.Request, do func(*answer)) {
	a := &answer{ResponseWriter: w}
	defer a.hangUp() // last of all, when the answer is counted
	defer func() { s.dep.Metrics.Answers.WithLabelValues(front, a.outcome()).Inc() }()
	defer s.recovered(front, a, r)
	setHeaders(a.Header())
	do(a)
}

// recovered is the front's one recover: our own mistake costs its request.
func (s *Server) recovered(front string, a *answer, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	s.dep.Metrics.Panics.WithLabelValues(front).Inc()
	s.dep.Log.Error("panic while answering", "front", front, "file", r.URL.Path, "err", v, "stack", string(debug.Stack()))
	if a.status == 0 {
		a.fail(internal())
	} else {
		a.cut = true
	}
}

// setHeaders are those every answer has. Strict-Transport-Security is left out:
// the certificate is the box's own, and a browser told so could no longer be
// let past the warning.
func setHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
}
