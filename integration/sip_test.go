package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/health"
	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/phone"
)

// sipWait bounds one run of a real SIP client.
const sipWait = 30 * time.Second

// sipLab is a branch with a box, a phone and two SBCs on one LAN.
type sipLab struct {
	*box
	lab            *netlab.Lab
	phone          *netlab.Host
	at             string       // the phone's address
	first, second  *netlab.Host // SBCs, in the box's order
	mac            phone.MAC
	user, password string // of the holding account, once read
	login          string // password for the next fetch, of the same config
}

// Addresses of the lab.
const (
	boxAt    = "10.77.0.1"
	firstAt  = "10.77.0.8"
	secondAt = "10.77.0.9"
)

func newSIPLab(t *testing.T) *sipLab {
	t.Helper()
	netlab.Tool(t, "sipp")
	lab := netlab.New(t)
	l := &sipLab{lab: lab, mac: phone.MAC{0x00, 0x15, 0x65, 0x4a, 0xa9, 0x37}, at: "10.77.0.60"}
	host := lab.Host("box", boxAt+"/24")
	l.phone, l.first, l.second = lab.Host("phone", l.at+"/24"), lab.Host("sbc1", firstAt+"/24"), lab.Host("sbc2", secondAt+"/24")
	l.phone.SetMAC(l.mac.String())
	l.box = newBox(t, boxAt+"/24", host.Interface(), "10.77.0.100-10.77.0.120", "pin", ports{http: 80, https: 443, tftp: 69, dhcp: 67})
	l.box.host = host
	l.settings(t, `sbc = "sbc.example.net:5060"`, `sbc = "`+firstAt+`"`)
	l.settings(t, "[trust]\n", "[emergency]\nsbcs = [\""+secondAt+"\"]\n[trust]\n")
	return l
}

