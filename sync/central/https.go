package central

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/sync/seal"
	"github.com/lineside/lineside/sync/wire"
)

const keepAlive = 25 * time.Second // below what NAT boxes forget

// Handler is the HTTPS transport: wire.HTTPPrefix and below.
type Handler struct {
	// Proxies says where requests come from; set it before the first one.
	Proxies Proxies
	// Shelf has the releases; nil has none. Set it before the first request.
	Shelf Shelf
	p     *Platform

	sessions   *sessions
	wrong      *operators.Tries // join tokens
	challenges *challenges
	fetching   *fetching
}

// NewHandler makes the handler.
func NewHandler(p *Platform) *Handler {
	h := &Handler{p: p, challenges: newChallenges(), sessions: newSessions(), wrong: operators.NewTries(), fetching: &fetching{by: map[string]bool{}}}
	p.OnRevoke(h.sessions.cutOff)
	return h
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, wire.MaxBytes)
	op, asks := strings.CutPrefix(r.URL.Path, wire.PathAsk)
	version, fetches := strings.CutPrefix(r.URL.Path, wire.PathRelease)
	switch {
	case r.Method == http.MethodPost && r.URL.Path == wire.PathChallenge:
		h.challenge(w, r)
	case r.Method == http.MethodPost && r.URL.Path == wire.PathSession:
		h.session(w, r)
	case r.Method == http.MethodPost && r.URL.Path == wire.PathJoin:
		h.join(w, r)
	case r.Method == http.MethodPost && asks:
		h.ask(w, r, op)
	case r.Method == http.MethodGet && r.URL.Path == wire.PathHints:
		h.stream(w, r)
	case r.Method == http.MethodGet && fetches:
		h.release(w, r, version)
	default:
		http.NotFound(w, r)
	}
}

func read(r *http.Request, v any) bool { return json.NewDecoder(r.Body).Decode(v) == nil }

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the box asks again
}

// refuse is the one answer to all who are not let in.
func refuse(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusForbidden)
	_ = json.NewEncoder(w).Encode(wire.Refused{Reason: wire.Revoked,
		Text: "the platform does not know this box, or no longer: join it again with a new token"})
}

// later has a box come again, whoever it is.
func later(w http.ResponseWriter, why *wire.Refused) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Retry-After", strconv.Itoa(int(busyRetry.Seconds())))
	w.WriteHeader(http.StatusServiceUnavailable)
	_ = json.NewEncoder(w).Encode(why)
}

func (h *Handler) challenge(w http.ResponseWriter, r *http.Request) {
	var c wire.Challenge
	if !read(r, &c) || wire.CheckSite(c.Site) != nil {
		refuse(w)
		return
	}
	write(w, wire.ChallengeReply{Nonce: h.challenges.make(c.Site, h.p.now())})
}

func (h *Handler) session(w http.ResponseWriter, r *http.Request) {
	var s wire.Session
	if !read(r, &s) {
		refuse(w)
		return
	}
	place, ok := h.challenges.place(s.Nonce, s.Site, h.p.now())
	if !ok {
		refuse(w)
		return
	}
	token := rand.Text()
	h.sessions.begin(token, s.Site, h.p.now())
	err := h.admit(r, s, place)
	if err == nil && h.sessions.letIn(token) {
		write(w, wire.SessionReply{Token: token})
		return
	}
	h.sessions.end(token)
	if errors.Is(err, ErrBusy) {
		later(w, busy())
		return
	}
	refuse(w)
}

func (h *Handler) admit(r *http.Request, s wire.Session, place uint64) error {
	if err := h.p.hears(); err != nil {
		return err // before its key is looked for, which it may have got elsewhere
	}
	if err := h.p.verify(s); err != nil {
		return err
	}
	if !h.challenges.answer(s.Site, place) {
		return ErrNotAdmitted
	}
	_, err := h.p.Admit(r.Context(), Connection{Site: s.Site, Address: h.Proxies.Source(r)})
	if err != nil && !errors.Is(err, ErrNotAdmitted) && !errors.Is(err, ErrBusy) {
		h.p.log.Error("a session could not begin", "site", s.Site, "err", err)
	}
	return err
}

// verify checks a site's signature with the key it joined with.
func (p *Platform) verify(s wire.Session) error {
	var v seal.Verifier
	err := p.view(func(t *tx) {
		held, ok := t.site(s.Site)
		if !ok || held.Revoked {
			t.fail(ErrUnknownSite)
			return
		}
		var err error
		v, err = seal.ParseVerifier(held.Verifier)
		t.fail(err)
	})
	if err != nil {
		return err
	}
	return s.Check(v)
}

// bearer is the token a request shows, empty where it shows none.
func bearer(r *http.Request) string {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return ""
	}
	return token
}

func (h *Handler) ask(w http.ResponseWriter, r *http.Request, op string) {
	id, ok := h.sessions.site(bearer(r), h.p.now())
	if !ok {
		refuse(w)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "the request is too long", http.StatusRequestEntityTooLarge)
		return
	}
	b, err := h.p.AnswerFrom(id, h.Proxies.Source(r), op, body)
	if err != nil {
		h.p.log.Error("a site was not answered", "site", id, "err", err)
		later(w, busy())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(b)
}

// stream sends an event whenever there may be news.
func (h *Handler) stream(w http.ResponseWriter, r *http.Request) {
	id, ctx, ended, ok := h.sessions.open(r.Context(), bearer(r), h.p.now)
	if !ok {
		refuse(w)
		return
	}
	defer ended()
	news, end := h.p.listen(id)
	defer end()
	out := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	alive := time.NewTicker(keepAlive)
	defer alive.Stop()
	for line := ": hello\n\n"; ; {
		if _, err := io.WriteString(w, line); err != nil || out.Flush() != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-news:
			line = "data: n\n\n"
		case <-alive.C:
			line = ":\n\n"
		}
	}
}

// noToken refuses a join token, and has an address that goes on with wrong ones
// wait. A good token is always taken, so nobody can shut out a box that shares
// an address with a guesser.
func (h *Handler) noToken(w http.ResponseWriter, r *http.Request, why error) {
	from := h.Proxies.Source(r)
	v := h.wrong.Wrong(h.p.now(), from)
	if v.First {
		h.p.log.Warn("wrong join tokens are being tried", "remote", from, "attempt", operators.MaxTries)
	}
	no, status := wire.Refused{Reason: wire.Revoked, Text: why.Error()}, http.StatusForbidden
	if v.Wait > 0 {
		no, status = wire.Refused{Reason: wire.Busy, Text: "too many join tokens that are not good were shown from this address: wait a minute, then join with a good one", Retry: v.Wait}, http.StatusTooManyRequests
		w.Header().Set("Retry-After", strconv.Itoa(int(v.Wait/time.Second)+1))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(no)
}

func (h *Handler) join(w http.ResponseWriter, r *http.Request) {
	var j wire.Join
	if !read(r, &j) {
		http.Error(w, "this is no join request", http.StatusBadRequest)
		return
	}
	reply, err := h.p.Join(j)
	switch {
	case errors.Is(err, ErrJoin):
		h.noToken(w, r, err)
	case errors.Is(err, ErrBusy):
		later(w, &wire.Refused{Reason: wire.Busy, Text: "the platform cannot write now: join again in a moment with the same token"})
	case err != nil:
		h.p.log.Error("a box could not join", "err", err)
		http.Error(w, fmt.Sprintf("the platform cannot take the box in: %v", err), http.StatusBadRequest)
	default:
		write(w, reply)
	}
}
