package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lineside/lineside/dhcpopt"
	"github.com/lineside/lineside/sync/site"
)

// What the doctor wants of a machine.
const (
	wantBuffer  = 16 << 20 // bytes, of net.core.rmem_max
	fewSpace    = 512 << 20
	noSpace     = 64 << 20
	fewFiles    = 1000
	noFiles     = 20
	slowWrite   = 50 * time.Millisecond
	tooSlow     = 500 * time.Millisecond
	writeTrials = 50
)

const sysctls = "install packaging/lineside-sysctl.conf below /etc/sysctl.d, then: sysctl --system"

// number reads one, 0 where it is none.
func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

// route looks for a way out of the LAN.
func (d *doctor) route(context.Context) []finding {
	const check = "default-route"
	routes, err := defaultRoutes(d.root)
	if err != nil {
		return []finding{unseen(check, err)}
	}
	for _, r := range routes {
		return []finding{fine(check, "by %s on %s", r.via, r.iface)}
	}
	return []finding{{check, gradeWarn, "there is none", "phones get their configs; emergency calls through this box reach only SBCs on its own networks, and time servers elsewhere are out of reach", "ip route add default via ROUTER, and in the machine's network settings"}}
}

// defaultRoute leads to everything else.
type defaultRoute struct {
	via   netip.Addr
	iface string
}

// defaultRoutes are the machine's, by IPv4.
func defaultRoutes(root fs.FS) (routes []defaultRoute, err error) {
	text, err := fs.ReadFile(root, "proc/self/net/route")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 8 || f[1] != "00000000" || f[7] != "00000000" {
			continue
		}
		via, _ := kernelAddr(f[2] + ":0")
		routes = append(routes, defaultRoute{via.Addr(), f[0]})
	}
	return routes, nil
}

// names looks up what the settings name.
func (d *doctor) names(ctx context.Context) []finding {
	const check = "dns"
	ctx, cancel := context.WithTimeout(ctx, d.patience)
	defer cancel()
	var out []finding
	hosts := d.hosts()
	for _, h := range hosts {
		if _, err := net.DefaultResolver.LookupHost(ctx, h); err != nil {
			out = append(out, finding{check, gradeBad, fmt.Sprintf("%s is not found: %v", h, err), "calls of phones on hold through that host fail, or their clocks are wrong", "correct the name in the settings, or the name servers in /etc/resolv.conf"})
		}
	}
	switch {
	case len(out) > 0:
		return out
	case len(hosts) > 0:
		return []finding{fine(check, "finds %s", strings.Join(hosts, ", "))}
	}
	return []finding{fine(check, "the settings name no host that would have to be looked up")}
}

// hosts are the names, not addresses, in the settings.
func (d *doctor) hosts() []string {
	var list []string
	all := []string{d.settings.Site.NTP}
	for _, s := range d.settings.Emergency.SBCs { // site.sbc among them
		all = append(all, s.Host)
	}
	for _, h := range all {
		if _, err := netip.ParseAddr(h); err != nil && h != "" && !slices.Contains(list, h) {
			list = append(list, h)
		}
	}
	return list
}

// platform says how the running daemon reaches the platform it has joined. The
// doctor dials nothing itself: the box's keys are the daemon's.
func (d *doctor) platform(context.Context) []finding {
	const check = "platform"
	l := d.link
	switch {
	case !d.running:
		return []finding{{Check: check, Result: gradeUnknown, Found: "no daemon runs that could say", Do: "start it: systemctl start lineside"}}
	case l == nil:
		return []finding{fine(check, "none is joined")}
	case l.State == string(site.Away), l.State == string(site.Dialling) && l.Reason != "":
		return []finding{{check, gradeBad, fmt.Sprintf("%s is away: %s", l.URL, l.Reason), "phones that are set up go on; nothing new comes from the platform",
			"open the way to " + l.URL + ", by its name and port; behind a proxy set central.proxy"}}
	case l.State != string(site.Linked):
		return []finding{{Check: check, Result: gradeWarn, Found: fmt.Sprintf("%s is being reached (%s)", l.URL, l.State), Do: "look again in a minute"}}
	}
	return []finding{fine(check, "linked by %s, which knows this site as %s", l.Via, l.Address)}
}

// disk looks at the room for the state, and how long a write takes to be safe.
func (d *doctor) disk(context.Context) []finding {
	dir := nearestDir(d.settings.State)
	return []finding{space(dir), files(dir), writes(dir)}
}

// nearestDir is the directory, or the one it will be made in.
func nearestDir(dir string) string {
	for dir != "/" && !exists(dir) {
		dir = filepath.Dir(dir)
	}
	return dir
}

// space looks at the room of a directory's disk; the daemon does so too.
func space(dir string) finding {
	const check = "disk-space"
	free, err := freeSpace(dir)
	if err != nil {
		return unseen(check, err)
	}
	return weighSpace(check, dir, free)
}

func weighSpace(check, dir string, free uint64) finding {
	text := fmt.Sprintf("%d MiB free below %s", free>>20, dir)
	const notice = "once it is full phones get no new address and no login, and no change is kept"
	do := "make room: du -xh " + dir + " | sort -h | tail"
	switch {
	case free < noSpace:
		return finding{check, gradeBad, text, notice, do}
	case free < fewSpace:
		return finding{check, gradeWarn, text, notice, do}
	}
	return fine(check, "%s", text)
}

// files looks at how many more files a directory's disk takes; the daemon does so
// too. File systems without a bound (btrfs, xfs) say 0 of 0.
func files(dir string) finding {
	const check = "disk-files"
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return unseen(check, fmt.Errorf("look at the disk of %s: %w", dir, err))
	}
	return weighFiles(check, dir, st.Ffree, st.Files)
}

