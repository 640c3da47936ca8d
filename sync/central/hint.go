package central

import "slices"

// listen gives a channel that has something in it after every change of what
// the site is to hold, until end.
func (p *Platform) listen(id string) (news <-chan struct{}, end func()) {
	c := make(chan struct{}, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hints[id] == nil {
		p.hints[id] = map[chan struct{}]bool{}
	}
	p.hints[id][c] = true
	return c, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if delete(p.hints[id], c); len(p.hints[id]) == 0 {
			delete(p.hints, id)
		}
	}
}

// Watch has f called with every site of which something changed, whoever made
// the change, until stop: a question that comes after it is answered with it. f
// must not wait.
func (p *Platform) Watch(f func(site string)) (stop func()) {
	w := &f
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watchers = append(p.watchers, w)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.watchers = slices.DeleteFunc(slices.Clone(p.watchers), func(o *func(string)) bool { return o == w })
	}
}

// announce tells what was committed to whoever waits for it, but for sites that
// were told already.
func (p *Platform) announce(c changes, hinted map[string]bool) {
	p.refreshAllow(c.allow)
	p.mu.Lock()
	close(p.changed)
	p.changed = make(chan struct{})
	p.mu.Unlock()
	for id := range c.cut {
		p.cutOff(id)
		c.touched[id] = true // what it asks next is refused
	}
	for id := range c.touched {
		if !hinted[id] {
			p.hint(id)
		}
	}
}

func (p *Platform) hint(id string) {
	p.mu.Lock()
	for c := range p.hints[id] {
		select {
		case c <- struct{}{}:
		default:
		}
	}
	all := p.watchers
	p.mu.Unlock()
	for _, f := range all {
		(*f)(id)
	}
}

// hintAll tells every site that there may be news.
func (p *Platform) hintAll() {
	var all []string
	err := p.view(func(t *tx) {
		t.walk(bucketSites, "", "", func(id string, _ []byte) bool {
			all = append(all, id)
			return true
		})
	})
	if err != nil {
		p.log.Error("sites are not told that there may be news; they ask within minutes", "err", err)
	}
	for _, id := range all {
		p.hint(id)
	}
}

// next is closed when something was committed.
func (p *Platform) next() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed
}
