package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	netmail "net/mail"
	"net/textproto"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/lineside/lineside/phone"
)

const (
	// stepTime is how long connecting, and each letter, may take.
	stepTime = time.Minute
	// maxHeard is how much of a server's words are read for a letter, or for
	// connecting.
	maxHeard = 256 << 10
)

// refusal is what a server said to one letter.
type refusal struct{ reply *textproto.Error }

func (r *refusal) Error() string { return "the server answered: " + r.reply.Error() }
func (r *refusal) Unwrap() error { return r.reply }

// forGood reports that the same letter would be refused again (RFC 5321 section
// 4.2.1).
func (r *refusal) forGood() bool { return r.reply.Code >= 500 }

// trouble is why no letter at all gets through. What does not pass by itself is
// lasting; do is what an operator does about it.
type trouble struct {
	err     error
	do      string
	lasting bool
}

func (t *trouble) Error() string { return t.err.Error() }
func (t *trouble) Unwrap() error { return t.err }

// trip is one connection to the server, signed in.
type trip struct {
	conn   *boundConn
	client *smtp.Client
	from   netmail.Address
	stop   func() bool // no more tied to its context
}

// openTrip connects and signs in. Its errors are *trouble.
func openTrip(ctx context.Context, s Server, now func() time.Time) (*trip, error) {
	password, cfg, err := s.secrets(now)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	t, err := s.connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := t.begin(s, cfg, password); err != nil {
		t.close()
		return nil, err
	}
	t.stop()
	return t, nil
}

// secrets reads what the connection needs: the password and the CA.
func (s Server) secrets(now func() time.Time) (password phone.Secret, cfg *tls.Config, err error) {
	cfg = &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12, Time: now}
	if s.Password != nil {
		if password, err = s.Password(); err != nil {
			return password, nil, &trouble{err, "put the password of mail.user into the file mail.password_file names, readable for the box alone", true}
		}
	}
	if s.Roots != nil {
		if cfg.RootCAs, err = s.Roots(); err != nil {
			return password, nil, &trouble{err, "put the CA certificate (PEM) into the file mail.ca names", true}
		}
	}
	return password, cfg, nil
}

// connect opens the connection, with TLS where that comes first.
func (s Server) connect(ctx context.Context, cfg *tls.Config) (*trip, error) {
	var dialer net.Dialer
	raw, err := dialer.DialContext(ctx, "tcp", s.Address())
	if err != nil {
		return nil, &trouble{fmt.Errorf("reach the mail server: %w", err), "see whether the server runs and a firewall lets this box through; its address is mail.smtp", false}
	}
	t := &trip{conn: &boundConn{Conn: raw}, from: s.From}
	t.stop = context.AfterFunc(ctx, func() { _ = raw.Close() })
	t.renew()
	var conn net.Conn = t.conn
	if s.TLS == ImplicitTLS {
		sealed := tls.Client(conn, cfg)
		if err := sealed.HandshakeContext(ctx); err != nil {
			t.close()
			return nil, sealedTrouble(err)
		}
		conn = sealed
	}
	if t.client, err = smtp.NewClient(conn, s.Host); err != nil {
		t.close()
		return nil, &trouble{fmt.Errorf("hear the mail server's greeting: %w", err), "see whether mail.smtp names the port of an SMTP server, and mail.tls the way it speaks TLS", isReply(err, 500)}
	}
	return t, nil
}

// begin does what comes before the first letter.
func (t *trip) begin(s Server, cfg *tls.Config, password phone.Secret) error {
	hello := s.Hello
	if hello == "" {
		hello = "localhost"
	}
	if err := t.client.Hello(hello); err != nil {
		return &trouble{fmt.Errorf("greet the mail server as %s: %w", hello, err), "have the server take this box's mail", isReply(err, 500)}
	}
	if s.TLS == StartTLS || s.TLS == "" {
		if offered, _ := t.client.Extension("STARTTLS"); !offered {
			return &trouble{errors.New("the mail server offers no STARTTLS, and nothing is sent in the clear"), `where it speaks TLS from the start (port 465) write mail.tls = "tls"`, true}
		}
		if err := t.client.StartTLS(cfg); err != nil {
			return sealedTrouble(err)
		}
	}
	if s.User == "" {
		return nil
	}
	login, err := t.login(s, password)
	if err == nil {
		err = t.client.Auth(login)
	}
	if err != nil {
		return &trouble{fmt.Errorf("sign in at the mail server as %s: %w", s.User, err), "correct mail.user and the password in the file mail.password_file names", !isReply(err, 400)}
	}
	return nil
}

