package integration

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lineside/lineside/phone"
)

// pnpShape is how a maker's phones ask by multicast, and what its sheet says it
// is to be told.
type pnpShape struct {
	maker         string
	mac           phone.MAC
	uri, event    string
	via           string // extra parameters
	extra, answer string
}

func pnpShapesOf() []pnpShape {
	return []pnpShape{
		{"yealink", phone.MAC{0x00, 0x15, 0x65, 0x4a, 0xb0, 1}, "sip:MAC%%3a%s@224.0.1.75", `ua-profile;profile-type="device";vendor="yealink";model="T46G";version="28.83.0.50"`, ";branch=z9hG4bK", "", "http://10.77.0.1/cfg/"},
		{"snom, Via without branch", phone.MAC{0x00, 0x04, 0x13, 0x4a, 0xb0, 2}, "sip:MAC%%3a%s@224.0.1.75", `ua-profile;profile-type="device";vendor="snom";model="snom370";version="8.7.5.48"`, "", "", "http://10.77.0.1/cfg/"},
		{"audiocodes, no MAC", phone.MAC{0x00, 0x90, 0x8f, 0x4a, 0xb0, 3}, "sip:224.0.1.75:5060", `ua-profile;profile-type="application";model="420HD";version="2.2"`, ";branch=z9hG4bK", "User-Agent: AUDC-IPPhone/2.2.2 (420HD-Rev0; 00908F4AB003)\r\n", "http://10.77.0.1/cfg/"},
		{"grandstream", phone.MAC{0x00, 0x0b, 0x82, 0x4a, 0xb0, 4}, "sip:%s@224.0.1.75", `ua-profile;profile-type="device";vendor="Grandstream";model="GXP2170";version="1.0.11.3"`, ";branch=z9hG4bK", "", "http://10.77.0.1/cfg/"},
		{"gigaset", phone.MAC{0x7c, 0x2f, 0x80, 0x4a, 0xb0, 5}, "sip:MAC%%3A%s@224.0.1.75", `ua-profile;profile-type="device";vendor="Gigaset";model="N510 IP PRO";version="42.250"`, ";branch=z9hG4bK", "", "http://10.77.0.1/cfg/%MACD.xml"},
	}
}

// pnpShapes asks by multicast as each maker's phones do.
func pnpShapes(t *testing.T, c *callTable) {
	l := newSIPLab(t)
	l.start(t)
	for i, s := range pnpShapesOf() {
		shows := c.row(s.maker, "its message shape")
		own := *l
		own.mac, own.at = s.mac, fmt.Sprintf("10.77.0.%d", 61+i)
		own.phone = l.lab.Host(fmt.Sprint("pnp", i), own.at+"/24")
		own.phone.SetMAC(s.mac.String())
		own.phone.Run(sipWait, "ip", "route", "add", "224.0.0.0/4", "dev", own.phone.Interface())
		t.Run(s.maker, func(t *testing.T) {
			text := own.asksPnP(t, s)
			head, body, _ := strings.Cut(text, "\r\n\r\n")
			for _, want := range []string{"Event: " + s.event, "Content-Type: application/url", "Subscription-State: terminated;reason=timeout"} {
				if !strings.Contains(head+"\r\n", "\r\n"+want+"\r\n") {
					t.Errorf("the NOTIFY has no %q:\n%s", want, text)
				}
			}
			if body != s.answer {
				t.Errorf("got body %q, want %q", body, s.answer)
			}
			shows("200, NOTIFY %s, event and type as it asked", body)
		})
	}
}

// asksPnP sends a SUBSCRIBE and gives the NOTIFY that comes after its 200.
func (l *sipLab) asksPnP(t *testing.T, s pnpShape) string {
	t.Helper()
	conn := l.open(t, 0)
	uri := s.uri
	if strings.Contains(uri, "%s") {
		uri = fmt.Sprintf(uri, l.mac.Hex())
	}
	_, _ = fmt.Fprintf(udpWriter{conn, &net.UDPAddr{IP: net.IPv4(224, 0, 1, 75), Port: sipPort}}, "SUBSCRIBE %[1]s SIP/2.0\r\nVia: SIP/2.0/UDP %[2]s%[3]s\r\n"+
		"From: <%[1]s>;tag=1\r\nTo: <%[1]s>\r\nCall-ID: pnp\r\nCSeq: 1 SUBSCRIBE\r\nContact: <sip:%[2]s>\r\nExpires: 0\r\nAccept: application/url\r\n"+
		"Event: %[4]s\r\n%[5]sMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n", uri, conn.LocalAddr(), s.via, s.event, s.extra)
	_ = conn.SetReadDeadline(time.Now().Add(sipWait))
	b := make([]byte, 4096)
	for ok := false; ; {
		n, from, err := conn.ReadFrom(b)
		if err != nil {
			t.Fatalf("200 seen: %v; then %v", ok, err)
		}
		text := string(b[:n])
		switch {
		case strings.HasPrefix(text, "SIP/2.0 200"):
			ok = true
		case strings.HasPrefix(text, "NOTIFY "):
			if from.String() != boxAt+":5060" || !ok {
				t.Errorf("got it from %s, 200 before it %v", from, ok)
			}
			return text
		}
	}
}

