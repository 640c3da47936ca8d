package admin_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/lineside/lineside/admin"
	"github.com/lineside/lineside/phone"
)

// leastRoles says once more, apart from the table itself, who may do what: a
// route that is added or lowered must be written down here as well.
func leastRoles() map[string]string {
	roles := map[string]string{}
	for role, list := range map[string]string{
		"anyone": `GET /{$} | GET /api/v1/openapi.json`,
		"user":   `GET /api/v1/me | PATCH /api/v1/me | POST /api/v1/me/password`,
		"viewer": `GET /metrics | GET /api/v1/overview | GET /api/v1/phones | GET /api/v1/status | GET /api/v1/health | GET /api/v1/devices | GET /api/v1/devices/export |
			GET /api/v1/devices/{mac} | GET /api/v1/otps | GET /api/v1/policy | GET /api/v1/visitors | GET /api/v1/allow |
			GET /api/v1/dhcp/leases | GET /api/v1/dhcp/snippet | GET /api/v1/audit | GET /api/v1/audit/export | GET /api/v1/audit/verify | GET /api/v1/watch |
			GET /api/v1/tickets | GET /api/v1/devices/{mac}/timeline | GET /api/v1/devices/{mac}/uploads |
			GET /api/v1/emergency | GET /api/v1/users | GET /api/v1/users/export | GET /api/v1/users/{id} | GET /api/v1/files | GET /api/v1/platform | GET /api/v1/update | GET /api/v1/settings | GET /api/v1/dhcp/advice`,
		"installer": `GET /api/v1/devices/{mac}/pin | GET /api/v1/pins | POST /api/v1/devices/{mac}/pin | POST /api/v1/devices/{mac}/unblock |
			POST /api/v1/visitors/{mac}/claim | POST /api/v1/resync | POST /api/v1/devices/bulk`,
	} {
		for r := range strings.SplitSeq(list, "|") {
			roles[strings.TrimSpace(r)] = role
		}
	}
	return roles
}

// tokenFor puts a token of a role into the box's list and gives it.
func (b *box) tokenFor(t testing.TB, role string) string {
	t.Helper()
	made, err := b.client.AddToken(t.Context(), admin.TokenInput{Name: "a-" + role, Role: role})
	if err != nil {
		t.Fatal(err)
	}
	return made.Token
}

// TestEveryRouteForEveryRole walks the whole table: what is below its role is
// refused before the desk is asked, and with one and the same answer whether
// what the path names is there or not. What this test does not name is an
// admin's.
func TestEveryRouteForEveryRole(t *testing.T) {
	const refused = http.StatusForbidden
	order := []string{"anyone", "viewer", "installer", "admin"}
	known := leastRoles()
	for _, r := range admin.Routes() {
		route := r[0] + " " + r[1]
		want, ok := known[route]
		if !ok {
			want = "admin"
		}
		if r[2] != want {
			t.Errorf("%s: got the least role %s, want %s", route, r[2], want)
		}
		delete(known, route)
		for rank, role := range order[1:] {
			t.Run(role+" "+route, func(t *testing.T) {
				b := newBox(t, nil)
				token := b.tokenFor(t, role)
				path := strings.NewReplacer("{name}", "a-admin", "watch", "watch?follow=false").Replace(example(r[1]))
				got := b.ask(t, r[0], path, "", "Authorization", "Bearer "+token)
				may := rank+1 >= slices.Index(order, want)
				if (got.status != refused) != may || got.status == http.StatusUnauthorized {
					t.Fatalf("got %d %s, want it allowed: %v", got.status, got.body, may)
				}
				if may {
					return
				}
				if len(b.by) > 0 || len(b.books.kinds()) != 1 {
					t.Errorf("a refused call reached the desk: %v %v", b.by, b.books.kinds())
				}
				other := b.ask(t, r[0], strings.ReplaceAll(path, macB.String(), macC.String()), "", "Authorization", "Bearer "+token)
				if other.status != got.status || other.body != got.body {
					t.Errorf("of a device that is not there: got %q, want %q", other.body, got.body)
				}
			})
		}
	}
	for route := range known {
		t.Errorf("there is no route %s", route)
	}
}

