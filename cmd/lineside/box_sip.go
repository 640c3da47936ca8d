package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sipd"
	"github.com/lineside/lineside/voice"
)

// pnpPort is the port phones ask at by multicast, whatever listen.sip is.
const pnpPort = 5060

// sipSockets are the SIP service's sockets beside those of the doors.
type sipSockets struct {
	group, watch, uplink net.PacketConn
}

// openSIP opens what the SIP service needs beside its doors: the multicast
// socket, where the LAN has an interface, and one towards the SBCs, which may
// lie behind another interface.
func (b *box) openSIP(ctx context.Context) error {
	if b.settings.Listen.SIP == "" {
		return nil
	}
	var lc net.ListenConfig
	uplink, err := lc.ListenPacket(ctx, "udp4", ":0")
	if err != nil {
		return fmt.Errorf("open a socket to the SBCs: %w: phones on hold could not call for help; see whether this machine has a network", err)
	}
	b.sip.uplink = uplink
	b.sockets = append(b.sockets, uplink)
	if !b.settings.Listen.PnP || b.where.Interface == "" {
		return nil
	}
	if b.sip.group, err = sipd.ListenGroup(ctx, b.where.Interface, pnpPort); err != nil {
		return fmt.Errorf("%w: phones that ask by multicast (PnP) get no answer; stop who else holds udp %d, or set listen.pnp = false", err, pnpPort)
	}
	b.sockets = append(b.sockets, b.sip.group)
	if b.sip.watch, err = lc.ListenPacket(ctx, "udp4", netip.AddrPortFrom(b.where.Self.Addr(), 0).String()); err != nil {
		return fmt.Errorf("open a socket to look for other PnP servers: %w: phones might be sent elsewhere; see whether %s has %s", err, b.where.Interface, b.where.Self.Addr())
	}
	b.sockets = append(b.sockets, b.sip.watch)
	return nil
}

// addSIP puts the SIP service behind its sockets, and lets the desk send through
// it.
func (b *box) addSIP(certs *tls.Config) error {
	l := sipd.Listeners{Group: b.sip.group, Watch: b.sip.watch, Uplink: b.sip.uplink}
	var names []string
	for _, o := range b.opened {
		switch o.name {
		case "SIP":
			l.UDP = append(l.UDP, o.conn)
		case "SIP-TCP":
			l.TCP = append(l.TCP, o.stream)
		case "SIPS":
			l.TLS = append(l.TLS, tls.NewListener(o.stream, certs))
		default:
			continue
		}
		if !o.six {
			names = append(names, o.title()+" "+o.at())
		}
	}
	if len(names) == 0 {
		return nil
	}
	if len(l.UDP) == 0 {
		return errors.New("the SIP service has no UDP socket; set listen.sip")
	}
	calls, err := b.newVoice()
	if err != nil {
		return err
	}
	pin := calls
	if !b.settings.SIP.PINCalls {
		pin = nil
	}
	e, sip := b.settings.Emergency, b.settings.SIP
	srv, err := sipd.New(sipd.Config{
		LAN: append([]netip.Prefix{b.where.Self.Masked()}, b.settings.Listen.Phones...), LANNow: b.six.networks, Emergency: b.desk.Site().Emergency,
		Mode: e.Mode, SBCs: b.sbcsOf(b.desk.Site()), User: e.User, Password: e.Password, Identity: e.Identity,
		Calls: sip.Calls, CallsPerAddress: sip.CallsPerAddress, Language: b.settings.Site.Language,
		Media: voice.Ports{First: sip.First, Last: sip.Last, Listen: net.ListenUDP},
	}, sipd.Deps{
		Desk: b.desk, Records: b.store, Log: b.log, Health: b.health, Metrics: b.metrics, Now: b.now, Voice: pin, Sound: calls,
	})
	if err != nil {
		return err
	}
	var knock proof
	for _, o := range b.opened {
		if o.name == "SIP" && !o.six {
			b.listOpened(o, "sip")
			knock = b.doorProof(o)
		}
	}
	b.doors = append(b.doors, newServer("sip", func(ctx context.Context) error { return srv.Serve(ctx, l) }).proved(knock))
	if l.Group != nil {
		b.list("pnp", l.Group.LocalAddr().String())
	}
	b.take = func(now phone.Site) { srv.SetSite(now.Emergency, b.sbcsOf(now)) }
	b.base = append(b.base, newServer("resyncs", func(ctx context.Context) error { return b.desk.RunResyncs(ctx, srv) }))
	return nil
}

// sbcsOf are the SBCs for emergency calls, the platform's first where the
// settings name no site.sbc.
func (b *box) sbcsOf(now phone.Site) []sipd.SBC {
	sbcs := b.settings.Emergency.SBCs
	if sbc, err := sipd.ParseSBC(now.SBC); err == nil && b.settings.Site.SBC == "" {
		sbcs = append([]sipd.SBC{sbc}, sbcs...)
	}
	return sbcs
}

// newVoice makes the sound of PIN calls and announcements, with the site's own
// prompts in the place of ours. It outlives the SIP
// service, which has to say goodbye.
func (b *box) newVoice() (*voice.Calls, error) {
	prompts, wrong := voice.LoadPrompts(os.DirFS(b.settings.promptsFolder()))
	b.tellPrompts(wrong)
	calls, err := voice.New(voice.Config{MaxCalls: b.settings.SIP.Calls}, prompts, b.log, b.metrics)
	if err != nil {
		return nil, err
	}
	b.base = append(b.base, newServer("calls", calls.Serve))
	return calls, nil
}
