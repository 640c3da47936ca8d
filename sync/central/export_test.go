package central

// SweepAllow takes out of the allow-list what ended long ago.
func (p *Platform) SweepAllow() error { return p.sweepAllow() }
