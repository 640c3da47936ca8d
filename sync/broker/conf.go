package broker

import (
	"cmp"
	"fmt"
	"net"
	"strings"
	"text/template"
)

// Accounts of the broker. Boxes live in edge alone, which has no JetStream.
const (
	accountSystem = "SYS"
	accountAuth   = "AUTH"
	accountCore   = "CORE"
	accountEdge   = "EDGE"
)

// ServerFacts are what one nats-server is told beside what all are.
type ServerFacts struct {
	// Name is unlike any other's of the cluster. Listen and WSS are where boxes
	// connect, "host:port"; WSS may be "".
	Name, Listen, WSS string
	// Proxied says that Listen is for a load balancer that sends PROXY protocol
	// headers; nobody else may reach it, for they are believed. WSS takes none.
	Proxied bool
	// Dir is where JetStream keeps its files.
	Dir string
	// Cert and Key are the files of the certificate shown to boxes, CA that of
	// who signed the cluster's; all three are paths. Without Cert the settings
	// have no TLS, which suits loopback alone.
	Cert, Key, CA string
	// Cluster is the cluster's name, ClusterListen where its servers meet,
	// Routes the others' "host:port"; "" stands alone.
	Cluster, ClusterListen string
	Routes                 []string
	// MaxConnections bounds them; set it well below the limit on open files.
	MaxConnections int
}

// Limits every server has.
const (
	// authSeconds is how long a connection may take to prove itself: short, so
	// that those the platform could not answer in time leave (8 s is a little
	// below what a box waits), long enough for a fleet that comes at once.
	authSeconds = 8
	// tlsSeconds is for a handshake. At the embedded server's own door the time in
	// line (doorWait) comes on top.
	tlsSeconds = 8
	maxPayload = 1 << 20
	// maxPending is what a connection that does not read may hold back.
	maxPending = 16 << 20
)

// confTemplate is nats-server's own syntax. sync_interval: its default lost
// every acknowledged write of an emulated power cut. max_subscriptions is for
// each connection of a box: of the limits in the callout's answer nats-server
// 2.15 heeds none. A message may be as long as the server's max_payload, since
// the platform's answers in the same account are longer than any question.
// max_closed_clients: nobody reads the list of those that left, and its ten
// thousand are 1 kB each.
const confTemplate = `server_name: {{q .Name}}
{{- if .Listen}}
listen: {{q .Listen}}
{{- end}}
max_connections: {{.MaxConnections}}
max_closed_clients: 256
max_payload: {{.MaxPayload}}
max_pending: {{.MaxPending}}
write_deadline: "5s"
ping_interval: "30s"
ping_max: 2
{{- if .Proxied}}
proxy_protocol: true
{{- end}}
{{- if .Cert}}
tls { cert_file: {{q .Cert}}, key_file: {{q .Key}}, timeout: {{.TLSSeconds}}, handshake_first: true }
{{- end}}
{{- if .WSS}}
websocket {
  listen: {{q .WSS}}
  handshake_timeout: "{{.TLSSeconds}}s"
  {{- if .Cert}}
  tls { cert_file: {{q .Cert}}, key_file: {{q .Key}} }
  {{- else}}
  no_tls: true
  {{- end}}
}
{{- end}}
jetstream { store_dir: {{q .Dir}}, sync_interval: always }
accounts {
  SYS { users: [ { nkey: {{.SYS}} } ] }
  AUTH { users: [ { nkey: {{.AUTH}} } ] }
  CORE { jetstream: enabled, users: [ { nkey: {{.CORE}} } ] }
  EDGE { limits { max_subscriptions: {{.Subs}} }, users: [ { nkey: {{.EDGE}} } ] }
}
system_account: SYS
authorization {
  timeout: {{.AuthSeconds}}
  auth_callout {
    issuer: {{.Issuer}}
    account: AUTH
    auth_users: [ {{.SYS}}, {{.AUTH}}, {{.CORE}}, {{.EDGE}} ]
  }
}
{{- if .ClusterListen}}
cluster {
  name: {{q .Cluster}}
  listen: {{q .ClusterListen}}
  no_advertise: true
  {{- if and .Cert .CA}}
  tls { cert_file: {{q .Cert}}, key_file: {{q .Key}}, ca_file: {{q .CA}}, verify: true, timeout: {{.TLSSeconds}} }
  {{- end}}
  routes: [{{range $n, $r := .Routes}}{{if $n}},{{end}} {{q $r}}{{end}} ]
}
{{- end}}
`

type confFacts struct {
	ServerFacts
	SYS, AUTH, CORE, EDGE, Issuer                         string
	MaxPayload, MaxPending, AuthSeconds, TLSSeconds, Subs int
}

// ServerConf is the settings of one nats-server 2.15 that runs by itself for
// this platform. They hold no secret. The servers' clocks and the centrals'
// must agree within a second (NTP): a connection asked about for longer than
// three is not answered.
func ServerConf(k Keys, f ServerFacts) (string, error) {
	c := confFacts{ServerFacts: f, MaxPayload: maxPayload, MaxPending: maxPending, AuthSeconds: authSeconds, TLSSeconds: tlsSeconds, Subs: boxSubs}
	for role, into := range map[string]*string{userSystem: &c.SYS, userAuth: &c.AUTH, userCore: &c.CORE, userEdge: &c.EDGE, issuer: &c.Issuer} {
		var err error
		if *into, err = k.public(role); err != nil {
			return "", fmt.Errorf("write the settings of NATS: %w", err)
		}
	}
	c.Routes = routeURLs(f.Routes)
	t := template.Must(template.New("conf").Funcs(template.FuncMap{"q": quote}).Parse(confTemplate))
	var b strings.Builder
	if err := t.Execute(&b, c); err != nil {
		return "", fmt.Errorf("write the settings of NATS: %w", err)
	}
	return b.String(), nil
}

func routeURLs(hosts []string) []string {
	var all []string
	for _, h := range hosts {
		all = append(all, "nats-route://"+h)
	}
	return all
}

// quote writes a value in nats-server's syntax. A quoted "$" is text, not the
// name of a variable.
func quote(s string) (string, error) {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c == 0x7f:
			return "", fmt.Errorf("%q has a control character", s)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String(), nil
}

// hostPort splits an address to listen on; port 0 is any.
func hostPort(addr string) (string, error) {
	if addr == "" {
		return "", nil
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("listen for boxes on %q: want host:port: %w", addr, err)
	}
	if port == "0" {
		port = "-1" // nats-server's word for any
	}
	return net.JoinHostPort(cmp.Or(host, "0.0.0.0"), port), nil
}
