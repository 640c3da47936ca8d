package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Bounds of what is read of /proc.
const (
	maxSockets   = 65536
	maxProcesses = 32768
)

// socket is one a machine has open, as the kernel lists it.
type socket struct {
	addr  netip.AddrPort
	inode string
}

// ports says of each door whether its port is there to be had, or who has it.
func (d *doctor) ports(context.Context) []finding {
	var out []finding
	open := make(map[string][]socket)
	for _, network := range []string{"udp", "tcp"} {
		list, err := d.sockets(network)
		if err != nil {
			return []finding{unseen("ports", err)}
		}
		open[network] = list
	}
	names := d.owners()
	free := 0
	for _, door := range d.settings.doors() {
		at, err := netip.ParseAddrPort(wide(door.on(d.where.Self.Addr()).addr))
		if err != nil {
			continue
		}
		who := holders(open[door.network], at, names)
		switch {
		case d.running && slices.Contains(who, "lineside"):
		case len(who) == 0 && !d.running:
			free++
		case len(who) == 0:
			out = append(out, finding{Check: "ports", Result: gradeBad,
				Found:  fmt.Sprintf("%s %s is not open, although lineside runs", door.network, at),
				Notice: door.lost, Do: "was the setting changed since the start? then: systemctl restart lineside"})
		default:
			out = append(out, finding{Check: "ports", Result: gradeBad,
				Found:  fmt.Sprintf("%s %s is taken by %s", door.network, at, strings.Join(who, ", ")),
				Notice: door.lost, Do: "stop it, or " + door.remedy})
		}
	}
	if len(out) > 0 {
		return out
	}
	if d.running {
		return []finding{fine("ports", "lineside runs and has its ports")}
	}
	return []finding{fine("ports", "lineside does not run; its %d ports are free", free)}
}

// wide writes ":67" as the address it means.
func wide(addr string) string {
	if strings.HasPrefix(addr, ":") {
		return "0.0.0.0" + addr
	}
	return addr
}

// holders names the processes whose sockets stand in the way of one at an
// address.
func holders(open []socket, at netip.AddrPort, names map[string]string) []string {
	var who []string
	for _, s := range open {
		if s.addr.Port() != at.Port() || (s.addr.Addr() != at.Addr() && !s.addr.Addr().IsUnspecified() && !at.Addr().IsUnspecified()) {
			continue
		}
		name, ok := names[s.inode]
		if !ok {
			name = "a process only root can name"
		}
		if !slices.Contains(who, name) {
			who = append(who, name)
		}
	}
	return who
}

// sockets lists those that take what comes in, by udp or tcp.
func (d *doctor) sockets(network string) ([]socket, error) {
	var all []socket
	for _, table := range []string{network, network + "6"} {
		text, err := fs.ReadFile(d.root, "proc/self/net/"+table)
		if err != nil {
			if table == network {
				return nil, fmt.Errorf("list the sockets: %w", err)
			}
			continue // a machine without IPv6
		}
		all = append(all, parseSockets(text)...)
	}
	return all, nil
}

// parseSockets reads a table such as /proc/net/udp (proc(5)): of TCP those that
// listen (state 0A), of UDP those without a partner (07).
func parseSockets(text []byte) []socket {
	var all []socket
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() && len(all) < maxSockets {
		f := strings.Fields(lines.Text())
		if len(f) < 10 || (f[3] != "0A" && f[3] != "07") {
			continue
		}
		if addr, ok := kernelAddr(f[1]); ok {
			all = append(all, socket{addr, f[9]})
		}
	}
	return all
}

// kernelAddr reads "0100007F:0050": words of four bytes in the machine's order,
// and the port.
func kernelAddr(text string) (netip.AddrPort, bool) {
	host, portText, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(host)
	number, bad := strconv.ParseUint(portText, 16, 16)
	if err != nil || bad != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(raw); i += 4 {
		binary.BigEndian.PutUint32(raw[i:], binary.NativeEndian.Uint32(raw[i:]))
	}
	addr, ok := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(addr.Unmap(), uint16(number)), ok
}

// owners names the process behind each socket, as far as this user may see: by
// its socket's inode.
func (d *doctor) owners() map[string]string {
	names := make(map[string]string)
	procs, _ := fs.ReadDir(d.root, "proc")
	for _, p := range procs[:min(len(procs), maxProcesses)] {
		if _, err := strconv.Atoi(p.Name()); err != nil {
			continue
		}
		fds, err := fs.ReadDir(d.root, "proc/"+p.Name()+"/fd")
		if err != nil {
			continue
		}
		comm, _ := fs.ReadFile(d.root, "proc/"+p.Name()+"/comm")
		name := strings.TrimSpace(string(comm))
		if name != "lineside" {
			name += " (process " + p.Name() + ")"
		}
		for _, fd := range fds {
			to, err := fs.ReadLink(d.root, "proc/"+p.Name()+"/fd/"+fd.Name())
			if inode, ok := strings.CutPrefix(to, "socket:["); err == nil && ok {
				names[strings.TrimSuffix(inode, "]")] = name
			}
		}
	}
	return names
}
