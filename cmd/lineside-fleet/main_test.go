package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lineside/lineside/fleet"
	"github.com/lineside/lineside/phone"
)

// serve is a box that gives every Yealink the same config, and the one that
// refuse names nothing.
func serve(t *testing.T, refuse string) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		if !strings.HasPrefix(name, "001565") || !strings.HasSuffix(name, ".cfg") || name == refuse+".cfg" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, "#!version:1.0.0.1\naccount.1.enable = 1\naccount.1.user_name = 4711\n"+
			"account.1.password = sip-secret\naccount.1.sip_server.1.address = sip.example.net\n")
	}))
	t.Cleanup(srv.Close)
	return srv.URL + "/"
}

func TestRun(t *testing.T) {
	tests := []struct {
		name, refuse string
		args         []string
		status       int
		want, not    []string
	}{
		{"one phone with its account", "", []string{"--asks", "1"}, exitOK,
			[]string{"account 4711 at sip.example.net", "provisioned", "power-on to config"}, []string{"sip-secret"}},
		{"a fleet tells the summary only", "", []string{"-n", "20", "--vendor", "yealink", "--asks", "1"}, exitOK,
			[]string{"20 in"}, []string{"account 4711"}},
		{"one of the fleet gets nothing", "001565f00001", []string{"-n", "3", "--vendor", "yealink", "--asks", "1"}, exitWrong,
			[]string{"no config", "00:15:65:f0:00:01"}, nil},
		{"other outcome than expected", "", []string{"--expect", "waiting", "--asks", "1"}, exitWrong, []string{"provisioned"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out, errs strings.Builder
			args := append([]string{"--url", serve(t, tt.refuse)}, tt.args...)
			if got := run(t.Context(), args, &out, &errs); got != tt.status {
				t.Errorf("got status %d, want %d; %s", got, tt.status, errs.String())
			}
			for _, want := range tt.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("no %q in:\n%s", want, out.String())
				}
			}
			for _, not := range tt.not {
				if strings.Contains(out.String(), not) {
					t.Errorf("%q in:\n%s", not, out.String())
				}
			}
		})
	}
}

func TestRunJSON(t *testing.T) {
	var out, errs strings.Builder
	args := []string{"--url", serve(t, ""), "-n", "5", "--vendor", "yealink", "--asks", "1", "--json"}
	if got := run(t.Context(), args, &out, &errs); got != exitOK {
		t.Fatalf("got status %d: %s", got, errs.String())
	}
	var r fleet.Report
	if err := json.Unmarshal([]byte(out.String()), &r); err != nil {
		t.Fatalf("read the report: %v", err)
	}
	if r.Phones != 5 || r.Provisioned != 5 || r.Resynced != 5 || r.Ready.P50 == 0 {
		t.Errorf("got %+v, want five phones provisioned and resynced", r)
	}
}

func TestUsage(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"nothing to ask", nil, "--dhcp HOST:PORT"},
		{"unknown flag", []string{"--nonsense"}, "unknown flag"},
		{"unknown vendor", []string{"--vendor", "acme"}, "yealink, snom, poly"},
		{"vendor without a simulation", []string{"--vendor", "gigaset"}, "no simulation; use one of yealink, snom, poly"},
		{"model of several vendors", []string{"-n", "2", "--model", "T46G"}, "one vendor"},
		{"no phones", []string{"-n", "0"}, "1 or more"},
		{"server without a port", []string{"--dhcp", "10.20.0.1"}, "10.20.0.1:67"},
		{"relay that is no address", []string{"--relay", "here"}, "--relay"},
		{"MAC that is no hex", []string{"--first", "xyz"}, "six hex digits"},
		{"login without a password", []string{"--otp", "user"}, "USER:PASSWORD"},
		{"file of logins that is not there", []string{"--otp", "@/nonexistent/otp"}, "no such file"},
		{"CA file that is none", []string{"--ca", "main.go"}, "no certificate"},
		{"load without a server", []string{"dhcp", "--relay", "10.20.0.2:67"}, "--server"},
		{"load of a server without a port", []string{"dhcp", "--server", "10.20.0.1", "--relay", "10.20.0.2:67"}, "10.20.0.1:67"},
		{"load without clients", []string{"dhcp", "--server", "127.0.0.1:67", "--relay", "127.0.0.2:0", "--clients", "0"}, "0 clients"},
		{"outcome that is none", []string{"--expect", "happiness"}, "provisioned or waiting"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out, errs strings.Builder
			if got := run(t.Context(), tt.args, &out, &errs); got != exitUsage {
				t.Errorf("got status %d, want %d", got, exitUsage)
			}
			if !strings.Contains(errs.String(), tt.want) {
				t.Errorf("no %q in: %s", tt.want, errs.String())
			}
		})
	}
}

func TestLogins(t *testing.T) {
	file := filepath.Join(t.TempDir(), "otp")
	if err := os.WriteFile(file, []byte("welcome:a:b\n\nsnom=guest:x=y\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := parseLogins([]string{"@" + file, "POLY=p:q", "user:with=sign"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[phone.Vendor]string{}
	for _, v := range []phone.Vendor{"yealink", "snom", "poly"} {
		login, ok := all.person()(t.Context(), fleet.Prompt{Vendor: v})
		if !ok {
			t.Fatalf("nobody knows the login of %s", v)
		}
		got[v] = login.User + " " + login.Password.Reveal()
	}
	want := map[phone.Vendor]string{"yealink": "user with=sign", "snom": "guest x=y", "poly": "p q"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("logins (-want +got):\n%s", diff)
	}
	if _, err := parseLogins([]string{"sup3rsecret"}); err == nil || strings.Contains(err.Error(), "sup3r") {
		t.Errorf("got %v, want an error that does not repeat what was written", err)
	}
}

func TestCSV(t *testing.T) {
	var out, errs strings.Builder
	if got := run(t.Context(), []string{"csv", "-n", "3"}, &out, &errs); got != exitOK {
		t.Fatalf("got status %d: %s", got, errs.String())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[0], "mac,vendor,type,") || !strings.HasPrefix(lines[2], "00:04:13:f0:00:00,snom,D785,") {
		t.Errorf("got %q, want a header and three phones", lines)
	}
}
