package httpd

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/lineside/lineside/metrics"
	"github.com/lineside/lineside/provision"
)

// Desk answers what a caller gets.
type Desk interface {
	Fetch(ctx context.Context, ask provision.Ask) (provision.Answer, error)
	// Upload takes a file; it calls read only where it keeps it.
	Upload(ctx context.Context, ask provision.Ask, read func(most int64) ([]byte, error)) (provision.Answer, error)
}

// Config bounds the door. The zero value of a field means its default.
type Config struct {
	// Realm is what a person sees when asked for a password, default
	// "lineside".
	Realm string
	// MaxRequests is how many requests are at the desk at once, default 512; one
	// more is told 503 before anything else is done for it. This bound and those
	// that follow are those of HTTP, and once more those of HTTPS.
	MaxRequests int
	// PerAddress is how many of them one address may have, default 64: phones
	// behind a router share one. An IPv6 address counts as its /64.
	PerAddress int
	// MaxUploads is how many files are received at once, default 16, two of one
	// address at most; one more is told 503.
	MaxUploads int
	// MaxConns is how many connections are held open, default 4096, and
	// ConnsPerAddress how many of one address, default 128. For one more
	// another is closed that waits for its caller; if all are being answered it
	// is closed itself.
	MaxConns, ConnsPerAddress int
	// HeaderTimeout bounds reading a request's header and the TLS handshake,
	// default 5 s; BodyTimeout the whole request, default 10 s; IdleTimeout the
	// wait for the next one, default 15 s.
	HeaderTimeout, BodyTimeout, IdleTimeout time.Duration
	// WriteTimeout bounds asking the desk and writing the answer, default 20 s;
	// a large body has one more second for every 16 KiB.
	WriteTimeout time.Duration
	// StopWithin is how long requests in flight may go on once Serve's ctx has
	// ended, default 5 s.
	StopWithin time.Duration
	// NonceLife is how long a nonce is good, default 5 min.
	NonceLife time.Duration
	// Nonces is how many of the latest nonces can be used, default 65536; each
	// takes 24 bytes.
	Nonces int
	// NoClientCertificates asks no caller for a certificate: for phones that
	// cannot bear to be asked.
	NoClientCertificates bool
	// ClientCAs are named to callers asked for a certificate, so that a phone
	// with several picks the one its maker signed. Whether one of them stands
	// behind what is presented the desk finds out. Without any none is named.
	ClientCAs []*x509.Certificate
	// Now dates nonces; nil means time.Now.
	Now func() time.Time
}

// headerBytes bounds a request's header at 8 KiB: net/http adds 4 KiB to what it
// is told.
const headerBytes = 8<<10 - 4<<10

// Server is the door. Serve and ServeTLS may run at the same time and share its
// nonces; neither takes the other's room.
type Server struct {
	cfg      Config
	desk     Desk
	log      *slog.Logger
	metrics  *metrics.Set
	nonces   *nonces
	opaque   string
	printKey []byte
	rooms    map[provision.Front]*room
	spared   *spared
	uploads  *gate // files being received
}

// New checks cfg and makes a door; it does no I/O.
func New(cfg Config, desk Desk, log *slog.Logger, set *metrics.Set) (*Server, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	var opaque [8]byte
	key := make([]byte, 32)
	// crypto/rand.Read never returns an error.
	_, _ = rand.Read(opaque[:])
	_, _ = rand.Read(key)
	return &Server{
		cfg:      cfg,
		desk:     desk,
		log:      log.With("component", "httpd"),
		metrics:  set,
		nonces:   newNonces(cfg.Nonces, cfg.NonceLife, cfg.Now),
		opaque:   hex.EncodeToString(opaque[:]),
		printKey: key,
		rooms: map[provision.Front]*room{
			provision.HTTP:  newRoom(provision.HTTP, cfg, set),
			provision.HTTPS: newRoom(provision.HTTPS, cfg, set),
		},
		uploads: newGate(cfg.MaxUploads, maxUploadsEach),
		spared:  &spared{now: cfg.Now, until: make(map[netip.Addr]time.Time)},
	}, nil
}

