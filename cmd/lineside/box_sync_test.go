package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/icholy/digest"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/sync/central"
	"github.com/lineside/lineside/sync/wire"
)

// headquarters is a real platform behind HTTPS, and the line to it.
type headquarters struct {
	t *testing.T
	*central.Platform
	srv *httptest.Server
	// front is that door; what is set in it is set before the first request.
	front *central.Handler
	down  atomic.Bool // nothing gets through
}

func newHeadquarters(t *testing.T) *headquarters {
	t.Helper()
	keys, err := central.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	p, err := central.Open(t.Context(), central.Config{Path: filepath.Join(t.TempDir(), "central.db"), Keys: keys}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	h := &headquarters{t: t, Platform: p}
	front := central.NewHandler(p)
	h.front = front
	h.srv = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.down.Load() {
			panic(http.ErrAbortHandler)
		}
		front.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		h.srv.CloseClientConnections()
		h.srv.Close()
		_ = p.Close()
	})
	return h
}

// cut ends the line, or mends it.
func (h *headquarters) cut(down bool) {
	h.down.Store(down)
	if down {
		h.srv.CloseClientConnections()
	}
}

func (h *headquarters) token(t central.Token) string {
	return wire.Token{URL: h.srv.URL, Secret: t.Secret, Pin: wire.Fingerprint(h.srv.Certificate())}.Reveal()
}

// site adds one with its token.
func (h *headquarters) site(name string) (id, token string) {
	h.t.Helper()
	tok, err := h.As("test").AddSite(name)
	if err != nil {
		h.t.Fatal(err)
	}
	return tok.Site, h.token(tok)
}

// add sets a device up at a site.
func (h *headquarters) add(mac, site, label string) central.Made {
	h.t.Helper()
	vendor, model := "yealink", "T46G"
	lines := []central.LineEdit{{Line: wire.Line{Registrar: "sip.example.net", User: "user-" + label, Transport: "tls"}}}
	made, err := h.As("test").AddDevice(mustMAC(h.t, mac), site, central.DeviceEdit{Vendor: &vendor, Model: &model, Label: &label, Lines: &lines})
	if err != nil {
		h.t.Fatal(err)
	}
	return made
}

// ticket makes a device a one-time password.
func (h *headquarters) ticket(mac string) central.Ticket {
	h.t.Helper()
	made, err := h.As("test").MakeTicket(mustMAC(h.t, mac), central.TicketRequest{})
	if err != nil {
		h.t.Fatal(err)
	}
	return made
}

// soon waits until a verb says what is wanted.
func (s branch) soon(want string, args ...string) string {
	s.t.Helper()
	tick := time.NewTicker(150 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(20 * time.Second); ; <-tick.C {
		_, out, errs := lineside(s.t, append(args, "--socket", s.socket)...)
		if regexp.MustCompile("(?s)" + want).MatchString(out + errs) {
			return out
		}
		if time.Now().After(end) {
			s.t.Fatalf("lineside %s: got\n%s%s\nwant %s", strings.Join(args, " "), out, errs, want)
		}
	}
}

// from fetches a phone's config as the phone at an address.
func (s branch) from(addr, mac, user, password string) (int, string) {
	s.t.Helper()
	plain := &http.Transport{DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(addr)}}).DialContext, DisableKeepAlives: true}
	client := &http.Client{Transport: plain, Timeout: 15 * time.Second}
	if user != "" {
		client.Transport = &digest.Transport{Username: user, Password: password, Transport: plain}
	}
	resp, err := client.Get("http://" + s.doors["http"] + "/cfg/" + strings.ReplaceAll(mac, ":", "") + ".cfg")
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// dials gives the last word on an INVITE of a phone that has no account here.
func (s branch) dials(number string) string {
	s.t.Helper()
	c, err := net.DialUDP("udp", &net.UDPAddr{IP: net.ParseIP(phoneAt)}, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(s.doors["sip"])))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	at, id := c.LocalAddr().String(), rand.Text()
	_, err = fmt.Fprintf(c, "INVITE sip:%[1]s@box SIP/2.0\r\nVia: SIP/2.0/UDP %[2]s;branch=z9hG4bK%[3]s\r\nFrom: <sip:x@box>;tag=1\r\nTo: <sip:%[1]s@box>\r\n"+
		"Call-ID: %[3]s\r\nCSeq: 1 INVITE\r\nContact: <sip:x@%[2]s>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n", number, at, id)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(2 * time.Second))
	for b := make([]byte, 4096); ; {
		n, err := c.Read(b)
		if err != nil {
			return "nothing"
		}
		if line, _, _ := strings.Cut(string(b[:n]), "\r\n"); !strings.HasPrefix(line, "SIP/2.0 1") {
			return line
		}
	}
}

const (
	hallMAC, deskMAC, labMAC = "00:15:65:4a:a9:37", "00:15:65:4a:a9:38", "00:15:65:4a:a9:39"
	phoneAt, thiefAt         = "127.20.0.61", "127.20.0.66"
)

