package archtest

// Module is the path all our packages start with.
const Module = "github.com/lineside/lineside"

// Row is one package: what it is for and which of ours it may import, by their
// paths below Module.
type Row struct {
	Package string
	Why     string
	May     []string
	// All opens every package of ours that is not test code.
	All bool
	// TestOnly says that no row may import it.
	TestOnly bool
}

// everywhere are the packages open to every row from provision on.
func everywhere() []string { return []string{"health", "metrics"} }

// Rows is the table of packages, words first and wiring last: a row imports
// only rows above it. A part to come gets its row first, so that it is built
// into its place.
func Rows() []Row {
	return []Row{
		{Package: "phone", Why: "the field's nouns; everything speaks them, so they import nothing"},
		{Package: "auth", Why: "pure law: no I/O, no clock", May: []string{"phone"}},
		{Package: "audit", Why: "typed record of what happened; the store keeps it", May: []string{"phone"}},
		{Package: "health", Why: "conditions for operators; decides nothing"},
		{Package: "metrics", Why: "every metric in one struct, handed down"},
		{Package: "vendors", Why: "facts in, bytes out; who may have them is not its matter", May: []string{"phone"}},
		{Package: "backup", Why: "the form of a backup file; which names are templates' is the vendors' table to say", May: []string{"vendors"}},
		from("provision", "the front desk: the only place that decides and renders", "phone", "auth", "audit", "vendors"),
		from("store", "keeps records; knows nothing of doors or the desk", "phone", "auth", "audit"),
		{Package: "outlet", Why: "keeps sockets able to send; knows no protocol"},
		from("dhcpopt", "a door: hands facts to the desk, reads options from vendors", "phone", "vendors", "provision", "outlet"),
		from("tftpd", "a door", "phone", "provision"),
		from("httpd", "a door", "phone", "provision"),
		{Package: "neigh", Why: "which MAC answers on the LAN; decides nothing", May: []string{"phone"}},
		from("voice", "sound and digits; knows neither SIP nor PINs"),
		from("sipd", "a door that also speaks; reads what a phone says of itself as vendors understood it", "phone", "vendors", "provision", "voice", "outlet"),
		from("mdns", "announces the box; knows only its own address"),
		from("mail", "carries messages to an SMTP server; knows no accounts", "phone", "audit"),
		from("operators", "what the two APIs for operators have in common; knows no routes and no roles", "phone"),
		{Package: "update", Why: "which release may follow what runs, and its trial: pure; shared by box, helper and platform; a key's password is a Secret", May: []string{"phone"}},
		from("accounts", "who may sign in to the pages, and their sessions; auth decides, the store keeps, mail carries", "phone", "auth", "audit", "mail", "operators"),
		from("admin", "operators' API: calls the desk, reads the audit log, shows how an update goes in its own words", "phone", "auth", "audit", "provision", "mail", "operators", "accounts", "update"),
		from("pages", "operators' and users' web pages: a client of admin's API, as the command line is; who has signed in is the accounts' to say; entries of the audit log are shown as they are", "phone", "audit", "admin", "accounts"),
		{Package: "rootslot", Why: "the appliance's two roots and its boot loader's entries; knows no releases, and update's interface not by name"},
		from("sync/proto", "rules of one-time things; pure, shared by both sides"),
		from("sync/seal", "sealing and signing; knows no messages"),
		from("sync/wire", "messages are structs of their own, so that both sides can change; they carry the rules' own nouns, and are signed",
			"sync/proto", "sync/seal"),
		from("sync/site", "the box's side: converts wire to domain and back, and the rules' generations to auth's",
			"phone", "auth", "audit", "provision", "sync/wire", "sync/proto", "sync/seal"),
		from("sync/central", "the platform's side; shares with the box wire, rules, seals, and the field's nouns, that what it takes is what a box takes; counts wrong join tokens as the operators' are",
			"phone", "operators", "sync/wire", "sync/proto", "sync/seal"),
		{Package: "shell", Why: "what the command lines have in common; knows no verbs"},
		from("sync/shelf", "files of releases on the platform's disk: says what one is in central's words, and an operator why not; written whole as the command lines write", "update", "operators", "shell", "sync/central"),
		from("sync/broker", "the fabric: who may connect and what they may say; knows no documents", "sync/wire", "sync/seal", "sync/central"),
		from("sync/portal", "the operators' API of the platform: calls central; shows and takes the field's nouns, secrets among them; refuses makers no box serves", "phone", "vendors", "sync/central", "sync/wire", "operators"),
		from("fleet", "simulated phones: the client side only, or it would test itself", "phone", "vendors", "voice"),
		{Package: "cmd/lineside", Why: "settings, sockets, signals, wiring", All: true},
		{Package: "cmd/lineside-central", Why: "settings, sockets, signals, wiring", All: true},
		{Package: "cmd/lineside-fleet", Why: "flags, signals, wiring", All: true},
		{Package: "packaging/bom", Why: "what is in a package and under which licences, by the go tool's words alone"},
		{Package: "internal/archtest", Why: "this table as a test", TestOnly: true},
		{Package: "internal/browser", Why: "a real browser for tests", TestOnly: true},
		{Package: "internal/golden", Why: "compares with golden files", TestOnly: true},
		{Package: "internal/netlab", Why: "network namespaces for tests", TestOnly: true},
		{Package: "internal/debroot", Why: "fresh Debian roots for tests", May: []string{"internal/netlab"}, TestOnly: true},
		{Package: "internal/smtplab", Why: "a real SMTP server for tests", May: []string{"internal/netlab"}, TestOnly: true},
		{Package: "internal/built", Why: "this module's programs, built and started for tests", TestOnly: true},
		{Package: "appliance", Why: "end-to-end tests of the box as an appliance", All: true, TestOnly: true},
		{Package: "integration", Why: "end-to-end tests", All: true, TestOnly: true},
	}
}

