package main

import (
	"context"

	"github.com/lineside/lineside/mdns"
)

// addMDNS has the box told of on its LAN. It is a comfort for people: where it
// cannot be had the box does everything else.
func (b *box) addMDNS() error {
	services := b.settings.services()
	if !b.settings.Listen.MDNS || b.where.Interface == "" || len(services) == 0 {
		return nil
	}
	conn, err := mdns.Listen(b.where.Interface)
	if err != nil {
		b.log.Warn("the box is not announced by mDNS: people have to type its address, phones notice nothing; stop who else holds udp 5353, or set listen.mdns = false", "err", err)
		return nil
	}
	b.sockets = append(b.sockets, conn)
	b.announcer, err = mdns.New(mdns.Config{
		Interface: b.where.Interface, Self: b.where.Self, Site: b.settings.Site.Name,
		Version: thisBuild().Version, Services: services,
	}, mdns.Deps{Log: b.log, Health: b.health, Metrics: b.metrics})
	if err != nil {
		return err
	}
	b.addDoor("mdns", conn.LocalAddr().String(), func(ctx context.Context) error { return b.announcer.Serve(ctx, conn) })
	return nil
}

// services are what the LAN is told of: the box by HTTP, its admin page, and
// where phones fetch.
func (s settings) services() []mdns.Service {
	var list []mdns.Service
	if s.Listen.HTTP != "" {
		list = append(list, mdns.Service{Type: "_http._tcp", Port: portOf(s.Listen.HTTP), Text: []string{"path=/"}})
	}
	if s.Listen.Admin != "" {
		list = append(list, mdns.Service{Type: "_https._tcp", Port: portOf(s.Listen.Admin), Text: []string{"path=/"}})
	}
	switch {
	case s.Listen.HTTP != "":
		list = append(list, mdns.Service{Type: "_lineside._tcp", Port: portOf(s.Listen.HTTP), Text: []string{"path=/cfg/", "scheme=http"}})
	case s.Listen.HTTPS != "":
		list = append(list, mdns.Service{Type: "_lineside._tcp", Port: portOf(s.Listen.HTTPS), Text: []string{"path=/cfg/", "scheme=https"}})
	}
	return list
}
