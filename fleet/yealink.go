package fleet

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/lineside/lineside/phone"
)

// Yealink: options 66 then 43, "#!version:1.0.0.1" and key = value lines. A
// missing file is asked for up to three times.
func yealink() dialect {
	return dialect{
		model: "T46G", firmware: "28.83.0.120",
		class:    func(Config) []byte { return []byte("yealink") },
		wants:    []uint8{1, 2, 3, 4, 6, 7, 12, 15, 28, 42, 43, 60, 66, 67},
		server:   func(o options) (string, string) { return o.firstText(66, 43) },
		exact:    func(string) bool { return false },
		agent:    yealinkAgent,
		asks:     3,
		fallback: func(name string) bool { return name == "y000000000000.boot" },
		parse:    parseYealink,
		read:     readYealink,
	}
}

// yealinkAgent is "Yealink SIP-T46G 28.83.0.120 00:15:65:4a:a9:37"; DECT bases
// and conference phones have no "SIP-".
func yealinkAgent(c Config) string {
	model := c.Model
	if strings.HasPrefix(model, "T") {
		model = "SIP-" + model
	}
	return fmt.Sprintf("Yealink %s %s %s", model, c.Firmware, c.MAC)
}

// yealinkHeader must be the first line, or the phone ignores the whole file.
const yealinkHeader = "#!version:1.0.0.1"

// maxConfigLine bounds a line; phones take a few hundred bytes.
const maxConfigLine = 16 << 10

func parseYealink(body []byte, model string) (content, error) {
	c := content{set: values{}}
	lines := bufio.NewScanner(bytes.NewReader(body))
	lines.Buffer(nil, maxConfigLine)
	if !lines.Scan() || strings.TrimSuffix(lines.Text(), "\r") != yealinkHeader {
		return content{}, fmt.Errorf("%w: the first line is not %s", ErrUnread, yealinkHeader)
	}
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		if file, ok := yealinkInclude(line, model); ok {
			if file != "" {
				c.next = append(c.next, file)
			}
			c.only = true
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			continue // phones skip what they do not understand
		}
		c.setYealink(strings.TrimSpace(key), strings.TrimSpace(value))
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return content{}, fmt.Errorf("%w: a line is longer than %d bytes", ErrUnread, maxConfigLine)
	}
	return c, nil
}

// setYealink keeps a value as the phone would: blank leaves it alone, %NULL%
// clears it.
func (c content) setYealink(key, value string) {
	switch value {
	case "":
	case "%NULL%", "%EMPTY%":
		c.set[key] = ""
	default:
		c.set[key] = value
	}
}

// yealinkInclude reads a boot file's include:config "x.cfg", with or without a
// [model] before it; file is empty where that names another model.
func yealinkInclude(line, model string) (file string, ok bool) {
	filter := ""
	if rest, found := strings.CutPrefix(line, "["); found {
		if filter, line, found = strings.Cut(rest, "]"); !found {
			return "", false
		}
	}
	name, ok := strings.CutPrefix(strings.TrimSpace(line), "include:config")
	if !ok {
		return "", false
	}
	if filter != "" && !strings.EqualFold(strings.TrimSpace(filter), model) {
		return "", true
	}
	return strings.Trim(strings.TrimSpace(name), `"`), true
}

func readYealink(v values) Settings {
	s := Settings{
		URL:      v.first("static.auto_provision.server.url", "auto_provision.server.url"),
		User:     v.first("static.auto_provision.server.username", "auto_provision.server.username"),
		Password: phone.NewSecret(v.first("static.auto_provision.server.password", "auto_provision.server.password")),
		Hotline:  v["features.hotline_number"],
	}
	for n := 1; n <= phone.MaxLines; n++ {
		at := func(name string) string { return v[fmt.Sprintf("account.%d.%s", n, name)] }
		if at("enable") != "1" {
			continue
		}
		registrar := at("sip_server.1.address")
		if registrar == "" {
			registrar = at("sip_server_host") // firmware 70 and older
		}
		s.Accounts = append(s.Accounts, Account{
			Registrar: registrar, Port: v.first(fmt.Sprintf("account.%d.sip_server.1.port", n), fmt.Sprintf("account.%d.sip_server_port", n)), User: at("user_name"), AuthID: at("auth_name"),
			Password: phone.NewSecret(at("password")), DisplayName: at("display_name"), Label: at("label"),
		})
		if s.Hotline == "" && at("auto_dial_enable") == "1" {
			s.Hotline = at("auto_dial_num")
		}
	}
	if len(s.Accounts) > 0 {
		s.Display = s.Accounts[0].Label
	}
	return s
}
