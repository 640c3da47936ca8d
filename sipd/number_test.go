package sipd_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/sipd"
)

func TestEmergencyNumbers(t *testing.T) {
	site := []string{"110", "112", "911"}
	for uri, want := range map[string]string{
		"sip:112@10.20.0.1": "112",
		"SIP:112@10.20.0.1": "112",
		"sips:911@box":      "911",
		"sip:112@box:5060;transport=udp;user=phone": "112",
		"sip:112;phone-context=+49@box;user=phone":  "112",
		"sip:112;phone-context=example.net@box":     "112",
		"sip:112%3Bphone-context=+49@box":           "112",
		"sip:112:secret@box":                        "112",
		"sip:%31%31%32@box":                         "112",
		"sip:112#@box":                              "112",
		"sip:112%23@box":                            "112",
		"tel:112#":                                  "112",
		"tel:+49112":                                "112",
		"tel:+49-110":                               "110",
		"sip:+49112@box;user=phone":                 "112",
		"sip:%2B1911@box":                           "911",
		"tel:+353112":                               "112",
		"tel:+4911230":                              "",
		"tel:+4112":                                 "",
		"tel:+112":                                  "112",
		"tel:+49":                                   "",
		"sip:+@box":                                 "",
		"sip:49112@box":                             "",
		"sip:+112@box":                              "112",
		"tel:112;phone-context=example.net":         "112",
		"tel:112;isub=9;phone-context=+49":          "112",
		"sip:112;PHONE-CONTEXT=+49@box":             "112",
		"urn:service:sos.police@box":                "110",
		"urn:service:test.sos":                      "", // RFC 6881 section 17: a test
		"urn:service:sos.":                          "112",
		"urn:services:sos":                          "",
		"sip:112##@box":                             "",
		"sip:#112@box":                              "",
		"sip:1-1-2@box":                             "112",
		"tel:112":                                   "112",
		"tel:1.1.0;phone-context=+49":               "110",
		"TEL:(911)":                                 "911",
		"urn:service:sos":                           "112",
		"urn:service:sos.police":                    "110",
		"urn:service:sos.fire":                      "112",
		"URN:SERVICE:SOS.Ambulance":                 "112",
		"urn:service:sos.ecall.automatic":           "112",
		"urn:service:sos;x=y":                       "112",
		"sip:1120@box":                              "",
		"sip:112999@box":                            "",
		"sip:9112@box":                              "",
		"sip:*89@box":                               "",
		"sip:box":                                   "",
		"sip:112":                                   "112",
		"sip:112;user=phone":                        "112",
		"sips:911?Priority=emergency":               "911",
		"sip:112.example.net":                       "",
		"sip:1.1.2":                                 "",
		"sip:112:5060":                              "112",
		"dial:112":                                  "112",
		"dial:112;phone-context=+49@box":            "112",
		"dial:1123":                                 "",
		"sip:a112@box":                              "",
		"urn:service:counseling":                    "",
		"urn:service:sosx":                          "",
		"http://112@box":                            "",
		"":                                          "",
		"sip:112@" + strings.Repeat("x", 300):       "",
	} {
		got, ok := sipd.Emergency(site, uri)
		if got != want || ok != (want != "") {
			t.Errorf("%s: got %q %v, want %q", uri, got, ok, want)
		}
	}
	if got, _ := sipd.Emergency([]string{"000"}, "urn:service:sos.police"); got != "000" {
		t.Errorf("a site with another number: got %q, want its own", got)
	}
	if got, ok := sipd.Emergency(nil, "sip:112@box"); ok {
		t.Errorf("a site without numbers: got %q", got)
	}
}

func FuzzEmergency(f *testing.F) {
	for _, s := range []string{"sip:112@box", "tel:1-1-2", "urn:service:sos.police", "sip:%31%31%32;x@y", "sip:%3", "sip:112%23@b", "sip:112%3B@x"} {
		f.Add(s)
	}
	site := []string{"110", "112"}
	f.Fuzz(func(t *testing.T, uri string) {
		got, ok := sipd.Emergency(site, uri)
		if ok != (got != "") || ok && !slices.Contains(site, got) {
			t.Fatalf("got %q, %v, want one of %q", got, ok, site)
		}
		scheme, _, _ := strings.Cut(uri, ":")
		host := strings.TrimPrefix(uri[min(len(uri), len(scheme)+1):], "//")
		if ok && strings.EqualFold(scheme, "sip") && !strings.Contains(uri, "@") && strings.TrimRight(host[:min(len(host), len(got)+1)], ";:?") != got {
			t.Fatalf("%q has no user part, and its host is %q", uri, got)
		}
		// What is an emergency stays one however it is escaped.
		if user, host, cut := strings.Cut(strings.TrimPrefix(uri, "sip:"), "@"); ok && cut && user == got {
			var escaped strings.Builder
			for i := range user {
				escaped.WriteString("%3" + user[i:i+1])
			}
			if again, ok := sipd.Emergency(site, "sip:"+escaped.String()+"@"+host); len(uri) < 200 && (!ok || again != got) {
				t.Fatalf("escaped: got %q, %v, want %q", again, ok, got)
			}
		}
	})
}

func FuzzPeek(f *testing.F) {
	for _, s := range []string{
		"INVITE sip:112@box SIP/2.0\r\nUser-Agent: friendly-scanner\r\n\r\n", "SIP/2.0 200 OK\r\n\r\n", "REGISTER sip:box SIP/2.0\n",
		"\r\n\r\n", "INVITE  SIP/2.0\r\n", "invite sip:112@box SIP/2.0\r\n", "INVITE sip:112@box SIP/2.0 \r\n",
		"INVITE sip:112@box\r\n", "INVITE  <sip:112@box>\tSIP/1.0\r\n", "invite 112\n",
	} {
		f.Add([]byte(s))
	}
	site := []string{"112"}
	f.Fuzz(func(t *testing.T, data []byte) {
		method, uri, emergent, ok := sipd.Peek(site, data)
		if !ok {
			return
		}
		if _, is := sipd.Emergency(site, uri); emergent != (is && method == "INVITE") {
			t.Fatalf("%s %s: emergent %v, number %v", method, uri, emergent, is)
		}
		if method != "" {
			line, _, _ := strings.Cut(strings.TrimLeft(string(data), "\r\n"), "\n")
			odd := emergent && uri == "sip:112@lineside" && strings.Contains(strings.ToUpper(line), "INVITE")
			if strings.TrimSuffix(line, "\r") != method+" "+uri+" SIP/2.0" && !odd {
				t.Fatalf("got %q %q of %q", method, uri, line)
			}
		}
	})
}

func FuzzCredentials(f *testing.F) {
	for _, s := range []string{
		`Digest username="u", realm="lineside", nonce="n", uri="sip:box", response="00000000000000000000000000000000"`,
		`Digest username="u",username="v"`, `Digest a="`, `digest qop=auth, nc=00000001, cnonce="x"`, "Basic x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		user, nonce, uri, ok := sipd.Credentials(s)
		if !ok {
			return
		}
		for _, v := range []string{user, nonce, uri} {
			if v == "" || strings.Contains(v, `"`) || !strings.Contains(s, v) {
				t.Fatalf("got %q out of %q", v, s)
			}
		}
	})
}
