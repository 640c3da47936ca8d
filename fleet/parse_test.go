package fleet

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/phone"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name   string
		vendor phone.Vendor
		body   string
		want   content
		fails  bool
	}{
		{"yealink values", "yealink", "#!version:1.0.0.1\r\n# note\n a.b = c = d \r\nempty =\ngone = %NULL%\nnonsense\n",
			content{set: values{"a.b": "c = d", "gone": ""}}, false},
		{"yealink without the first line", "yealink", "a = b\n", content{}, true},
		{"yealink empty", "yealink", "", content{}, true},
		{"yealink line too long", "yealink", yealinkHeader + "\na = " + strings.Repeat("x", maxConfigLine), content{}, true},
		{"yealink boot file", "yealink", yealinkHeader + "\ninclude:config \"a.cfg\"\n[T46G] include:config b.cfg\n[T23P]include:config \"c.cfg\"\n",
			content{set: values{}, next: []string{"a.cfg", "b.cfg"}, only: true}, false},
		{"snom settings", "snom", `<?xml version="1.0" encoding="utf-8"?><settings><phone-settings e="2"><!-- c --><a perm="">x &amp; y</a>` +
			`<b idx="2"> z </b></phone-settings><tbook><a>no</a></tbook></settings>`,
			content{set: values{"a": "x & y", "b 2": "z"}}, false},
		{"snom list of files", "snom", `<setting-files><file url="http://h/a.xml"/><file url="b.xml"/></setting-files>`,
			content{set: values{}, next: []string{"http://h/a.xml", "b.xml"}}, false},
		{"snom page of another server", "snom", "<html><body>Not found</body></html>", content{}, true},
		{"snom cut short", "snom", "<settings><phone-settings><a>", content{}, true},
		{"snom empty", "snom", "", content{}, true},
		{"poly attributes", "poly", `<x a.b="1"><y c="&lt;2&gt;"/></x>`, content{set: values{"a.b": "1", "c": "<2>"}}, false},
		{"poly master", "poly", `<APPLICATION CONFIG_FILES="a.cfg, b.cfg,"/>`,
			content{set: values{}, next: []string{"a.cfg", "b.cfg"}}, false},
		{"poly master for the model", "poly", `<APPLICATION CONFIG_FILES="a.cfg"><M CONFIG_FILES_T46G="c.cfg"/></APPLICATION>`,
			content{set: values{}, next: []string{"c.cfg"}}, false},
		{"poly not XML", "poly", "#!version:1.0.0.1\na = b\n", content{}, true},
		{"poly broken", "poly", `<x a="1">`, content{}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := dialects()[tt.vendor].parse([]byte(tt.body), "T46G")
			if errors.Is(err, ErrUnread) != tt.fails {
				t.Fatalf("got error %v, want one: %t", err, tt.fails)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(content{})); diff != "" {
				t.Errorf("content (-want +got):\n%s", diff)
			}
		})
	}
}

// TestReadNeedsSet: what Poly phones ignore must not count as set.
func TestReadNeedsSet(t *testing.T) {
	full := values{
		"device.set": "1", "device.prov.user.set": "1", "device.prov.user": "u",
		"device.prov.serverName.set": "1", "device.prov.serverName": "h/cfg", "device.prov.serverType.set": "1",
		"device.prov.serverType": "HTTP",
	}
	if got := readPoly(full); got.User != "u" || got.URL != "http://h/cfg" {
		t.Errorf("got user %q, URL %q; want both", got.User, got.URL)
	}
	for _, without := range []string{"device.set", "device.prov.user.set"} {
		v := maps.Clone(full)
		delete(v, without)
		if got := readPoly(v); got.User != "" {
			t.Errorf("without %s: got user %q, want none", without, got.User)
		}
	}
}

func TestServer(t *testing.T) {
	sub := func(server, path string) []byte {
		b := append([]byte{66, byte(len(server) + 1)}, server+"\x00"...)
		return append(append(b, 67, byte(len(path)+1)), path+"\x00"...)
	}
	tests := []struct {
		name, vendor string
		options      options
		want, option string
	}{
		{"yealink takes 66 before 43", "yealink", options{66: []byte("http://a/"), 43: []byte("http://b/"), 160: []byte("http://c/")}, "http://a/", "option 66"},
		{"yealink falls back to 43", "yealink", options{43: []byte("http://b/")}, "http://b/", "option 43"},
		{"poly takes 160 before 66", "poly", options{66: []byte("http://a/"), 160: []byte("http://c/\x00")}, "http://c/", "option 160"},
		{"snom takes 43's 66 and 67", "snom", options{66: []byte("http://a/"), 43: sub("http://b", "p?mac={mac}")}, "http://b/p?mac={mac}", "option 43"},
		{"snom joins 66 and 67", "snom", options{66: []byte("http://a/"), 67: []byte("/x/")}, "http://a/x/", "option 66"},
		{"snom with a broken 43", "snom", options{66: []byte("http://a/"), 43: []byte{66, 200, 'h'}}, "http://a/", "option 66"},
		{"nothing told", "snom", options{}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, option := dialects()[phone.Vendor(tt.vendor)].server(tt.options)
			if got != tt.want || option != tt.option {
				t.Errorf("got %q by %q, want %q by %q", got, option, tt.want, tt.option)
			}
		})
	}
}

