package smtplab

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/lineside/lineside/internal/netlab"
)

// The login the server takes.
const (
	User     = "box"
	Password = "planted-smtp-password"
)

// Options are what a server is like. The zero value has STARTTLS, takes
// mail only over TLS from who signed in.
type Options struct {
	// Implicit speaks TLS from the first byte.
	Implicit bool
	// Plain offers no TLS and asks for no login.
	Plain bool
	// Open asks for no login.
	Open bool
}

// Server is a running SMTP server.
type Server struct {
	// Addr is where it listens, on 127.0.0.1.
	Addr string
	// CAFile is its CA's certificate, PasswordFile a file with Password in it.
	CAFile, PasswordFile string
	// Roots has that CA alone.
	Roots *x509.CertPool

	t       testing.TB
	dir     string
	command []string
	running sync.WaitGroup

	mu       sync.Mutex // guards the rest
	listener net.Listener
	calls    map[*exec.Cmd]bool
	taken    int
}

// New starts a server that ends with the test.
func New(t testing.TB, o Options) *Server {
	t.Helper()
	if os.Getuid() != 0 {
		netlab.Lacking(t, "an SMTP server needs root")
	}
	exim := netlab.Tool(t, "exim4")
	s := &Server{t: t, dir: t.TempDir(), calls: make(map[*exec.Cmd]bool)}
	s.prepare(o)
	s.command = []string{exim, "-C", filepath.Join(s.dir, "exim.conf"), "-bs", "-odf"}
	if o.Implicit {
		s.command = append(s.command, "-tls-on-connect")
	}
	s.listen("127.0.0.1:0")
	t.Cleanup(s.stop)
	return s
}

// prepare writes what the server works with, owned by its own user.
func (s *Server) prepare(o Options) {
	s.t.Helper()
	owner, err := user.Lookup("Debian-exim")
	if err != nil {
		netlab.Lacking(s.t, "no user Debian-exim: "+err.Error())
	}
	uid, _ := strconv.Atoi(owner.Uid)
	gid, _ := strconv.Atoi(owner.Gid)
	cert, key, ca := certificate(s.t)
	s.Roots = x509.NewCertPool()
	s.Roots.AppendCertsFromPEM(ca)
	s.CAFile, s.PasswordFile = filepath.Join(s.dir, "ca.pem"), filepath.Join(s.dir, "password")
	err = errors.Join(
		os.WriteFile(filepath.Join(s.dir, "cert.pem"), cert, 0o644), os.WriteFile(filepath.Join(s.dir, "key.pem"), key, 0o600),
		os.WriteFile(s.CAFile, ca, 0o644), os.WriteFile(s.PasswordFile, []byte(Password+"\n"), 0o600),
		os.WriteFile(filepath.Join(s.dir, "exim.conf"), configuration(s.dir, o), 0o644),
		os.Chown(filepath.Join(s.dir, "key.pem"), uid, gid),
		os.Chmod(filepath.Dir(s.dir), 0o711), os.Chmod(s.dir, 0o755), // Exim works as its own user
	)
	for _, name := range []string{"spool", "log", "mail"} {
		path := filepath.Join(s.dir, name)
		err = errors.Join(err, os.Mkdir(path, 0o750), os.Chown(path, uid, gid))
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *Server) listen(addr string) {
	s.t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	s.listener, s.Addr = l, l.Addr().String()
	s.mu.Unlock()
	s.running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // the listener was closed
			}
			s.serve(conn.(*net.TCPConn))
		}
	})
}

// serve has a connection answered by an Exim of its own.
func (s *Server) serve(conn *net.TCPConn) {
	file, err := conn.File()
	_ = conn.Close() // the file is another handle of it
	if err != nil {
		return
	}
	cmd := exec.Command(s.command[0], s.command[1:]...)
	cmd.Stdin, cmd.Stdout = file, file
	s.mu.Lock()
	err = cmd.Start()
	s.calls[cmd], s.taken = true, s.taken+1
	s.mu.Unlock()
	_ = file.Close()
	if err != nil {
		s.t.Errorf("start %s: %v", s.command[0], err)
		return
	}
	s.running.Go(func() {
		_ = cmd.Wait() // how a conversation ended, the mailbox and the log say
		s.mu.Lock()
		delete(s.calls, cmd)
		s.mu.Unlock()
	})
}

// Down closes the port and ends conversations that run.
func (s *Server) Down() {
	s.mu.Lock()
	_ = s.listener.Close()
	for cmd := range s.calls {
		_ = cmd.Process.Kill()
	}
	s.mu.Unlock()
	s.running.Wait()
}

// Up opens the same port again.
func (s *Server) Up() {
	s.t.Helper()
	s.listen(s.Addr)
}

func (s *Server) stop() {
	s.Down()
	if !s.t.Failed() {
		return
	}
	for _, name := range []string{"main", "reject", "panic"} {
		if text, err := os.ReadFile(filepath.Join(s.dir, "log", name)); err == nil {
			s.t.Logf("Exim's %s log:\n%s", name, text)
		}
	}
}

// Connections is how many were taken so far.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}

// Whitelist ends the greylist.
func (s *Server) Whitelist() {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, "white"), nil, 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// Host and Port are those of Addr.
func (s *Server) Host() string { return "127.0.0.1" }

// Port is the one it listens on.
func (s *Server) Port() int {
	_, port, _ := net.SplitHostPort(s.Addr)
	n, _ := strconv.Atoi(port)
	return n
}

// configuration is Exim's for such a server.
func configuration(dir string, o Options) []byte {
	tls := "*"
	if o.Plain {
		tls = ""
	}
	login := "deny message = sign in first\n  !authenticated = *"
	if o.Plain || o.Open {
		login = "warn"
	}
	return fmt.Appendf(nil, eximConfiguration, dir, tls, login)
}

// eximConfiguration takes the directory, who is offered TLS, and the rule that
// asks for a login.
const eximConfiguration = `DIR = %[1]s
primary_hostname = mail.example.net
spool_directory = DIR/spool
log_file_path = DIR/log/%%s
exim_path = /usr/sbin/exim4
keep_environment =
host_lookup =
rfc1413_query_timeout = 0s
tls_advertise_hosts = %[2]s
tls_certificate = DIR/cert.pem
tls_privatekey = DIR/key.pem
auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}
acl_smtp_rcpt = rcpt
acl_smtp_data = data
qualify_domain = example.net
delay_warning =
ignore_bounce_errors_after = 0s

begin acl
rcpt:
  %[3]s
  deny local_parts = nobody
    message = no such mailbox here
  defer local_parts = grey
    !condition = ${if exists{DIR/white}}
    message = greylisted, come again
  accept
data:
  deny condition = ${if match{$recipients}{virus@}}
    message = this text is not wanted
  accept

begin routers
all:
  driver = accept
  transport = mailbox

begin transports
mailbox:
  driver = appendfile
  directory = DIR/mail
  maildir_format
  user = Debian-exim
  envelope_to_add

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{` + User + `}}{eq{$auth3}{` + Password + `}}}}
  server_set_id = $auth2
`