// forgedSources sends the box packets whose sources are made up, and asks how
// much memory it has afterwards.
func forgedSources(t *testing.T, c *callTable) {
	const forgeries = 200_000
	memory, calls := c.row("200,000 forged sources: the box's memory", "raw packets"), c.row("200,000 forged sources: 112 of a registered phone meanwhile", "sipp")
	l := newSIPLab(t)
	l.answers(l.first, firstAt)
	l.start(t)
	own := l.another(t, 1)
	own.account(t)
	own.registers(t)
	before := l.resident(t)
	f := own.forger(t)
	for i := range forgeries / 2 {
		f.send(t, i)
	}
	took := own.callsForHelp(t, firstAt)
	for i := range forgeries / 2 {
		f.send(t, forgeries/2+i)
	}
	own.callsForHelp(t, firstAt)
	after := l.resident(t)
	const most = 48 << 10
	if after-before > most {
		t.Errorf("grew from %d to %d KiB resident, want at most %d more", before, after, most)
	}
	if !t.Failed() {
		memory("%d KiB resident before, %d KiB after", before, after)
		calls("all four URIs answered, %s", took)
	}
}

// resident is the box's memory in KiB.
func (l *sipLab) resident(t *testing.T) int {
	t.Helper()
	return residentKiB(t, l.proc.ID())
}

// forger sends frames of a phone's with made-up senders.
type forger struct {
	fd    int
	to    *unix.SockaddrLinklayer
	frame [2][]byte // a REGISTER and a call for help
}

func (l *sipLab) forger(t *testing.T) *forger {
	t.Helper()
	f := new(forger)
	if out, err := l.phone.Try(sipWait, "ping", "-c", "1", boxAt); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out := l.phone.Run(sipWait, "ip", "neigh", "show", boxAt)
	_, rest, _ := strings.Cut(out, "lladdr ")
	box, err := net.ParseMAC(strings.Fields(rest + " none")[0])
	if err != nil {
		t.Fatalf("the box's hardware address: %v in %q", err, out)
	}
	if err := l.phone.Do(func() (err error) {
		own, err := net.InterfaceByName(l.phone.Interface())
		if err != nil {
			return err
		}
		f.to = &unix.SockaddrLinklayer{Ifindex: own.Index, Halen: 6}
		f.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(f.fd) })
	for i, line := range []string{"REGISTER sip:" + boxAt, "INVITE sip:112@" + boxAt} {
		method, _, _ := strings.Cut(line, " ")
		text := fmt.Sprintf("%s SIP/2.0\r\nVia: SIP/2.0/UDP 10.77.0.200:5060;branch=z9hG4bKforged\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\n"+
			"Call-ID: forged\r\nCSeq: 1 %s\r\nContent-Length: 0\r\n\r\n", line, method)
		f.frame[i] = datagram(box, l.mac, []byte(text))
	}
	return f
}

// datagram is UDP to the box's SIP port over IPv4 over Ethernet, its source left
// open and its checksums, which a veth pair does not look at, too.
func datagram(to net.HardwareAddr, from phone.MAC, payload []byte) []byte {
	b := append(append(append([]byte{}, to...), from[:]...), 8, 0, 0x45, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(28+len(payload)))
	b = append(b, 0, 0, 0, 0, 64, unix.IPPROTO_UDP, 0, 0, 0, 0, 0, 0)
	box := netip.MustParseAddr(boxAt).As4()
	b = binary.BigEndian.AppendUint16(append(append(b, box[:]...), 0, 0), sipPort)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(payload)))
	return append(append(b, 0, 0), payload...)
}

// send sends the i-th: 200 addresses of the LAN nobody has, each from a thousand
// ports, one in a hundred a call for help.
func (f *forger) send(t *testing.T, i int) {
	t.Helper()
	b := f.frame[0]
	if i%100 == 99 {
		b = f.frame[1]
	}
	copy(b[26:], []byte{10, 77, 0, byte(121 + i%130)})
	binary.BigEndian.PutUint16(b[34:], uint16(1024+i/130))
	binary.BigEndian.PutUint16(b[24:], 0)
	sum := uint32(0)
	for j := 14; j < 34; j += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[j:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(b[24:], ^uint16(sum))
	if err := unix.Sendto(f.fd, b, 0, f.to); err != nil {
		t.Fatal(err)
	}
}
