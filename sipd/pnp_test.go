package sipd_test

import (
	"strings"
	"testing"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sipd"
)

func TestPnPAnswersEachMakersShape(t *testing.T) {
	for _, tt := range []struct {
		name, uri, user, event, via string
		mac                         string
		vendor, model, version      string
	}{
		{"yealink", "sip:MAC001565f4f9e1@224.0.1.75", "MAC001565f4f9e1", `ua-profile;profile-type="device";vendor="yealink";model="W52P";version="25.81.0.10"`, "", "001565f4f9e1", "yealink", "W52P", "25.81.0.10"},
		{"yealink, escaped", "sip:MAC%3a001565f4f9e1@224.0.1.75", "MAC%3a001565f4f9e1", `ua-profile;profile-type="device";vendor="Yealink";model="T46U";version="108.86.0.20"`, "", "001565f4f9e1", "Yealink", "T46U", "108.86.0.20"},
		{"snom, Via without branch", "sip:MAC%3a00135E874B49@intern.snom.de", "MAC%3a00135E874B49", `ua-profile;profile-type="device";vendor="snom";model="snom370";version="8.7.5.48"`, "none", "00135e874b49", "snom", "snom370", "8.7.5.48"},
		{"audiocodes, no MAC", "sip:224.0.1.75:5060", "00000001", `ua-profile;profile-type="application";model="420HD";version="2.2"`, "", "000000000000", "", "420HD", "2.2"},
		{"grandstream", "sip:000b82aabbcc@224.0.1.75", "000b82aabbcc", `ua-profile;profile-type="device";vendor="Grandstream";model="GXP2170";version="1.0.11.3"`, "", "000b82aabbcc", "Grandstream", "GXP2170", "1.0.11.3"},
		{"gigaset", "sip:MAC%3A7C2F8030D21E@224.0.1.75", "MAC%3A7C2F8030D21E", `ua-profile;profile-type="device";vendor="Gigaset";model="N510 IP PRO";version="42.250"`, "", "7c2f8030d21e", "Gigaset", "N510 IP PRO", "42.250"},
		{"fanvil", "sip:MAC=0c383e123456@224.0.1.75", "MAC=0c383e123456", `ua-profile;profile-type="device";vendor="Fanvil";model="X4";version="2.12"`, "", "0c383e123456", "Fanvil", "X4", "2.12"},
		{"compact Event", "sip:MAC001fc1aabbcc@224.0.1.75", "MAC001fc1aabbcc", "", "", "001fc1aabbcc", "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLab(t)
			p := newPeer(t, "127.0.0.2", l.addr)
			via := "Via: SIP/2.0/UDP " + p.at()
			if tt.via == "" {
				via += ";branch=z9hG4bK-" + unique()
			}
			event := "Event: " + tt.event
			if tt.event == "" {
				event = "o: ua-profile"
			}
			p.send(p.to, "", "SUBSCRIBE "+tt.uri+" SIP/2.0", via, "From: <sip:"+tt.user+"@224.0.1.75>;tag=f1", "To: <sip:"+tt.user+"@224.0.1.75>",
				"Call-ID: "+unique(), "CSeq: 1 SUBSCRIBE", "Contact: <sip:"+p.at()+">", event, "Accept: application/url", "Expires: 0", "Max-Forwards: 70")
			p.want("200")
			m := p.want("NOTIFY")
			if m.body != l.desk.url || m.get("Content-Type") != "application/url" || m.get("Event") != tt.event && tt.event != "" ||
				m.get("Subscription-State") != "terminated;reason=timeout" || !strings.Contains(m.get("To"), "tag=f1") {
				t.Errorf("NOTIFY\n%s\n%q", strings.Join(m.header, "\n"), m.body)
			}
			p.answer(m, "200 OK", "", "")
			l.desk.mu.Lock()
			defer l.desk.mu.Unlock()
			ask := l.desk.asked[0]
			if ask.MAC.Hex() != tt.mac || ask.Vendor != tt.vendor || ask.Model != tt.model || ask.Firmware != tt.version || ask.Self != l.addr.Addr() {
				t.Errorf("asked %+v, want %s %s %s %s", ask, tt.mac, tt.vendor, tt.model, tt.version)
			}
		})
	}
}

func TestPnPLeavesOthersPhonesAlone(t *testing.T) {
	l := newLab(t)
	l.desk.mu.Lock()
	l.desk.unserved = "acme"
	l.desk.mu.Unlock()
	p := newPeer(t, "127.0.0.2", l.addr)
	p.request(request{method: "SUBSCRIBE", uri: "sip:MAC001565f4f9e1@224.0.1.75", extra: []string{`Event: ua-profile;vendor="acme"`}})
	p.request(request{method: "OPTIONS", uri: "sip:box"})
	if got := p.want("SIP/2.0"); !strings.Contains(got.get("CSeq"), "OPTIONS") {
		t.Errorf("got %q for %q, want nothing", got.start, got.get("CSeq"))
	}
	p.request(request{method: "SUBSCRIBE", uri: "sip:x@box", extra: []string{"Event: presence"}})
	p.want("489")
}

func FuzzPnPMAC(f *testing.F) {
	for _, s := range []string{"MAC001565f4f9e1", "MAC%3a00135E874B49", "MAC=0c383e123456", "00000001", "mac:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, user string) {
		hex, ok := sipd.PnPMAC(user)
		if mac, err := phone.ParseMAC(hex); ok && (err != nil || mac.IsZero()) {
			t.Fatalf("%q: got %q", user, hex)
		}
	})
}
