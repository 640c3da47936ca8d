package integration

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lineside/lineside/phone"
)

const (
	// pnpAround is how many unknown MACs are asked about beside the known ones.
	// The whole block is for SOAK=1: the door answers an address ten times at
	// once, and then every second.
	pnpAround = 500
	pnpAskers = 1000
	pnpRound  = 10200 * time.Millisecond
	sipPort   = 5060
)

// TestScanPnP asks by SIP for the config server of known phones and unknown
// ones, and compares what they are told, byte for byte.
func TestScanPnP(t *testing.T) {
	s := newScanned(t)
	macs := s.pnpMACs(os.Getenv("SOAK") != "")
	askers := make([]*net.UDPConn, min(len(macs), pnpAskers))
	for i := range askers {
		c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(s.from(i%100), 0)))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		askers[i] = c
	}
	next := time.NewTicker(pnpRound)
	defer next.Stop()
	forms := map[string][2]int{} // of unknown, of known
	took := [2][]time.Duration{}
	to := netip.AddrPortFrom(s.b.self, sipPort)
	for i, mac := range macs {
		if i > 0 && i%pnpAskers == 0 {
			<-next.C
		}
		start := time.Now()
		form, err := askPnP(askers[i%pnpAskers], to, mac)
		if err != nil {
			t.Fatalf("%s: %v", mac, err)
		}
		known := 0
		if _, ok := s.known[mac]; ok {
			known = 1
		}
		n := forms[form]
		n[known]++
		forms[form] = n
		took[known] = append(took[known], time.Since(start))
	}
	for k, which := range []string{"unknown", "known"} {
		slices.Sort(took[k])
		t.Logf("%d %s MACs, answered in %v as a rule", len(took[k]), which, took[k][len(took[k])/2].Round(10*time.Microsecond))
	}
	if len(forms) != 1 {
		t.Errorf("got %d different answers, want one", len(forms))
	}
	for form, n := range forms {
		t.Logf("%d unknown and %d known are told:\n%s", n[0], n[1], form)
		if !strings.Contains(form, "NOTIFY") || !strings.Contains(form, "/cfg/") {
			t.Errorf("this is no answer to PnP")
		}
	}
}

// pnpMACs are the known MACs among unknown ones of the block, or all of it.
func (s *scanned) pnpMACs(all bool) []phone.MAC {
	macs := make([]phone.MAC, blockSize)
	for i, n := range s.rnd.Perm(blockSize) {
		macs[i] = blockMAC(n)
	}
	if all {
		return macs
	}
	macs = slices.DeleteFunc(macs, func(mac phone.MAC) bool { return !s.known[mac].mac.IsZero() })[:pnpAround]
	for range 40 {
		for mac := range s.known {
			macs = append(macs, mac)
		}
	}
	s.rnd.Shuffle(len(macs), func(i, j int) { macs[i], macs[j] = macs[j], macs[i] })
	return macs
}

// askPnP asks once as a Yealink does, and gives the 200 and the NOTIFY with
// everything that may differ replaced by what it is.
func askPnP(c *net.UDPConn, to netip.AddrPort, mac phone.MAC) (string, error) {
	from := c.LocalAddr().(*net.UDPAddr).AddrPort().Addr()
	at, id := c.LocalAddr().String(), fmt.Sprintf("%016x", rand.Uint64())
	who := "<sip:MAC" + mac.Hex() + "@224.0.1.75>"
	ask := strings.Join([]string{
		"SUBSCRIBE sip:MAC" + mac.Hex() + "@224.0.1.75 SIP/2.0", "Via: SIP/2.0/UDP " + at + ";branch=z9hG4bK" + id,
		"From: " + who + ";tag=" + id, "To: " + who, "Call-ID: " + id, "CSeq: 1 SUBSCRIBE", "Contact: <sip:" + at + ">", "Max-Forwards: 70",
		`Event: ua-profile;profile-type="device";vendor="yealink";model="T46G";version="28.83.0.120"`, "Expires: 0", "Accept: application/url", "Content-Length: 0", "", "",
	}, "\r\n")
	var answer, notify string
	for range scanTries {
		if _, err := c.WriteToUDPAddrPort([]byte(ask), to); err != nil {
			return "", err
		}
		for answer == "" || notify == "" {
			m, err := readSIP(c)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			switch {
			case err != nil:
				return "", err
			case !strings.Contains(m, id): // a late repeat of the question before
			case strings.HasPrefix(m, "NOTIFY "):
				notify = m
				_, _ = c.WriteToUDPAddrPort([]byte(okTo(m)), to)
			default:
				answer = m
			}
		}
		if answer != "" && notify != "" {
			plain := strings.NewReplacer(mac.Hex(), "<mac>", at, "<phone>", id, "<id>", from.String(), "<host>")
			return pnpVaries.ReplaceAllString(plain.Replace(answer+notify), "$1=<random>"), nil
		}
	}
	return "", errors.New("no answer")
}

// pnpVaries are the parts the box draws by lot.
var pnpVaries = regexp.MustCompile(`(branch|tag)=[A-Za-z0-9.~_-]+`)

func readSIP(c *net.UDPConn) (string, error) {
	if err := c.SetReadDeadline(time.Now().Add(scanWait / 4)); err != nil {
		return "", err
	}
	buf := make([]byte, 4096)
	n, err := c.Read(buf)
	return string(buf[:n]), err
}

// okTo is the 200 to a request.
func okTo(request string) string {
	head, _, _ := strings.Cut(request, "\r\n\r\n")
	lines := []string{"SIP/2.0 200 OK"}
	for line := range strings.SplitSeq(head, "\r\n") {
		name, _, _ := strings.Cut(line, ":")
		if slices.Contains([]string{"Via", "From", "To", "Call-ID", "CSeq"}, name) {
			lines = append(lines, line)
		}
	}
	return strings.Join(append(lines, "Content-Length: 0", "", ""), "\r\n")
}
