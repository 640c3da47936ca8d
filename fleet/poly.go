package fleet

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/lineside/lineside/phone"
)

// Poly (UC Software): option 160 before 66; configs are XML whose attributes
// are the parameters, whatever the elements are called. The updater asks for
// the master file before the application asks for everything.
func poly() dialect {
	return dialect{
		model: "VVX410", firmware: "5.9.0.9373",
		class: polyClass,
		// The makers publish no list; this is what the guide says they read.
		wants:    []uint8{1, 2, 3, 4, 6, 15, 42, 43, 66, 128, 144, 157, 160, 191},
		server:   func(o options) (string, string) { return o.firstText(160, 66) },
		exact:    func(string) bool { return false },
		agent:    func(c Config) string { return polyAgent(c, c.Firmware, "Application") },
		updater:  func(c Config) string { return polyAgent(c, "5.9.9.0001", "Updater") },
		fallback: func(name string) bool { return strings.HasPrefix(name, "000000000000") },
		parse:    parsePoly,
		read:     readPoly,
		// Unverified for every release, but field installations put the
		// phone's own file first for this reason.
		firstWins: true,
	}
}

// polyClass is the default, binary form of option 60 (RFC 3925 style):
// enterprise 13885, total length, sub-options, end. The numbers of the
// sub-options are not published.
func polyClass(c Config) []byte {
	body := []byte{}
	for i, s := range []string{"Polycom", "Poly" + c.Model, "SIP/" + c.Firmware} {
		body = append(body, byte(i+1), byte(len(s)))
		body = append(body, s...)
	}
	class := []byte{0x00, 0x00, 0x36, 0x3d, byte(len(body))}
	return append(append(class, body...), 0xff)
}

// polyAgent is "FileTransport PolycomVVX-VVX_410-UA/5.9.0.9373 Type/Application";
// newer families say Poly instead of Polycom, and old ones put the family
// before the number.
func polyAgent(c Config, version, stage string) string {
	family, model := "PolycomVVX", c.Model
	switch {
	case strings.HasPrefix(model, "CCX"):
		family, model = "PolyCCX", strings.Replace(model, "CCX", "CCX_", 1)
	case strings.HasPrefix(model, "Edge"):
		family, model = "PolyEdge", "Edge_"+strings.TrimLeft(strings.TrimPrefix(model, "Edge"), " _")
	case strings.HasPrefix(model, "SPIP"):
		family, model = "PolycomSoundPointIP", strings.Replace(model, "SPIP", "SPIP_", 1)
	case strings.HasPrefix(model, "SSIP"):
		family, model = "PolycomSoundStationIP", strings.Replace(model, "SSIP", "SSIP_", 1)
	case strings.HasPrefix(model, "Trio"):
		family, model = "PolycomRealPresenceTrio", strings.Replace(model, "Trio", "Trio_", 1)
	default:
		model = strings.Replace(model, "VVX", "VVX_", 1)
	}
	return fmt.Sprintf("FileTransport %s-%s-UA/%s Type/%s", family, model, version, stage)
}

func parsePoly(body []byte, model string) (content, error) {
	c := content{set: values{}}
	dec := xml.NewDecoder(bytes.NewReader(body))
	depth, master, elements := 0, false, 0
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return content{}, fmt.Errorf("%w: %w", ErrUnread, err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			master = master || depth == 0 && t.Name.Local == "APPLICATION"
			depth++
			elements++
			for _, a := range t.Attr {
				c.set[a.Name.Local] = a.Value
			}
		case xml.EndElement:
			depth--
		}
	}
	if elements == 0 {
		return content{}, fmt.Errorf("%w: it holds no element", ErrUnread)
	}
	if master {
		files := c.set.first("CONFIG_FILES_"+model, "CONFIG_FILES")
		return content{set: values{}, next: listed(files)}, nil
	}
	return c, nil
}

// listed splits CONFIG_FILES; the phone puts its own address in by itself.
func listed(files string) []string {
	var names []string
	for f := range strings.SplitSeq(files, ",") {
		if f = strings.TrimSpace(f); f != "" {
			names = append(names, f)
		}
	}
	return names
}

func readPoly(v values) Settings {
	s := Settings{
		URL: polyURL(v), User: device(v, "device.prov.user"),
		Password: phone.NewSecret(device(v, "device.prov.password")),
	}
	if v["call.autoOffHook.1.enabled"] == "1" {
		s.Hotline = v["call.autoOffHook.1.contact"]
	}
	for n := 1; n <= phone.MaxLines; n++ {
		at := func(name string) string { return v[fmt.Sprintf("reg.%d.%s", n, name)] }
		user, domain, _ := strings.Cut(at("address"), "@")
		if user == "" {
			continue
		}
		registrar := at("server.1.address")
		if registrar == "" {
			registrar = v.first("voIpProt.server.1.address")
		}
		if registrar == "" {
			registrar = domain
		}
		s.Accounts = append(s.Accounts, Account{
			Registrar: registrar, Port: at("server.1.port"), User: user, AuthID: at("auth.userId"),
			Password: phone.NewSecret(at("auth.password")), DisplayName: at("displayName"), Label: at("label"),
		})
	}
	if len(s.Accounts) > 0 {
		s.Display = s.Accounts[0].Label
	}
	return s
}

// device reads a device.* parameter, which the phone ignores without its .set
// and the common device.set.
func device(v values, name string) string {
	if v["device.set"] != "1" || v[name+".set"] != "1" {
		return ""
	}
	return v[name]
}

// polyURL joins server name and type; a name with a scheme stands by itself.
func polyURL(v values) string {
	name := device(v, "device.prov.serverName")
	if name == "" || strings.Contains(name, "://") {
		return name
	}
	schemes := map[string]string{"TFTP": "tftp", "1": "tftp", "HTTP": "http", "2": "http", "HTTPS": "https", "3": "https"}
	scheme, ok := schemes[device(v, "device.prov.serverType")]
	if !ok {
		return "" // FTP, the default, is not spoken here
	}
	return scheme + "://" + name
}
