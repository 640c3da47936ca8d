package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/fleet"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/vendors"
)

// The configs of the tests are written by hand, one per vendor, and set a login
// of the phone's own and one account.
const (
	yealinkConfig = "#!version:1.0.0.1\nstatic.auto_provision.server.username = own-user\n" +
		"static.auto_provision.server.password = own-secret\naccount.1.enable = 1\naccount.1.label = Desk 12\n" +
		"account.1.user_name = 4711\naccount.1.password = sip-secret\naccount.1.sip_server.1.address = sip.example.net\n"
	snomConfig = `<settings><phone-settings e="2"><http_client_user>own-user</http_client_user>` +
		`<http_client_pass>own-secret</http_client_pass><user_active idx="1">on</user_active>` +
		`<user_name idx="1">4711</user_name><user_pass idx="1">sip-secret</user_pass>` +
		`<user_host idx="1">sip.example.net</user_host><user_idle_text idx="1">Desk 12</user_idle_text></phone-settings></settings>`
	polyConfig = `<polycomConfig><a device.set="1" device.prov.user.set="1" device.prov.user="own-user" ` +
		`device.prov.password.set="1" device.prov.password="own-secret"/><b reg.1.address="4711" reg.1.label="Desk 12" ` +
		`reg.1.auth.password="sip-secret" reg.1.server.1.address="sip.example.net"/></polycomConfig>`
)

func yealinkBox() *box {
	return &box{
		files: map[string]string{
			"y000000000028.cfg": "#!version:1.0.0.1\nlang.gui = German\n",
			"0015654aa937.cfg":  yealinkConfig,
		},
		guarded: map[string]bool{"0015654aa937.cfg": true},
		logins:  map[string]string{"otp": "otp-secret", "own-user": "own-secret"},
	}
}

func yealinkPhone() fleet.Config {
	return fleet.Config{MAC: phone.MAC{0x00, 0x15, 0x65, 0x4a, 0xa9, 0x37}, Vendor: "yealink", Model: "T46G", Firmware: "28.83.0.120"}
}

// knows is a person who types one login.
func knows(user, password string) fleet.Person {
	return func(context.Context, fleet.Prompt) (vendors.Login, bool) {
		return vendors.Login{User: user, Password: phone.NewSecret(password)}, true
	}
}

// quick shortens what a test does not want to wait for.
func quick(c fleet.Config) fleet.Config {
	c.Pause, c.Patience, c.Timeout = time.Millisecond, 50*time.Millisecond, 5*time.Second
	return c
}

func newPhone(t *testing.T, c fleet.Config, p fleet.Person, tell func(fleet.Event)) *fleet.Phone {
	t.Helper()
	ph, err := fleet.New(quick(c), vendors.All(), p, tell)
	if err != nil {
		t.Fatal(err)
	}
	return ph
}

func TestBootWithoutConfig(t *testing.T) {
	holding := strings.ReplaceAll(yealinkConfig, "sip.example.net", "127.0.0.1")
	tests := []struct {
		name    string
		change  func(*box, *fleet.Config)
		person  fleet.Person
		outcome fleet.Outcome
		want    error
		kind    string
	}{
		{"nobody there", nil, nil, fleet.Unfinished, fleet.ErrRefused, "refused"},
		{"wrong password", nil, knows("otp", "wrong-secret"), fleet.Unfinished, fleet.ErrRefused, "refused"},
		{"no such device", func(b *box, _ *fleet.Config) { b.files = nil }, nil, fleet.Unfinished, fleet.ErrMissing, "no config"},
		{"config without an account", func(b *box, _ *fleet.Config) { delete(b.files, "0015654aa937.cfg") },
			nil, fleet.Unfinished, fleet.ErrNoAccount, "no account"},
		{"config of another maker", func(b *box, _ *fleet.Config) { b.files["0015654aa937.cfg"] = snomConfig },
			knows("otp", "otp-secret"), fleet.Unfinished, fleet.ErrUnread, "bad config"},
		{"nothing listens", func(_ *box, c *fleet.Config) { c.URL = "http://127.0.0.1:1/" },
			nil, fleet.Unfinished, fleet.ErrNoAnswer, "no answer"},
		{"scheme not spoken", func(_ *box, c *fleet.Config) { c.URL = "ftp://127.0.0.1/" },
			nil, fleet.Unfinished, fleet.ErrNotTold, "not told where"},
		{"only the box's own account", func(b *box, _ *fleet.Config) { b.files["0015654aa937.cfg"] = holding },
			knows("otp", "otp-secret"), fleet.Waiting, nil, ""},
		{"busy server", func(b *box, _ *fleet.Config) { b.busy = 2 }, knows("otp", "otp-secret"), fleet.Provisioned, nil, ""},
		{"old nonce", func(b *box, _ *fleet.Config) { b.stale = 1 }, knows("otp", "otp-secret"), fleet.Provisioned, nil, ""},
		{"login already in flash", func(_ *box, c *fleet.Config) {
			c.Login = vendors.Login{User: "own-user", Password: phone.NewSecret("own-secret")}
		}, nil, fleet.Provisioned, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, c := yealinkBox(), yealinkPhone()
			c.URL = b.serve(t).URL + "/cfg/"
			if tt.change != nil {
				tt.change(b, &c)
			}
			var account []string
			ph := newPhone(t, c, tt.person, func(e fleet.Event) { account = append(account, e.Text) })
			res, err := ph.Boot(t.Context())
			if !errors.Is(err, tt.want) {
				t.Errorf("got error %v, want %v", err, tt.want)
			}
			if res.Outcome != tt.outcome || fleet.Kind(err) != tt.kind || res.Kind != tt.kind {
				t.Errorf("got %s, kind %q and %q, want %s, %q\n%s", res.Outcome, fleet.Kind(err), res.Kind,
					tt.outcome, tt.kind, strings.Join(account, "\n"))
			}
			noSecrets(t, account)
		})
	}
}

