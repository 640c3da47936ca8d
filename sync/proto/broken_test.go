package proto_test

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"github.com/lineside/lineside/internal/archtest"
)

// variant is one rule broken in one place of the source.
type variant struct {
	name, file, from, to string
	// how the search words what it must find.
	how string
}

func variants() []variant {
	const (
		twice  = `mint m\d+ was accepted \d+ times`
		differ = `site [AB] (holds|is not in step)`
		counts = `the platform (counts|holds)`
	)
	return []variant{
		{"answers before it is marked used", "site.go",
			"	for _, b := range a.Burns {\n		spend(tx, b)\n	}\n	m.Count = a.Count\n	tx.SetMeta(m)\n	return out",
			"	m.Count = a.Count\n	tx.SetMeta(m)\n	return out", twice},
		{"no anchor", "site.go", "switch a.Count {\n	case m.Count:", "switch a.Count {\n	case a.Count:", twice},
		{"no gate", "link.go", "!rules.Offline || !l.open ||", "!rules.Offline ||", twice},
		{"a move keeps the generation", "central.go",
			`sec.OTP, sec.Used = sec.OTP.Next(epoch, mint), mint == ""`, `_ = mint`, twice},
		{"any attempt has the yes of another", "central.go", "OK: h.Tx == c.Tx}", "OK: true}", twice},
		{"the last news of a PIN wins", "gen.go", "case t.PIN.Newer(s.PIN):", "case true:", `went back`},
		{"the platform's past is not checked", "central.go", "	return Ahead\n}", "	return Followed\n}", differ + "|" + twice},
		{"no new epoch", "central.go", "Restored(tx, now, h.Cursor.Epoch)", "_ = now", differ + "|" + twice},
		{"a rollback is not reported", "central.go", "if stray || h.Rolled {", "if stray {", twice + "|" + differ},
		{"documents are read before all is taken back", "central.go", "	if tx.Member(from).Voiding {\n		return PullReply{}, false", "	if false {\n		return PullReply{}, false", twice},
		{"a forgotten start looks like one that never was", "central.go", "c.Rev <= m.Boots[0].Rev", "c.Rev < m.Boots[0].Rev", `began though`},
		{"the epoch is counted", "central.go", "m.Epoch = max(now, m.Epoch+1, seen+1)", "m.Epoch++", twice + "|" + differ + "|began though"},
		{"burnt mints are not reported", "site.go", "	m.Burns = append(m.Burns, a.Burns...)\n", "", twice},
		{"older tries count for a new PIN", "gen.go", "out.PIN, out.Fails, out.Locked = t.PIN, t.Fails, t.Locked",
			"out.PIN, out.Fails, out.Locked = t.PIN, max(s.Fails, t.Fails), s.Locked || t.Locked", counts},
	}
}

// TestBrokenVariants breaks the rules one at a time, in the compiler's eyes
// only, and expects the search to notice. Four rules stand behind others and
// are tested by themselves (TestBehindOthers): without them the search finds
// nothing, for honest sites.
func TestBrokenVariants(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the package once for each variant")
	}
	for _, v := range variants() {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			overlay := archtest.Edited(t, v.file, v.from, v.to)
			out, err := v.test(t, overlay, "1500")
			if err == nil { // worlds are drawn by lot, and now and then none of them needs the rule
				out, err = v.test(t, overlay, "25000")
			}
			if err == nil {
				t.Fatalf("got no failure, want one: a rule that can be broken unnoticed is not held\n%s", out)
			}
			found := regexp.MustCompile(`(?m)^.*(` + v.how + `).*$`).Find(out)
			if found == nil {
				t.Fatalf("got another failure than %s:\n%.3000s", v.how, out)
			}
			t.Logf("%s", found)
		})
	}
}

// test draws so many worlds of each setup under the broken rule.
func (v variant) test(t *testing.T, overlay, worlds string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-overlay", overlay, "-count=1", "-failfast", "-run", "^TestRandomWorlds$", ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "RAPID_CHECKS="+worlds, "RAPID_NOFAILFILE=1", "RAPID_SHRINKTIME=0s")
	return cmd.CombinedOutput()
}
