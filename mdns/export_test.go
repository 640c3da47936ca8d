package mdns

// SetPublisher replaces zeroconf, whose sockets a test of the rest does not want.
func (a *Announcer) SetPublisher(up, down func(host string)) {
	a.publish = func(_ *Config, n names) (func(), error) {
		up(n.host)
		return func() { down(n.host) }, nil
	}
}
