package central

// Sweep takes out of the allow-list what ended long ago.
func (p *Platform) Sweep() error { return p.sweep() }
