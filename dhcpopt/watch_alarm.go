package dhcpopt

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// Codes of the conditions a watch raises.
const (
	codeForeign = "lan-other-dhcp-server"
	codeUnled   = "lan-phone-not-led"
	codeMisled  = "lan-phone-led-elsewhere"
	codeTwice   = "lan-address-twice"
	codeSelf    = "lan-own-address-taken"
	codeSpread  = "lan-phone-two-addresses"
	codeFeigned = "lan-dhcp-impostor"
)

// raise puts a condition on the board and remembers the sign of it.
func (w *Watch) raise(now time.Time, c health.Condition) {
	if _, held := w.last[c.Code]; !held {
		w.log.Warn(c.Title, "reason", c.Detail)
	}
	w.last[c.Code] = now
	w.deps.Health.Raise(now, c)
}

// calmAll clears what there was no sign of for long, until ctx ends.
func (w *Watch) calmAll(ctx context.Context) {
	tick := time.NewTicker(calmEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			w.calm(w.deps.Now())
		}
	}
}

func (w *Watch) calm(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for code, at := range w.last {
		if now.Sub(at) >= calmAfter {
			delete(w.last, code)
			w.deps.Health.Clear(code)
		}
	}
}

func (w *Watch) raiseForeign(a Answer, now time.Time) {
	w.raise(now, health.Condition{
		Code: codeForeign, Title: "Another DHCP server answers on the phones' LAN",
		Meaning: "a phone takes whichever answer comes first, so some get an address of the other server and never ask this box",
		Do:      fmt.Sprintf("switch the DHCP server at %s off for this LAN (%s finds its hardware address); or let it give the addresses and set dhcp.mode = \"inform\"", a.Server, "`ip neigh show "+a.Server.String()+"`"),
		Detail:  fmt.Sprintf("%s answered %s", a.Server, a.Client),
	})
}

func (w *Watch) raiseImpostor(a Answer, now time.Time) {
	whose, other := "this box's name", ""
	if a.Server != w.self {
		whose, other = "the name of a DHCP server behind this box", "; where it is a router that relays DHCP as well, switch that off for this LAN"
	}
	w.raise(now, health.Condition{
		Code: codeFeigned, Title: "Another machine answers DHCP in " + whose,
		Meaning: "phones that believe it get a wrong address or fetch their configs elsewhere",
		Do:      fmt.Sprintf("find %s in the switch's table and take it off the network%s; DHCP snooping on the switch keeps such answers out", a.From, other),
		Detail:  fmt.Sprintf("%s answered %s as %s", a.From, a.Client, a.Server),
	})
}

func (w *Watch) raiseUnled(a Answer, now time.Time) {
	w.raise(now, health.Condition{
		Code: codeUnled, Title: "A phone got its address elsewhere, and no word of its configs",
		Meaning: "such phones do not find this box and stay as they are",
		Do:      fmt.Sprintf("set the options on the server at %s (`lineside dhcp snippet` prints what to paste), or set dhcp.mode = \"inform\" in lineside.toml", a.Server),
		Detail:  fmt.Sprintf("%s gave %s to %s", a.Server, a.Addr, a.Client),
	})
}

func (w *Watch) raiseMisled(a Answer, lead string, now time.Time) {
	w.raise(now, health.Condition{
		Code: codeMisled, Title: "Another DHCP server sends phones elsewhere for their configs",
		Meaning: "phones that believe it get their configs there, or none",
		Do:      fmt.Sprintf("take those options out of the server at %s, or set them to what `lineside dhcp snippet` prints", a.Server),
		Detail:  fmt.Sprintf("%s told %s: %s", a.Server, a.Client, lead),
	})
}

func (w *Watch) raiseSelf(c claim, now time.Time) {
	w.raise(now, health.Condition{
		Code: codeSelf, Title: "Another machine uses this box's address",
		Meaning: "phones reach the one or the other: configs and registration come and go",
		Do:      fmt.Sprintf("find %s in the switch's table and give it another address than %s", c.mac, c.addr),
		Detail:  fmt.Sprintf("%s says that it has %s", c.mac, c.addr),
	})
}

func (w *Watch) raiseTwice(a netip.Addr, one, two phone.MAC, now time.Time) {
	w.raise(now, health.Condition{
		Code: codeTwice, Title: "Two machines use one address",
		Meaning: "both work badly: calls break off, configs fail now and then",
		Do:      fmt.Sprintf("find the machine that is set to %s by hand (the switch's table names its port) and let it use DHCP, or take the address out of the pool", a),
		Detail:  fmt.Sprintf("%s is used by %s and by %s", a, one, two),
	})
}

func (w *Watch) raiseSpread(mac phone.MAC, one, two netip.Addr, now time.Time) {
	w.raise(now, health.Condition{
		Code: codeSpread, Title: "One phone's hardware address is used with two addresses",
		Meaning: "one of the two is not that phone, or it has an address set by hand beside its lease; its MAC proves nothing while both are there",
		Do:      fmt.Sprintf("find the ports of %s in the switch's table; take off the one that is not the phone", mac),
		Detail:  fmt.Sprintf("%s is at %s and at %s", mac, one, two),
	})
}

// Lead is what an answer tells of configs, as an operator reads it.
func (a Answer) Lead() string {
	var text string
	for _, code := range leading {
		if v, ok := a.Leads[code]; ok {
			if text != "" {
				text += ", "
			}
			text += fmt.Sprintf("%d = %s", code, v)
		}
	}
	return text
}

// text is the answer's line on a phone's timeline.
func (a Answer) text() string {
	if lead := a.Lead(); lead != "" {
		return fmt.Sprintf("lease %s by another DHCP server, %s, which told it %s", a.Addr, a.Server, lead)
	}
	return fmt.Sprintf("lease %s by another DHCP server, %s, which told it nothing of its configs", a.Addr, a.Server)
}

// ours reports that each option an answer leads a phone by is one the box would
// have sent.
func ours(a Answer, options []vendors.Option) bool {
	for code, v := range a.Leads {
		if !slices.ContainsFunc(options, func(o vendors.Option) bool { return o.Code == code && clean(o.Value, maxTold) == v }) {
			return false
		}
	}
	return true
}
