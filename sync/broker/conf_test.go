package broker_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/lineside/lineside/internal/golden"
	"github.com/lineside/lineside/sync/broker"
)

func facts() broker.ServerFacts {
	return broker.ServerFacts{
		Name: "n1", Listen: "0.0.0.0:443", WSS: "0.0.0.0:8443", Dir: "/var/lib/nats", Cert: "/etc/nats/cert.pem", Key: "/etc/nats/key.pem", CA: "/etc/nats/ca.pem",
		Cluster: "lineside", ClusterListen: "0.0.0.0:6222", Routes: []string{"n2.example:6222", "n3.example:6222"}, MaxConnections: 20000,
	}
}

// TestServerConf: the settings a cluster's servers run on.
func TestServerConf(t *testing.T) {
	k, err := broker.ParseKeys("lsk1-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	if err != nil {
		t.Fatal(err)
	}
	conf, err := broker.ServerConf(k, facts())
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, filepath.Join("testdata", "nats-server.conf"), []byte(conf))
	if strings.Contains(conf, "SU") && strings.Contains(conf, k.Reveal()) {
		t.Error("the settings hold a secret")
	}
}

// TestServerConfIsRead: nats-server takes the settings as they were meant,
// whatever the names hold.
func TestServerConfIsRead(t *testing.T) {
	f := facts()
	f.Cert, f.Key, f.CA = "", "", "" // no files to read here
	f.Name, f.Dir, f.Proxied = `n"1$HOME`, `/srv/a\b "c" } # d`, true
	conf, err := broker.ServerConf(broker.NewKeys(), f)
	if err != nil {
		t.Fatal(err)
	}
	var o server.Options
	if err := o.ProcessConfigString(conf); err != nil {
		t.Fatalf("%v in:\n%s", err, conf)
	}
	if o.ServerName != f.Name || o.StoreDir != f.Dir || !o.ProxyProtocol || !o.SyncAlways || o.SystemAccount != "SYS" || o.MaxConn != 20000 || o.MaxPayload != 1<<20 {
		t.Errorf("got %+v", o)
	}
	if o.AuthCallout == nil || o.AuthCallout.Account != "AUTH" || len(o.AuthCallout.AuthUsers) != 4 || len(o.Nkeys) != 4 || len(o.Routes) != 2 {
		t.Errorf("got callout %+v and routes %v", o.AuthCallout, o.Routes)
	}
	f.Name = "a\nb"
	if _, err := broker.ServerConf(broker.NewKeys(), f); err == nil {
		t.Error("a name with a line feed: got no error, want one")
	}
}