// TestMissingFiles counts: Yealink asks three times, and for the common boot
// file only if its own is missing.
func TestMissingFiles(t *testing.T) {
	tests := []struct {
		name string
		asks int
		boot string
		want []string
	}{
		{"three times", 0, "", []string{"0015654aa937.boot", "0015654aa937.boot", "0015654aa937.boot",
			"y000000000000.boot", "y000000000000.boot", "y000000000000.boot"}},
		{"once by option", 1, "", []string{"0015654aa937.boot", "y000000000000.boot"}},
		{"boot file takes the others' place", 1, "#!version:1.0.0.1\ninclude:config \"0015654aa937.cfg\"\n" +
			"[T23P]include:config \"other-model.cfg\"\ninclude:config \"not-there.cfg\"\n", []string{"not-there.cfg"}},
		{"files of other hosts are left alone", 1, "#!version:1.0.0.1\ninclude:config \"http://127.0.0.9/x.cfg\"\n" +
			"include:config \"0015654aa937.cfg\"\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, c := yealinkBox(), yealinkPhone()
			if tt.boot != "" {
				b.files["0015654aa937.boot"] = tt.boot
			}
			c.URL, c.Asks = b.serve(t).URL+"/cfg/", tt.asks
			if _, err := newPhone(t, c, knows("otp", "otp-secret"), nil).Boot(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, b.names(http.StatusNotFound)); diff != "" {
				t.Errorf("missing files asked for (-want +got):\n%s", diff)
			}
			if tt.boot != "" && slices.Contains(b.names(http.StatusOK), "y000000000028.cfg") {
				t.Error("the common file was asked for in spite of the boot file")
			}
		})
	}
}

func TestFetchByTFTP(t *testing.T) {
	addr := tftpd(t, map[string]string{"cfg/0015654aa937.cfg": yealinkConfig})
	c := yealinkPhone()
	c.URL, c.Asks = fmt.Sprintf("tftp://%s/cfg", addr), 1
	res, err := newPhone(t, c, nil, nil).Boot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Files) != 4 || res.Files[0].Status != http.StatusNotFound || res.Files[3].Status != http.StatusOK {
		t.Errorf("got files %+v, want three missing and one found", res.Files)
	}
	if res.Settings.User != "own-user" {
		t.Errorf("got login %q, want own-user", res.Settings.User)
	}
}

func TestNoLease(t *testing.T) {
	tests := []struct {
		name   string
		server *dhcpd
		want   error
	}{
		{"server says nothing", &dhcpd{silent: true}, fleet.ErrNoLease},
		{"server says NAK", &dhcpd{nak: true}, fleet.ErrNoLease},
		{"server sends no option", &dhcpd{}, fleet.ErrNotTold},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := yealinkPhone()
			c.DHCP = tt.server.serve(t)
			ph := newPhone(t, c, nil, nil)
			res, err := ph.Boot(t.Context())
			if !errors.Is(err, tt.want) || res.Kind != fleet.Kind(tt.want) {
				t.Errorf("got %v (%s), want %v", err, res.Kind, tt.want)
			}
		})
	}
}

// TestStop ends the run while the phone waits for an answer that never comes.
func TestStop(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := yealinkPhone()
	c.DHCP, c.Patience = (&dhcpd{silent: true}).serve(t), time.Hour
	ph, err := fleet.New(c, vendors.All(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := ph.Boot(ctx)
		done <- err
	}()
	cancel()
	if err := <-done; fleet.Kind(err) != "stopped" {
		t.Errorf("got %v, want stopped", err)
	}
}

func TestNewRefuses(t *testing.T) {
	tests := []struct {
		name   string
		config fleet.Config
		want   string
	}{
		{"vendor without a simulation", fleet.Config{Vendor: "acme"}, "use one of yealink, snom, poly"},
		{"no MAC", fleet.Config{Vendor: "snom", URL: "http://127.0.0.1/"}, "MAC missing"},
		{"nowhere to ask", fleet.Config{Vendor: "snom", MAC: phone.MAC{2}}, "neither a DHCP server nor a URL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := fleet.New(tt.config, vendors.All(), nil, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
	if _, err := fleet.New(fleet.Config{Vendor: "snom", MAC: phone.MAC{2}, DHCP: netip.MustParseAddrPort("127.0.0.1:67")},
		vendors.All(), nil, nil); err != nil {
		t.Errorf("got %v, want a phone", err)
	}
}
