package integration

import (
	"context"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/internal/netlab"
	"github.com/lineside/lineside/phone"
)

// sipWait bounds one run of a real SIP client.
const sipWait = 30 * time.Second

// sipLab is a branch with a box, a phone and an SBC on one LAN.
type sipLab struct {
	*box
	phone, sbc     *netlab.Host
	mac            phone.MAC
	user, password string // of the holding account, once read
	login          string // password for the next fetch, of the same config
}

func newSIPLab(t *testing.T) *sipLab {
	t.Helper()
	netlab.Tool(t, "sipp")
	lab := netlab.New(t)
	l := &sipLab{mac: phone.MAC{0x00, 0x15, 0x65, 0x4a, 0xa9, 0x37}}
	host := lab.Host("box", "10.77.0.1/24")
	l.phone, l.sbc = lab.Host("phone", "10.77.0.60/24"), lab.Host("sbc", "10.77.0.9/24")
	l.phone.SetMAC(l.mac.String())
	l.box = newBox(t, "10.77.0.1/24", host.Interface(), "10.77.0.100-10.77.0.120", "pin", ports{http: 80, https: 443, tftp: 69, dhcp: 67})
	l.box.host = host
	text, err := os.ReadFile(l.config)
	if err != nil {
		t.Fatal(err)
	}
	// A dead SBC first: every call has to get past it.
	changed := strings.Replace(string(text), `sbc = "sbc.example.net:5060"`, `sbc = "10.77.0.8"`, 1) + "[emergency]\nsbcs = [\"10.77.0.9\"]\n"
	if err := os.WriteFile(l.config, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestRealSIPClients(t *testing.T) {
	l := newSIPLab(t)
	l.start(t)
	sbc := l.sbc.Start("sipp", "-sn", "uas", "-i", "10.77.0.9", "-p", "5060", "-nostdin", "-aa")
	defer sbc.Stop()
	t.Run("emergency call of a phone that is not registered", func(t *testing.T) {
		for _, number := range []string{"112", "110"} {
			if out, err := l.phone.Try(sipWait, "sipp", "10.77.0.1:5060", "-sn", "uac", "-s", number, "-i", "10.77.0.60", "-p", "5066",
				"-m", "1", "-d", "200", "-nostdin", "-timeout", "20"); err != nil {
				t.Errorf("%s: %v\n%s", number, err, tail(out))
			}
		}
		l.wantAudit(t, "emergency-called")
	})
	t.Run("the same while its own address sends a thousand messages a second", func(t *testing.T) {
		stop := l.flood(t)
		defer stop()
		if out, err := l.phone.Try(sipWait, "sipp", "10.77.0.1:5060", "-sn", "uac", "-s", "112", "-i", "10.77.0.60", "-p", "5067",
			"-m", "1", "-d", "200", "-nostdin", "-timeout", "20"); err != nil {
			t.Errorf("%v\n%s", err, tail(out))
		}
	})
	t.Run("register with the holding config's account", func(t *testing.T) {
		user, password := l.account(t)
		out, err := l.phone.Try(sipWait, "sipp", "10.77.0.1:5060", "-sf", "testdata/sip_register.xml", "-s", user, "-au", user, "-ap", password,
			"-i", "10.77.0.60", "-p", "5060", "-m", "1", "-nostdin", "-timeout", "20")
		if err != nil {
			t.Fatalf("%v\n%s", err, tail(out))
		}
		l.wantStep(t, "registered with the box")
	})
	t.Run("PnP by multicast", func(t *testing.T) { l.askPnP(t) })
}

// flood sends a thousand messages a second from the phone's own
// address until stopped.
func (l *sipLab) flood(t *testing.T) (stop func()) {
	t.Helper()
	var conn net.PacketConn
	if err := l.phone.Do(func() (err error) {
		conn, err = net.ListenPacket("udp4", "10.77.0.60:0")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	to := &net.UDPAddr{IP: net.IPv4(10, 77, 0, 1), Port: 5060}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-tick.C:
				_, _ = fmt.Fprintf(udpWriter{conn, to}, "INVITE sip:*89@10.77.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.77.0.60:5099;branch=z9hG4bKf%d\r\n"+
					"From: <sip:x@y>;tag=%d\r\nTo: <sip:x@y>\r\nCall-ID: f%d\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n", i, i, i)
			case <-done:
				return
			}
		}
	}()
	return func() {
		close(done)
		<-ended
		_ = conn.Close()
	}
}

type udpWriter struct {
	conn net.PacketConn
	to   net.Addr
}

func (w udpWriter) Write(b []byte) (int, error) { return w.conn.WriteTo(b, w.to) }

// account reads the SIP account out of the phone's holding config.
func (l *sipLab) account(t *testing.T) (user, password string) {
	t.Helper()
	body := l.phone.Run(sipWait, "curl", "-s", "-A", "Yealink SIP-T46G 28.83.0.50 "+l.mac.String(), l.url(l.mac.Hex()+".cfg"))
	find := func(key string) string {
		m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(key) + ` = (.+)$`).FindStringSubmatch(body)
		if m == nil {
			t.Fatalf("no %s in the holding config:\n%s", key, body)
		}
		return strings.TrimSpace(m[1])
	}
	l.login = find("static.auto_provision.server.password")
	return find("account.1.auth_name"), find("account.1.password")
}