// TestPINsAndSecretsByRole asks each role for all it may read and looks for what
// it may not.
func TestPINsAndSecretsByRole(t *testing.T) {
	b := newBox(t, nil)
	rec := b.records[macB]
	rec.Device.Overrides = map[string]string{"ldap.password": "planted-override"}
	b.records[macB] = rec
	for role, hidden := range map[string][]string{
		"viewer":    {plainPIN, "planted-override", plainLine, plainAdmin, plainOwn, plainBrand, plainKey},
		"installer": {"planted-override", plainLine, plainAdmin, plainOwn, plainBrand, plainKey},
		"admin":     {"planted-override", plainAdmin, plainBrand, plainKey},
	} {
		token := b.tokenFor(t, role)
		seen := ""
		for _, r := range admin.Routes() {
			if r[0] == "GET" && r[1] != "/api/v1/backup" && r[1] != "/api/v1/devices/{mac}/render" {
				path := strings.Replace(example(r[1]), "watch", "watch?follow=false", 1)
				seen += b.ask(t, "GET", path, "", "Authorization", "Bearer "+token).body
			}
		}
		for _, secret := range hidden {
			if strings.Contains(seen, secret) {
				t.Errorf("%s was shown %s", role, secret)
			}
		}
		if shown := strings.Contains(seen, plainPIN); shown != (role != "viewer") {
			t.Errorf("%s: PIN shown %v", role, shown)
		}
		if !strings.Contains(seen, "ldap.password") {
			t.Errorf("%s was not shown that there is an override", role)
		}
	}
}

// TestNoAnswerCarriesAnOverride changes a device in every way there is, as an
// admin, and looks for the values of its overrides in each answer: they come to
// who asks for them by name, and to nobody else.
func TestNoAnswerCarriesAnOverride(t *testing.T) {
	const planted = "planted-override"
	path := devices + "/" + macA.String()
	for name, tc := range map[string]struct{ method, path, body string }{
		"list":    {"GET", devices, ""},
		"one":     {"GET", path, ""},
		"unasked": {"GET", path + "?reveal=false", ""},
		"export":  {"GET", devices + "/export", ""},
		"audit":   {"GET", "/api/v1/audit", ""},
		"edit":    {"PATCH", path, `{"label":"new","overrides":{"x.y":"` + planted + `-2"}}`},
		"suspend": {"POST", path + "/suspend", ""},
		"reset":   {"POST", path + "/reset", ""},
		"unblock": {"POST", path + "/unblock", ""},
		"OTP":     {"POST", path + "/allow-otp", ""},
		"ticket":  {"POST", path + "/ticket", `{"hours":8}`},
		"demand":  {"PUT", path + "/ticket/demand", `{"demanded":true}`},
		"add":     {"POST", devices, `{"mac":"` + macC.String() + `","vendor":"snom","overrides":{"x":"` + planted + `"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t, nil)
			rec := b.records[macA]
			rec.Device.Overrides = map[string]string{"sntp.server": planted}
			b.records[macA] = rec
			got := b.call(t, tc.method, tc.path, tc.body)
			if got.status >= 300 || strings.Contains(got.body, planted) || strings.Contains(b.log.String(), planted) {
				t.Errorf("got %d %s\nand the log\n%s\nwant a success without %s", got.status, got.body, b.log.String(), planted)
			}
			if shown := b.call(t, "GET", path+"?reveal=true", ""); !strings.Contains(shown.body, `"sntp.server":"`+planted) {
				t.Errorf("asked for by name: got %d %s, want the value", shown.status, shown.body)
			}
			if kinds := b.books.kinds(); !slices.Contains(kinds, "overrides-shown") {
				t.Errorf("the audit log has %v, want overrides-shown", kinds)
			}
		})
	}
}

func TestOverridesAreShownToAdminsAlone(t *testing.T) {
	b := newBox(t, nil)
	for role, want := range map[string]int{"viewer": 403, "installer": 403, "admin": 200} {
		got := b.ask(t, "GET", devices+"/"+macA.String()+"?reveal=true", "", "Authorization", "Bearer "+b.tokenFor(t, role))
		if got.status != want {
			t.Errorf("%s: got %d %s, want %d", role, got.status, got.body, want)
		}
	}
}

func TestInstallerOpensNoTFTP(t *testing.T) {
	b := newBox(t, nil)
	path := "/api/v1/visitors/" + macC.String() + "/claim"
	token := []string{"Authorization", "Bearer " + b.tokenFor(t, "installer")}
	if got := b.ask(t, "POST", path, `{"plain_tftp":true}`, token...); got.status != http.StatusForbidden {
		t.Errorf("plain TFTP: got %d %s, want 403", got.status, got.body)
	}
	if got := b.ask(t, "POST", path, `{"label":"Attic"}`, token...); got.status != http.StatusCreated {
		t.Errorf("an ordinary claim: got %d %s, want 201", got.status, got.body)
	}
	if got := b.lastBy(); got.Front != "api" || got.Name != "token a-installer" {
		t.Errorf("actor: got %+v, want the token's name", got)
	}
}

