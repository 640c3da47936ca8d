package central

// flight is a change between log and view: it is durable and will be so
// everywhere, only this copy does not show it yet.
type flight struct {
	sites  map[string]bool
	landed chan struct{} // closed when the view shows it, or will not
}

// takeOff tells sites of a change before the view has it, which takes about as
// long as their question is on its way: pull has it wait. Those to be cut off
// are not told, they are to hear no more. land ends it; hinted are whom it told.
func (p *Platform) takeOff(c changes) (hinted map[string]bool, land func()) {
	f := &flight{sites: make(map[string]bool, len(c.touched)), landed: make(chan struct{})}
	for id := range c.touched {
		if !c.cut[id] {
			f.sites[id] = true
		}
	}
	p.mu.Lock()
	p.flying = f
	p.mu.Unlock()
	for id := range f.sites {
		p.hint(id)
	}
	return f.sites, func() {
		p.mu.Lock()
		p.flying = nil
		p.mu.Unlock()
		close(f.landed)
	}
}

// flies is closed when a change of a site's documents has come into the view,
// nil if there is none on its way.
func (p *Platform) flies(id string) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.flying == nil || !p.flying.sites[id] {
		return nil
	}
	return p.flying.landed
}