// askPnP asks as a Yealink phone does, and waits for the URL.
func (l *sipLab) askPnP(t *testing.T) {
	t.Helper()
	l.phone.Run(sipWait, "ip", "route", "add", "224.0.0.0/4", "dev", l.phone.Interface())
	var conn net.PacketConn
	if err := l.phone.Do(func() (err error) {
		conn, err = net.ListenPacket("udp4", "10.77.0.60:0")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	at, uri := conn.LocalAddr().String(), "sip:MAC%3a"+l.mac.Hex()+"@224.0.1.75"
	fmt.Fprintf(udpWriter{conn, &net.UDPAddr{IP: net.IPv4(224, 0, 1, 75), Port: 5060}}, "SUBSCRIBE %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKpnp\r\n"+
		"From: <%s>;tag=1\r\nTo: <%s>\r\nCall-ID: pnp1\r\nCSeq: 1 SUBSCRIBE\r\nContact: <sip:%s>\r\nExpires: 0\r\nAccept: application/url\r\n"+
		"Event: ua-profile;profile-type=\"device\";vendor=\"yealink\";model=\"T46G\";version=\"28.83.0.50\"\r\nContent-Length: 0\r\n\r\n", uri, at, uri, uri, at)
	_ = conn.SetReadDeadline(time.Now().Add(sipWait))
	buf := make([]byte, 4096)
	for ok := false; ; {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			t.Fatalf("200 seen: %v; then %v", ok, err)
		}
		text := string(buf[:n])
		switch {
		case strings.HasPrefix(text, "SIP/2.0 200"):
			ok = true
		case strings.HasPrefix(text, "NOTIFY "):
			if !strings.HasSuffix(text, "\r\n\r\nhttp://10.77.0.1/cfg/") || from.String() != "10.77.0.1:5060" || !ok {
				t.Errorf("got from %s, 200 before it %v:\n%s", from, ok, text)
			}
			return
		}
	}
}

// wantStep waits for a line of the running account.
func (l *sipLab) wantStep(t *testing.T, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), sipWait)
	defer cancel()
	for step, err := range l.client.Watch(ctx, phone.MAC{}, true) {
		if err != nil {
			break
		}
		if strings.Contains(step.Text, text) {
			return
		}
	}
	t.Errorf("no step says %q", text)
}

func (l *sipLab) wantAudit(t *testing.T, kind string) {
	t.Helper()
	end := time.Now().Add(sipWait)
	for {
		entries, err := l.client.AuditTail(t.Context(), phone.MAC{}, 50)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Kind == kind {
				return
			}
		}
		if time.Now().After(end) {
			t.Fatalf("no audit entry %s", kind)
		}
	}
}

// tail is the end of what a program said.
func tail(s string) string { return s[max(0, len(s)-3000):] }