// login picks how to sign in, of what the server offers. PLAIN comes before what
// hides the password, as it has crossed TLS by then and works with every account
// system; the library keeps it from crossing anything else.
func (t *trip) login(s Server, password phone.Secret) (smtp.Auth, error) {
	_, offered := t.client.Extension("AUTH")
	plain := password.Reveal()
	for _, way := range []struct {
		name string
		auth smtp.Auth
	}{
		{"SCRAM-SHA-256", smtp.ScramSHA256Auth(s.User, plain)},
		{"PLAIN", smtp.PlainAuth("", s.User, plain, s.Host, false)},
		{"LOGIN", smtp.LoginAuth(s.User, plain, s.Host, false)},
		{"CRAM-MD5", smtp.CRAMMD5Auth(s.User, plain)},
	} {
		for _, name := range strings.Fields(offered) {
			if strings.EqualFold(name, way.name) {
				return way.auth, nil
			}
		}
	}
	return nil, fmt.Errorf("it offers no way to sign in that this box knows, but %.80q", offered)
}

// sealedTrouble words what TLS had against the server.
func sealedTrouble(err error) error {
	do := "see whether mail.smtp names the server as its certificate does; where its CA is your own, name its certificate in mail.ca"
	var name *tls.CertificateVerificationError
	if !errors.As(err, &name) {
		do = `see whether mail.tls is the way the server speaks TLS at this port: "starttls" at 587 and 25, "tls" at 465`
	}
	var lost net.Error
	return &trouble{fmt.Errorf("begin TLS with the mail server: %w", err), do, !errors.As(err, &lost) && !errors.Is(err, io.EOF)}
}

// isReply reports that err is a server's reply of that hundred.
func isReply(err error, hundred int) bool {
	var reply *textproto.Error
	return errors.As(err, &reply) && reply.Code/100*100 == hundred
}

// carry hands one letter over. A *refusal leaves the connection fit for the next
// letter, any other error does not.
func (t *trip) carry(ctx context.Context, l Letter) error {
	stop := context.AfterFunc(ctx, func() { _ = t.conn.Close() })
	defer stop()
	t.renew()
	text, err := l.compose(t.from)
	if err != nil {
		return &refusal{&textproto.Error{Code: 500, Msg: "it was not even asked: " + err.Error()}}
	}
	err = t.hand(l, text)
	var reply *textproto.Error
	if !errors.As(err, &reply) || reply.Code == 421 { // that is a server that is going: section 3.8
		if err != nil {
			t.close()
		}
		return err
	}
	if err := t.client.Reset(); err != nil {
		t.close()
	}
	return &refusal{reply}
}

// hand is the transaction of RFC 5321 section 3.3. What the server says after
// its yes no longer matters.
func (t *trip) hand(l Letter, text []byte) error {
	to := netmail.Address{Address: l.To}
	sender := netmail.Address{Address: t.from.Address}
	if err := t.client.Mail(sender.String()); err != nil {
		return fmt.Errorf("say whom the letter is from: %w", err)
	}
	if err := t.client.Rcpt(to.String()); err != nil {
		return fmt.Errorf("say whom the letter is to: %w", err)
	}
	w, err := t.client.Data()
	if err != nil {
		return fmt.Errorf("begin the letter's text: %w", err)
	}
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("send the letter's text: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("end the letter's text: %w", err)
	}
	return nil
}

// compose writes the letter as RFC 5322 has it: the same bytes at
// each try.
func (l Letter) compose(from netmail.Address) ([]byte, error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(&from)
	m.ToMailAddress(&netmail.Address{Name: asWritten(l.message.Name), Address: l.To})
	m.Subject(asWritten(l.message.Subject))
	m.SetDateWithValue(l.Since)
	m.SetMessageIDWithValue(l.messageID)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 section 5: no out-of-office replies
	m.SetBodyString(gomail.TypeTextPlain, l.message.Text.Reveal())
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("write the letter: %w", err)
	}
	return b.Bytes(), nil
}

// asWritten keeps a text that looks like an encoded word (RFC 2047) from being
// shown as another: the library encodes what is not ASCII, and lets this be.
func asWritten(s string) string { return strings.ReplaceAll(s, "=?", "= ?") }

// renew gives the next step its time and the server its words.
func (t *trip) renew() {
	t.conn.left = maxHeard
	_ = t.conn.SetDeadline(time.Now().Add(stepTime)) // a connection that is gone says so when used
}

// leave says goodbye, which a server need not answer.
func (t *trip) leave() {
	_ = t.conn.SetDeadline(time.Now().Add(5 * time.Second))
	_ = t.client.Quit()
	t.close()
}

func (t *trip) close() {
	t.stop()
	_ = t.conn.Close()
}

// errTooMuch ends a conversation with a server that does not stop talking.
var errTooMuch = fmt.Errorf("the server said more than %d bytes at once", maxHeard)

// boundConn reads no more than what is left.
type boundConn struct {
	net.Conn
	left int
}

// Read counts what is read.
func (c *boundConn) Read(b []byte) (int, error) {
	if c.left <= 0 {
		return 0, errTooMuch
	}
	n, err := c.Conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}