// from is a row of provision's height or later.
func from(pkg, why string, may ...string) Row {
	return Row{Package: pkg, Why: why, May: append(everywhere(), may...)}
}

// Owner says which packages may import a third-party module.
type Owner struct {
	// Module is the module's path, or the start of several.
	Module   string
	Packages []string
	Why      string
}

func commands() []string {
	return []string{"cmd/lineside", "cmd/lineside-central", "cmd/lineside-fleet"}
}

// Owners is the table of third-party modules. A module in no row may be
// imported by tests only, as rapid and go-cmp are.
func Owners() []Owner {
	return []Owner{
		{"golang.org/x/crypto", []string{"auth", "store", "sync/seal"}, "password hashes; sealing at rest"},
		{"github.com/prometheus/client_golang", []string{"metrics"}, "metric names live in one place"},
		{"go.etcd.io/bbolt", []string{"store", "sync/central"}, "one owner of the box's database, one of the platform's"},
		{"github.com/insomniacslk/dhcp", []string{"dhcpopt", "fleet"}, "DHCP messages: server half and client half"},
		{"github.com/vishvananda/netlink", []string{"neigh"}, "the kernel's tables"},
		{"github.com/u-root/uio", []string{"dhcpopt"}, "the DHCP library's own buffers"},
		{"github.com/mdlayher/packet", []string{"dhcpopt"}, "answers to clients without an address yet"},
		{"github.com/pin/tftp", []string{"tftpd", "fleet"}, "TFTP: server half and client half"},
		{"github.com/icholy/digest", []string{"fleet"}, "phones' side of HTTP Digest; the box's side is its own"},
		{"github.com/emiago/sipgo", []string{"sipd"}, "SIP messages and transactions"},
		{"github.com/pion/", []string{"voice"}, "RTP packets"},
		{"github.com/nats-io/", []string{"sync/site", "sync/broker"}, "the fabric between site and platform"},
		{"github.com/pelletier/go-toml", commands(), "the settings file is read in cmd"},
		{"github.com/spf13/", append(commands(), "shell"), "command lines"},
		{"github.com/coreos/go-systemd", commands(), "READY and STOPPING are the program's to say"},
		{"github.com/wneessen/go-mail", []string{"mail"}, "the form of messages, and SMTP with its logins"},
		{"golang.org/x/sync", commands(), "tasks run in one errgroup"},
		{"golang.org/x/time", []string{"dhcpopt", "tftpd", "httpd", "sipd", "admin", "cmd/lineside"}, "rate bounds of a door"},
		{"golang.org/x/net", []string{"dhcpopt", "sipd", "mdns"}, "control messages; DNS messages"},
		{"github.com/grandcat/zeroconf", []string{"mdns"}, "announces the box on the LAN and says goodbye; its ears are shut"},
		{"golang.org/x/term", commands(), "is this a terminal"},
		{"aead.dev/minisign", []string{"update"}, "the signature of releases, as Debian's minisign makes it"},
		{"golang.org/x/mod", []string{"update"}, "which of two versions is newer"},
		{"github.com/chromedp/", []string{"internal/browser"}, "drives Chromium in tests"},
		{"golang.org/x/sys", []string{"outlet", "dhcpopt", "tftpd", "httpd", "sipd", "mdns", "store", "admin", "neigh", "fleet", "cmd/lineside", "rootslot",
			"internal/netlab", "internal/debroot"}, "socket options, peer credentials, file locks, namespaces"},
	}
}
