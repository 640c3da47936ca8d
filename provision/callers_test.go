package provision_test

import (
	"fmt"
	"net/netip"
	"regexp"

	"pgregory.net/rapid"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
	"github.com/lineside/lineside/vendors"
)

// handset is an honest phone. What it has stored outlives a power cut of the
// box, and is lost with its own if it comes too early.
type handset struct {
	n      int
	mac    phone.MAC
	vendor phone.Vendor
	agent  string
	config string   // the file that carries its secrets
	open   []string // the others of its sequence
	home   netip.Addr
	routed bool // behind a router: layer 2 says nothing of it
	plain  bool // an admin accepted its secrets on TFTP
	flash  login
	// holding is the login of its holding config, once anybody was given one.
	holding login
}

// handsets are one of each vendor; the third is behind a router.
func newHandset(i int, v phone.Vendor, table vendors.Table) *handset {
	p := &handset{n: i, vendor: v, home: netip.AddrFrom4([4]byte{10, 20, 0, byte(50 + i)})}
	model := ""
	switch v {
	case "yealink":
		p.mac, model = phone.MAC{0, 0x15, 0x65, 1, 2, byte(i)}, "T46G"
		p.agent = "Yealink SIP-T46G 28.83.0.120 " + p.mac.String()
	case "snom":
		p.mac, model, p.plain = phone.MAC{0, 0x04, 0x13, 1, 2, byte(i)}, "D385", true
		p.agent = "Mozilla/4.0 (compatible; snomD385-SIP 10.1.175.16 2010.12-00001-gd311851f1 " + p.mac.Hex() + " SXM:0)"
	case "poly":
		p.mac, model = phone.MAC{0, 0x04, 0xf2, 1, 2, byte(i)}, "VVX400"
		p.agent = "FileTransport PolycomVVX-VVX_400-UA/5.4.3.1014 (SN:" + p.mac.Hex() + ") Type/Application"
		p.routed, p.home = true, netip.AddrFrom4([4]byte{10, 88, 0, 5})
	}
	maker, _ := table.Of(v)
	for _, name := range maker.Sequence(p.mac, model) {
		if f, ok := table.File(name, v); ok && f.Kind == vendors.Config && p.config == "" {
			p.config = name
		} else {
			p.open = append(p.open, name)
		}
	}
	return p
}

func (p *handset) String() string { return fmt.Sprintf("phone %d (%s)", p.n, p.vendor) }

// try is one request, with the truth about who makes it.
type try struct {
	who    string
	of     *handset // the phone it goes by
	mac    phone.MAC
	vendor phone.Vendor // whose file it asks for
	file   string
	from   netip.Addr
	agent  string
	front  provision.Front
	shown  login
	forged forgery
}

// forgery is what a caller made layer 2 say of its address.
type forgery string

const (
	honest     forgery = ""                        // what is true of a phone
	nothing    forgery = "from behind a router"    // no lease, no ARP
	leaseOnly  forgery = "with a forged lease"     // but the ARP entry is the thief's own
	silent     forgery = "with a silent lease"     // and no ARP entry
	wireOnly   forgery = "with forged ARP"         // and no lease
	rivalling  forgery = "with lease and ARP"      // both forged, while the phone is there too
	ownLease   forgery = "with a lease of its own" // and its own ARP entry
	othersName forgery = "under two names"         // the User-Agent names another phone
)

// truth is what layer 2 may say of the caller.
func (t try) truth() auth.Verdict {
	switch {
	case t.forged == leaseOnly, t.forged == ownLease, t.forged == othersName:
		return auth.Contradicted
	case t.forged == honest && !t.of.routed:
		return auth.Proven
	case t.forged == honest, t.of.routed, t.forged == rivalling:
		return auth.Claimed
	}
	return auth.Doubted // the phone itself is on the LAN
}

// onHold reports that the caller shows the login of the phone's holding config.
func (t try) onHold() bool { return t.shown != login{} && t.shown == t.of.holding }

