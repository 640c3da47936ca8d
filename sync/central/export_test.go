package central

// SweepAllow takes out of the allow-list what ended long ago.
func (p *Platform) SweepAllow() error { return p.sweepAllow() }

// WriteAllow writes the files as they should be now.
func (p *Platform) WriteAllow(f AllowFiles) error {
	ranges, _, _ := p.allowRanges()
	return f.write(ranges, p.now())
}

// Disjoint cuts ranges up for nftables.
func Disjoint(ranges []AllowRange) []AllowRange { return disjoint(ranges) }
