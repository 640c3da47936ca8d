package vendors

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lineside/lineside/phone"
)

func htekBuild(ps *params, in Input) error {
	if err := htekSite(ps, in); err != nil {
		return err
	}
	if err := htekTime(ps, in); err != nil {
		return err
	}
	htekLines(ps, in)
	htekFailover(ps, in)
	htekDialling(ps, in)
	if in.Stage == Full {
		if err := htekBook(ps, in); err != nil {
			return err
		}
		htekAdmin(ps, in)
	}
	return nil
}

// htekSite is where the phone fetches, how often and with which login. DHCP may
// override it (P145), which is how phones follow when the box moves.
func htekSite(ps *params, in Input) error {
	scheme, _, _, err := splitURL(in.fetchURL())
	if err != nil {
		return err
	}
	server := strings.TrimSuffix(in.fetchURL(), "/")
	ps.set("P212", map[string]string{"http": "1", "https": "3"}[scheme])
	if scheme == "tftp" {
		ps.set("P212", "0")
	}
	ps.set("P237", server)
	firmware := server
	if f, ok := in.upgrade(); ok {
		firmware = f.bareFolder()
	}
	ps.set("P192", firmware)
	ps.set("P1145", "66")
	ps.set("P145", "1")
	if in.Login.User != "" {
		ps.set("P1360", in.Login.User)
		ps.set("P1361", in.Login.Password.Reveal())
	}
	ps.set("P194", "1")
	ps.set("P193", strconv.Itoa(int(resyncEvery(in)/time.Minute)))
	ps.set("P238", "0") // look at every start
	ps.set("P240", "0") // as plain text
	// A prefix or postfix would have it ask for other names.
	ps.set("P232", "")
	ps.set("P233", "")
	ps.set("P24012", "1") // NOTIFY is obeyed
	ps.set("P207", "")    // no syslog
	ps.set("P208", "0")
	ps.set("P8150", "0") // no SNMP
	if in.Site.NTP != "" {
		ps.set("P30", in.Site.NTP)
		ps.set("P144", "0")
	}
	return nil
}

// htekZone is the code of an offset from Greenwich, for the two that are known.
func htekZone(offset time.Duration) (code string, ok bool) {
	switch offset {
	case 0:
		return "33", true
	case time.Hour:
		return "49", true
	}
	return "", false
}

func htekTime(ps *params, in Input) error {
	c, err := in.clock()
	if err != nil {
		return err
	}
	code, known := htekZone(c.offset)
	ps.set("P143", zeroOne(!known))
	if known {
		ps.set("P64", code)
	}
	ps.set("P75", zeroOne(c.save != 0))
	if c.save != 0 {
		ps.set("P23117", "1")
		htekChange(ps, 23118, c.start)
		htekChange(ps, 23122, c.stop)
	}
	if !german(in.Site) {
		ps.set("P8621", "0")
		ps.set("P2525", "0")
	}
	return nil
}

// htekChange writes month, week, weekday and hour into four numbers in a row.
func htekChange(ps *params, first int, c change) {
	for i, v := range [4]int{int(c.month), c.week, int(c.weekday), c.hour} {
		ps.set("P"+strconv.Itoa(first+i), strconv.Itoa(v))
	}
}

// htekAccount are the numbers of one account: on the phone they follow no rule.
type htekAccount struct {
	active, server, proxy, transport, register string
	label, user, auth, password, name          string
	dialPlan, srtp, payload, dtmf              string
	codecs                                     [6]string
}

