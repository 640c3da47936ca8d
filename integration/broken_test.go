package integration

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lineside/lineside/internal/archtest"
)

// The promises as provision's TestPromises names them.
const (
	proof     = "no secret without proof"
	once      = "one generation, one device"
	onDisk    = "what was acknowledged is on disk"
	answering = "no packet stops the desk"
	lasting   = "time is kept"
)

// variant is one rule broken in one place of the real source.
type variant struct {
	name     string
	file     string
	from, to string
	// caught are the promises one of which must be seen to break.
	caught []string
}

func variants() []variant {
	return []variant{
		{"a one-time password works twice", "auth/decide.go",
			`Arming{Generation: e.OTP.Generation, Used: true,`, `Arming{Generation: e.OTP.Generation,`, []string{once}},
		{"anybody may fetch again with it", "auth/decide.go",
			`e.OTP.Used && e.OTP.By == r.By && `, `e.OTP.Used && `, []string{once}},
		{"fetching again never ends", "auth/decide.go",
			`now.Before(e.OTP.Until) && e.Enrolling()`, `e.Enrolling()`, []string{once}},
		// Where the PIN is taken on the phone's screen, a thief's guess then counts.
		{"contradiction is not heeded", "auth/decide.go",
			`case r.Identity == Contradicted: // row 2`, `case false: // row 2`, []string{proof, once, lasting}},
		{"doubt is not heeded", "auth/decide.go",
			`case r.Identity == Doubted:`, `case false:`, []string{proof, once}},
		{"trust lets claimed addresses in", "auth/decide.go",
			`!(r.Identity == Proven || p.Claimed)`, `false`, []string{proof}},
		{"the window lets in who holds a login", "auth/decide.go",
			`return e.Login().IsZero() || `, `return true || `, []string{proof}},
		{"the window answers in the admin's place", "auth/decide.go",
			`!e.Ticket.judged(now) && `, ``, []string{proof}},
		{"a right PIN is for anybody", "auth/decide.go",
			`mine := e.Pass.By == r.By || `, `mine := true || `, []string{proof}},
		{"the new login never replaces the old", "auth/decide.go",
			`Changes: true}, e.confirm()`, `Changes: true}, e`, []string{onDisk, proof}},
		{"reset leaves the login", "auth/actions.go",
			`Epoch: e.Epoch + 1,`, `Epoch: e.Epoch + 1, Current: e.Current,`, []string{proof}},
		{"lock-outs end early", "auth/enrolment.go",
			`e.State == Failed && !now.Before(e.Until)`, `e.State == Failed && !now.Before(e.Until.Add(-20*time.Minute))`, []string{lasting}},
		{"suspension does not end", "auth/enrolment.go",
			`return now.Before(e.Suspended)`, `return !e.Suspended.IsZero()`, []string{lasting, proof}},
		{"a ticket works twice", "auth/ticket.go",
			`	e.Ticket.State = TicketUsed
`, ``, []string{once}},
		{"a ticket is for anybody", "auth/ticket.go",
			`bound := t.Asked.By != "" && t.Asked.By == r.By`, `bound := t.Asked.By != ""`, []string{once}},
		{"approval is not awaited", "auth/ticket.go",
			`if e.Ticket.Approval && !p.AutoApprove {`, `if false {`, []string{proof}},
		{"a ticket does not expire", "auth/ticket.go",
			`if t.State.IsLive() && !now.Before(t.Until) {`, `if false {`, []string{proof, once}},
		{"a demanded ticket is not demanded", "auth/decide.go",
			`	case e.TicketOnly:
`, `	case false:
`, []string{proof, once}},
		{"a lease proves a MAC alone", "provision/wire.go",
			`case w.leased && (w.answers || w.addr.IsLoopback()) && !`, `case w.leased && !`, []string{proof, once}},
		{"an ARP entry proves a MAC alone", "provision/wire.go",
			`case w.leased && (w.answers || w.addr.IsLoopback()) && !`, `case w.answers && !`, []string{proof, once}},
		{"two with one MAC are both proven", "provision/wire.go",
			` && !d.rival(now, mac, w.addr):`, `:`, []string{proof, once}},
		{"a PIN is for whoever asked last", "provision/onhold.go",
			`names = append(names, x.by)`, `return x.by, nil`, []string{proof}},
		{"wrong PINs are not kept", "provision/actions.go",
			`if !result.Looked {
			return &next, nil, nil`, `if !result.Accepted {
			return &old, nil, nil`, []string{onDisk}},
		{"a PIN on the screen is looked at in a lock-out", "auth/screen.go",
			`!p.takesScreenPIN(e, r) || e.At(now) != Needed:`, `!p.takesScreenPIN(e, r):`, []string{lasting, proof}},
		{"any PIN on the screen is right", "auth/screen.go",
			`right := r.Shown == ScreenPIN`, `right := true`, []string{proof}},
		{"a PIN on the screen is half of nothing", "auth/screen.go",
			`p.WantsPIN(e) && (p.FirstContact != FactorBoth || p.halfway(e, r))`, `true`, []string{lasting, proof}},
		{"old pages are served", "provision/answer.go",
			`"%d/%d/%s/%s", rec.Rev,`, `"%d/%d/%s/%s", 0*rec.Rev,`, []string{proof}},
		{"a name can be too short", "provision/identify.go",
			`d.table.File(path.Base(ask.File), hint)`, `d.table.File(path.Base(ask.File[1:]), hint)`, []string{answering}},
		{"answers do not wait for the disk", "store/commit.go",
			`		return v.finish(tx)`, `		if err := v.finish(tx); err != nil {
			return err
		}
		s.publish(v.overlay)
		for i, c := range mine {
			c.done <- answers[i]
		}
		return nil`, []string{onDisk}},
		{"a restored copy burns nothing", "store/settle.go",
			`if !next.Enrolment.OTP.Used {`, `if false {`, []string{once}},
		{"the box's time goes back", "store/clock.go",
			`if off > 0 && c.believesLocked(off) {`, `if off != 0 && c.believesLocked(off) {`, []string{lasting}},
		{"any leap is believed", "store/clock.go",
			`return c.synced() || c.ran-c.leaptAt >= proveFor`, `return true`, []string{lasting}},
	}
}