func TestTokens(t *testing.T) {
	b := newBox(t, nil)
	made := b.call(t, "POST", "/api/v1/tokens", `{"name":"monitoring","role":"viewer"}`)
	token, _ := made.fields(t)["token"].(string)
	if made.status != http.StatusCreated || len(token) != 43 {
		t.Fatalf("got %d %s, want a token of 32 bytes", made.status, made.body)
	}
	list := b.call(t, "GET", "/api/v1/tokens", "")
	if strings.Contains(list.body, token) || !strings.Contains(list.body, `{"name":"monitoring","role":"viewer","added":`) {
		t.Errorf("list: got %s", list.body)
	}
	for _, bad := range []string{`{"name":"monitoring","role":"viewer"}`, `{"name":"","role":"viewer"}`, `{"name":"a b","role":"viewer"}`,
		`{"name":"-a","role":"viewer"}`, `{"name":"x","role":"anyone"}`, `{"name":"x","role":""}`, `{"name":"` + strings.Repeat("x", 33) + `","role":"viewer"}`} {
		if got := b.call(t, "POST", "/api/v1/tokens", bad); got.status != http.StatusConflict && got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: got %d %s, want it refused", bad, got.status, got.body)
		}
	}
	status := func() int { return b.ask(t, "GET", "/api/v1/status", "", "Authorization", "Bearer "+token).status }
	if got := status(); got != http.StatusOK {
		t.Errorf("with the token: got %d", got)
	}
	if got := b.call(t, "DELETE", "/api/v1/tokens/monitoring", ""); got.status != http.StatusNoContent {
		t.Errorf("remove: got %d %s", got.status, got.body)
	}
	if got := status(); got != http.StatusUnauthorized {
		t.Errorf("with the token removed: got %d, want 401", got)
	}
	if got := b.call(t, "DELETE", "/api/v1/tokens/monitoring", ""); got.status != http.StatusNotFound {
		t.Errorf("remove again: got %d", got.status)
	}
	if got, want := b.books.kinds(), []string{"token-added", "token-removed"}; !slices.Equal(got, want) {
		t.Errorf("events: got %v, want %v", got, want)
	}
	if strings.Contains(b.log.String(), token) {
		t.Error("the token is in the log")
	}
}

func TestTokensAreBounded(t *testing.T) {
	b := newBox(t, nil)
	for len(b.books.tokens) < 64 {
		b.books.tokens = append(b.books.tokens, admin.TokenRecord{Name: strings.Repeat("x", len(b.books.tokens)+1), Role: admin.Viewer})
	}
	if _, err := b.client.AddToken(t.Context(), admin.TokenInput{Name: "one-more", Role: "viewer"}); err == nil {
		t.Error("a token too many was made")
	}
}

func TestTokenNotOnDiskIsNotShown(t *testing.T) {
	b := newBox(t, nil)
	b.books.fail = errors.New("disk is full")
	got := b.call(t, "POST", "/api/v1/tokens", `{"name":"x","role":"admin"}`)
	if got.status != http.StatusInternalServerError || len(b.books.tokens) != 0 {
		t.Errorf("got %d %s and %d tokens", got.status, got.body, len(b.books.tokens))
	}
}

// TestImportTellsFormAndMeaningTogether has a row that cannot be read between
// two that can and make no sense.
func TestImportTellsFormAndMeaningTogether(t *testing.T) {
	b := newBox(t, nil)
	_, err := b.client.Import(t.Context(), []byte("mac,vendor,label,owner\n"+macC.Hex()+",nokia,x,\nno-mac,poly,x,\n"+phone.MAC{0, 4, 0x13, 1, 2, 3}.Hex()+",acme,x,\n"+macB.Hex()+",poly,x,nobody\n"))
	var e *admin.Error
	if !errors.As(err, &e) || len(e.Fields) != 4 {
		t.Fatalf("got %v, want four faults", err)
	}
	for i, line := range []string{"line 2: ", "line 3: mac: ", "line 4: ", "line 5: "} {
		if !strings.HasPrefix(e.Fields[i], line) {
			t.Errorf("fault %d: got %q, want %q first", i, e.Fields[i], line)
		}
	}
}