// identity is the layer-2 identity of a caller that is not contradicted.
func (t try) identity() string {
	if t.truth() == auth.Proven {
		return "mac:" + t.mac.String()
	}
	return "ip:" + t.from.String()
}

func (t try) String() string {
	text := fmt.Sprintf("%s asks for %s from %s by %s", t.who, t.file, t.from, t.front)
	if t.forged != honest {
		text += " " + string(t.forged)
	}
	if t.shown.user != "" {
		text += " as " + t.shown.user
	}
	return text
}

func (p *handset) asks(front provision.Front, shown login) try {
	return try{who: p.String(), of: p, mac: p.mac, vendor: p.vendor, file: p.config, from: p.home, agent: p.agent, front: front, shown: shown}
}

// device draws one of the phones.
func (s *site) device() *handset { return rapid.SampledFrom(s.phones).Draw(s.rt, "phone") }

func (s *site) chance(what string) bool { return rapid.Bool().Draw(s.rt, what) }

// phoneFetches has a phone fetch as phones do: bare, then with what it has
// stored, then with what somebody types. Its own power may be lost before it
// has stored the answer.
func (s *site) phoneFetches() {
	p := s.device()
	front := rapid.SampledFrom([]provision.Front{provision.HTTP, provision.HTTP, provision.HTTPS, provision.TFTP}).Draw(s.rt, "door")
	if s.chance("another file first") {
		t := p.asks(front, login{})
		t.file = rapid.SampledFrom(p.open).Draw(s.rt, "file")
		s.ask(t)
	}
	a := s.ask(p.asks(front, login{}))
	if front != provision.TFTP {
		if a.Status == provision.Challenge && p.flash != (login{}) {
			a = s.ask(p.asks(front, p.flash))
		}
		if k := s.claims[p.mac].ticket; a.Status == provision.Challenge && k.user != "" && s.chance("somebody types the ticket") {
			a = s.ask(p.asks(front, k.login))
		}
		if a.Status == provision.Challenge && s.chance("somebody types the one-time password") {
			a = s.ask(p.asks(front, s.brands[p.vendor].login))
		}
		if c := s.claims[p.mac]; a.Status == provision.Challenge && c.known && s.screen && s.chance("somebody types the PIN") {
			a = s.ask(p.asks(front, s.typedPIN(p, c.pin)))
		}
	}
	if a.Status != provision.Content {
		return
	}
	if s.chance("the phone loses its power before it has stored the config") {
		s.say("%s loses its power and what it was given", p)
		return
	}
	p.flash = readLogin(a.Body)
}

// typedPIN is a PIN as somebody types it into a phone's question for a login: in
// one of the ways that are taken, and sometimes wrong.
func (s *site) typedPIN(p *handset, pin string) login {
	user := rapid.SampledFrom([]string{"pin", "PIN", p.mac.Hex()}).Draw(s.rt, "user name of the PIN")
	if rapid.IntRange(0, 2).Draw(s.rt, "mistyped") == 0 {
		pin = other(pin)
	}
	return login{user, pin}
}

var (
	userIn     = regexp.MustCompile(`\b(own-[a-z2-7]{10}|hold-[0-9a-f]{12})\b`)
	passwordIn = regexp.MustCompile(`(?:server\.password = |http_client_pass[^>]*>|prov\.password=")([a-z2-7]{20})`)
)

// readLogin reads the provisioning login out of a config, as a phone does.
func readLogin(body []byte) login {
	user, password := userIn.Find(body), passwordIn.FindSubmatch(body)
	if user == nil || password == nil {
		return login{}
	}
	return login{string(user), string(password[1])}
}

// thief is on the LAN and behind the router. It knows every MAC and name, what
// was ever served to it, and what it stole from phones.
type thief struct {
	knows bool // the one-time passwords
	has   map[phone.MAC][]login
}