// settings replaces a piece of the settings file.
func (b *box) settings(t testing.TB, old, now string) {
	t.Helper()
	text, err := os.ReadFile(b.config)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("the settings hold no %q", old)
	}
	if err := os.WriteFile(b.config, []byte(strings.Replace(string(text), old, now, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// another is the same branch as a further phone of it sees it: set up, on hold.
func (l *sipLab) another(t *testing.T, n int) *sipLab {
	t.Helper()
	own := *l
	own.mac[5] += byte(n)
	own.at = fmt.Sprintf("10.77.0.%d", 60+n)
	own.phone = l.lab.Host(fmt.Sprintf("phone%d", n), own.at+"/24")
	own.phone.SetMAC(own.mac.String())
	own.setUp(t)
	return &own
}

// answers starts an SBC that takes every call, sound and all.
func (l *sipLab) answers(sbc *netlab.Host, at string) *netlab.Process {
	return sbc.Start("sipp", "-sn", "uas", "-i", at, "-mi", at, "-p", "5060", "-nostdin", "-aa", "-rtp_echo")
}

// newPINLab is a branch whose second SBC answers; nobody is at the first.
func newPINLab(t *testing.T) *sipLab {
	t.Helper()
	l := newSIPLab(t)
	l.answers(l.second, secondAt)
	l.start(t)
	l.tested(t)
	return l
}

// tested waits until an SBC has answered the box, or no call is put through to
// the voice.
func (l *sipLab) tested(t *testing.T) {
	t.Helper()
	if out, err := l.dials(t, "sip:112@"+boxAt, "200", ""); err != nil {
		t.Fatalf("%v\n%s", err, tail(out))
	}
	l.sees(t, "emergency-sbc-partly")
}

// sees waits for a condition that an operator is shown.
func (b *box) sees(t *testing.T, code string) (c health.Condition) {
	t.Helper()
	b.until(t, "condition "+code, func() bool {
		h, err := b.client.Health(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(h.Conditions, func(one health.Condition) bool { return one.Code == code })
		if i >= 0 {
			c = h.Conditions[i]
		}
		return i >= 0
	})
	return c
}

// until asks until something is so.
func (b *box) until(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(sipWait); !is(); {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("there was no %s", what)
		}
	}
}

func (l *sipLab) setUp(t *testing.T) {
	t.Helper()
	d := admin.DeviceInput{MAC: admin.Set(l.mac), Vendor: admin.Set("yealink"), Model: admin.Set("T46G"), Lines: admin.Set([]admin.LineInput{{
		Registrar: "sip.example.net", User: "4711", Password: admin.Set("fake-line-secret"),
	}})}
	if _, err := l.client.AddDevice(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}

// pin is the phone's PIN.
func (l *sipLab) pin(t *testing.T) string {
	t.Helper()
	r, err := l.client.ShowPIN(t.Context(), l.mac)
	if err != nil {
		t.Fatal(err)
	}
	return r.PIN
}

// other is a PIN that is not right; n keeps several apart.
func other(pin string, n int) string {
	b := []byte(pin)
	b[5] = '0' + (b[5]-'0'+byte(n))%10
	return string(b)
}

// fetches asks for the phone's config as a Yealink phone does.
func (l *sipLab) fetches(t *testing.T, login ...string) string {
	t.Helper()
	args := append(append([]string{"-s"}, login...), "-A", "Yealink SIP-T46G 28.83.0.50 "+l.mac.String(), l.url(l.mac.Hex()+".cfg"))
	body, err := l.phone.Try(sipWait, "curl", args...)
	if err != nil {
		t.Fatalf("fetch: %v\n%s", err, body)
	}
	return body
}

// account reads the SIP account out of the phone's holding config.
func (l *sipLab) account(t *testing.T) {
	t.Helper()
	body := l.fetches(t)
	find := func(key string) string {
		m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(key) + ` = (.+)$`).FindStringSubmatch(body)
		if m == nil {
			t.Fatalf("no %s in the holding config:\n%s", key, body)
		}
		return strings.TrimSpace(m[1])
	}
	l.login = find("static.auto_provision.server.password")
	l.user, l.password = find("account.1.auth_name"), find("account.1.password")
}

// wantFull fetches as the phone does: the holding config's login first.
func (l *sipLab) wantFull(t *testing.T) {
	t.Helper()
	body := l.fetches(t, "--digest", "-u", "hold-"+l.mac.Hex()+":"+l.login)
	if !strings.Contains(body, "account.1.user_name = 4711") {
		t.Errorf("after the PIN: got %.300s\nwant the full config", body)
	}
}

// state is the phone's, as an operator sees it.
func (l *sipLab) state(t *testing.T) string {
	t.Helper()
	d, err := l.client.Device(t.Context(), l.mac)
	if err != nil {
		t.Fatal(err)
	}
	return d.Enrolment.State
}

// wantStep waits for a line of the phone's running account, and gives it.
func (l *sipLab) wantStep(t *testing.T, text string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), sipWait)
	defer cancel()
	for step, err := range l.client.Watch(ctx, l.mac, true) {
		if err != nil {
			break
		}
		if strings.Contains(step.Text, text) {
			return step.Text
		}
	}
	t.Errorf("no step says %q", text)
	return ""
}

// emergencies are the calls for help of this phone's address that the audit log
// holds, the last one last.
func (l *sipLab) emergencies(t *testing.T) (all []audit.EmergencyCalled) {
	t.Helper()
	entries, err := l.client.AuditTail(t.Context(), phone.MAC{}, 500)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		var call audit.EmergencyCalled
		if e.Kind != "emergency-called" || e.By.Remote != netip.MustParseAddr(l.at) {
			continue
		}
		if err := json.Unmarshal(e.What, &call); err != nil {
			t.Fatal(err)
		}
		all = append(all, call)
	}
	return all
}

// audited waits for the audit event of a call for help after the first n.
func (l *sipLab) audited(t *testing.T, n int) (call audit.EmergencyCalled) {
	t.Helper()
	l.until(t, "audit event of the emergency call", func() bool {
		all := l.emergencies(t)
		if len(all) > n {
			call = all[len(all)-1]
		}
		return len(all) > n
	})
	return call
}

// open opens a UDP socket of the phone's.
func (l *sipLab) open(t *testing.T, port int) *net.UDPConn {
	t.Helper()
	var conn *net.UDPConn
	if err := l.phone.Do(func() (err error) {
		conn, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(l.at), uint16(port))))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// tail is the end of what a program said.
func tail(s string) string { return s[max(0, len(s)-3000):] }