func (c Config) withDefaults() Config {
	if c.Realm == "" {
		c.Realm = "lineside"
	}
	for _, d := range []struct {
		field *int
		value int
	}{{&c.MaxRequests, 512}, {&c.MaxUploads, 16}, {&c.PerAddress, 64}, {&c.MaxConns, 4096}, {&c.ConnsPerAddress, 128}, {&c.Nonces, 65536}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&c.HeaderTimeout, 5 * time.Second}, {&c.BodyTimeout, 10 * time.Second}, {&c.IdleTimeout, 15 * time.Second},
		{&c.WriteTimeout, 20 * time.Second}, {&c.StopWithin, 5 * time.Second}, {&c.NonceLife, 5 * time.Minute},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

func (c Config) validate() error {
	var errs []error
	if strings.ContainsFunc(c.Realm, func(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune(`"\:`, r) }) {
		errs = append(errs, fmt.Errorf("realm %q holds a quote, backslash, colon or control character: write plain letters", c.Realm))
	}
	for _, n := range []int{c.MaxRequests, c.PerAddress, c.MaxUploads, c.MaxConns, c.ConnsPerAddress, c.Nonces} {
		if n < 0 {
			errs = append(errs, fmt.Errorf("a bound of %d: write a positive number", n))
		}
	}
	for _, d := range []time.Duration{c.HeaderTimeout, c.BodyTimeout, c.IdleTimeout, c.WriteTimeout, c.StopWithin, c.NonceLife} {
		if d < 0 {
			errs = append(errs, fmt.Errorf("a time-out of %s: write a positive one", d))
		}
	}
	names := 0
	for _, ca := range c.ClientCAs {
		names += len(ca.RawSubject)
	}
	if names > maxCANames {
		errs = append(errs, fmt.Errorf("names of client CAs of %d bytes, and %d fit into a handshake: name fewer", names, maxCANames))
	}
	return errors.Join(errs...)
}

// Serve answers on ln until ctx ends, then lets requests in flight finish within
// Config.StopWithin and returns nil. It closes ln.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	return s.serve(ctx, ln, provision.HTTP, nil)
}

// ServeTLS is Serve over TLS; conf names the box's certificates, as CA.TLS does.
// Callers are asked for a certificate and may go on without.
func (s *Server) ServeTLS(ctx context.Context, ln net.Listener, conf *tls.Config) error {
	return s.serve(ctx, ln, provision.HTTPS, conf)
}

func (s *Server) serve(ctx context.Context, ln net.Listener, front provision.Front, conf *tls.Config) error {
	// What runs when ctx ends is to finish, so it is cut loose from it.
	inner, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	hs := s.httpServer(front)
	hs.BaseContext = func(net.Listener) context.Context { return inner }
	ln = &limited{Listener: ln, room: s.rooms[front]}
	unhook := context.AfterFunc(ctx, func() { _ = ln.Close() })
	var err error
	if conf != nil {
		hs.TLSConfig = s.asking(conf)
		err = hs.ServeTLS(ln, "", "")
	} else {
		err = hs.Serve(ln)
	}
	if unhook() {
		return fmt.Errorf("serve %s on %s: %w", front, ln.Addr(), err)
	}
	// Only now: a connection that was just being accepted is known to hs, and its
	// request is answered like the others.
	s.stop(hs, s.rooms[front], inner)
	return nil
}

func (s *Server) httpServer(front provision.Front) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Server{
		Handler:                      unburdened(newDoor(s, front)),
		ConnContext:                  withGuest,
		ConnState:                    s.turned,
		ReadHeaderTimeout:            s.cfg.HeaderTimeout,
		ReadTimeout:                  s.cfg.BodyTimeout,
		WriteTimeout:                 s.cfg.WriteTimeout,
		IdleTimeout:                  s.cfg.IdleTimeout,
		MaxHeaderBytes:               headerBytes,
		Protocols:                    protocols,
		DisableGeneralOptionsHandler: true,
		// What net/http has to say here a stranger can make it say.
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}

// stop waits for requests in flight, then closes what is left. Shutdown comes when
// there are none: from then on net/http reads a request that arrives on a
// connection made before, and drops it unanswered.
func (s *Server) stop(hs *http.Server, r *room, inner context.Context) {
	bounded, cancel := context.WithTimeout(inner, s.cfg.StopWithin)
	defer cancel()
	hs.SetKeepAlivesEnabled(false) // closes what waits for a next request
	r.empty(bounded)
	if err := hs.Shutdown(bounded); err != nil {
		s.log.Warn("requests still ran at the end and were cut off", "err", err)
		_ = hs.Close()
	}
}
