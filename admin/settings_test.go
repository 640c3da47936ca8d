package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/audit"
	"github.com/lineside/lineside/operators"
	"github.com/lineside/lineside/phone"
)

// keeper keeps one setting in memory, and counts restarts.
type keeper struct {
	rev      uint64
	name     string
	by       audit.Actor
	restarts int
	refuse   error
}

func (k *keeper) Settings() (admin.Settings, error) {
	return admin.Settings{Rev: k.rev, Settings: []admin.SettingKey{{Key: "site.name", Kind: "text", Value: k.name, From: "page", Change: "restart"}}, Waiting: []string{"site.name"}, Problems: []string{}}, k.refuse
}

func (k *keeper) ChangeSettings(_ context.Context, by audit.Actor, rev uint64, in admin.SettingsInput) (admin.Settings, error) {
	if rev != 0 && rev != k.rev {
		return admin.Settings{}, operators.Fail(http.StatusPreconditionFailed, "changed meanwhile", "again")
	}
	k.rev, k.by = k.rev+1, by
	_ = json.Unmarshal(in["site.name"], &k.name)
	return k.Settings()
}

func (k *keeper) Restart(context.Context, audit.Actor) error {
	k.restarts++
	return k.refuse
}

// DHCPAdvice and AskDHCP make it an adviser as well.
func (k *keeper) DHCPAdvice() admin.DHCPAdvice {
	return admin.DHCPAdvice{Mode: "off", Suggested: "off", Address: netip.MustParsePrefix("10.20.0.1/24")}
}

func (k *keeper) SnippetServers() []string { return []string{"dnsmasq", "kea"} }

func (k *keeper) DHCPSnippet(server string, only []phone.Vendor) (string, error) {
	if server == "kea" {
		return "", errors.New("no phone is led by DHCP options")
	}
	return fmt.Sprintf("%s for %v", server, only), nil
}

func (k *keeper) AskDHCP(context.Context) (admin.DHCPAdvice, error) {
	return admin.DHCPAdvice{Suggested: "server"}, k.refuse
}

func newKept(t *testing.T) (*box, *keeper) {
	k := &keeper{rev: 3, name: "Branch 7"}
	return newBoxOf(t, nil, func(d *admin.Deps) { d.Settings, d.Advice = k, k }), k
}

// TestSnippets are those of the program, for servers it knows.
func TestSnippets(t *testing.T) {
	b, _ := newKept(t)
	for name, tt := range map[string]struct {
		server string
		only   []phone.Vendor
		status int
		want   string
	}{
		"none":     {"", nil, 0, ""},
		"all":      {"DNSMASQ", nil, 0, "dnsmasq for []"},
		"two":      {"dnsmasq", []phone.Vendor{"snom", "poly"}, 0, "dnsmasq for [snom poly]"},
		"no phone": {"kea", nil, 409, "no phone is led"},
		"unknown":  {"netware", nil, 400, "write dnsmasq or kea"},
		"nobody's": {"dnsmasq", []phone.Vendor{"acme"}, 400, "acme"},
	} {
		got, err := b.client.DHCPSnippet(t.Context(), tt.server, tt.only...)
		if tt.status != 0 {
			if e := refusal(t, err); e.Status != tt.status || !strings.Contains(e.What+e.Hint, tt.want) {
				t.Errorf("%s: got %d %q %q, want %d with %q", name, e.Status, e.What, e.Hint, tt.status, tt.want)
			}
		} else if err != nil || got.Text != tt.want || len(got.Servers) != 2 {
			t.Errorf("%s: got %+v and %v, want %q", name, got, err, tt.want)
		}
	}
}

func TestSettingsCalls(t *testing.T) {
	const settings = "/api/v1/settings"
	for name, tc := range map[string]struct {
		method, path, body string
		headers            []string
		status             int
		want               string
	}{
		"all":              {"GET", settings, "", nil, 200, `"value":"Branch 7"`},
		"one changed":      {"PATCH", settings, `{"site.name":"New"}`, nil, 200, `"value":"New"`},
		"of the newest":    {"PATCH", settings, `{"site.name":"New"}`, []string{"If-Match", `"3"`}, 200, `"rev":4`},
		"of an older one":  {"PATCH", settings, `{"site.name":"New"}`, []string{"If-Match", `"2"`}, 412, "changed meanwhile"},
		"of no revision":   {"PATCH", settings, `{"site.name":"New"}`, []string{"If-Match", "3"}, 400, "no revision"},
		"nothing":          {"PATCH", settings, `{}`, nil, 422, "no setting is given"},
		"a list":           {"PATCH", settings, `["site.name"]`, nil, 400, "error"},
		"too much":         {"PATCH", settings, `{"site.name":"` + strings.Repeat("x", 70000) + `"}`, nil, 413, "longer than"},
		"a restart":        {"POST", "/api/v1/restart", "", nil, 202, `"waiting":["site.name"]`},
		"advice":           {"GET", "/api/v1/dhcp/advice", "", nil, 200, `"suggested":"off"`},
		"advice, asked":    {"POST", "/api/v1/dhcp/advice", "", nil, 200, `"suggested":"server"`},
		"a method too few": {"DELETE", settings, "", nil, 405, "use one of GET, PATCH"},
	} {
		t.Run(name, func(t *testing.T) {
			b, k := newKept(t)
			got := b.call(t, tc.method, tc.path, tc.body, tc.headers...)
			if got.status != tc.status || !strings.Contains(got.body, tc.want) {
				t.Errorf("got %d %s, want %d and %q", got.status, got.body, tc.status, tc.want)
			}
			if tc.status == 200 && tc.path == settings && got.header.Get("ETag") == "" {
				t.Error("the answer has no ETag")
			}
			if (k.restarts > 0) != (tc.status == 202) {
				t.Errorf("got %d restarts", k.restarts)
			}
		})
	}
}

// TestSettingsAreNamedByWhoChangesThem: the keeper is told who, by every front.
func TestSettingsAreNamedByWhoChangesThem(t *testing.T) {
	b, k := newKept(t)
	if _, err := b.client.SetSettings(t.Context(), 0, admin.SettingsInput{"site.name": []byte(`"x"`)}); err != nil || k.by.Front != "cli" || k.by.Name == "" {
		t.Errorf("got %+v, %v, want the operator's name", k.by, err)
	}
	k.refuse = operators.Fail(http.StatusUnprocessableEntity, "faults", "correct them")
	var e *admin.Error
	if _, err := b.client.Restart(t.Context()); !errors.As(err, &e) || e.Status != 422 {
		t.Errorf("got %v, want what the keeper refused it for", err)
	}
}