// oneOfEachKind are the variants that make test runs.
var oneOfEachKind = []string{
	"a one-time password works twice", "contradiction is not heeded", "trust lets claimed addresses in",
	"a right PIN is for anybody", "reset leaves the login", "lock-outs end early", "a ticket works twice",
	"a lease proves a MAC alone", "wrong PINs are not kept", "answers do not wait for the disk",
	"a restored copy burns nothing", "the box's time goes back",
}

// catch is what became of one variant.
type catch struct{ promise, how, seed string }

// TestBrokenVariants breaks the rules, one place at a time and in the
// compiler's eyes only, and expects the properties to notice. A rule that can
// be broken unnoticed is a rule the properties do not hold.
//
// Each costs some ten seconds of a core: all of them are for SOAK=1, make test
// has one of each kind.
func TestBrokenVariants(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the program once for each variant")
	}
	list := variants()
	if os.Getenv("SOAK") == "" {
		list = slices.DeleteFunc(list, func(v variant) bool { return !slices.Contains(oneOfEachKind, v.name) })
		if len(list) != len(oneOfEachKind) {
			t.Fatalf("got %d variants, want %d: a name has changed", len(list), len(oneOfEachKind))
		}
	}
	var mu sync.Mutex
	table := map[string]catch{}
	t.Run("variants", func(t *testing.T) {
		for _, v := range list {
			t.Run(v.name, func(t *testing.T) {
				t.Parallel()
				c := v.run(t)
				mu.Lock()
				defer mu.Unlock()
				table[v.name] = c
			})
		}
	})
	var b strings.Builder
	for _, v := range list {
		c := table[v.name]
		fmt.Fprintf(&b, "\n%-40s %-34s seed %s", v.name, c.promise, c.seed)
	}
	t.Log(b.String())
}

var (
	// A race that is lost once and not again is found all the same; rapid then
	// says "flaky".
	failure = regexp.MustCompile(`(?:\[rapid\] failed after \d+ tests: |Original traceback \()BROKEN: ([^:]+): (.*)`)
	seed    = regexp.MustCompile(`-rapid\.seed=(\d+)`)
)

// run tests one variant in a go tool of its own.
func (v variant) run(t *testing.T) catch {
	overlay := archtest.Edited(t, filepath.Join("..", filepath.FromSlash(v.file)), v.from, v.to)
	out, err := v.test(t, overlay, "1500")
	if err == nil { // the sites are drawn by lot, and now and then none of them needs the rule
		out, err = v.test(t, overlay, "6000")
	}
	if err == nil {
		t.Fatalf("%s: got no failure, want a broken promise:\n%s", v.file, out)
	}
	m := failure.FindSubmatch(out)
	if m == nil {
		t.Fatalf("%s: the test failed for another reason than a broken promise: %v\n%.4000s", v.file, err, out)
	}
	c := catch{promise: string(m[1]), how: string(m[2])}
	if s := seed.FindSubmatch(out); s != nil {
		c.seed = string(s[1])
	}
	if !slices.Contains(v.caught, c.promise) {
		t.Errorf("got %q (%s), want one of %q", c.promise, c.how, v.caught)
	}
	t.Logf("%s: %s", c.promise, c.how)
	return c
}

// test runs the properties over so many sites of the broken source.
func (v variant) test(t *testing.T, overlay, sites string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-overlay", overlay, "-count=1", "-run", "^TestPromises$", "./provision")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "RAPID_CHECKS="+sites, "RAPID_NOFAILFILE=1", "RAPID_SHRINKTIME=0s")
	return cmd.CombinedOutput()
}