// TestPlatform is a site's life with a real platform: join, a device added there
// comes up here, one-time passwords count once and only with the platform's yes,
// the line is cut and phones come in by PIN, a reset made meanwhile wins, a move,
// a revocation, and the box going on alone.
func TestPlatform(t *testing.T) {
	h := newHeadquarters(t)
	id, token := h.site("Branch 7")
	other, _ := h.site("Branch 8")
	s := newSite(t)
	secrets := []string{token}

	s.does("", 1, "no join token, or not all of it.*→", "join", token[:len(token)-3])
	s.does("", 0, `"Branch 7" of https://.*→.*lineside status`, "join", token)
	s.does("", 1, "belongs to site "+id+".*already.*→.*--again", "join", token)
	s.soon("platform: +Branch 7, linked", "status")

	made := h.add(hallMAC, id, "Hall")
	secrets = append(secrets, made["pin"].Reveal(), made["sip.0"].Reveal())
	s.soon("label +Hall.*kept by +the platform", "device", "show", hallMAC)
	s.does("", 0, made["pin"].Reveal(), "pin", "show", hallMAC)

	ticket := h.ticket(hallMAC)
	secrets = append(secrets, ticket.Password.Reveal())
	s.soon("ticket +generated", "device", "show", hallMAC)
	s.wants("the thief guesses", 401, "")(s.from(thiefAt, hallMAC, ticket.User, "000000000000"))
	s.wants("the phone shows its ticket", 200, regexp.QuoteMeta(made["sip.0"].Reveal()))(s.from(phoneAt, hallMAC, ticket.User, ticket.Password.Reveal()))
	s.wants("somebody else shows it too", 401, "")(s.from(thiefAt, hallMAC, ticket.User, ticket.Password.Reveal()))
	s.wants("the same phone again", 200, "")(s.from(phoneAt, hallMAC, ticket.User, ticket.Password.Reveal()))
	if d, err := h.Device(mustMAC(t, hallMAC)); err != nil || d.OTP != "used" {
		t.Errorf("at the platform: got %+v, %v, want the one-time password used", d, err)
	}
	s.does("", 1, "gets its one-time passwords from the platform.*→", "otp", "ticket", hallMAC)
	s.does("", 1, "is kept by the platform.*→ remove it at the platform: lineside-central device remove", "device", "remove", hallMAC)

	// The line is cut.
	made = h.add(deskMAC, id, "Desk")
	secrets = append(secrets, made["pin"].Reveal(), made["sip.0"].Reveal())
	ticket = h.ticket(hallMAC)
	s.soon("ticket +generated", "device", "show", hallMAC)
	s.soon("label +Desk", "device", "show", deskMAC)
	h.cut(true)
	s.soon("platform: +Branch 7, away", "status")
	s.wants("a ticket that nobody can confirm", 401, "")(s.from(phoneAt, hallMAC, ticket.User, ticket.Password.Reveal()))
	status, body := s.from(thiefAt, deskMAC, "", "")
	s.wants("on hold", 200, "Authentication needed")(status, body)
	login := regexp.MustCompile(`hold-[0-9a-f]{12}`).FindString(body)
	password := regexp.MustCompile(`static\.auto_provision\.server\.password *= *(\S+)`).FindStringSubmatch(body)
	if login == "" || len(password) != 2 {
		t.Fatalf("no login in the holding config:\n%s", body)
	}
	wrongPIN := wrong(made["pin"].Reveal())
	s.does("", 1, "wrong PIN", "pin", "enter", deskMAC, wrongPIN, "--from", thiefAt)
	s.does("", 0, "PIN accepted", "pin", "enter", deskMAC, made["pin"].Reveal(), "--from", thiefAt)
	s.wants("by PIN, with the platform away", 200, regexp.QuoteMeta(made["sip.0"].Reveal()))(s.from(thiefAt, deskMAC, login, password[1]))
	pin, err := h.As("test").ResetDevice(mustMAC(t, deskMAC))
	if err != nil {
		t.Fatal(err)
	}
	h.cut(false)

	// It is mended: the reset wins, and both sides say the same.
	s.soon("platform: +Branch 7, linked.*0 things wait", "status")
	s.soon(pin.Reveal(), "pin", "show", deskMAC)
	s.soon("state +needed", "device", "show", deskMAC)
	if d, err := h.Device(mustMAC(t, deskMAC)); err != nil || d.Fails != 0 {
		t.Errorf("at the platform: got %+v, %v, want no wrong PIN under the new one", d, err)
	}
	s.wants("on hold again", 200, "Authentication needed")(s.from(thiefAt, deskMAC, login, password[1]))
	s.wants("the ticket counts again", 200, "")(s.from(phoneAt, hallMAC, ticket.User, ticket.Password.Reveal()))
	h.heard(id, secrets, "platform-joined", wire.KindProvisioned, wire.KindPIN, "otp-consumed|ticket-used")

	// A device moves away; another is changed here, where that is allowed.
	if _, _, err := h.As("test").MoveDevice(mustMAC(t, hallMAC), other); err != nil {
		t.Fatal(err)
	}
	s.soon("unknown device", "device", "show", hallMAC)
	s.wants("the moved device's ticket", 200, "Authentication needed")(s.from(phoneAt, hallMAC, ticket.User, ticket.Password.Reveal()))
	if got := s.dials("9876"); strings.Contains(got, " 503 ") {
		t.Errorf("9876 before it is an emergency number: got %s, want another answer", got)
	}
	policy, _, err := h.Policy(id)
	if err != nil {
		t.Fatal(err)
	}
	policy.LocalChanges, policy.Emergency, policy.SBC = true, []string{"112", "9876"}, "127.0.0.99:5999"
	if err := h.As("test").SetPolicy(id, policy); err != nil {
		t.Fatal(err)
	}
	s.soon("what it keeps may be changed here", "status")
	tick := time.NewTicker(200 * time.Millisecond) // a caller that dials without a pause is slowed down
	defer tick.Stop()
	for end := time.Now().Add(30 * time.Second); ; <-tick.C {
		got := s.dials("9876")
		if strings.Contains(got, " 503 ") { // emergency.mode = "none" here
			break
		}
		if time.Now().After(end) {
			t.Fatalf("9876: got %s, want an emergency call's answer", got)
		}
	}
	s.wants("the platform's emergency number", 200, "9876")(s.from(thiefAt, labMAC, "", ""))
	s.does("", 0, "label +Mine.*changed here, until it changes the same: label", "device", "edit", deskMAC, "--label", "Mine")
	before := s.does("", 0, "", "pin", "show", deskMAC)
	s.does("", 0, "is now needed", "device", "reset", deskMAC)
	if after := s.does("", 0, "", "pin", "show", deskMAC); after == before {
		t.Errorf("reset here: the PIN is the same: %s", after)
	}
	s.does("", 1, "no password of the brand yealink|a password of the brand yealink.*→", "device", "allow-otp", deskMAC, "--keep")
	if deeds, _, err := h.Audit(central.AuditQuery{Key: deskMAC, Limit: 1}); err != nil || len(deeds) != 1 || deeds[0].What != "device reset" || !strings.HasPrefix(deeds[0].By, "at the box: ") {
		t.Errorf("the platform's audit: got %+v, %v, want the reset by somebody at the box", deeds, err)
	}
	s.rulesHere(h, id)
	s.blockedHere(h)
	h.cut(true)
	s.soon("platform: +Branch 7, away", "status")
	s.does("", 1, "the platform is away.*→.*device suspend", "device", "reset", deskMAC)
	h.cut(false)
	s.soon("platform: +Branch 7, linked", "status")
	policy.LocalChanges = false
	if err := h.As("test").SetPolicy(id, policy); err != nil {
		t.Fatal(err)
	}
	s.soon("what it keeps is not changed here", "status")
	s.does("", 1, "is kept by the platform", "device", "edit", deskMAC, "--label", "Mine too")
	s.does("", 1, "is kept by the platform", "device", "reset", deskMAC)

	// The platform takes the site away.
	if err := h.As("test").RevokeSite(id); err != nil {
		t.Fatal(err)
	}
	s.soon("does not know this box any more.*→.*join --again", "status")
	s.does("", 0, "belongs to no platform", "leave")
	s.does("", 0, "label +Alone", "device", "edit", deskMAC, "--label", "Alone")
	s.does("", 1, "belongs to no platform", "leave")
}

// heard wants events of kinds to have arrived, and no secret in any.
func (h *headquarters) heard(id string, secrets []string, kinds ...string) {
	h.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(10 * time.Second); ; <-tick.C {
		seen, missing := make(map[string]bool), ""
		err := h.Events(id, func(e wire.Event) bool {
			seen[e.Kind] = true
			b, err := json.Marshal(e)
			if err != nil {
				h.t.Error(err)
			}
			for _, s := range secrets {
				if strings.Contains(string(b), s) {
					h.t.Errorf("a secret went up: %s", b)
				}
			}
			return true
		})
		if err != nil {
			h.t.Fatal(err)
		}
		for _, want := range kinds {
			any := false
			for k := range strings.SplitSeq(want, "|") {
				any = any || seen[k]
			}
			if !any {
				missing += " " + want
			}
		}
		if missing == "" {
			return
		}
		if time.Now().After(end) {
			h.t.Fatalf("the platform heard %v, and not%s", seen, missing)
		}
	}
}

func mustMAC(t *testing.T, text string) phone.MAC {
	t.Helper()
	mac, err := phone.ParseMAC(text)
	if err != nil {
		t.Fatal(err)
	}
	return mac
}
