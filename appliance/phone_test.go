package appliance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"testing"

	"github.com/icholy/digest"

	"github.com/lineside/lineside/admin"
)

// brandOTP is what installers type into every phone of a site.
var brandOTP = admin.OTPInput{User: "install", Password: "fake-brand-otp"}

// desk is a simulated desk phone on an address of its own.
type desk struct {
	b    *box
	n    int
	user string // its own login, once it has one
	pass string
}

func (d *desk) mac() string { return fmt.Sprintf("00156500%04x", d.n) }

// setUp makes a site of n phones that take the brand's one-time password.
func (b *box) setUp(n int) []*desk {
	b.t.Helper()
	file := "vendor,type,mac,label,registrar,user,password\n"
	var all []*desk
	for i := range n {
		d := &desk{b: b, n: i + 1}
		all = append(all, d)
		file += fmt.Sprintf("yealink,T46G,%s,Desk %d,sip.example.net,%d,fake-sip-%d\n", d.mac(), i, 1000+i, i)
	}
	if got, err := b.client.Import(b.t.Context(), []byte(file)); err != nil || got.Added != n {
		b.t.Fatalf("import: got %+v, %v", got, err)
	}
	if _, err := b.client.SetOTP(b.t.Context(), "yealink", brandOTP); err != nil {
		b.t.Fatal(err)
	}
	return all
}

var ownLogin = regexp.MustCompile(`(?m)^static\.auto_provision\.server\.username = (.+)\n(?s:.*)^static\.auto_provision\.server\.password = (.+)$`)

// fetch asks for the phone's config with a login, and gives what the box answered.
func (d *desk) fetch(user, pass string) (status int, body string, err error) {
	from := netip.MustParseAddr(d.b.self).As4()
	from[2], from[3] = 1, byte(d.n)
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: from[:]}}
	plain := &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}
	ctx, cancel := context.WithTimeout(d.b.t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.b.self+":8080/cfg/"+d.mac()+".cfg", nil)
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("User-Agent", "Yealink SIP-T46G 28.83.0.120")
	resp, err := (&digest.Transport{Username: user, Password: pass, Transport: plain}).RoundTrip(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

// enrol shows the one-time password; a phone that is let in uses its own login at
// once, as its restart would.
func (d *desk) enrol() error {
	status, body, err := d.fetch(brandOTP.User, brandOTP.Password)
	if err != nil || status != http.StatusOK {
		return errors.Join(err, fmt.Errorf("with its one-time password: status %d", status))
	}
	m := ownLogin.FindStringSubmatch(body)
	if m == nil {
		return errors.New("the config has no login")
	}
	d.user, d.pass = m[1], m[2]
	return d.own()
}

// own fetches with the phone's own login.
func (d *desk) own() error {
	status, _, err := d.fetch(d.user, d.pass)
	if err != nil || status != http.StatusOK {
		return errors.Join(err, fmt.Errorf("with its own login: status %d", status))
	}
	return nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
