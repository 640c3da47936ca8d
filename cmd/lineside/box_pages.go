package main

import (
	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/pages"
)

// newPages makes the pages. api is not asked before the doors are open.
func (b *box) newPages(api func(admin.Caller) *admin.Client) (*pages.Server, error) {
	p, err := pages.New(pages.Config{Version: thisBuild().Version, Now: b.now}, pages.Deps{
		API: api, People: b.accounts, Site: b.desk.Site, Log: b.log, Metrics: b.metrics,
	})
	if err != nil {
		return nil, err
	}
	b.doors = append(b.doors, newServer("pages", p.Run))
	return p, nil
}
