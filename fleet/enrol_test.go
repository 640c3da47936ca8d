package fleet_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/fleet"
	"github.com/lineside/lineside/phone"
)

// TestEnrol takes a phone of each vendor from power-on by DHCP, over a login
// typed by a person, to a login of its own and a resync with it.
func TestEnrol(t *testing.T) {
	tests := []struct {
		name        string
		config      fleet.Config
		option      uint8
		class       string
		files       map[string]string
		secret      string
		agent       string
		wantOK      []string // files got at power-on
		wantRefused []string // users refused before the right one
	}{
		{
			name: "yealink", option: 66, class: "yealink", config: yealinkPhone(),
			files: yealinkBox().files, secret: "0015654aa937.cfg",
			agent:  "Yealink SIP-T46G 28.83.0.120 00:15:65:4a:a9:37",
			wantOK: []string{"y000000000028.cfg", "0015654aa937.cfg"},
		},
		{
			name: "snom", option: 66, class: "snomD785",
			config: fleet.Config{MAC: phone.MAC{0x00, 0x04, 0x13, 0x92, 0x2d, 0x24}, Vendor: "snom"},
			files: map[string]string{
				"snomD785.htm":              "<settings><phone-settings><language>Deutsch</language></phone-settings></settings>",
				"snomD785-000413922D24.htm": snomConfig,
			},
			secret: "snomD785-000413922D24.htm",
			agent:  "Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010.12-00004-g9ba52f5 000413922D24 SXM:0 UXM:0)",
			wantOK: []string{"snomD785.htm", "snomD785-000413922D24.htm"},
		},
		{
			name: "poly", option: 160, class: "\x00\x00\x36\x3d",
			config: fleet.Config{MAC: phone.MAC{0x64, 0x16, 0x7f, 0x9f, 0x4c, 0x90}, Vendor: "poly"},
			files: map[string]string{
				"64167f9f4c90.cfg":     `<APPLICATION CONFIG_FILES="[PHONE_MAC_ADDRESS]-own.cfg, shared.cfg"/>`,
				"64167f9f4c90-own.cfg": polyConfig,
				"shared.cfg":           `<polycomConfig reg.1.label="the earlier file wins"/>`,
			},
			secret:      "64167f9f4c90-own.cfg",
			agent:       "FileTransport PolycomVVX-VVX_410-UA/5.9.0.9373 Type/Application",
			wantOK:      []string{"64167f9f4c90.cfg", "64167f9f4c90.cfg", "64167f9f4c90-own.cfg", "shared.cfg"},
			wantRefused: []string{"PlcmSpIp"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &box{files: tt.files, guarded: map[string]bool{tt.secret: true},
				logins: map[string]string{"otp": "otp-secret", "own-user": "own-secret"}}
			srv := b.serve(t)
			d := &dhcpd{options: map[uint8][]byte{tt.option: []byte(srv.URL + "/cfg")}}
			tt.config.DHCP = d.serve(t)
			var account []string
			ph := newPhone(t, tt.config, knows("otp", "otp-secret"), func(e fleet.Event) { account = append(account, e.Text) })

			res, err := ph.Boot(t.Context())
			if err != nil {
				t.Fatalf("boot: %v\n%s", err, strings.Join(account, "\n"))
			}
			if diff := cmp.Diff(tt.wantOK, b.names(http.StatusOK)); diff != "" {
				t.Errorf("files got (-want +got):\n%s", diff)
			}
			if res.Outcome != fleet.Provisioned || !res.NewLogin || res.Prompts != 1 {
				t.Errorf("got %s, new login %t, %d prompts; want provisioned with a new login after 1",
					res.Outcome, res.NewLogin, res.Prompts)
			}
			want := []fleet.Account{{Registrar: "sip.example.net", User: "4711", Password: phone.NewSecret("sip-secret"), Label: "Desk 12"}}
			if diff := cmp.Diff(want, res.Settings.Accounts, cmp.Comparer(sameSecret)); diff != "" {
				t.Errorf("accounts (-want +got):\n%s", diff)
			}
			checkLog(t, b, ph, tt.agent, tt.wantRefused)
			d.expect(t, tt.class)

			again, err := ph.Resync(t.Context())
			if err != nil || again.Prompts != 0 || again.NewLogin {
				t.Errorf("resync: %v, %d prompts, new login %t; want none of it", err, again.Prompts, again.NewLogin)
			}
			if user := ph.Login().User; user != "own-user" {
				t.Errorf("login in flash is %s, want own-user", user)
			}
			noSecrets(t, account)
		})
	}
}

func sameSecret(a, b phone.Secret) bool { return a.Reveal() == b.Reveal() }

// checkLog looks at the requests: who they say they are, where they come from,
// which logins were tried.
func checkLog(t *testing.T, b *box, ph *fleet.Phone, agent string, refused []string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	var tried []string
	for _, a := range b.log {
		if a.Agent != agent && !strings.Contains(a.Agent, "Updater") {
			t.Errorf("%s asked as %q, want %q", a.Name, a.Agent, agent)
		}
		if a.From != ph.Lease().Addr {
			t.Errorf("%s asked from %s, want the leased %s", a.Name, a.From, ph.Lease().Addr)
		}
		if a.Status == http.StatusUnauthorized && a.User != "" {
			tried = append(tried, a.User)
		}
	}
	if diff := cmp.Diff(refused, tried); diff != "" {
		t.Errorf("logins refused (-want +got):\n%s", diff)
	}
}

func noSecrets(t *testing.T, account []string) {
	t.Helper()
	for _, line := range account {
		if strings.Contains(line, "secret") {
			t.Errorf("the account tells a password: %s", line)
		}
	}
}