var htekAccounts = [4]htekAccount{
	{
		active: "P271", server: "P47", proxy: "P48", transport: "P130", register: "P31",
		label: "P20000", user: "P35", auth: "P36", password: "P34", name: "P3",
		dialPlan: "P4200", srtp: "P183", payload: "P79", dtmf: "P20166",
		codecs: [6]string{"P57", "P58", "P59", "P60", "P61", "P62"},
	},
	{
		active: "P401", server: "P747", proxy: "P748", transport: "P830", register: "P731",
		label: "P20001", user: "P735", auth: "P736", password: "P734", name: "P703",
		dialPlan: "P4201", srtp: "P443", payload: "P779", dtmf: "P20167",
		codecs: [6]string{"P757", "P758", "P759", "P760", "P761", "P762"},
	},
	{
		active: "P501", server: "P502", proxy: "P503", transport: "P930", register: "P510",
		label: "P20002", user: "P504", auth: "P505", password: "P506", name: "P507",
		dialPlan: "P4202", srtp: "P543", payload: "P579", dtmf: "P20168",
		codecs: [6]string{"P551", "P552", "P553", "P554", "P555", "P556"},
	},
	{
		active: "P601", server: "P602", proxy: "P603", transport: "P1030", register: "P610",
		label: "P20003", user: "P604", auth: "P605", password: "P606", name: "P607",
		dialPlan: "P4203", srtp: "P643", payload: "P679", dtmf: "P20169",
		codecs: [6]string{"P651", "P652", "P653", "P654", "P655", "P656"},
	},
}

// htekCodecs are G.722, G.711 A-law and µ-law by their RTP payload types (RFC
// 3551); the rest of the six places repeats the last.
var htekCodecs = [6]string{"9", "8", "0", "0", "0", "0"}

// htekLines writes the accounts there are numbers for and switches the others
// off, with their passwords emptied.
func htekLines(ps *params, in Input) {
	lines := labelledLines(in)
	for i, a := range htekAccounts {
		if i < len(lines) {
			htekLine(ps, a, lines[i], in.Site.Emergency)
			continue
		}
		ps.set(a.active, "0")
		ps.set(a.password, "")
	}
}

func htekLine(ps *params, a htekAccount, l phone.Line, emergency []string) {
	host, port := l.Proxy()
	proxy := ""
	if host != "" {
		proxy = hostPort(host, portOf(port, l.Transport))
	}
	transport := map[phone.Transport]string{phone.TCP: "1", phone.TLS: "2"}[l.Transport]
	if transport == "" {
		transport = "0"
	}
	ps.set(a.active, "1")
	ps.set(a.server, hostPort(l.Registrar, portOf(l.Port, l.Transport)))
	ps.set(a.proxy, proxy)
	ps.set(a.transport, transport)
	ps.set(a.register, "1")
	ps.set(a.label, l.Shown())
	ps.set(a.user, l.User)
	ps.set(a.auth, l.Auth())
	ps.set(a.password, l.Password.Reveal())
	ps.set(a.name, displayName(l))
	ps.set(a.dialPlan, "{"+strings.Join(append(append([]string(nil), emergency...), "[x*]+"), "|")+"}")
	ps.set(a.srtp, zeroOne(l.Transport == phone.TLS))
	ps.set(a.payload, "101")
	ps.set(a.dtmf, "0") // RFC 4733
	for i, codec := range htekCodecs {
		ps.set(a.codecs[i], codec)
	}
}

// htekFailover is the SBC behind the box, on hold, for emergency calls; it
// refuses all others. Only the first account's number is known.
func htekFailover(ps *params, in Input) {
	second := ""
	if host, port, ok := sbcOf(in.Site); ok && in.Stage == Holding {
		second = hostPort(host, port)
	}
	ps.set("P967", second)
}

// htekDialling sets the hotline with its delay, and the numbers a locked keypad
// still dials.
func htekDialling(ps *params, in Input) {
	hotline := ""
	if in.Stage == Holding {
		hotline = in.Hold.Hotline
	}
	ps.set("P4210", hotline)
	ps.set("P8638", strconv.Itoa(int(hotlineDelay/time.Second)))
	ps.set("P5732", strings.Join(in.Site.Emergency, ","))
}

// htekBook names the phone book. Its login goes into the URL, the only place
// there is.
func htekBook(ps *params, in Input) error {
	if in.Book.URL == "" {
		ps.set("P4401", "")
		return nil
	}
	u, err := url.Parse(in.Book.URL)
	if err != nil {
		return err
	}
	if login := in.Book.Login; login.User != "" {
		u.User = url.UserPassword(login.User, login.Password.Reveal())
	}
	ps.set("P4401", u.String())
	ps.set("P3316", in.Book.Name)
	return nil
}

func htekAdmin(ps *params, in Input) {
	if password := in.Device.AdminPassword.Reveal(); password != "" {
		ps.set("P8681", "admin")
		ps.set("P2", password)
	}
}
