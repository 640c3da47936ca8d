package central

import (
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/lineside/lineside/sync/wire"
)

// Shelf has the files of releases.
type Shelf interface {
	// Open opens the file of a release, which whoever asked for it closes.
	Open(version string) (*os.File, error)
}

const (
	// maxFetches is how many boxes fetch a release at once; others come again.
	maxFetches = 64
	// fetchFor is how long one fetch may take; the next goes on where it ended.
	fetchFor = time.Hour
)

// fetching are the sites that fetch a release, each once.
type fetching struct {
	mu sync.Mutex // guards by
	by map[string]bool
}

func (f *fetching) begin(site string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.by[site] || len(f.by) >= maxFetches {
		return false
	}
	f.by[site] = true
	return true
}

func (f *fetching) end(site string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.by, site)
}

// release gives a site the release that is rolled out to it, and no other: a
// halt counts from the next request on, whatever the box was told before.
func (h *Handler) release(w http.ResponseWriter, r *http.Request, version string) {
	id, ok := h.sessions.site(bearer(r), h.p.now())
	if !ok {
		refuse(w)
		return
	}
	var to *wire.Rollout
	err := h.p.view(func(t *tx) { to = t.rolledTo(id) })
	if err != nil || to == nil || to.Version != version || h.Shelf == nil {
		http.Error(w, "this release is not rolled out to this site", http.StatusNotFound)
		return
	}
	if !h.fetching.begin(id) {
		later(w, busy())
		return
	}
	defer h.fetching.end(id)
	f, err := h.Shelf.Open(version)
	if err != nil {
		h.p.log.Error("a release is not on this node's shelf: give it to this node too with lineside-central release add", "file", version, "err", err)
		later(w, busy())
		return
	}
	defer func() { _ = f.Close() }()                                             // nothing was written
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(fetchFor)) // every connection of ours has deadlines
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("ETag", `"`+to.SHA256+`"`)
	http.ServeContent(w, r, "", time.Time{}, f)
}
