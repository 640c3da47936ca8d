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

// snom: option 43 with sub-options 66 and 67 goes before the plain options 66
// and 67; 67 is a path after 66. Configs are XML elements with an idx.
func snom() dialect {
	return dialect{
		model: "D785", firmware: "10.1.33.33",
		class:    func(c Config) []byte { return []byte("snom" + c.Model) },
		wants:    []uint8{1, 3, 4, 6, 12, 15, 42, 43, 51, 66, 67, 120, 125, 132, 133},
		server:   snomServer,
		exact:    func(url string) bool { return strings.Contains(url, "{mac}") || strings.Contains(url, "?") },
		agent:    snomAgent,
		fallback: func(string) bool { return false },
		parse:    parseSnom,
		read:     readSnom,
		anyCA:    true,
	}
}

func snomAgent(c Config) string {
	return fmt.Sprintf("Mozilla/4.0 (compatible; snom%s-SIP %s 2010.12-00004-g9ba52f5 %s SXM:0 UXM:0)",
		c.Model, c.Firmware, strings.ToUpper(c.MAC.Hex()))
}

func snomServer(o options) (value, option string) {
	if sub := encapsulated(o[43]); sub.text(66) != "" {
		return joinSnom(sub.text(66), sub.text(67)), "option 43"
	}
	value, option = o.firstText(66)
	if value == "" {
		return "", ""
	}
	return joinSnom(value, o.text(67)), option
}

func joinSnom(server, path string) string {
	if path == "" {
		return server
	}
	return strings.TrimSuffix(server, "/") + "/" + strings.TrimPrefix(path, "/")
}

// encapsulated reads the sub-options of option 43 (RFC 2132 section 8.4).
// Anything that does not fit ends it.
func encapsulated(b []byte) options {
	sub := options{}
	for len(b) >= 2 && b[0] != 255 {
		if b[0] == 0 {
			b = b[1:]
			continue
		}
		n := int(b[1])
		if len(b) < 2+n {
			break
		}
		sub[b[0]] = b[2 : 2+n]
		b = b[2+n:]
	}
	return sub
}

// parseSnom reads <settings> with its sections, and <setting-files>, which
// names other files. A leaf of <phone-settings> is a parameter, "user_name 1"
// where it has an idx.
func parseSnom(body []byte, _ string) (content, error) {
	c := content{set: values{}}
	dec := xml.NewDecoder(bytes.NewReader(body))
	var path []string
	var key, text string
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) && len(path) == 0 {
			break
		}
		if err != nil {
			return content{}, fmt.Errorf("%w: %w", ErrUnread, err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			path = append(path, t.Name.Local)
			key, text = snomKey(t), ""
			if t.Name.Local == "file" && len(path) == 2 && path[0] == "setting-files" {
				c.next = append(c.next, attr(t, "url"))
			}
		case xml.CharData:
			text += string(t)
		case xml.EndElement:
			if key != "" && len(path) == 3 && path[1] == "phone-settings" {
				c.set[key] = strings.TrimSpace(text)
			}
			path, key, text = path[:len(path)-1], "", ""
			if len(path) == 0 && t.Name.Local != "settings" && t.Name.Local != "setting-files" {
				return content{}, fmt.Errorf("%w: root element is <%.40s>, not <settings>", ErrUnread, t.Name.Local)
			}
		}
	}
	if dec.InputOffset() == 0 {
		return content{}, fmt.Errorf("%w: it is empty", ErrUnread)
	}
	return c, nil
}

func snomKey(t xml.StartElement) string {
	if idx := attr(t, "idx"); idx != "" {
		return t.Name.Local + " " + idx
	}
	return t.Name.Local
}

func attr(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func readSnom(v values) Settings {
	s := Settings{
		URL: v["setting_server"], User: v["http_client_user"],
		Password: phone.NewSecret(v["http_client_pass"]), Hotline: v["auto_dial_target"],
	}
	for n := 1; n <= phone.MaxLines; n++ {
		at := func(name string) string { return v[fmt.Sprintf("%s %d", name, n)] }
		if at("user_active") != "on" {
			continue
		}
		s.Accounts = append(s.Accounts, Account{
			Registrar: at("user_host"), User: at("user_name"), AuthID: at("user_pname"),
			Password: phone.NewSecret(at("user_pass")), DisplayName: at("user_realname"), Label: at("user_idle_text"),
		})
	}
	if len(s.Accounts) > 0 {
		s.Display = s.Accounts[0].Label
	}
	return s
}
