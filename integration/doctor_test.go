package integration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/internal/netlab"
)

// finding is one of the doctor's, as its JSON says it.
type finding struct{ Check, Result, Found, Notice, Do string }

// line is what the tests look at of a finding.
func (f finding) line() string { return f.Result + " " + f.Check + ": " + f.Found + " → " + f.Do }

// doctor runs "lineside doctor" on the box's machine; ok is its exit code.
func (b *box) doctor(t *testing.T) (list []finding, ok bool) {
	t.Helper()
	out, err := b.host.Try(clientTime, builtBox(t), "doctor", "--json", "--config", b.config)
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("doctor: %v\n%s", err, out)
	}
	var said struct {
		OK       bool
		Findings []finding
	}
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		t.Fatalf("doctor said %q: %v", out, err)
	}
	if said.OK != (err == nil) {
		t.Errorf("doctor says ok is %v and exits with %v", said.OK, err)
	}
	return said.Findings, said.OK
}

// wantFinding wants a line among the findings that matches.
func wantFinding(t *testing.T, list []finding, pattern string) {
	t.Helper()
	var all []string
	for _, f := range list {
		if all = append(all, f.line()); regexp.MustCompile(pattern).MatchString(f.line()) {
			if (f.Result == "bad" || f.Result == "warn") && (f.Notice == "" || f.Do == "") {
				t.Errorf("%s: says %q and %q, want what phones notice and what to do", f.Check, f.Notice, f.Do)
			}
			return
		}
	}
	t.Errorf("got\n%s\nwant %s", strings.Join(all, "\n"), pattern)
}

// TestDoctor: on a LAN with a second DHCP server, a second PnP server and a
// machine with the box's own address the doctor names each, and so does the
// running box; on a quiet one both find nothing of the kind.
func TestDoctor(t *testing.T) {
	t.Parallel() // it mostly waits, in a network of its own
	netlab.Tool(t, "dnsmasq")
	lab := netlab.New(t)
	host := lab.Host("box", "10.77.0.1/24")
	b := newBox(t, "10.77.0.1/24", host.Interface(), "10.77.0.100-10.77.0.120", "pin", ports{http: 80, https: 443, tftp: 69, dhcp: 67})
	b.host = host

	// Stopped, with somebody else on one of its ports.
	var rival net.Listener
	if err := host.Do(func() (err error) { rival, err = net.Listen("tcp4", "10.77.0.1:80"); return err }); err != nil {
		t.Fatal(err)
	}
	list, ok := b.doctor(t)
	wantFinding(t, list, `^bad ports: tcp 10.77.0.1:80 is taken by \S+ \(process \d+\) → stop it`)
	wantFinding(t, list, `^ok interface: eth0 has 10.77.0.1/24, MTU 1500`)
	wantFinding(t, list, `^ok address: nobody else`)
	wantFinding(t, list, `^ok dhcp-servers: no other`)
	wantFinding(t, list, `^ok pnp-servers: no other`)
	wantFinding(t, list, `^warn default-route: there is none → ip route add`)
	wantFinding(t, list, `disk-writes: \S+ until`)
	if ok {
		t.Error("got exit code 0 with a port taken, want 1")
	}
	_ = rival.Close()

	// Running, with the other servers on the LAN.
	startDnsmasq(t, lab.Host("other", "10.77.0.2/24"), foreignRange+"dhcp-option-force=66,\"http://elsewhere.example/\"\n")
	impostor(t, lab.Host("impostor", "10.77.0.3/24"))
	b.start(t)
	list, _ = b.doctor(t)
	wantFinding(t, list, `^ok ports: lineside runs`)
	wantFinding(t, list, `^bad dhcp-servers: 10.77.0.2 offers a phone \S+ and tells it 66 = http://elsewhere.example/ → switch the DHCP server at 10.77.0.2 off`)
	wantFinding(t, list, `^bad pnp-servers: 10.77.0.3 .*http://impostor.example/ → switch the PnP server at 10.77.0.3 off`)
	waitRaised(t, b, "lan-other-dhcp-server", "10.77.0.2")
	waitRaised(t, b, "pnp-rival", "10.77.0.3")

	thief := lab.Host("thief", "10.77.0.1/24")
	thief.SetMAC("3c:52:82:00:00:09")
	list, _ = b.doctor(t)
	wantFinding(t, list, `^bad address: 3c:52:82:00:00:09 has this box's address 10.77.0.1 too → find 3c:52:82:00:00:09`)
	thief.Try(clientTime, "ping", "-c", "1", "-W", "1", "10.77.0.2")
	waitRaised(t, b, "lan-own-address-taken", "3c:52:82:00:00:09")
}

// waitRaised waits until the running box has a condition with a detail and what
// to do.
func waitRaised(t *testing.T, b *box, code, detail string) {
	t.Helper()
	waitUntil(t, code+" with "+detail, func() bool {
		list, err := b.client.Health(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list.Conditions {
			if c.Code == code && strings.Contains(c.Detail, detail) && c.Do != "" {
				t.Logf("%s: %s; %s → %s", c.Title, c.Detail, c.Meaning, c.Do)
				return true
			}
		}
		return false
	})
}

// waitUntil waits for something to be so.
func waitUntil(t *testing.T, what string, so func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), clientTime)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		case <-tick.C:
		}
	}
}

var (
	callID = regexp.MustCompile(`(?mi)^(call-id: .*)\r$`)
	askedA = regexp.MustCompile(`(?mi)^(from|to|via): (.*)\r$`)
)

// impostor answers every PnP question on the LAN with a place of its own.
func impostor(t *testing.T, h *netlab.Host) {
	t.Helper()
	var conn *net.UDPConn
	if err := h.Do(func() error {
		ifi, err := net.InterfaceByName(h.Interface())
		if err != nil {
			return err
		}
		conn, err = net.ListenMulticastUDP("udp4", ifi, &net.UDPAddr{IP: net.IPv4(224, 0, 1, 75), Port: 5060})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 4000)
		for {
			n, from, err := conn.ReadFromUDP(buf)
			if err != nil {
				return
			}
			if strings.HasPrefix(string(buf[:n]), "SUBSCRIBE ") {
				tell(conn, from, string(buf[:n]))
			}
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
}

// tell accepts a question and sends the NOTIFY with the URL.
func tell(conn *net.UDPConn, to *net.UDPAddr, asked string) {
	head := make(map[string]string)
	for _, m := range askedA.FindAllStringSubmatch(asked, -1) {
		head[strings.ToLower(m[1])] = m[2]
	}
	id := callID.FindStringSubmatch(asked)
	if id == nil {
		return
	}
	const url = "http://impostor.example/"
	_, _ = fmt.Fprintf(udpWriter{conn, to}, "SIP/2.0 200 OK\r\nVia: %s\r\nFrom: %s\r\nTo: %s;tag=i\r\n%s\r\nCSeq: 1 SUBSCRIBE\r\nExpires: 0\r\nContent-Length: 0\r\n\r\n",
		head["via"], head["from"], head["to"], id[1])
	_, _ = fmt.Fprintf(udpWriter{conn, to}, "NOTIFY sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP 10.77.0.3:5060;branch=z9hG4bKi\r\nFrom: %s;tag=i\r\nTo: %s\r\n%s\r\nCSeq: 1 NOTIFY\r\n"+
		"Max-Forwards: 70\r\nEvent: ua-profile\r\nSubscription-State: terminated\r\nContact: <sip:10.77.0.3>\r\nUser-Agent: Impostor/1\r\nContent-Type: application/url\r\nContent-Length: %d\r\n\r\n%s",
		to, head["to"], head["from"], id[1], len(url), url)
}