func TestLocate(t *testing.T) {
	tests := []struct{ name, vendor, address, file, want string }{
		{"bare host is TFTP", "yealink", "192.0.2.1", "a.cfg", "tftp://192.0.2.1/a.cfg"},
		{"folder without a slash", "yealink", "http://192.0.2.1/x", "a.cfg", "http://192.0.2.1/x/a.cfg"},
		{"no folder", "yealink", "http://192.0.2.1:8080", "a.cfg", "http://192.0.2.1:8080/a.cfg"},
		{"poly's file stands for its folder", "poly", "http://192.0.2.1/x/000000000000.cfg", "a.cfg", "http://192.0.2.1/x/a.cfg"},
		{"snom's URL with the MAC is the file", "snom", "http://192.0.2.1/p?mac={mac}", "a.htm", "http://192.0.2.1/p?mac=0015654AA937"},
		{"yealink's macro", "yealink", "http://192.0.2.1/$MAC/", "a.cfg", "http://192.0.2.1/0015654aa937/a.cfg"},
		{"poly without a scheme", "poly", "192.0.2.1", "a.cfg", ""},
		{"nonsense", "snom", "http://%zz/", "a.htm", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := phone.Vendor(tt.vendor)
			p := &Phone{cfg: Config{MAC: phone.MAC{0, 0x15, 0x65, 0x4a, 0xa9, 0x37}, Vendor: v}, dialect: dialects()[v]}
			where, err := p.locate(tt.address)
			if err != nil {
				if tt.want != "" || !errors.Is(err, ErrNotTold) {
					t.Fatalf("got error %v", err)
				}
				return
			}
			if u, ok := where.file(tt.file); !ok || u.String() != tt.want {
				t.Errorf("got %s, want %s", u, tt.want)
			}
		})
	}
}

func TestAgents(t *testing.T) {
	mac := phone.MAC{0, 0x15, 0x65, 0x4a, 0xa9, 0x37}
	tests := []struct{ vendor, model, firmware, want string }{
		{"yealink", "W60B", "77.81.0.35", "Yealink W60B 77.81.0.35 00:15:65:4a:a9:37"},
		{"yealink", "T34W", "124.86.0.75", "Yealink SIP-T34W 124.86.0.75 00:15:65:4a:a9:37"},
		{"poly", "VVX400", "4.1.4.7430", "FileTransport PolycomVVX-VVX_400-UA/4.1.4.7430 Type/Application"},
		{"poly", "CCX500", "9.4.1.0508", "FileTransport PolyCCX-CCX_500-UA/9.4.1.0508 Type/Application"},
		{"poly", "EdgeE450", "8.0.0.15602", "FileTransport PolyEdge-Edge_E450-UA/8.0.0.15602 Type/Application"},
		{"poly", "SSIP6000", "4.0.4.2906", "FileTransport PolycomSoundStationIP-SSIP_6000-UA/4.0.4.2906 Type/Application"},
	}
	for _, tt := range tests {
		got := dialects()[phone.Vendor(tt.vendor)].agent(Config{MAC: mac, Model: tt.model, Firmware: tt.firmware})
		if got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.vendor, tt.model, got, tt.want)
		}
	}
}