var (
	thiefAt  = []netip.Addr{netip.MustParseAddr("10.20.0.66"), netip.MustParseAddr("10.20.0.67"), netip.MustParseAddr("10.88.0.6")}
	thiefMAC = phone.MAC{0x02, 0, 0, 0, 0, 0x66}
)

// thiefFetches has the thief ask under a phone's name with what it has.
func (s *site) thiefFetches() {
	p := s.device()
	t := p.asks(provision.HTTP, login{})
	t.who, t.agent = "the thief", ""
	t.from = rapid.SampledFrom(thiefAt).Draw(s.rt, "the thief's address")
	forgeries := []forgery{nothing, leaseOnly, silent, wireOnly, ownLease, othersName}
	if !p.routed {
		forgeries = append(forgeries, rivalling) // of an absent phone, only the switch can tell
	}
	t.forged = rapid.SampledFrom(forgeries).Draw(s.rt, "the thief is seen")
	if s.chance("by TFTP") {
		t.front = provision.TFTP
	} else {
		t.shown = rapid.SampledFrom(s.loot(p)).Draw(s.rt, "the thief shows")
	}
	if s.chance("in the phone's words") {
		t.agent = p.agent
	}
	if t.forged == othersName {
		other := s.phones[0]
		if other == p {
			other = s.phones[1]
		}
		t.agent = other.agent
	}
	s.forge(t)
	a := s.ask(t)
	s.lan.unplug(t.from)
	if l := readLogin(a.Body); a.Status == provision.Content && l.user != "" {
		s.thief.has[p.mac] = append(s.thief.has[p.mac], l)
	}
}

// loot is everything the thief can show for a phone.
func (s *site) loot(p *handset) []login {
	logins := append([]login{{}, {"admin", "guess"}, {"own-aaaaaaaaaa", "guess"}, {"pin", other(s.claims[p.mac].pin)}}, s.thief.has[p.mac]...)
	if !s.thief.knows {
		return logins
	}
	if k := s.claims[p.mac].ticket.login; k.user != "" {
		logins = append(logins, k, k)
	}
	return append(logins, s.brands[p.vendor].login, s.brands[p.vendor].login)
}

// forge puts on layer 2 what the thief made of it, for the time of one request.
func (s *site) forge(t try) {
	switch t.forged {
	case leaseOnly:
		s.lan.plug(t.from, t.mac, thiefMAC)
	case silent:
		s.lan.plug(t.from, t.mac, phone.MAC{})
	case wireOnly:
		s.lan.plug(t.from, phone.MAC{}, t.mac)
	case rivalling:
		s.lan.plug(t.from, t.mac, t.mac)
	case ownLease:
		s.lan.plug(t.from, thiefMAC, thiefMAC)
	}
}

// thiefSteals has the thief read what a phone has stored.
func (s *site) thiefSteals() {
	p := s.device()
	if p.flash == (login{}) {
		s.rt.Skip("the phone has nothing")
	}
	s.say("the thief reads the login %s of %s", p.flash.user, p)
	s.thief.has[p.mac] = append(s.thief.has[p.mac], p.flash)
}

// noise is a request no phone would make.
func (s *site) noise() {
	p := s.device()
	names := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z0-9/.%_-]{0,40}`), rapid.SampledFrom([]string{p.config, p.mac.Hex(), "../" + p.config, "a/b/c/" + p.config}))
	t := p.asks(rapid.SampledFrom([]provision.Front{provision.HTTP, provision.TFTP, "x"}).Draw(s.rt, "door"), login{})
	t.who, t.forged = "a madman", nothing
	t.file = names.Draw(s.rt, "name")
	t.agent = rapid.String().Draw(s.rt, "agent")
	t.from = rapid.SampledFrom([]netip.Addr{{}, thiefAt[0], netip.IPv6Unspecified(), netip.MustParseAddr("fe80::1%x")}).Draw(s.rt, "address")
	if s.chance("with a login") {
		t.shown = login{rapid.String().Draw(s.rt, "user"), rapid.String().Draw(s.rt, "password")}
	}
	s.ask(t)
}
