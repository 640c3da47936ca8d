package mdns

import (
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// How long others may keep a record, in seconds: those that name the host, and
// the rest (RFC 6762 section 10). Who asks by another port than 5353 speaks plain
// DNS and is to forget soon (section 6.7).
const (
	hostTTL   = 120
	otherTTL  = 4500
	legacyTTL = 10
)

// typeNSEC says in an answer which kinds of records a name has (RFC 4034 section 4).
const typeNSEC dnsmessage.Type = 47

// directory is the name under which the kinds of services are listed.
const directory = "_services._dns-sd._udp.local."

// record is one of the box's own.
type record struct {
	name dnsmessage.Name
	body dnsmessage.ResourceBody
	ttl  uint32
	// unique records are the box's alone; the others it shares with everybody
	// who has such a service.
	unique bool
	data   string // as of a claim, where one could contradict or know it
}

func (r *record) key() string { return strings.ToLower(r.name.String()) }

// zone is all the box says under one set of names.
type zone struct {
	names   names
	self    string
	address *record
	only    *record // NSEC: the host has an address and nothing else
	// pointers lead from a service's type to it, kinds from the directory to the
	// type; services are the SRV and TXT of each.
	pointers, kinds []*record
	services        [][2]*record
}

// newZone makes the records. The configuration was checked, so names fit.
func newZone(c *Config, n names) (*zone, error) {
	z := &zone{names: n, self: c.Self.Addr().String()}
	host, err := dnsmessage.NewName(n.host)
	if err != nil {
		return nil, fmt.Errorf("name the host %s: %w", n.host, err)
	}
	kinds, err := dnsmessage.NewName(directory)
	if err != nil {
		return nil, fmt.Errorf("name the directory: %w", err)
	}
	addr := c.Self.Addr().As4()
	z.address = &record{host, &dnsmessage.AResource{A: addr}, hostTTL, true, netip.AddrFrom4(addr).String()}
	z.only = &record{host, &dnsmessage.UnknownResource{Type: typeNSEC, Data: onlyAddress(n.host)}, hostTTL, true, ""}
	for _, s := range c.Services {
		kind, err := dnsmessage.NewName(s.Type + ".local.")
		if err != nil {
			return nil, fmt.Errorf("name the service %s: %w", s.Type, err)
		}
		at, err := dnsmessage.NewName(n.instance + "." + s.Type + ".local.")
		if err != nil {
			return nil, fmt.Errorf("name the service %s: %w", s.Type, err)
		}
		srv := dnsmessage.SRVResource{Port: uint16(s.Port), Target: host}
		z.services = append(z.services, [2]*record{
			{at, &srv, hostTTL, true, srvData(srv)},
			{at, &dnsmessage.TXTResource{TXT: c.text(s)}, otherTTL, true, ""},
		})
		z.pointers = append(z.pointers, &record{kind, &dnsmessage.PTRResource{PTR: at}, otherTTL, false, strings.ToLower(at.String())})
		z.kinds = append(z.kinds, &record{kinds, &dnsmessage.PTRResource{PTR: kind}, otherTTL, false, strings.ToLower(kind.String())})
	}
	return z, nil
}

// onlyAddress is the data of an NSEC record: the next name, which is the host's
// own, and a bit map in which type 1, A, is set.
func onlyAddress(host string) []byte {
	var b []byte
	for l := range strings.SplitSeq(strings.TrimSuffix(host, "."), ".") {
		b = append(append(b, byte(len(l))), l...)
	}
	return append(b, 0, 0, 1, 0x40)
}

// answer finds what answers a question, and what will be asked next.
func (z *zone) answer(q question, known []claim) (answers, extra []*record) {
	is := func(r *record, kind dnsmessage.Type) bool {
		return r.key() == q.name && (q.kind == kind || q.kind == dnsmessage.TypeALL)
	}
	if is(z.address, dnsmessage.TypeA) {
		answers = append(answers, z.address)
	} else if q.kind == dnsmessage.TypeAAAA && z.address.key() == q.name {
		answers, extra = append(answers, z.only), append(extra, z.address)
	}
	for i := range z.pointers {
		srv, txt := z.services[i][0], z.services[i][1]
		if p := z.pointers[i]; is(p, dnsmessage.TypePTR) && !knows(known, p) {
			answers, extra = append(answers, p), append(extra, srv, txt, z.address)
		}
		if k := z.kinds[i]; is(k, dnsmessage.TypePTR) && !knows(known, k) {
			answers = append(answers, k)
		}
		if is(srv, dnsmessage.TypeSRV) {
			answers, extra = append(answers, srv), append(extra, z.address)
		}
		if is(txt, dnsmessage.TypeTXT) {
			answers = append(answers, txt)
		}
	}
	return answers, extra
}

// knows reports that the asker has this answer (RFC 6762 section 7.1). How long
// it will still have it is not looked at: it asks again in time.
func knows(known []claim, r *record) bool {
	for _, k := range known {
		if k.kind == dnsmessage.TypePTR && k.name == r.key() && k.data == r.data {
			return true
		}
	}
	return false
}

// contradicted reports that a claim says otherwise of a name that is the box's
// alone. later says that it would win against the box's, were both only wanted
// (section 8.2): its data sort after.
func (z *zone) contradicted(c claim) (contradicted, later bool) {
	if c.kind == dnsmessage.TypeA && c.name == z.address.key() {
		return c.data != z.address.data, after(c.data, z.address.data)
	}
	for _, s := range z.services {
		if c.kind == dnsmessage.TypeSRV && c.name == s[0].key() && c.data != s[0].data {
			return true, false // the host's address decides between two boxes
		}
	}
	return false, false
}

// after compares addresses as their bytes.
func after(a, b string) bool {
	x, err1 := netip.ParseAddr(a)
	y, err2 := netip.ParseAddr(b)
	return err1 == nil && err2 == nil && x.Compare(y) > 0
}
