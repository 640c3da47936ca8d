package neigh

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/lineside/lineside/phone"
)

// usable are the states in which an entry's hardware address was confirmed by
// the neighbour itself, now or lately.
const usable = netlink.NUD_REACHABLE | netlink.NUD_STALE | netlink.NUD_DELAY | netlink.NUD_PROBE | netlink.NUD_PERMANENT

// askAgain bounds how often the kernel is asked for an address that is not in
// the copy: its word may be on the way.
const askAgain = 50 * time.Millisecond

// receiveBuffer is asked of the kernel for the subscription, in bytes: somebody who
// makes up neighbours fills a small one, and then it breaks off. Without
// CAP_NET_ADMIN the kernel's limit (net.core.rmem_max) stands.
const receiveBuffer = 16 << 20

// Table is the copy. Make it with New and keep it with Run; it is safe for
// concurrent use.
type Table struct {
	log  *slog.Logger
	room int // bytes of the subscription's buffer

	mu    sync.RWMutex
	macs  map[netip.Addr]phone.MAC
	count map[phone.MAC]int // entries that name it
	asked time.Time
}

// New makes an empty table; it does no I/O.
func New(log *slog.Logger) *Table {
	t := &Table{log: log.With("component", "neigh"), room: receiveBuffer}
	t.clear()
	return t
}

// Run follows the kernel's table until ctx ends; then it returns nil. A broken
// subscription is made anew.
func (t *Table) Run(ctx context.Context) error {
	persist(ctx, t.follow, func(err error) {
		t.log.Warn("the neighbour table is not followed; phones are told apart by their leases alone until it is", "err", err)
	})
	return nil
}

// persist follows until ctx ends, again and again with growing pauses, and tells
// of each time it broke off.
func persist(ctx context.Context, follow func(context.Context) error, tell func(error)) {
	const first, last = 100 * time.Millisecond, 10 * time.Second
	for delay := first; ; delay = min(2*delay, last) {
		start := time.Now()
		err := follow(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(start) > last {
			delay = first
		}
		tell(err)
		wait := time.NewTimer(delay)
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-wait.C:
		}
	}
}

// follow takes updates until the subscription ends. It lists what there is by a
// socket of its own, and after it has subscribed: what changes meanwhile is an update
// that waits. The library's own ListExisting asks on the subscription's socket, whose
// address has a group, and that the kernel takes from CAP_NET_ADMIN alone
// (NL_CFG_F_NONROOT_SEND), which the box does not have.
func (t *Table) follow(ctx context.Context) error {
	updates, done := make(chan netlink.NeighUpdate, 256), make(chan struct{})
	var broken error
	err := netlink.NeighSubscribeWithOptions(updates, done, netlink.NeighSubscribeOptions{
		ErrorCallback: func(err error) { broken = err }, ReceiveBufferSize: t.room,
	})
	if err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { close(done) })
	all, err := netlink.NeighList(0, netlink.FAMILY_ALL)
	if err != nil {
		if stop() {
			close(done)
		}
		for range updates { // until it has ended
		}
		return fmt.Errorf("list the neighbours: %w", err)
	}
	t.begin(all)
	for u := range updates {
		t.update(u)
	}
	if stop() {
		close(done)
	}
	return errors.Join(broken, errors.New("subscription ended"))
}

// begin has the copy hold what the kernel listed, and nothing of before.
func (t *Table) begin(all []netlink.Neigh) {
	t.clear()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, n := range all {
		t.setLocked(n, false)
	}
}

func (t *Table) update(u netlink.NeighUpdate) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.setLocked(u.Neigh, u.Type == unix.RTM_DELNEIGH)
}

func (t *Table) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.macs, t.count = make(map[netip.Addr]phone.MAC), make(map[phone.MAC]int)
}

// setLocked puts one entry into the copy or, where it says nothing usable,
// takes it out.
func (t *Table) setLocked(n netlink.Neigh, gone bool) {
	addr, ok := netip.AddrFromSlice(n.IP)
	if !ok {
		return
	}
	addr = addr.Unmap()
	if old, ok := t.macs[addr]; ok {
		if t.count[old]--; t.count[old] <= 0 {
			delete(t.count, old)
		}
	}
	if gone || n.State&usable == 0 || len(n.HardwareAddr) != len(phone.MAC{}) {
		delete(t.macs, addr)
		return
	}
	t.macs[addr] = phone.MAC(n.HardwareAddr)
	t.count[t.macs[addr]]++
}

// Present reports that mac answers for some address on the LAN.
func (t *Table) Present(mac phone.MAC) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.count[mac] > 0
}

// MAC is the hardware address that answers for addr on the LAN. It is false
// where layer 2 says nothing: addr is this host's own, or behind a router.
func (t *Table) MAC(addr netip.Addr) (phone.MAC, bool) {
	addr = addr.Unmap().WithZone("")
	t.mu.RLock()
	mac, ok := t.macs[addr]
	t.mu.RUnlock()
	if ok || addr.IsLoopback() || !t.mayAsk() {
		return mac, ok
	}
	list, err := netlink.NeighList(0, family(addr))
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		t.log.Debug("neighbour table", "err", err)
		return mac, false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, n := range list {
		t.setLocked(n, false)
	}
	mac, ok = t.macs[addr]
	return mac, ok
}

// mayAsk bounds how often a stranger's address makes us read the whole table.
func (t *Table) mayAsk() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if now.Sub(t.asked) < askAgain {
		return false
	}
	t.asked = now
	return true
}

func family(a netip.Addr) int {
	if a.Is4() {
		return netlink.FAMILY_V4
	}
	return netlink.FAMILY_V6
}
