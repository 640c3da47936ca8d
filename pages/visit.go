package pages

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lineside/lineside/accounts"
	"github.com/lineside/lineside/admin"
)

// visit is one request of one person: what a page's handler gets.
type visit struct {
	s   *Server
	w   http.ResponseWriter
	r   *http.Request
	now time.Time
	who accounts.Person
	in  bool // who is signed in
	// api calls the API as that person.
	api   *admin.Client
	lang  string
	fresh string // a cookie given with this answer
	begun bool   // the answer has
	// streams says that the page takes a file too long to be held; sent is that
	// file once the form was read so far, nil for none.
	streams bool
	sent    *sentFile
}

func (s *Server) newVisit(w http.ResponseWriter, r *http.Request) *visit {
	v := &visit{s: s, w: w, r: r, now: s.cfg.Now().In(s.zone())}
	if c := v.cookie(); c != "" {
		v.who, v.in = s.dep.People.Who(secret(c), !v.byItself())
	}
	v.lang = v.language()
	v.api = s.dep.API(admin.Caller{Name: v.who.Name, Role: v.role(), Must: v.who.Must, Remote: v.from()})
	return v
}

// zone is the site's; one that cannot be found is UTC.
func (s *Server) zone() *time.Location {
	zone, err := time.LoadLocation(s.dep.Site().Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

func (v *visit) ctx() context.Context { return v.r.Context() }

func (v *visit) role() admin.Role {
	if !v.in {
		return admin.Anyone
	}
	return v.who.Role
}

// from is the browser's address.
func (v *visit) from() netip.Addr {
	ap, err := netip.ParseAddrPort(v.r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}

// byScript says that htmx or the page's own script asks, byItself that it does so
// without the person having done anything.
func (v *visit) byScript() bool { return v.r.Header.Get("HX-Request") != "" }
func (v *visit) byItself() bool {
	return v.r.Header.Get("X-Live") != "" || v.r.URL.Path == "/events"
}

// admit lets in who may see the page. done says that the answer has been given:
// the way to where they have to go first.
func (v *visit) admit(rt route) (done bool, err error) {
	v.r.Body, v.streams = http.MaxBytesReader(v.w, v.r.Body, rt.bound()), rt.streams()
	path := v.r.URL.Path
	switch {
	case v.s.dep.People.NeedsSetUp() && path != "/setup" && path != "/look":
		return true, v.to("/setup")
	case !v.in && rt.least != admin.Anyone:
		return true, v.signInFirst()
	case v.in && v.who.Must != "" && rt.least != admin.Anyone && path != "/password":
		return true, v.to("/password")
	case rt.least != admin.Anyone && !v.role().May(rt.least):
		return true, v.notYours(rt)
	}
	return false, v.genuine()
}

// notYours sends whoever sees only their own page there; others are told.
func (v *visit) notYours(rt route) error {
	if v.r.URL.Path == "/" {
		return v.to("/me")
	}
	return &admin.Error{
		Status: http.StatusForbidden, What: v.say("problem.role", v.word("role", rt.least.String())), Hint: v.say("problem.role.do"),
	}
}

// signInFirst sends to the sign-in page, and from there back. A script is told,
// so that the page it runs on stays as it is (app.js).
func (v *visit) signInFirst() error {
	if v.byScript() || v.r.Method != http.MethodGet || v.byItself() {
		v.w.Header().Set("X-Sign-In", "needed")
		v.begun = true
		if v.byScript() || v.byItself() {
			v.w.WriteHeader(http.StatusUnauthorized)
			return nil
		}
		return v.render(http.StatusUnauthorized, "sign-in", v.newSignIn(v.back(), v.say("signin.expired")))
	}
	to := "/sign-in"
	if back := local(v.r.URL.RequestURI()); back != "/" {
		to += "?to=" + url.QueryEscape(back)
	}
	return v.to(to)
}

// to answers with where to go next.
func (v *visit) to(path string) error {
	v.begun = true
	http.Redirect(v.w, v.r, path, http.StatusSeeOther)
	return nil
}

// done goes to path, and says there in one sentence what was done.
func (v *visit) done(path, key string, args ...any) error {
	v.leave(key, args...)
	return v.to(path)
}

// leave has the next page say a sentence.
func (v *visit) leave(key string, args ...any) {
	v.setCookie(saidCookie, url.QueryEscape(v.say(key, args...)), 60)
}

// saidCookie carries that sentence to the next page.
const saidCookie = "__Host-lineside-said"

// said takes the sentence the last page left.
func (v *visit) said() string {
	c, err := v.r.Cookie(saidCookie)
	if err != nil || v.byItself() {
		return ""
	}
	v.setCookie(saidCookie, "", -1)
	text, err := url.QueryUnescape(c.Value)
	if err != nil || len(text) > 1000 {
		return ""
	}
	return text
}

// show answers with a page.
func (v *visit) show(page string, data any) error { return v.render(http.StatusOK, page, data) }

// render answers with a page. It is written before the first byte leaves.
func (v *visit) render(status int, page string, data any) error {
	var b bytes.Buffer
	if err := v.s.views[v.lang].execute(&b, page, v.newView(page, data)); err != nil {
		return err
	}
	v.begun = true
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	v.w.WriteHeader(status)
	if _, err := v.w.Write(b.Bytes()); err != nil {
		v.s.dep.Log.Debug("the browser went away", "err", err)
	}
	return nil
}

// fail answers with a page that says what went wrong and what to do. What is our
// own trouble goes to the log.
func (v *visit) fail(err error) {
	p := v.problem(err)
	if p.Status >= http.StatusInternalServerError {
		v.s.dep.Log.Error("a page could not be shown", "file", v.r.Method+" "+v.r.URL.Path, "err", err)
	}
	if v.begun {
		return
	}
	if err := v.render(p.Status, "problem", p); err != nil {
		v.s.dep.Log.Error("the page for a problem could not be shown", "err", err)
		http.Error(v.w, p.What, p.Status)
	}
}

// problem is an error as a page shows it.
type problem struct {
	Status   int
	Title    string // by its kind, in the page's language
	What, Do string // the box's own words, in the page's language
	Fields   []string
}

// problem words an error.
func (v *visit) problem(err error) *problem {
	var e *admin.Error
	if !errors.As(err, &e) {
		e = &admin.Error{Status: http.StatusInternalServerError, What: v.say("problem.internal"), Hint: v.say("problem.internal.do")}
		if errors.Is(err, context.DeadlineExceeded) {
			e = &admin.Error{Status: http.StatusServiceUnavailable, What: v.say("problem.busy"), Hint: v.say("problem.busy.do")}
		}
	}
	kind := "problem.title.other"
	switch s := e.Status; {
	case s == http.StatusForbidden:
		kind = "problem.title.forbidden"
	case s == http.StatusNotFound:
		kind = "problem.title.notfound"
	case s == http.StatusConflict:
		kind = "problem.title.conflict"
	case s == http.StatusPreconditionFailed:
		kind = "problem.title.changed"
	case s == http.StatusTooManyRequests:
		kind = "problem.title.wait"
	case s >= http.StatusInternalServerError:
		kind = "problem.title.internal"
	}
	p := &problem{Status: e.Status, Title: v.say(kind), What: sentence(v.ours(e.What)), Do: sentence(v.ours(e.Hint))}
	for _, field := range e.Fields {
		p.Fields = append(p.Fields, v.ours(field))
	}
	return p
}

// ours is a sentence of the box in the page's language, where there is one.
func (v *visit) ours(text string) string { return v.words().box(text).Text }

// sentence writes the API's words, which begin in lower case and have no stop, as
// one.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(s)
	s = string(unicode.ToUpper(first)) + s[size:]
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "?") || strings.HasSuffix(s, `?"`) || strings.Contains(s, "lineside ") {
		return s // a command is not followed by what would be typed with it
	}
	return s + "."
}
