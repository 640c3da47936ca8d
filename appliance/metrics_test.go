package appliance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/lineside/lineside/internal/netlab"
)

// dialUnix dials a unix socket, whatever address is asked for.
func dialUnix(path string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}
}

// scraped is what a box exposes: families' names, and the text. Before it phones
// and strangers have used the doors, since what never happened has no series yet.
func scraped(t *testing.T) (names map[string]bool, text []byte) {
	b := newBox(t)
	b.write()
	templates := filepath.Join(b.state(), "templates")
	if err := errors.Join(os.MkdirAll(templates, 0o700), os.WriteFile(filepath.Join(templates, "yealink.conf"), []byte("no template\n"), 0o600)); err != nil {
		t.Fatal(err) // which is a condition
	}
	b.start()
	resp, err := http.Get("http://" + b.self + ":8080/cfg/001565000001.cfg")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	discover, err := dhcpv4.NewDiscovery(net.HardwareAddr{0, 0x15, 0x65, 0, 0, 1})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("udp", b.self+":6767")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, p := range [][]byte{discover.ToBytes(), []byte("no DHCP")} {
		if _, err := conn.Write(p); err != nil {
			t.Fatal(err)
		}
	}
	b.eventually("both packets to be counted", func() bool {
		text, err = io.ReadAll(b.asked("/metrics").Body)
		return err == nil && bytes.Contains(text, []byte("lineside_dropped_total{")) && bytes.Contains(text, []byte("lineside_dhcp_messages_total{"))
	})
	names = make(map[string]bool)
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\S+)`).FindAllSubmatch(text, -1) {
		names[string(m[1])] = true
	}
	return names, text
}

// absent are metrics a box has only where it has joined a platform or kept a config;
// the packages that count them test them.
var absent = []string{"lineside_platform_linked", "lineside_platform_waiting", "lineside_config_cache_total"}

// named finds the metrics of ours, of Go and of the process in expressions.
func named(text string) []string {
	found := regexp.MustCompile(`\b(?:lineside|process|go)_[a-z0-9_]+\b`).FindAllString(text, -1)
	for i, n := range found {
		for _, part := range []string{"_bucket", "_sum", "_count"} {
			if n != "lineside_store_write_seconds" {
				found[i] = strings.TrimSuffix(found[i], part)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// expressions are all of the dashboard, which is read as Grafana does.
func expressions(t *testing.T) (list []string) {
	text, err := os.ReadFile("../packaging/grafana/lineside.json")
	if err != nil {
		t.Fatal(err)
	}
	var all any
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, k := range slices.Sorted(maps.Keys(v)) {
				if text, ok := v[k].(string); ok && (k == "expr" || k == "query") {
					list = append(list, text)
				}
				walk(v[k])
			}
		case []any:
			for _, one := range v {
				walk(one)
			}
		}
	}
	walk(all)
	return list
}

// TestMetricsAreThere: every metric that dashboard, alerts and the documentation
// name is one a running box exposes, every one it exposes is documented, and
// Prometheus finds nothing wrong with how.
func TestMetricsAreThere(t *testing.T) {
	t.Parallel()
	promtool := netlab.Tool(t, "promtool")
	names, text := scraped(t)
	for _, n := range absent {
		names[n] = true
	}
	rules, err := os.ReadFile("../packaging/alerts/lineside.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../packaging/METRICS.md")
	if err != nil {
		t.Fatal(err)
	}
	dashboard := expressions(t)
	if len(dashboard) < 20 {
		t.Errorf("got %d expressions in the dashboard, want those of all panels", len(dashboard))
	}
	wanted := map[string]string{"the dashboard": strings.Join(dashboard, "\n"), "the alerts": string(rules)}
	var rows []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllSubmatch(doc, -1) {
		rows = append(rows, string(m[1]))
	}
	wanted["METRICS.md"] = strings.Join(rows, "\n")
	for where, text := range wanted {
		list := named(text)
		if len(list) == 0 {
			t.Errorf("%s: got no metrics at all", where)
		}
		for _, n := range list {
			if !names[n] {
				t.Errorf("%s names %s, which the box does not expose", where, n)
			}
		}
	}
	for n := range names {
		if strings.HasPrefix(n, "lineside_") && !slices.Contains(rows, n) {
			t.Errorf("the box exposes %s, which METRICS.md does not name", n)
		}
	}
	check := exec.CommandContext(t.Context(), promtool, "check", "metrics")
	check.Stdin = bytes.NewReader(text)
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
	t.Logf("%d metrics of the box's own, %d expressions in the dashboard", len(rows), len(dashboard))
}

// TestAlerts has Prometheus read the rules and run them on made-up weeks of boxes
// that are well and unwell.
func TestAlerts(t *testing.T) {
	t.Parallel()
	promtool := netlab.Tool(t, "promtool")
	for _, args := range [][]string{{"check", "rules", "lineside.rules.yml"}, {"test", "rules", "lineside.rules.test.yml"}} {
		cmd := exec.CommandContext(t.Context(), promtool, args...)
		cmd.Dir = "../packaging/alerts"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	// Each alert is in the tests, both as one that fires and as one that does not.
	rules, err := os.ReadFile("../packaging/alerts/lineside.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	tests, err := os.ReadFile("../packaging/alerts/lineside.rules.test.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`alert: (\w+)`).FindAllSubmatch(rules, -1) {
		quiet := regexp.MustCompile(`alertname: ` + string(m[1]) + `, exp_alerts: \[\]`)
		fires := regexp.MustCompile(`alertname: ` + string(m[1]) + `\n\s+exp_alerts:\n\s+- exp_labels`)
		if !quiet.Match(tests) || !fires.Match(tests) {
			t.Errorf("%s: got no test that it fires, or none that it is silent", m[1])
		}
	}
}
