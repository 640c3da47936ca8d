package vendors

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
)

// grandstreamSite is what every product of the brand is told, at the same
// numbers in all of them; no secret is in it.
func grandstreamSite(ps *params, in Input) error {
	scheme, host, path, err := splitURL(in.fetchURL())
	if err != nil {
		return err
	}
	// A scheme inside P237 breaks some models: it has a number of its own.
	ps.set("P212", map[string]string{"tftp": "0", "http": "1", "https": "2"}[scheme])
	ps.set("P237", strings.TrimRight(host+"/"+path, "/"))
	// DHCP stays on, PnP ("3CX auto provision") and the maker's TR-069 go off.
	// 120 would name another registrar than the lines do.
	ps.set("P145", "1")
	ps.set("P1414", "0")
	ps.set("P1409", "0")
	ps.set("P1411", "0")
	// A NOTIFY is taken without the admin password, and never wipes the unit.
	ps.set("P4428", "1")
	ps.set("P26015", "0")
	ps.set("P26115", "0") // of a second port or profile
	ps.set("P207", "")
	ps.set("P208", "0")
	if ntp := in.Site.NTP; ntp != "" {
		ps.set("P30", ntp)
	}
	return nil
}

// grandstreamLeast is the shortest interval between two fetches; the units
// ignore shorter ones. A phone on hold comes back sooner by NOTIFY.
const grandstreamLeast = time.Hour

// grandstreamLogin is in the phone's own file only. every is how P194 of the
// product spells "every P193 minutes".
func grandstreamLogin(ps *params, in Input, every string) {
	if in.Login.User != "" {
		ps.set("P1360", in.Login.User)
		ps.set("P1361", in.Login.Password.Reveal())
	}
	ps.set("P194", every)
	ps.set("P22296", "1")
	ps.set("P193", strconv.Itoa(int(max(resyncEvery(in), grandstreamLeast)/time.Minute)))
	if f, ok := in.upgrade(); ok {
		ps.set("P192", f.bareFolder())
	}
	if password := in.Device.AdminPassword.Reveal(); in.Stage == Full && password != "" {
		ps.set("P2", password)
	}
}

// grandstreamTime writes the zone as a POSIX rule of its own (IEEE 1003.1
// section 8.3), whose sign is positive west of Greenwich.
func grandstreamTime(ps *params, in Input) error {
	c, err := in.clock()
	if err != nil {
		return err
	}
	rule := "STD" + grandstreamOffset(c.offset)
	if c.save != 0 {
		rule += "DST" + grandstreamOffset(c.offset+c.save) + grandstreamChange(c.start) + grandstreamChange(c.stop)
	}
	ps.set("P64", "customize")
	ps.set("P246", rule)
	ps.set("P143", "0") // the offset of DHCP has no summer time
	return nil
}

func grandstreamOffset(d time.Duration) string {
	sign := "-"
	if d < 0 {
		sign, d = "+", -d
	}
	s := sign + strconv.Itoa(int(d/time.Hour))
	if m := int(d % time.Hour / time.Minute); m != 0 {
		s += fmt.Sprintf(":%02d", m)
	}
	return s
}

// grandstreamChange writes month, week and weekday with Sunday as 0 and the
// last week as 5.
func grandstreamChange(c change) string {
	return fmt.Sprintf(",M%d.%d.%d/%02d:00:00", c.month, c.week, c.weekday, c.hour)
}

// grandstreamDialPlan lets everything through and names the emergency numbers
// first. The alternatives behind them are the maker's default.
func grandstreamDialPlan(in Input) string {
	plan := strings.Join(in.Site.Emergency, " | ")
	if plan != "" {
		plan += " | "
	}
	return "{ " + plan + `x+ | \+x+ | *x+ | *xx*x+ }`
}

// grandstreamServer is a registrar as the units take it.
func grandstreamServer(l phone.Line) string {
	if l.Port == 0 {
		return l.Registrar
	}
	return hostPort(l.Registrar, l.Port)
}

func grandstreamProxy(l phone.Line) string {
	host, port := l.Proxy()
	if host == "" || port == 0 {
		return host
	}
	return hostPort(host, port)
}

func grandstreamTransport(t phone.Transport) string {
	switch t {
	case phone.TCP:
		return "1"
	case phone.TLS:
		return "2"
	}
	return "0"
}

// grandstreamCodecs are G.722, PCMA and PCMU by their RTP payload types.
var grandstreamCodecs = [...]string{"9", "8", "0"}

// grandstreamPath takes the scheme and the file's name off the URL of a book:
// the phone puts both there itself.
func grandstreamPath(raw string) (mode, path string, err error) {
	scheme, host, path, err := splitURL(raw)
	if err != nil {
		return "", "", err
	}
	mode = map[string]string{"tftp": "2", "https": "3"}[scheme]
	if mode == "" {
		mode = "1"
	}
	return mode, strings.TrimRight(host+"/"+strings.TrimSuffix(path, "phonebook.xml"), "/"), nil
}

func grandstreamXMLBook() *Book {
	return &Book{File: "phonebook.xml", ContentType: "text/xml; charset=utf-8", Write: grandstreamAddressBook}
}

// grandstreamAddressBook writes the form of the phones' downloaded book. It has
// no title; account 0 dials by the one in use.
func grandstreamAddressBook(_ string, entries []Entry) ([]byte, error) {
	b := []byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<AddressBook>\n")
	for _, e := range entries {
		b = append(b, "<Contact>"...)
		var err error
		if b, err = bookXML(b, "LastName", e.Name); err != nil {
			return nil, err
		}
		for _, number := range e.dialled() {
			if b, err = bookXML(append(b, "<Phone>"...), "phonenumber", number); err != nil {
				return nil, err
			}
			b = append(b, "<accountindex>0</accountindex></Phone>"...)
		}
		b = append(b, "</Contact>\n"...)
	}
	return append(b, "</AddressBook>\n"...), nil
}
