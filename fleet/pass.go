package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// maxFiles bounds a pass, so that files naming files come to an end.
const maxFiles = 64

// pass is one run over the files. cold is power-on: a vendor's boot stage goes
// before it, and the person is there.
func (p *Phone) pass(ctx context.Context, cold bool) (Result, error) {
	start := time.Now()
	where, err := p.where(cold)
	if err != nil {
		p.say("%v", err)
		return p.unfinished(start, err), err
	}
	if cold && p.dialect.updater != nil && len(p.files) > 0 && !where.exact {
		boot := p.walk(p.dialect.updater(p.cfg), false, where)
		boot.queue, boot.masterOnly = p.files[:1], true
		boot.run(ctx)
	}
	w := p.walk(p.dialect.agent(p.cfg), cold, where)
	w.run(ctx)
	return w.finish(ctx, start)
}

// where is the provisioning address in the vendor's order: at power-on what was
// typed in or DHCP told, at a resync what the last config said.
func (p *Phone) where(cold bool) (place, error) {
	address := cmp.Or(p.cfg.URL, p.told, p.stored)
	if !cold {
		address = cmp.Or(p.stored, p.cfg.URL, p.told)
	}
	if address == "" {
		return place{}, fmt.Errorf("%w: DHCP sent none of the options a %s reads", ErrNotTold, p.cfg.Vendor)
	}
	return p.locate(address)
}

// walk is one pass under way.
type walk struct {
	*session
	where    place
	queue    []string
	asked    map[string]bool
	files    []File
	set      values
	failures []error
	// masterOnly is the boot stage, which leaves the files named to the next.
	masterOnly bool
}

func (p *Phone) walk(agent string, person bool, where place) *walk {
	w := &walk{session: p.session(agent, person), where: where, asked: map[string]bool{}, set: values{}}
	w.queue = slices.Clone(p.files)
	if where.exact {
		_, file := cutLast(where.base.Path)
		w.queue = []string{cmp.Or(file, "/")}
	}
	if u := where.base.User; u != nil && w.login.User == "" {
		password, _ := u.Password()
		w.login.Login = vendors.Login{User: u.Username(), Password: phone.NewSecret(password)}
	}
	return w
}

// run asks for each file, following those that files name.
func (w *walk) run(ctx context.Context) {
	defer w.close()
	found := false
	for len(w.queue) > 0 && len(w.files) < maxFiles && ctx.Err() == nil {
		name := w.p.expand(w.queue[0])
		w.queue = w.queue[1:]
		if w.asked[name] || found && w.p.dialect.fallback(name) {
			continue
		}
		w.asked[name] = true
		found = w.file(ctx, name)
	}
}

// file asks for one file, again where the vendor does so for a missing one, and
// reads it. It reports whether the file was there.
func (w *walk) file(ctx context.Context, name string) bool {
	u, ok := w.where.file(name)
	if !ok {
		w.p.say("%s is on another host; left alone", shown(name))
		return false
	}
	verb := "GET"
	if u.Scheme == "tftp" {
		verb = "TFTP"
	}
	start, f := time.Now(), File{Name: name}
	var r reply
	var err error
	for f.Asks < w.p.cfg.Asks && (f.Asks == 0 || r.status == http.StatusNotFound) {
		f.Asks++
		if r, err = w.fetchAs(ctx, name, u); err != nil {
			break
		}
	}
	f.Status, f.Bytes, f.Took = r.status, len(r.body), time.Since(start)
	w.files = append(w.files, f)
	switch {
	case err != nil:
		w.fail("%s %s: %w", verb, name, err)
	case r.status == http.StatusOK:
		w.read(verb, name, r.body)
	case r.status == http.StatusUnauthorized:
		w.failures = append(w.failures, fmt.Errorf("%w for %s", ErrRefused, name))
	default:
		w.p.say("%s %s: %d%s", verb, name, r.status, times(f.Asks))
	}
	return err == nil && r.status == http.StatusOK
}

func times(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(", asked %d times", n)
}

func (w *walk) fail(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	w.failures = append(w.failures, err)
	w.p.say("%v", err)
}

// read takes in one file. What it sets is applied after the last one.
func (w *walk) read(verb, name string, body []byte) {
	c, err := w.p.dialect.parse(body, w.p.cfg.Model)
	if err != nil {
		w.fail("%s %s: %w", verb, name, err)
		return
	}
	as := ""
	if w.login.signed {
		as = " as " + w.login.User
	}
	w.p.say("%s %s%s: 200, %d bytes%s", verb, name, as, len(body), describe(c, w.p.dialect.read(c.set)))
	w.p.dialect.merge(w.set, c.set)
	if w.masterOnly {
		return
	}
	if c.only {
		w.queue = nil
	}
	w.queue = append(slices.Clone(c.next), w.queue...)
}

// describe says what a file sets, without passwords.
func describe(c content, s Settings) string {
	var sets []string
	for _, a := range s.Accounts {
		sets = append(sets, fmt.Sprintf("account %s at %s", a.User, a.Registrar))
	}
	if s.User != "" {
		sets = append(sets, "provisioning login "+s.User)
	}
	if s.Hotline != "" {
		sets = append(sets, "hotline "+s.Hotline)
	}
	if s.Display != "" {
		sets = append(sets, fmt.Sprintf("display %q", s.Display))
	}
	if len(c.next) > 0 {
		sets = append(sets, "more files: "+strings.Join(c.next, " "))
	}
	if len(sets) == 0 {
		return ""
	}
	return "; sets " + strings.Join(sets, ", ")
}

// finish applies what the files set and says how far the phone came.
func (w *walk) finish(ctx context.Context, start time.Time) (Result, error) {
	p, res := w.p, w.p.result(start)
	res.URL, res.Files, res.Prompts = w.where.base.Redacted(), w.files, w.login.prompts
	res.Settings = p.dialect.read(w.set)
	err := ctx.Err()
	if err == nil && len(res.Settings.Accounts) == 0 {
		err = w.why()
	}
	if err != nil {
		res.Outcome, res.Kind = Unfinished, Kind(err)
		p.say("has no account: %v", err)
		return res, fmt.Errorf("phone %s: %w", p.cfg.MAC, err)
	}
	res.NewLogin = p.apply(res.Settings)
	res.Outcome = Provisioned
	if w.own(res.Settings.Accounts[0].Registrar) {
		res.Outcome = Waiting
	}
	p.say("%s: shows %q, %d of %d files found", res.Outcome, res.Settings.Display, w.count(http.StatusOK), len(w.files))
	return res, nil
}

// apply writes flash.
func (p *Phone) apply(s Settings) (newLogin bool) {
	if s.URL != "" {
		p.stored = s.URL
	}
	if s.User == "" {
		return false
	}
	next := vendors.Login{User: s.User, Password: s.Password}
	newLogin = next != p.login
	p.login = next
	return newLogin
}

// own reports that registrar is the box the files came from.
func (w *walk) own(registrar string) bool {
	host, _, err := net.SplitHostPort(registrar)
	if err != nil {
		host = registrar
	}
	return host == w.where.base.Hostname() || w.remotes[host]
}

// why is the worst reason a pass ended without an account.
func (w *walk) why() error {
	for _, kind := range []error{ErrRefused, ErrUnread, ErrNoAnswer} {
		for _, err := range w.failures {
			if errors.Is(err, kind) {
				return err
			}
		}
	}
	if w.count(http.StatusOK) > 0 {
		return ErrNoAccount
	}
	return ErrMissing
}

func (w *walk) count(status int) int {
	n := 0
	for _, f := range w.files {
		if f.Status == status {
			n++
		}
	}
	return n
}
