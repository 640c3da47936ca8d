package central

import (
	"fmt"
	"time"

	"github.com/lineside/lineside/sync/wire"
)

const (
	// bucketReleases are releases by version. Their files are the shelf's.
	bucketReleases = "releases"
	// maxReleases is how many are kept at once.
	maxReleases = 32
)

// Release is one that the platform keeps.
type Release struct {
	Version string    `json:"version"`
	Made    time.Time `json:"made"`
	// Key names the makers' key that signed it.
	Key    string    `json:"key"`
	Bytes  int64     `json:"bytes"`
	SHA256 string    `json:"sha256"`
	Notes  string    `json:"notes,omitempty"`
	Added  time.Time `json:"added"`
}

// AddRelease notes a release whose file is on the shelf. The same one again is
// no change: each node of a cluster has a shelf of its own. Another one of the
// same version is ErrExists, since boxes may have the first.
func (o Operator) AddRelease(r Release) error {
	if known, err := o.p.release(r.Version); err == nil && known.SHA256 == r.SHA256 {
		return nil
	}
	return o.change(Deed{What: "release added", Key: r.Version, Detail: "SHA-256 " + r.SHA256}, func(t *tx, _ *Deed) {
		var old Release
		if t.get(bucketReleases, r.Version, &old) {
			t.fail(fmt.Errorf("release %s with the SHA-256 %s: %w", r.Version, old.SHA256, ErrExists))
			return
		}
		if n := len(t.releases()); n >= maxReleases {
			t.fail(fmt.Errorf("releases: %w: %d", ErrFull, n))
			return
		}
		r.Added = t.p.now().UTC()
		t.put(bucketReleases, r.Version, r)
	})
}

// RemoveRelease forgets a release that is not being rolled out.
func (o Operator) RemoveRelease(version string) error {
	return o.change(Deed{What: "release removed", Key: version}, func(t *tx, _ *Deed) {
		var r Release
		if !t.get(bucketReleases, version, &r) {
			t.fail(unknownRelease(version))
			return
		}
		if now := t.rollout(); now.Runs() && now.Version == version {
			t.fail(&InvalidError{Fields: []string{"version: " + version + " is being rolled out: halt that first"}})
			return
		}
		t.del(bucketReleases, version)
	})
}

func unknownRelease(version string) error {
	return fmt.Errorf("release %.80s: %w", version, ErrUnknown)
}

func (t *tx) releases() (list []Release) {
	t.walk(bucketReleases, "", "", func(_ string, value []byte) bool {
		var r Release
		ok := t.read(value, &r)
		list = append(list, r)
		return ok
	})
	return list
}

// Releases are all that are kept, in the order of their versions' texts.
func (p *Platform) Releases() (list []Release, err error) {
	err = p.view(func(t *tx) { list = t.releases() })
	return list, err
}

func (p *Platform) release(version string) (r Release, err error) {
	err = p.view(func(t *tx) {
		if !t.get(bucketReleases, version, &r) {
			t.fail(unknownRelease(version))
		}
	})
	return r, err
}

// rolledTo is the release a site's box is to take now, nil for none.
func (t *tx) rolledTo(id string) *wire.Rollout {
	now := t.rollout()
	var r Release
	if !now.Runs() || !inShare(id, now.Version, now.Percent) || !t.get(bucketReleases, now.Version, &r) {
		return nil
	}
	return &wire.Rollout{Version: r.Version, Size: r.Bytes, SHA256: r.SHA256, Window: now.Window}
}
