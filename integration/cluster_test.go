package integration

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/lineside/lineside/sync/broker"
	"github.com/lineside/lineside/sync/portal"
)

// What the cluster is loaded with. With SOAK=1 it is more, for longer.
const (
	clusterSites = 20
	clusterEvery = 50 * time.Millisecond // an event of each site
	clusterHold  = 2 * time.Second       // of a phase, at least, with answers
	soakSites    = 200
	soakHold     = 20 * time.Second
)

// cluster is three nats-servers and two platforms before them, as
// packaging/cluster.sh starts them.
type cluster struct {
	t        *testing.T
	nodes    []*process
	centrals []*central
	clients  []*portal.Client
	admin    *broker.Broker // to ask who leads
}

func startCluster(t *testing.T) *cluster {
	t.Helper()
	c, dir := &cluster{t: t}, t.TempDir()
	doors, meet := freeAddrs(t, 3), freeAddrs(t, 3)
	first := filepath.Join(dir, "central0")
	for n := range 3 {
		at := filepath.Join(dir, fmt.Sprint("n", n))
		var routes []string
		for other := range 3 {
			if other != n {
				routes = append(routes, meet[other])
			}
		}
		writeNode(t, first, at, doors[n], meet[n], filepath.Join(at, "state"), routes...)
		node := &process{args: []string{compiled(t, natsProgram), "-c", filepath.Join(at, "nats-server.conf")}, log: at + ".log"}
		node.start(t)
		c.nodes = append(c.nodes, node)
		t.Cleanup(node.kill)
	}
	for n := range 2 {
		at := filepath.Join(dir, fmt.Sprint("central", n))
		if n > 0 {
			copyFiles(t, first, at, "platform.key", "ca.pem")
		}
		servers := "[\"tls://" + strings.Join(doors, "\", \"tls://") + "\"]"
		c.centrals = append(c.centrals, newCentral(t, at, "", fmt.Sprintf("servers = %s\nboxes = %s\nca = %q\nreplicas = 3\n", servers, servers, filepath.Join(dir, "n0", "ca.pem"))))
		c.centrals[n].start(t)
	}
	for _, one := range c.centrals {
		c.clients = append(c.clients, one.wait(t))
	}
	c.watch(first, doors)
	return c
}

// writeNode writes a node's settings to at, as an operator does.
func writeNode(t testing.TB, platform, at, door, meet, state string, routes ...string) {
	t.Helper()
	args := []string{compiled(t, centralProgram), "--config", os.DevNull, "--dir", platform, "node", filepath.Base(at), "--host", "127.0.0.1",
		"--listen", door, "--meet", meet, "--etc", at, "--out", at, "--state", state}
	for _, r := range routes {
		args = append(args, "--route", r)
	}
	p := process{args: args, log: at + ".log"}
	p.start(t)
	if <-p.ended; !p.cmd.ProcessState.Success() {
		t.Fatal(p.tail())
	}
}

func copyFiles(t testing.TB, from, to string, names ...string) {
	t.Helper()
	if err := os.MkdirAll(to, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(from, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// watch connects with the platform's own keys.
func (c *cluster) watch(dir string, doors []string) {
	c.t.Helper()
	var text struct{ Broker string }
	raw, err := os.ReadFile(filepath.Join(dir, "platform.key"))
	if err == nil {
		err = json.Unmarshal(raw, &text)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	keys, err := broker.ParseKeys(text.Broker)
	if err != nil {
		c.t.Fatal(err)
	}
	ca, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		c.t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	var servers []string
	for _, d := range doors {
		servers = append(servers, "tls://"+d)
	}
	if c.admin, err = broker.New(broker.Config{Keys: keys, Servers: servers, ServersTLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}, slog.New(slog.DiscardHandler)); err != nil {
		c.t.Fatal(err)
	}
	if err := c.admin.Open(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = c.admin.Close() })
}

// leads says which node leads the stream, once all three are in step.
func (c *cluster) leads() int {
	c.t.Helper()
	js, err := jetstream.New(c.admin.Core())
	if err != nil {
		c.t.Fatal(err)
	}
	for until := time.Now().Add(30 * time.Second); ; {
		ctx, cancel := context.WithTimeout(c.t.Context(), 2*time.Second)
		s, err := js.Stream(ctx, "CFG")
		cancel()
		if err == nil {
			if at := s.CachedInfo().Cluster; at != nil && at.Leader != "" && inStep(at) {
				return int(at.Leader[1] - '0')
			}
		}
		if time.Now().After(until) {
			c.t.Fatalf("the cluster is not whole again: %v", err)
		}
		<-time.After(50 * time.Millisecond)
	}
}

func inStep(at *jetstream.ClusterInfo) bool {
	for _, r := range at.Replicas {
		if r.Offline || !r.Current {
			return false
		}
	}
	return len(at.Replicas) == 2
}

// TestCluster kills nodes of a cluster without warning while sites push events
// and operators change things at two platforms. What was acknowledged to either
// is at both, once, and at the sites.
func TestCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("short: it takes most of a minute")
	}
	t.Parallel() // it mostly waits
	sites, hold := clusterSites, clusterHold
	if os.Getenv("SOAK") != "" {
		sites, hold = soakSites, soakHold
	}
	c, all := startCluster(t), newTally()
	var fleet []*simSite
	for n := range sites {
		fleet = append(fleet, joinSite(t, addSite(t, c.clients[n%2], fmt.Sprint("site ", n)), all))
	}
	ctx, cancel := context.WithCancel(context.Background())
	quiet, hush := context.WithCancel(ctx)
	var busy sync.WaitGroup
	t.Cleanup(func() {
		cancel()
		busy.Wait()
	})
	all.next()
	for _, s := range fleet {
		busy.Go(func() {
			if err := s.run(ctx, quiet, clusterEvery); err != nil {
				t.Errorf("site %s: %v", s.id.Site, err)
			}
		})
	}
	for n, client := range c.clients {
		busy.Go(func() { operate(quiet, client, n, fleet, all) })
	}
	phases := []struct {
		name string
		kill func(leader int) []int
	}{
		{"steady", func(int) []int { return nil }},
		{"a follower killed", func(leader int) []int { return []int{(leader + 1) % 3} }},
		{"the leader killed", func(leader int) []int { return []int{leader} }},
		{"all three killed", func(int) []int { return []int{0, 1, 2} }},
	}
	var names []string
	for n, ph := range phases {
		if n > 0 {
			all.next()
		}
		names = append(names, ph.name)
		dead := ph.kill(c.leads())
		for _, d := range dead {
			c.nodes[d].kill()
		}
		if len(dead) == 3 {
			<-time.After(2 * time.Second)
			c.revive(dead)
		}
		c.answers(all, hold)
		if len(dead) < 3 {
			c.revive(dead)
		}
	}
	c.leads()
	hush()
	c.settle(fleet, all)
	c.show(names, fleet, all)
}

func (c *cluster) revive(dead []int) {
	for _, d := range dead {
		c.nodes[d].start(c.t)
	}
}

// answers waits until events and changes are acknowledged again, and then for a
// while.
func (c *cluster) answers(all *tally, hold time.Duration) {
	c.t.Helper()
	events, devices := all.since()
	for until := time.Now().Add(45 * time.Second); ; {
		if e, d := all.since(); e > events && d > devices {
			break
		}
		if time.Now().After(until) {
			c.t.Fatal("nothing is acknowledged any more")
		}
		<-time.After(20 * time.Millisecond)
	}
	<-time.After(hold)
}