func weighFiles(check, dir string, free, all uint64) finding {
	text := fmt.Sprintf("%d more files fit below %s", free, dir)
	const notice = "once none does phones can upload nothing, and no backup, file or template can be kept; who has a lease or a login is served"
	do := "find what fills it: du --inodes -x " + dir + " | sort -n | tail"
	switch {
	case all == 0:
		return fine(check, "as many as there is room for fit below %s", dir)
	case free < noFiles:
		return finding{check, gradeBad, text, notice, do}
	case free < fewFiles:
		return finding{check, gradeWarn, text, notice, do}
	}
	return fine(check, "%s", text)
}

// freeSpace is what somebody who is not root may still write.
func freeSpace(dir string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("look at the disk of %s: %w", dir, err)
	}
	return st.Bavail * uint64(st.Bsize), nil
}

// writes measures what every lease and login waits for: one block on the disk.
func writes(dir string) finding {
	const check = "disk-writes"
	p99, err := writeLatency(dir)
	if err != nil {
		return unseen(check, err)
	}
	text := fmt.Sprintf("%s until a write is safe (99 of 100)", p99.Round(10*time.Microsecond))
	const notice = "each phone waits that long for its address and its login; many at once wait together"
	const do = "put the state directory on a better disk; flash cards wear out: dmesg tells of errors"
	switch {
	case p99 > tooSlow:
		return finding{check, gradeBad, text, notice, do}
	case p99 > slowWrite:
		return finding{check, gradeWarn, text, notice, do}
	}
	return fine(check, "%s", text)
}

// writeLatency writes a block and flushes it, again and again, to a file that is
// gone afterwards.
func writeLatency(dir string) (p99 time.Duration, err error) {
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return 0, fmt.Errorf("try a write: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	block, took := make([]byte, 4096), make([]time.Duration, writeTrials)
	for i := range took {
		start := time.Now()
		if _, err := f.WriteAt(block, int64(i)*int64(len(block))); err != nil {
			return 0, fmt.Errorf("try a write: %w", err)
		}
		if err := f.Sync(); err != nil {
			return 0, fmt.Errorf("try a write: %w", err)
		}
		took[i] = time.Since(start)
	}
	slices.Sort(took)
	return took[(len(took)*99-1)/100], nil
}

// buffers looks at how much the kernel keeps for a door that is busy.
func (d *doctor) buffers(context.Context) []finding {
	const check = "udp-buffers"
	text := d.word("proc/sys/net/core/rmem_max")
	if text == "" {
		return []finding{unseen(check, errors.New("this machine does not show net.core.rmem_max"))}
	}
	if n := number(text); n < wantBuffer {
		return []finding{{check, gradeWarn, fmt.Sprintf("net.core.rmem_max is %d, less than %d", n, wantBuffer), "when a building powers up requests are lost, and phones wait seconds before they ask again", sysctls}}
	}
	return []finding{fine(check, "net.core.rmem_max is %s", text)}
}

// neighbours compares the kernel's table of neighbours with how many there may
// be.
func (d *doctor) neighbours(context.Context) []finding {
	const check = "arp-table"
	text := d.word("proc/sys/net/ipv4/neigh/default/gc_thresh3")
	if text == "" {
		return []finding{unseen(check, errors.New("this machine does not show net.ipv4.neigh.default.gc_thresh3"))}
	}
	many := max(d.devices, d.poolSize())
	if n := number(text); n < many+many/4 {
		return []finding{{check, gradeWarn, fmt.Sprintf("it holds %d neighbours, and %d devices may be on the LAN", n, many), "answers to phones are lost at random once it is full", sysctls}}
	}
	return []finding{fine(check, "it holds %s neighbours, and at most %d devices are to be expected", text, many)}
}

// poolSize is how many addresses the box itself gives out.
func (d *doctor) poolSize() int {
	n := 0
	if d.settings.DHCP.Mode == dhcpopt.ModeServer {
		for _, r := range d.settings.DHCP.Pool {
			n += r.Size()
		}
	}
	return n
}

// firewall says whether there are rules on what comes in. It does not read them:
// what they mean is for who wrote them.
func (d *doctor) firewall(ctx context.Context) []finding {
	const check = "firewall"
	const notice = "phones get nothing by ports that are shut"
	const do = "see that UDP 67, 69, 5060 and 5353 and TCP 80, 443, 5060 and 8443 are let in on the phones' LAN: nft list ruleset"
	if tables := d.word("proc/self/net/ip_tables_names"); slices.Contains(strings.Fields(tables), "filter") {
		return []finding{{check, gradeWarn, "iptables filters what comes in", notice, strings.Replace(do, "nft list ruleset", "iptables -S", 1)}}
	}
	rules, err := d.tool(ctx, "nft", "list", "ruleset")
	if err != nil {
		return []finding{unseen(check, err)}
	}
	if filters(string(rules)) {
		return []finding{{check, gradeWarn, "nftables filters what comes in", notice, do}}
	}
	return []finding{fine(check, "nothing filters what comes in")}
}

// filters reports that a rule set has a chain on what comes in that drops some
// of it.
func filters(rules string) bool {
	inside := false
	for line := range strings.Lines(rules) {
		line = strings.TrimSpace(line)
		inside = (inside || strings.Contains(line, "hook input")) && line != "}"
		if inside && (strings.Contains(line, "drop") || strings.Contains(line, "reject")) {
			return true
		}
	}
	return false
}
