package neigh

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Addresses are an interface's IPv6 addresses as they come and go: routers
// announce networks (RFC 4861), and the kernel makes addresses in them (RFC
// 4862). Make it with NewAddresses and keep it with Run.
type Addresses struct {
	iface string
	log   *slog.Logger

	mu   sync.Mutex
	self netip.Addr
	nets []netip.Prefix
}

// NewAddresses is about one interface; it does no I/O.
func NewAddresses(iface string, log *slog.Logger) *Addresses {
	return &Addresses{iface: iface, log: log.With("component", "addresses", "iface", iface)}
}

// Self is the address phones are told, invalid while there is none: a
// link-local one cannot be told, for whoever uses it has to name an interface.
func (a *Addresses) Self() netip.Addr {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.self
}

// Link is the interface's link-local address, invalid while it has none.
func (a *Addresses) Link() netip.Addr {
	for _, p := range a.Prefixes() {
		if p.Addr().IsLinkLocalUnicast() {
			return p.Addr()
		}
	}
	return netip.Addr{}
}

// Prefixes are the interface's addresses with their networks, link-local ones
// included. The slice must not be changed.
func (a *Addresses) Prefixes() []netip.Prefix {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.nets
}

// Run follows the kernel until ctx ends; then it returns nil. A broken
// subscription is made anew.
func (a *Addresses) Run(ctx context.Context) error {
	persist(ctx, a.follow, func(err error) {
		a.log.Warn("the interface's IPv6 addresses are not followed; phones may be told an old one until they are", "err", err)
	})
	return nil
}

// follow looks anew at each change, whatever it was: there are few.
func (a *Addresses) follow(ctx context.Context) error {
	updates, done := make(chan netlink.AddrUpdate, 64), make(chan struct{})
	var broken error
	if err := netlink.AddrSubscribeWithOptions(updates, done, netlink.AddrSubscribeOptions{ErrorCallback: func(err error) { broken = err }}); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { close(done) })
	err := a.Look()
	for range updates {
		err = a.Look()
	}
	if stop() {
		close(done)
	}
	return errors.Join(broken, err, errors.New("subscription ended"))
}

// Look asks the kernel once.
func (a *Addresses) Look() error {
	link, err := netlink.LinkByName(a.iface)
	if err != nil {
		return fmt.Errorf("find interface %s: %w", a.iface, err)
	}
	list, err := netlink.AddrList(link, netlink.FAMILY_V6)
	if err != nil {
		return fmt.Errorf("list the IPv6 addresses of %s: %w", a.iface, err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	was := a.self
	a.self, a.nets = choose(was, list)
	if a.self != was {
		a.log.Info("the address phones are told by IPv6 changed", "remote", a.self)
	}
	return nil
}

// unfit are the states in which an address is told to nobody: it is not yet, or
// no more, the interface's own, or changes every day (RFC 8981).
const unfit = unix.IFA_F_TENTATIVE | unix.IFA_F_DADFAILED | unix.IFA_F_DEPRECATED | unix.IFA_F_TEMPORARY

// choose says which address phones are told. One that an operator gave comes
// before those that some router announced, as anybody on the LAN can; of these a
// local one (RFC 4193) before one that changes with the provider; and what was
// told stays, as long as nothing better comes.
func choose(was netip.Addr, list []netlink.Addr) (self netip.Addr, nets []netip.Prefix) {
	best := 0
	for _, l := range list {
		ip, ok := netip.AddrFromSlice(l.IP)
		if !ok || !ip.Is6() || l.Flags&(unix.IFA_F_TENTATIVE|unix.IFA_F_DADFAILED) != 0 {
			continue
		}
		bits, _ := l.Mask.Size()
		nets = append(nets, netip.PrefixFrom(ip, bits))
		if !ip.IsGlobalUnicast() || l.Flags&unfit != 0 {
			continue
		}
		rank := 1
		if ip == was {
			rank++
		}
		if ip.IsPrivate() {
			rank += 2
		}
		if l.Flags&unix.IFA_F_PERMANENT != 0 {
			rank += 4
		}
		if rank > best || rank == best && ip.Less(self) {
			best, self = rank, ip
		}
	}
	slices.SortFunc(nets, netip.Prefix.Compare)
	return self, nets
}
