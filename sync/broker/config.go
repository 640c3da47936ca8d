package broker

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// Config says which broker it is: the one embedded here, or a cluster that
// runs by itself.
type Config struct {
	// Keys are the platform's own at the broker. Where they are zero the
	// embedded broker makes new ones at each start, which suits a single central.
	Keys Keys
	// Servers are the URLs of a cluster that runs by itself with ServerConf's
	// settings; none embeds a broker. ServersTLS verifies them.
	Servers    []string
	ServersTLS *tls.Config
	// Embedded is the broker to embed where Servers is empty.
	Embedded Embedded
	// Expiry is how long a box's permission lasts before it connects anew; 0 is
	// 12 hours. Each gets up to a quarter less, so that a fleet that came at
	// once does not come again at once.
	Expiry time.Duration
	// Workers is how many requests of boxes are answered at a time; 0 is 64.
	Workers int
}

// Embedded is a nats-server within the process.
type Embedded struct {
	// Name is the server's in its cluster; "" is "central".
	Name string
	// Dir is where JetStream keeps its files.
	Dir string
	// TLS holds the certificate shown to boxes.
	TLS *tls.Config
	// NATS and WSS are the addresses boxes connect to, "host:port", port 0 for
	// any; "" opens none. NATS speaks TLS from the first byte.
	NATS, WSS string
	// Balancer opens second doors, for a load balancer alone.
	Balancer Balancer
	// Cluster joins it with others; zero is one that stands alone.
	Cluster Cluster
	// MaxConnections bounds them; 0 takes what the limit on open files leaves.
	MaxConnections int
}

// Balancer is where a load balancer hands connections over, each with a PROXY
// protocol v2 header that says where it comes from. What comes from elsewhere
// is closed unread: a header is believed.
type Balancer struct {
	// NATS and WSS are addresses to listen on, "" for none.
	NATS, WSS string
	// Trusted are the balancer's own addresses.
	Trusted []netip.Prefix
}

// Cluster is how embedded brokers of several centrals find each other. TLS
// verifies both sides.
type Cluster struct {
	Name, Listen string
	Routes       []string // "host:port" of the others
	TLS          *tls.Config
}

const (
	defaultExpiry  = 12 * time.Hour
	defaultWorkers = 64
)

// check says all that is wrong, not only the first.
func (c Config) check() error {
	var all []error
	e := c.Embedded
	if len(c.Servers) > 0 {
		if c.Keys == (Keys{}) {
			all = append(all, errors.New("a NATS cluster is named, but not the keys to it"))
		}
		return errors.Join(all...)
	}
	if e.Dir == "" {
		all = append(all, errors.New("the embedded NATS has no directory"))
	}
	doors := e.NATS != "" || e.WSS != "" || e.Balancer.NATS != "" || e.Balancer.WSS != ""
	if doors && (e.TLS == nil || len(e.TLS.Certificates) == 0 && e.TLS.GetCertificate == nil) {
		all = append(all, errors.New("the embedded NATS has addresses for boxes and no certificate to show them"))
	}
	if (e.Balancer.NATS != "" || e.Balancer.WSS != "") && len(e.Balancer.Trusted) == 0 {
		all = append(all, errors.New("there is an address for a load balancer, but not the load balancer's own: anybody could claim to come from anywhere"))
	}
	if e.Cluster.Listen != "" && (c.Keys == Keys{} || e.Cluster.TLS == nil) {
		all = append(all, errors.New("embedded NATS servers that form a cluster share one key file and verify each other's certificates: one of both is not given"))
	}
	if err := errors.Join(all...); err != nil {
		return fmt.Errorf("sync with boxes: %w", err)
	}
	return nil
}
