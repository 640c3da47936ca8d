package provision

// Look does what the desk does by itself every few seconds.
func (d *Desk) Look() { d.look() }
