package central

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"github.com/lineside/lineside/sync/wire"
)

const (
	// metaRollout is, within meta, the newest rollout.
	metaRollout = "rollout"
	// bucketOutcomes are, by site, how its last update went.
	bucketOutcomes = "outcomes"
	// What counts where an operator says nothing of it.
	usualHaltPercent, usualHaltLeast = 10, 2
)

// Rollout is a release on its way to boxes.
type Rollout struct {
	Version string `json:"version"`
	// Percent is which share of the sites has it; Window is when they may take it
	// (wire.ParseWindow), empty for any time.
	Percent int    `json:"percent"`
	Window  string `json:"window,omitempty"`
	// HaltPercent is the share of the outcomes that may be boxes that went back;
	// with more, and at least HaltLeast of them, it halts by itself.
	HaltPercent int       `json:"halt_percent"`
	HaltLeast   int       `json:"halt_least"`
	Began       time.Time `json:"began"`
	// Halted is when it was halted, zero while it runs; Why says by what.
	Halted time.Time `json:"halted,omitzero"`
	Why    string    `json:"why,omitempty"`
	// Kept, Back and Refused count the sites that told so since Began. Round
	// counts rollouts, so that a site's word is of one of them.
	Kept    int `json:"kept"`
	Back    int `json:"back"`
	Refused int `json:"refused"`
	Round   int `json:"round"`
}

// Runs says that boxes are given it.
func (r Rollout) Runs() bool { return r.Version != "" && r.Halted.IsZero() }

// Outcome is how an update went at a site.
type Outcome struct {
	Site    string `json:"site"`
	Version string `json:"version"`
	// Kind is wire.KindUpdateKept, KindUpdateBack or KindUpdateRefused.
	Kind  string    `json:"kind"`
	Why   string    `json:"why,omitempty"`
	At    time.Time `json:"at"`
	Round int       `json:"round"`
}

// inShare says whether a site is among the first so many percent for a version.
// It is among the first of more, too, and others come first at the next version.
func inShare(site, version string, percent int) bool {
	sum := sha256.Sum256([]byte(site + "\n" + version))
	return binary.BigEndian.Uint64(sum[:])%100 < uint64(percent)
}

// tooManyBack says whether it has to halt by itself.
func (r Rollout) tooManyBack() bool {
	return r.Back >= r.HaltLeast && r.Back*100 > r.HaltPercent*(r.Back+r.Kept)
}

func (t *tx) rollout() (r Rollout) {
	t.get(bucketMeta, metaRollout, &r)
	return r
}

// Roll gives a release to a share of the sites. The same version again, while
// that runs, changes share and window and goes on counting; everything else
// begins anew. Zero HaltPercent and HaltLeast are the usual ones.
func (o Operator) Roll(r Rollout) (out Rollout, err error) {
	r.HaltPercent, r.HaltLeast = cmp.Or(r.HaltPercent, usualHaltPercent), cmp.Or(r.HaltLeast, usualHaltLeast)
	if err := r.check(); err != nil {
		return out, err
	}
	deed := Deed{What: "release rolled out", Key: r.Version, Detail: fmt.Sprintf("%d %% %s", r.Percent, r.Window)}
	err = o.change(deed, func(t *tx, _ *Deed) {
		var known Release
		if !t.get(bucketReleases, r.Version, &known) {
			t.fail(unknownRelease(r.Version))
			return
		}
		was := t.rollout()
		out = Rollout{Version: r.Version, Percent: r.Percent, Window: r.Window, HaltPercent: r.HaltPercent, HaltLeast: r.HaltLeast, Began: t.p.now().UTC(), Round: was.Round + 1}
		if was.Runs() && was.Version == r.Version {
			out.Began, out.Round, out.Kept, out.Back, out.Refused = was.Began, was.Round, was.Kept, was.Back, was.Refused
		}
		t.put(bucketMeta, metaRollout, out)
		t.spread(policyName())
	})
	return out, o.p.goOnAfter(err)
}

func (r Rollout) check() error {
	var wrong InvalidError
	for _, n := range []struct {
		name  string
		n     int
		least int
		most  int
	}{{"percent", r.Percent, 1, 100}, {"halt_percent", r.HaltPercent, 1, 100}, {"halt_least", r.HaltLeast, 1, 1_000_000}} {
		if n.n < n.least || n.n > n.most {
			wrong.Add(fmt.Sprintf("%s: write %d to %d", n.name, n.least, n.most))
		}
	}
	if _, err := wire.ParseWindow(r.Window); err != nil {
		wrong.Add(err.Error())
	}
	return wrong.Err()
}

// Halt has no more boxes take what is rolled out. Those that took it keep it.
func (o Operator) Halt() (out Rollout, err error) {
	err = o.change(Deed{What: "rollout halted"}, func(t *tx, d *Deed) {
		if out = t.rollout(); !out.Runs() {
			t.fail(fmt.Errorf("a rollout that runs: %w", ErrUnknown))
			return
		}
		d.Key = out.Version
		out = t.halt(out, "halted by "+o.by)
	})
	return out, o.p.goOnAfter(err)
}

func (t *tx) halt(r Rollout, why string) Rollout {
	r.Halted, r.Why = t.p.now().UTC(), why
	t.put(bucketMeta, metaRollout, r)
	t.spread(policyName())
	return r
}

// maxOutcomes bounds how many are shown.
const maxOutcomes = 100

// Rollout is the newest one, with the sites that went back from it or refused
// it, the first hundred of them.
func (p *Platform) Rollout() (r Rollout, list []Outcome, err error) {
	err = p.view(func(t *tx) {
		r = t.rollout()
		t.walk(bucketOutcomes, "", "", func(_ string, value []byte) bool {
			var o Outcome
			ok := t.read(value, &o)
			if o.Round == r.Round && o.Kind != wire.KindUpdateKept {
				list = append(list, o)
			}
			return ok && len(list) < maxOutcomes
		})
	})
	return r, list, err
}

// outcome counts what a site tells of an update, and halts the rollout where too
// many went back. A site counts once, as what it told last: no box halts a
// rollout alone that is to stand HaltLeast of them.
func (t *tx) outcome(id string, e wire.Event) {
	if e.Kind != wire.KindUpdateKept && e.Kind != wire.KindUpdateBack && e.Kind != wire.KindUpdateRefused {
		return
	}
	var said struct {
		What struct{ Version, Why string } `json:"what"`
	}
	now := t.rollout()
	if json.Unmarshal(e.Facts, &said) != nil || now.Version == "" || said.What.Version != now.Version {
		return
	}
	var was Outcome
	if t.get(bucketOutcomes, id, &was); was.Round == now.Round {
		*now.counter(was.Kind)--
	}
	*now.counter(e.Kind)++
	t.put(bucketOutcomes, id, Outcome{Site: id, Version: now.Version, Kind: e.Kind, Why: clip(said.What.Why, 200), At: e.At, Round: now.Round})
	if now.Runs() && now.tooManyBack() {
		why := fmt.Sprintf("%d of %d sites went back, more than %d %%", now.Back, now.Back+now.Kept, now.HaltPercent)
		t.halt(now, why)
		t.audited("the platform", Deed{What: "rollout halted", Key: now.Version, Detail: why})
		return
	}
	t.put(bucketMeta, metaRollout, now)
}

func (r *Rollout) counter(kind string) *int {
	switch kind {
	case wire.KindUpdateKept:
		return &r.Kept
	case wire.KindUpdateBack:
		return &r.Back
	}
	return &r.Refused
}