// FuzzYealink: what was read, written out and read again, is the same.
func FuzzYealink(f *testing.F) {
	f.Add([]byte("#!version:1.0.0.1\na.b = c\nd = %NULL%\n"), "T46G")
	f.Add([]byte("#!version:1.0.0.1\ninclude:config \"a.cfg\"\n[T46G]include:config \"b.cfg\"\n"), "T46G")
	f.Add([]byte("#!version:1.0.0.1\n= =\n[\n"), "")
	f.Fuzz(func(t *testing.T, body []byte, model string) {
		first, err := parseYealink(body, model)
		if err != nil {
			return
		}
		readYealink(first.set)
		var out strings.Builder
		fmt.Fprintln(&out, yealinkHeader)
		for k, v := range first.set {
			if v == "" {
				v = "%NULL%"
			}
			fmt.Fprintf(&out, "%s = %s\n", k, v)
		}
		for _, name := range first.next {
			fmt.Fprintf(&out, "include:config %q\n", name)
		}
		again, err := parseYealink([]byte(out.String()), model)
		if err != nil {
			t.Fatalf("read again: %v", err)
		}
		if diff := cmp.Diff(first.set, again.set); diff != "" {
			t.Errorf("values (-first +again):\n%s", diff)
		}
		if len(again.next) > len(first.next) {
			t.Errorf("got %d files, want at most %d", len(again.next), len(first.next))
		}
	})
}

// FuzzXML: every value a parser of XML gives stands in the file, once escapes
// are undone, and a file it refuses gives none.
func FuzzXML(f *testing.F) {
	f.Add([]byte(`<settings><phone-settings><a idx="1">x &amp; y</a></phone-settings></settings>`))
	f.Add([]byte(`<setting-files><file url="http://h/a.xml"/></setting-files>`))
	f.Add([]byte(`<APPLICATION CONFIG_FILES="a.cfg, [PHONE_MAC_ADDRESS].cfg"/>`))
	f.Add([]byte(`<x device.set="1" reg.1.address="1@h"><y/></x>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for vendor, d := range dialects() {
			if vendor == "yealink" {
				continue
			}
			c, err := d.parse(body, "VVX410")
			if err != nil {
				if len(c.set)+len(c.next) > 0 {
					t.Fatalf("%s: refused and still gave %v", vendor, c)
				}
				continue
			}
			d.read(c.set)
			texts := texts(body)
			for _, v := range slices.Concat(slices.Collect(maps.Values(c.set)), c.next) {
				if !strings.Contains(texts, v) {
					t.Errorf("%s: %q is not in the file", vendor, v)
				}
			}
		}
	})
}

// texts is every text and attribute of an XML file.
func texts(body []byte) string {
	var all strings.Builder
	for dec := xml.NewDecoder(bytes.NewReader(body)); ; {
		token, err := dec.Token()
		if err != nil {
			return all.String()
		}
		switch t := token.(type) {
		case xml.CharData:
			all.Write(t)
		case xml.StartElement:
			for _, a := range t.Attr {
				all.WriteString(a.Value + "\n")
			}
		}
	}
}

// FuzzEncapsulated: sub-options never hold more bytes than came in.
func FuzzEncapsulated(f *testing.F) {
	f.Add([]byte("\x42\x09http://t\x00\x43\x02s\x00\xff"))
	f.Add([]byte{66, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		n := 0
		for _, v := range encapsulated(b) {
			n += 2 + len(v)
		}
		if n > len(b) {
			t.Errorf("got %d bytes of sub-options from %d", n, len(b))
		}
	})
}

// FuzzAnswerTo: whatever is taken for an answer is one to this phone, with an
// address unless it is a NAK.
func FuzzAnswerTo(f *testing.F) {
	mac := net.HardwareAddr{0, 0x15, 0x65, 1, 2, 3}
	msg, err := dhcpv4.New(dhcpv4.WithHwAddr(mac), dhcpv4.WithMessageType(dhcpv4.MessageTypeRequest),
		dhcpv4.WithTransactionID(dhcpv4.TransactionID{1, 2, 3, 4}))
	if err != nil {
		f.Fatal(err)
	}
	for _, kind := range []dhcpv4.MessageType{dhcpv4.MessageTypeAck, dhcpv4.MessageTypeNak, dhcpv4.MessageTypeOffer} {
		reply, err := dhcpv4.NewReplyFromRequest(msg, dhcpv4.WithMessageType(kind), dhcpv4.WithYourIP(net.IPv4(127, 0, 0, 9)),
			dhcpv4.WithOption(dhcpv4.OptServerIdentifier(net.IPv4(127, 0, 0, 1))))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(reply.ToBytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		answer, ok := answerTo(msg, b)
		if !ok {
			return
		}
		if answer.TransactionID != msg.TransactionID || !bytes.Equal(answer.ClientHWAddr, mac) {
			t.Errorf("took an answer to %s of %s", answer.TransactionID, answer.ClientHWAddr)
		}
		if answer.MessageType() == dhcpv4.MessageTypeNak {
			return
		}
		if answer.MessageType() != dhcpv4.MessageTypeAck || answer.YourIPAddr.IsUnspecified() {
			t.Errorf("took %s with address %s", answer.MessageType(), answer.YourIPAddr)
		}
	})
}
