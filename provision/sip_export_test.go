package provision

// WaitingResyncs is how many phones are to be told to fetch.
func (d *Desk) WaitingResyncs() int {
	d.resyncs.mu.Lock()
	defer d.resyncs.mu.Unlock()
	return len(d.resyncs.state)
}
