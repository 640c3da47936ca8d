package admin_test

import "github.com/lineside/lineside/auth"

// Records gives copies all the same: whoever changes one is found out by nobody.
func (d *desk) Records() []*auth.Record {
	all, _ := d.Devices()
	list := make([]*auth.Record, len(all))
	for i := range all {
		list[i] = &all[i]
	}
	return list
}
