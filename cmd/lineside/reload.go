package main

import (
	"context"
	"maps"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/health"
)

// Conditions of settings that changed while the box runs.
const (
	codeRefused = "settings-refused"
	codeWaiting = "settings-wait-for-restart"
)

// reloadable are the settings a running box takes over: what its DHCP server or
// relay says and gives, and where mail goes. Its port, its mode (on which leases, watch and desk hang)
// and what others than it say of DHCP stay as they were at the start.
var reloadable = []string{
	"dhcp.pool", "dhcp.lease", "dhcp.router", "dhcp.dns", "dhcp.ntp", "dhcp.domain", "dhcp.phones_only",
	"dhcp.upstream", "dhcp.trust_relay_info", "dhcp.reservations", "dhcp.scopes",
	"mail.smtp", "mail.from", "mail.user", "mail.password", "mail.password_file", "mail.tls", "mail.ca",
}

// with is s with what is reloadable of other.
func (s settings) with(other settings) settings {
	was := s.DHCP
	s.DHCP = other.DHCP
	s.DHCP.Mode, s.DHCP.Listen, s.DHCP.VoiceVLAN = was.Mode, was.Listen, was.VoiceVLAN
	s.DHCP.IPv6, s.DHCP.DNS6, s.DHCP.NTP6 = was.IPv6, was.DNS6, was.NTP6
	s.Mail = other.Mail
	s.Origin = merge(s.Origin, other.Origin)
	return s
}

// merge is two, in its order, with the values of one where they are fixed.
func merge(one, two []admin.Setting) (list []admin.Setting) {
	fixed := make(map[string]admin.Setting, len(one))
	for _, o := range one {
		if !reloads(o.Key) {
			fixed[o.Key] = o
		}
	}
	for _, o := range two {
		if was, ok := fixed[o.Key]; ok {
			o = was
		} else if !reloads(o.Key) {
			continue // new to the box, as that of a section the file had not
		}
		list = append(list, o)
	}
	return list
}

// reloads reports that a running box takes a key over.
func reloads(key string) bool {
	return slices.ContainsFunc(reloadable, func(k string) bool { return key == k || strings.HasPrefix(key, k+".") })
}

// differ are the keys that have another value in one list than in the other.
func differ(one, other []admin.Setting) (keys []string) {
	value := make(map[string]string, len(one))
	for _, o := range one {
		value[o.Key] = o.Value
	}
	for _, o := range other {
		if v, ok := value[o.Key]; !ok || v != o.Value {
			keys = append(keys, o.Key)
		}
		delete(value, o.Key)
	}
	for k := range value {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// changed are the keys that other has another value of.
func (s settings) changed(other settings) []string {
	keys := differ(s.Origin, other.Origin)
	if !maps.Equal(s.DHCP.Reservations, other.DHCP.Reservations) {
		keys = append(keys, "dhcp.reservations")
	}
	return keys
}

// inForceSettings are those after a reload. The zero value is none: those of the
// start are in force.
type inForceSettings struct{ now atomic.Pointer[settings] }

func (f *inForceSettings) settings(start settings) settings {
	if s := f.now.Load(); s != nil {
		return *s
	}
	return start
}

// reloadSettings reads the settings file anew, and takes over what a running box
// can. A file with a fault changes nothing.
func (b *box) reloadSettings(ctx context.Context) {
	if b.settings.Path == "" {
		return // the demo has no file
	}
	was := b.force.settings(b.settings)
	read, err := loadSettings(b.settings.Path)
	next := was.with(read)
	if read.DHCP.Mode != was.DHCP.Mode {
		next = was // what else the file says is meant for the other mode
	}
	if err == nil {
		if wrong := checkDHCP(next, b.where); len(wrong) > 0 {
			err = wrong
		}
	}
	if err == nil {
		err = b.replaceDHCP(ctx, was, next)
	}
	if err == nil {
		err = b.replaceMail(ctx, next)
	}
	if err != nil {
		b.refuseSettings(err)
		return
	}
	b.health.Clear(codeRefused)
	b.force.now.Store(&next)
	b.log.Info("settings were loaded", "changed", was.changed(next))
	b.tellWaiting(next, read)
}

// replaceDHCP has another server on the DHCP port where settings want one.
func (b *box) replaceDHCP(ctx context.Context, was, next settings) error {
	if b.port == nil || !slices.ContainsFunc(was.changed(next), func(key string) bool { return strings.HasPrefix(key, "dhcp.") }) {
		return nil
	}
	serve, err := b.newDHCP(next)
	if err != nil {
		return err
	}
	b.port.replace(ctx, serve)
	return nil
}

func (b *box) refuseSettings(err error) {
	b.log.Error("settings were not loaded; those in force stay", "err", err)
	b.health.Raise(b.now(), health.Condition{
		Code: codeRefused, Title: "The settings file has a fault",
		Meaning: "phones notice nothing: the settings of before are in force; a restart would find the fault too, and the box would not start",
		Do:      "lineside check --config " + b.settings.Path + " says all that is wrong; correct it, then: systemctl reload lineside",
		Detail:  err.Error(),
	})
}

// tellWaiting names the changed settings that only a restart takes over. Those
// that count at the first start only wait for none.
func (b *box) tellWaiting(force, read settings) {
	first := inForce(b.desk.Policy())
	keys := slices.DeleteFunc(force.changed(read), func(key string) bool { _, ok := first[key]; return ok })
	if len(keys) == 0 {
		b.health.Clear(codeWaiting)
		return
	}
	b.log.Warn("some changed settings wait for a restart", "waiting", keys)
	b.health.Raise(b.now(), health.Condition{
		Code: codeWaiting, Title: "Some changed settings wait for a restart",
		Meaning: "phones are served by the ones of before",
		Do:      "lineside restart: phones that are in use go on meanwhile; calls for a PIN that run break off",
		Detail:  strings.Join(keys, ", "),
	})
}

// serveDHCP answers on a socket until its context ends.
type serveDHCP func(context.Context, net.PacketConn) error

// dhcpPort is the DHCP port, served by one after the other: what arrives between
// two waits in the socket.
type dhcpPort struct {
	conn net.PacketConn
	now  serveDHCP
	next chan serveDHCP
}

func newDHCPPort(conn net.PacketConn, serve serveDHCP) *dhcpPort {
	return &dhcpPort{conn: conn, now: serve, next: make(chan serveDHCP)}
}

// replace has the port served by another from here on; it waits until that is on
// its way, or ctx ends.
func (p *dhcpPort) replace(ctx context.Context, serve serveDHCP) {
	select {
	case p.next <- serve:
	case <-ctx.Done():
	}
}

// serve answers until ctx ends.
func (p *dhcpPort) serve(ctx context.Context) error {
	for {
		running, stop := context.WithCancel(ctx)
		done, serve := make(chan error, 1), p.now
		go func() { done <- serve(running, p.conn) }()
		select {
		case err := <-done:
			stop()
			return err
		case p.now = <-p.next:
			stop()
			if err := <-done; err != nil || ctx.Err() != nil {
				return err
			}
			_ = p.conn.SetReadDeadline(time.Time{})
		}
	}
}
