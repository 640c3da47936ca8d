package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/lineside/lineside/httpd"
	"github.com/lineside/lineside/shell"
	"github.com/lineside/lineside/sync/broker"
)

// Files of one node of a NATS cluster.
const (
	fileNodeConf = "nats-server.conf"
	fileNodeCert = "cert.pem"
	fileNodeKey  = "key.pem"
	fileNodeCA   = "ca.pem"
)

// node is what the operator says of one nats-server.
type node struct {
	facts    broker.ServerFacts
	hosts    []string
	out, etc string
}

func (p *program) nodeCommand() *cobra.Command {
	var n node
	cmd := &cobra.Command{
		Use: "node NAME", Short: "Write the settings of one nats-server of a NATS cluster that runs by itself", Args: shell.ExactArgs("NAME"),
		Long:    "Write the settings of one nats-server of a NATS cluster that runs by itself, and the\ncertificate it shows, signed by the platform's CA, for two years. Copy what is in --out\nto that machine's --etc, readable for the user nats-server runs as, and nobody else.\n\nThe settings hold public keys only, made from " + fileKeys + " in the platform's directory,\nwhich is made where there is none. Every lineside-central of the platform needs the\nsame " + fileKeys + " and ca.pem; docs/cluster.md walks through it.",
		Example: "  lineside-central node n1 --host nats1.example --route nats2.example:6222 --route nats3.example:6222 --out n1",
		RunE: func(_ *cobra.Command, args []string) error {
			n.facts.Name = args[0]
			s, err := p.loadSettings()
			if err != nil {
				return err
			}
			if err := n.write(s); err != nil {
				return err
			}
			return errors.Join(p.say("the settings of %s are in %s", n.facts.Name, n.out), p.say("  → copy them to its %s and start: nats-server -c %s", n.etc, filepath.Join(n.etc, fileNodeConf)))
		},
	}
	f := cmd.Flags()
	f.StringVar(&n.out, "out", "", "where to write them; it is made")
	f.StringArrayVar(&n.hosts, "host", nil, "a name or address boxes and the other nodes reach it by; may be repeated")
	f.StringArrayVar(&n.facts.Routes, "route", nil, "host:port where another node meets the cluster; may be repeated")
	f.StringVar(&n.etc, "etc", "/etc/nats", "where they will lie on the node")
	f.StringVar(&n.facts.Dir, "state", "/var/lib/nats", "where the node keeps the stream: a disk of its own, with a file system that has checksums")
	f.StringVar(&n.facts.Listen, "listen", "0.0.0.0:4222", "where boxes and lineside-central connect")
	f.StringVar(&n.facts.WSS, "wss", "", "where boxes connect over secure websockets; none if left out")
	f.StringVar(&n.facts.ClusterListen, "meet", "0.0.0.0:6222", "where the other nodes connect; for them alone")
	f.StringVar(&n.facts.Cluster, "cluster", "lineside", "the cluster's name")
	f.BoolVar(&n.facts.Proxied, "proxied", false, "a load balancer connects to --listen, and nobody else can: its PROXY headers are believed")
	f.IntVar(&n.facts.MaxConnections, "connections", 20000, "how many connections it takes; well below its LimitNOFILE")
	return cmd
}

// check says everything that is wrong, so that no node starts with half of it.
func (n node) check() error {
	var wrong []error
	if n.out == "" {
		wrong = append(wrong, errors.New("--out is missing: where to write the settings"))
	}
	if len(n.hosts) == 0 {
		wrong = append(wrong, errors.New("--host is missing: the name or address the node is reached by"))
	}
	for flag, addr := range map[string]string{"--listen": n.facts.Listen, "--wss": n.facts.WSS, "--meet": n.facts.ClusterListen} {
		if _, _, err := net.SplitHostPort(addr); err != nil && (addr != "" || flag != "--wss") {
			wrong = append(wrong, fmt.Errorf("%s: %q is not host:port", flag, addr))
		}
	}
	for _, r := range n.facts.Routes {
		if host, _, err := net.SplitHostPort(r); err != nil || host == "" {
			wrong = append(wrong, fmt.Errorf("--route: %q is not host:port", r))
		}
	}
	return errors.Join(wrong...)
}

// write writes settings and certificate. With a certificate of the operator's
// own the node's has to be of the same kind, which only they can get.
func (n node) write(s settings) error {
	if err := n.check(); err != nil {
		return err
	}
	if s.TLS.Certificate != "" {
		return shell.Hint(errors.New("the settings name a certificate of your own (tls.certificate), and this makes certificates of the platform's own CA, which boxes would not take"),
			"leave tls out while the nodes' settings are made, and put your own %s, %s and %s there; they must be good for clients as well", fileNodeCert, fileNodeKey, fileNodeCA)
	}
	for _, dir := range []string{s.Directory, n.out} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make %s: %w", dir, err)
		}
	}
	k, _, err := loadKeys(s.Directory)
	if err != nil {
		return err
	}
	ca, err := httpd.LoadCA(s.Directory)
	if err != nil {
		return err
	}
	chain, key, err := ca.Node(names(n.hosts))
	if err != nil {
		return err
	}
	f := n.facts
	f.Cert, f.Key, f.CA = filepath.Join(n.etc, fileNodeCert), filepath.Join(n.etc, fileNodeKey), filepath.Join(n.etc, fileNodeCA)
	conf, err := broker.ServerConf(k.broker, f)
	if err != nil {
		return err
	}
	for name, text := range map[string][]byte{fileNodeConf: []byte(conf), fileNodeCert: chain, fileNodeKey: key, fileNodeCA: ca.PEM()} {
		if err := shell.WriteWhole(filepath.Join(n.out, name), func(w io.Writer) error {
			_, err := io.Copy(w, bytes.NewReader(text))
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// names sorts addresses from names.
func names(hosts []string) (all httpd.Names) {
	for _, h := range hosts {
		if a, err := netip.ParseAddr(h); err == nil {
			all.Addrs = append(all.Addrs, a)
		} else {
			all.Hosts = append(all.Hosts, h)
		}
	}
	return all
}
