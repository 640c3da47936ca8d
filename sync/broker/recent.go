package broker

import (
	"slices"
	"strconv"
	"strings"
	"sync"
)

// place names a connection among all of a cluster's.
type place struct {
	server string
	cid    uint64
}

func (p place) id() string { return strconv.FormatUint(p.cid, 10) }

// maxConnections is how many connections one site may have: its one, and those
// that broke without a word and are found out within a minute.
const maxConnections = 4

// recent is where each site connected last. It outlives the connections: what
// it names may be gone.
type recent struct {
	mu    sync.Mutex // guards sites
	sites map[string][]place
}

func newRecent() *recent { return &recent{sites: map[string][]place{}} }

// add notes a connection that has proved its key and waits for the platform.
func (r *recent) add(site string, at place) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sites[site] = append(r.sites[site], at)
}

func (r *recent) remove(site string, at place) {
	r.mu.Lock()
	defer r.mu.Unlock()
	left := slices.DeleteFunc(r.sites[site], func(p place) bool { return p == at })
	if len(left) == 0 {
		delete(r.sites, site)
		return
	}
	r.sites[site] = left
}

// crowded gives the oldest of more connections than a site may have.
func (r *recent) crowded(site string) (oldest place, crowded bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.sites[site]
	if len(all) <= maxConnections {
		return place{}, false
	}
	r.sites[site] = slices.Clone(all[1:])
	return all[0], true
}

// take gives a site's connections and forgets them.
func (r *recent) take(site string) []place {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.sites[site]
	delete(r.sites, site)
	return all
}

// boxName is what nats-server lists a box's connection under; boxOf reads it.
func boxName(site, nkey string) string { return site + "." + nkey }

func boxOf(name string) (site, nkey string, ok bool) { return strings.Cut(name, ".") }
