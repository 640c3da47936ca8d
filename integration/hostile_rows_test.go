package integration

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/provision"
)

// Kinds of answers.
const (
	refused = "refused" // byte for byte what an unknown MAC is told
	holding = "holding" // a holding config, which has no platform secret
	full    = "FULL"    // a config with the phone's SIP password
	silence = "silence" // no answer reached the caller
)

// row is one thing somebody did on the hostile LAN and what came of it.
type row struct {
	who, what  string
	http, tftp string
	// audit is the reason of the refusal that must stand in the audit log,
	// empty where none has to.
	audit  auth.Reason
	remote string
	health string
}

// want is what a row must come to; an empty tftp is not asked.
type want struct {
	http, tftp string
	audit      auth.Reason
}

// firstContact is what a caller that layer 2 does not contradict, and that
// shows nothing, is told of a phone that has proved nothing.
func (h *hostileLAN) firstContact() want {
	if h.policy == auth.FactorPIN {
		return want{http: holding, tftp: holding}
	}
	return want{http: refused, tftp: refused}
}

var (
	contradicted = want{http: refused, tftp: refused, audit: auth.MACContradicted}
	elsewhere    = want{http: refused, tftp: refused, audit: auth.MACElsewhere}
	challenged   = want{http: refused, tftp: refused}
	everything   = want{http: full}
)

// laptopAsks is a row of the laptop asking for the phone's config.
func (h *hostileLAN) laptopAsks(who, what string, w want, login ...string) {
	h.t.Helper()
	h.asks(h.laptop, who, what, h.d.config, w, login...)
}

func (h *hostileLAN) phoneAsks(what string, w want, login ...string) {
	h.t.Helper()
	h.asks(h.d.host, "the phone", what, h.d.config, w, login...)
}

func (h *hostileLAN) asks(from *netlab.Host, who, what, file string, w want, login ...string) {
	h.t.Helper()
	r := row{who: who, what: what, audit: w.audit, remote: addressOf(from), tftp: "-"}
	var form string
	if r.http, form = h.get(from, file, login...); r.http != w.http {
		h.t.Errorf("%s: %s, by HTTP: got %s, want %s:\n%.400s", who, what, r.http, w.http, form)
	}
	if w.tftp != "" {
		if r.tftp = h.getTFTP(from, file); r.tftp != w.tftp {
			h.t.Errorf("%s: %s, by TFTP: got %s, want %s", who, what, r.tftp, w.tftp)
		}
	}
	r.health = h.condition(r.remote, w.audit)
	h.rows = append(h.rows, r)
}

func addressOf(h *netlab.Host) string {
	out, _ := h.Try(clientTime, "ip", "-4", "-brief", "address", "show", "dev", h.Interface())
	f := strings.Fields(out)
	if len(f) < 3 {
		return ""
	}
	addr, _, _ := strings.Cut(f[2], "/")
	return addr
}

// condition is what the health page says of the caller; a refusal by layer 2
// must stand there, and name who it was and whose config was asked for.
func (h *hostileLAN) condition(remote string, reason auth.Reason) string {
	h.t.Helper()
	if reason != auth.MACContradicted && reason != auth.MACElsewhere {
		return "-"
	}
	who := laptopMAC
	if reason == auth.MACElsewhere { // its MAC is the phone's, only its address tells
		who = remote
	}
	got, err := h.b.client.Health(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	for _, c := range got.Conditions {
		for line := range strings.SplitSeq(c.Detail, "; ") {
			if c.Code == provision.CodeContradicted && strings.Contains(line, who) && strings.Contains(line, h.d.config) {
				return line
			}
		}
	}
	h.t.Errorf("health: got %+v, want a condition that says %s asked for %s", got.Conditions, who, h.d.config)
	return "-"
}

// audited waits until the audit log has every refusal the rows promise. It is
// written every few seconds, many alike as one with their number.
func (h *hostileLAN) audited() (verified audit.Check) {
	h.t.Helper()
	deadline := time.NewTimer(clientTime)
	defer deadline.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		entries := h.refusals()
		lacking := slices.IndexFunc(h.rows, func(r row) bool { return r.audit != "" && !entries[r.remote+" "+string(r.audit)] })
		if lacking < 0 {
			break
		}
		select {
		case <-deadline.C:
			h.t.Fatalf("the audit log has %v, and lacks %+v", entries, h.rows[lacking])
		case <-tick.C:
		}
	}
	c, err := h.b.client.VerifyAudit(h.t.Context())
	if err != nil || !c.OK {
		h.t.Errorf("audit log: got %+v, %v; want it whole", c, err)
	}
	return c
}

// refusals are those in the audit log, by address and reason.
func (h *hostileLAN) refusals() map[string]bool {
	h.t.Helper()
	out := make(map[string]bool)
	var since uint64
	for {
		page, err := h.b.client.Audit(h.t.Context(), since, h.mac, 500)
		if err != nil {
			h.t.Fatal(err)
		}
		if len(page) == 0 {
			return out
		}
		for _, e := range page {
			var what audit.Refused
			if since = e.Seq; e.Kind == what.Kind() && json.Unmarshal(e.What, &what) == nil {
				out[e.By.Remote.String()+" "+what.Reason] = true
			}
		}
	}
}

// print writes the table.
func (h *hostileLAN) print() {
	h.t.Helper()
	check := h.audited()
	out := &strings.Builder{}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "who\twhat\tHTTP\tTFTP\taudit\thealth")
	for _, r := range h.rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.who, r.what, r.http, r.tftp, orDash(string(r.audit)), r.health)
	}
	_ = w.Flush()
	h.t.Logf("policy %s; audit log whole, %d entries\n%s", h.policy, check.Entries, out)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// TestHostileLAN has a laptop that is on the same bridge as a phone try to get
// the phone's config, under each policy, before, while and after the phone
// proves itself.
func TestHostileLAN(t *testing.T) {
	for _, policy := range []auth.Factor{auth.FactorPIN, auth.FactorOTP, auth.FactorBoth, auth.FactorNone} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			h := newHostileLAN(t, policy)
			h.beforeProof()
			h.identified()
			h.whileTrusted()
			h.whileTrustedUnseen()
			if policy.WantsPIN() {
				h.byPIN()
			}
			if policy == auth.FactorPIN { // without the OTP nobody else is put on hold
				h.byPINUnseen()
			}
			h.afterProof()
			h.print()
		})
	}
}
