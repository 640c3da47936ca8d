package provision

import (
	"container/list"
	"sync"

	"github.com/lineside/lineside/phone"
)

// page is a rendered file.
type page struct {
	bytes []byte
	tag   string
}

func newPage(body []byte) *page { return &page{bytes: body, tag: tagOf(body)} }

// pageKey names one file of one phone; a common file has no MAC.
type pageKey struct {
	mac    phone.MAC
	file   string
	vendor phone.Vendor
	six    bool // names the box by IPv6
}

// pages is the cache of rendered files: one version of each, the last one
// asked for. A change of a device changes the version its files are asked for
// under, so it replaces exactly them; what is not asked for any more falls out
// at the end of the list.
type pages struct {
	mu    sync.Mutex
	max   int // bytes
	used  int
	files map[pageKey]*list.Element
	order *list.List // front is the latest used
}

type pageEntry struct {
	key     pageKey
	version pageVersion
	page    *page
}

// entryOverhead is what an entry costs besides its bytes, about.
const entryOverhead = 256

func newPages(max int) *pages {
	return &pages{max: max, files: make(map[pageKey]*list.Element), order: list.New()}
}

func (p *pages) get(key pageKey, version pageVersion) (*page, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	el, ok := p.files[key]
	if !ok || el.Value.(*pageEntry).version != version {
		return nil, false
	}
	p.order.MoveToFront(el)
	return el.Value.(*pageEntry).page, true
}

func (p *pages) put(key pageKey, version pageVersion, body *page) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if el, ok := p.files[key]; ok {
		p.dropLocked(el)
	}
	p.files[key] = p.order.PushFront(&pageEntry{key, version, body})
	p.used += len(body.bytes) + entryOverhead
	for p.used > p.max && p.order.Len() > 1 {
		p.dropLocked(p.order.Back())
	}
}

func (p *pages) dropLocked(el *list.Element) {
	e := p.order.Remove(el).(*pageEntry)
	delete(p.files, e.key)
	p.used -= len(e.page.bytes) + entryOverhead
}
